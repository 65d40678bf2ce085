"""Who changed a setting, when, from what to what: read from the ledger."""

from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints
from uuid import UUID

import msgspec

from backend.app.configuring.topics import DEFINITIONS, TOPICS, Topic
from backend.app.configuring.views import CellChange, HistoryEntry
from backend.catalogue.importing.rows import CalendarRow
from backend.catalogue.importing.stage import WEEK
from backend.core.sheets.declared import columns_of
from offline.ports import Connection

AT_MOST = 100
"""Changes shown, the newest first."""


async def history_of(conn: Connection, kind: str, entity: UUID) -> list[HistoryEntry]:
    """The changes of an entity that the caller has made sure may be seen."""
    rows = await conn.fetch(
        """
        select j.seq, j.occurred_at, j.version, j.facts::text as facts, u.name as by,
            p.name as post
        from journal j
        left join app_user u on u.id = j.author
        left join post p on p.id = j.post
        where j.entity = $1 and j.kind = $2 order by j.version desc, j.seq desc limit $3
        """,
        entity,
        kind,
        AT_MOST,
    )
    return [_entry(kind, row) for row in rows]


def _entry(kind: str, row: Any) -> HistoryEntry:
    facts = msgspec.json.decode(row["facts"])
    old, new = facts.get("old", {}), facts.get("new", {})
    return HistoryEntry(
        seq=row["seq"],
        at=row["occurred_at"],
        by=row["by"],
        post=row["post"],
        version=row["version"],
        status=facts.get("status", ""),
        changes=[
            change
            for name in sorted(facts.get("fields") or new, key=lambda name: _place(kind, name))
            for change in _changes(kind, name, old.get(name), new.get(name))
            if change.old or change.new
        ],
    )


def _place(kind: str, name: str) -> tuple[int, str]:
    """Fields in the order of their columns: the ledger keeps none."""
    topic = TOPICS.get(kind)
    columns = list(columns_of(topic.row_type)) if topic else []
    return (columns.index(name) if name in columns else len(columns), name)


def _changes(kind: str, name: str, old: Any, new: Any) -> Iterator[CellChange]:
    if kind in DEFINITIONS:
        yield CellChange(DEFINITIONS[kind].title, _version(old), _version(new))
        return
    topics = [topic for topic in TOPICS.values() if topic.kind == kind]
    part = next((topic for topic in topics if topic.part == name), None)
    if part is not None:
        yield CellChange(part.title, _parts(part, old), _parts(part, new))
    elif kind == "calendar" and name == "week":
        for day, field in enumerate(WEEK, start=1):
            before, after = (None if week is None else week[str(day)] for week in (old, new))
            if before != after:
                yield _cell(CalendarRow, field, before, after)
    else:
        yield _cell(topics[0].row_type, name, old, new)


def _cell(row_type: Any, name: str, old: Any, new: Any) -> CellChange:
    column = columns_of(row_type).get(name)
    header = column.header if column else name
    return CellChange(header, _shown(row_type, name, old), _shown(row_type, name, new))


def _shown(row_type: Any, name: str, value: Any) -> str | None:
    """As it would stand in its cell; what no longer fits a column, as it was kept."""
    if value is None:
        return None
    column = columns_of(row_type).get(name)
    try:
        if column is None:
            return _plain(value)
        return column.format.show(msgspec.convert(value, get_type_hints(row_type)[name]))
    except (msgspec.ValidationError, KeyError):
        return _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _parts(topic: Topic, parts: Any) -> str | None:
    if parts is None:
        return None
    return ";".join(_part(topic, part) for part in parts)


def _part(topic: Topic, part: Mapping[str, Any]) -> str:
    names = [name for name in columns_of(topic.row_type) if name in part]
    shown = [_shown(topic.row_type, name, part[name]) for name in names]
    return " ".join(text for text in shown if text)


def _version(value: Any) -> str | None:
    return None if value is None else f"{value['code']} 第 {value['version']} 版"
