"""Turns the text of a sheet into structs, by what the struct's annotations declare.

A row struct has `sheet` (its title), `key` (the fields that identify a row) and, per field,
`Annotated[type, Column(...)]`.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from backend.core.sheets.findings import Findings, Where
from backend.core.sheets.formats import Column

REMARK = "备注"
"""Columns whose header begins so are the city's own and are not read."""


class SheetRow(Struct, frozen=True):
    """What every row struct has."""

    sheet: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


R = TypeVar("R", bound=SheetRow)


class Line(Struct, Generic[R], frozen=True):
    """A row that could be read, and where it stands."""

    where: Where
    row: R


class Sheet(Struct, frozen=True):
    """A worksheet or CSV file as text: `headers` as found, `rows` by row number."""

    where: Where
    headers: list[str]
    rows: dict[int, list[str]]


@cache
def columns_of(row_type: type[SheetRow]) -> Mapping[str, Column]:
    """Field name -> column, in order."""
    hints = get_type_hints(row_type, include_extras=True)
    return {
        field.name: next(
            extra for extra in get_args(hints[field.name]) if isinstance(extra, Column)
        )
        for field in fields(row_type)
    }


@cache
def required_of(row_type: type[SheetRow]) -> frozenset[str]:
    """The fields whose cells must not be empty."""
    return frozenset(
        field.name
        for field in fields(row_type)
        if field.default is NODEFAULT and field.default_factory is NODEFAULT
    )


def header_of(row_type: type[SheetRow], field: str) -> str:
    """A field's header, for naming it to a person."""
    return columns_of(row_type)[field].header


def read_rows(sheet: Sheet, row_type: type[R], findings: Findings) -> list[Line[R]]:
    """Every row that is right; what is wrong goes to `findings`."""
    positions = _positions(sheet, row_type, findings)
    if positions is None:
        return []
    lines: list[Line[R]] = []
    seen: dict[tuple[object, ...], int] = {}
    for number, cells in sheet.rows.items():
        where = Where(sheet.where.file, sheet.where.sheet, number)
        row = _row(where, cells, positions, row_type, findings)
        if row is None:
            _claim(cells, positions, row_type, findings)
            continue
        key = tuple(getattr(row, name) for name in row_type.key)
        if key in seen:
            header = header_of(row_type, row_type.key[0])
            text = " ".join(str(part) for part in key)
            findings.add(where, header, text, f"不重复:第 {seen[key]} 行已有同样的行")
            continue
        seen[key] = number
        lines.append(Line(where, row))
    return lines


def _positions(sheet: Sheet, row_type: type[SheetRow], findings: Findings) -> dict[str, int] | None:
    """Field -> position of its column; None when a needed column is missing."""
    at = {header: index for index, header in enumerate(sheet.headers) if header}
    columns, required = columns_of(row_type), required_of(row_type)
    known = {column.header for column in columns.values()}
    top = Where(sheet.where.file, sheet.where.sheet, 1)
    for header in at:
        if header not in known and not header.startswith(REMARK):
            expected = (
                f"只用这些列:{'、'.join(known_in_order(row_type))};自己的列请以“{REMARK}”开头"
            )
            findings.add(top, header, header, expected)
    filled = list(filter(None, sheet.headers))
    for header in at:
        if header in known and filled.count(header) > 1:
            findings.add(top, header, header, "只出现一次的表头")
    missing = [columns[name].header for name in columns if name in required]
    missing = [header for header in missing if header not in at]
    for header in missing:
        findings.add(top, header, "没有这一列", f"表头里有“{header}”")
    if missing:
        findings.unreadable.add(row_type.sheet)
        return None
    return {name: at[column.header] for name, column in columns.items() if column.header in at}


def _claim(
    cells: list[str], positions: dict[str, int], row_type: type[SheetRow], findings: Findings
) -> None:
    name = row_type.key[0]
    position = positions.get(name)
    if position is None or position >= len(cells):
        return
    with suppress(ValueError):
        code = columns_of(row_type)[name].format.parse(cells[position])
        findings.claim(row_type.sheet, str(code))


def cells_of(row: SheetRow) -> list[str]:
    """The text of a row's cells, in the order of its columns; reading it gives the row again."""
    columns = columns_of(type(row))
    values = ((column, getattr(row, name)) for name, column in columns.items())
    return ["" if value is None else column.format.show(value) for column, value in values]


def known_in_order(row_type: type[SheetRow]) -> list[str]:
    """All headers of a sheet."""
    return [column.header for column in columns_of(row_type).values()]


def _row(
    where: Where, cells: list[str], positions: dict[str, int], row_type: type[R], findings: Findings
) -> R | None:
    columns, required = columns_of(row_type), required_of(row_type)
    values: dict[str, Any] = {}
    right = True
    for name, position in positions.items():
        column = columns[name]
        text = cells[position] if position < len(cells) else ""
        if not text:
            if name in required:
                findings.add(where, column.header, text, f"必填:{column.format.hint}")
                right = False
            continue
        try:
            values[name] = column.format.parse(text)
        except ValueError:
            findings.add(where, column.header, text, column.format.hint)
            right = False
    return row_type(**values) if right else None
