"""What is set, as rows of sheets."""

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.app.configuring.topics import DEFINITIONS, TOPICS, Definition, Topic
from backend.app.configuring.views import ColumnView, KindView, RowList, RowView
from backend.app.importing.plan import shelf_of
from backend.catalogue.settings import SETTINGS
from backend.core.errors import not_found
from backend.core.sheets.declared import columns_of, required_of
from backend.core.sheets.writing import write_rows
from offline.ports import Connection

PAGE = 50


async def kinds(conn: Connection, county: str) -> list[KindView]:
    """Everything that can be looked at, with how many rows it has."""
    found: list[KindView] = []
    for topic in TOPICS.values():
        rows = await rows_of(conn, topic.code, county)
        found.append(_kind(topic, len(rows)))
    for definition in DEFINITIONS.values():
        count = len(await rows_of(conn, definition.code, county))
        found.append(
            KindView(
                code=definition.code,
                title=definition.title,
                count=count,
                editable=True,
                columns=[],
                keys=["编码", "版本"],
                whole=True,
                shared=[],
            )
        )
    return found


def _kind(topic: Topic, count: int) -> KindView:
    columns, required = columns_of(topic.row_type), required_of(topic.row_type)
    return KindView(
        code=topic.code,
        title=topic.title,
        count=count,
        editable=topic.editable,
        columns=[
            ColumnView(
                header=column.header,
                required=name in required,
                hint=column.format.hint,
                note=column.note,
                example=column.example,
                editor=column.format.editor,
                names=list(column.format.names),
                refers=column.refers,
            )
            for name, column in columns.items()
        ],
        keys=topic.keys,
        whole=topic.whole,
        shared=[columns[name].header for name in topic.shared],
    )


def kind_of(code: str) -> Topic | Definition:
    """Raises Problem 404."""
    found = TOPICS.get(code) or DEFINITIONS.get(code)
    if found is None:
        raise not_found("设置")
    return found


async def rows_of(conn: Connection, code: str, county: str) -> list[RowView]:
    """Every row of a kind in the county, by its keys. Raises Problem 404."""
    kind = kind_of(code)
    shelf = await shelf_of(conn, kind.kind, county)
    states = list(shelf.existing.values())
    if isinstance(kind, Definition):
        found = [_row(state, kind.cells(state)) for state in states]
        return sorted(found, key=lambda row: (row.cells["编码"], -int(row.cells["版本"])))
    key = kind.row_type.key
    ordered = sorted(
        ((row, state) for state in states for row in kind.rows(state)),
        key=lambda pair: [getattr(pair[0], name) for name in key],
    )
    rows = [_row(state, kind.texts(row)) for row, state in ordered]
    return _with_defaults(kind, rows) if code == "setting" else rows


def _row(state: Any, cells: dict[str, str]) -> RowView:
    return RowView(entity=state.id, version=state.version, cells=cells)


def _with_defaults(topic: Topic, rows: Sequence[RowView]) -> list[RowView]:
    """Every setting there is, with what it means; those never set stand at their default."""
    there = {row.cells["编码"]: row for row in rows}
    found: list[RowView] = []
    for code, setting in SETTINGS.items():
        row = there.get(code)
        default = topic.texts(topic.row_type(code=code, value=setting.default))
        origin = f"没有改过时:{default['值']}"
        note = "。".join(part for part in (setting.name, setting.note, origin) if part)
        found.append(
            RowView(
                entity=row.entity if row else None,
                version=row.version if row else 0,
                cells=row.cells if row else default,
                note=note,
            )
        )
    return found


def page_of(rows: Sequence[RowView], q: str, page: int, entity: UUID | None = None) -> RowList:
    """The rows whose text holds every word of `q`, a page of them; with `entity` only its own."""
    words = q.casefold().split()
    found = [
        row
        for row in rows
        if (entity is None or row.entity == entity) and all(word in _text(row) for word in words)
    ]
    return RowList(rows=found[(page - 1) * PAGE : page * PAGE], total=len(found))


def _text(row: RowView) -> str:
    return "\n".join((*row.cells.values(), row.note)).casefold()


async def entity_of(conn: Connection, code: str, county: str, entity: UUID) -> Any:
    """One stored entity of the county. Raises Problem 404."""
    kind = kind_of(code)
    shelf = await shelf_of(conn, kind.kind, county)
    if entity not in shelf.existing:
        raise not_found("设置")
    return shelf.existing[entity]


async def sheet_rows(conn: Connection, topic: Topic, county: str) -> list[Any]:
    """Every row of a sheet, to be written into a file."""
    shelf = await shelf_of(conn, topic.kind, county)
    rows = [row for state in shelf.existing.values() for row in topic.rows(state)]
    return sorted(rows, key=lambda row: [getattr(row, name) for name in topic.row_type.key])


def workbook(topic: Topic, rows: Sequence[Any]) -> bytes:
    """A sheet as xlsx, which can be edited and uploaded again."""
    raw = io.BytesIO()
    write_rows(raw, [(topic.row_type, rows)])
    return raw.getvalue()
