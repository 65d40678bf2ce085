"""What the settings screen sends and gets."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from backend.core.sheets.formats import Editor

MOST_ROWS = 2000
Cell = Annotated[str, Meta(max_length=4000)]
Title = Annotated[str, Meta(min_length=1, max_length=64)]


class ColumnView(Struct, frozen=True, kw_only=True):
    """A column as a form asks for it. `hint` says how it is written, `refers` whose codes it holds
    (the title of a sheet), `names` what may be chosen.
    """

    header: str
    required: bool
    hint: str
    note: str
    example: str
    editor: Editor
    names: list[str]
    refers: str


class KindView(Struct, frozen=True, kw_only=True):
    """Something that can be set. Without columns it is kept as JSON files (flows, forms). `keys`
    are the headers by which a row is known; `whole`: what belongs together is sent together, and
    `shared` headers are alike in it.
    """

    code: str
    title: str
    count: int
    editable: bool
    columns: list[ColumnView]
    keys: list[str]
    whole: bool
    shared: list[str]


class RowView(Struct, frozen=True, kw_only=True):
    """A row as it would stand in the sheet. `entity` and `version` are of what it is stored in; a
    value that was never set has none. `note` explains it to people.
    """

    entity: UUID | None
    version: int
    cells: dict[str, str]
    note: str = ""


class RowList(Struct, frozen=True, kw_only=True):
    """One page; `total` of all pages."""

    rows: list[RowView]
    total: int


class RowsChange(Struct, frozen=True, kw_only=True):
    """POST /settings/preview: rows of a sheet, each whole, by header. `bases`: the versions that
    were looked at. `adding`: the rows must not be there yet.
    """

    sheet: Title
    rows: Annotated[list[dict[Title, Cell]], Meta(min_length=1, max_length=MOST_ROWS)]
    bases: dict[UUID, int] = {}
    adding: bool = False


class ApplyRows(RowsChange, frozen=True, kw_only=True):
    """POST /settings/apply: the same, and the plan that its preview named."""

    plan: Annotated[str, Meta(min_length=1, max_length=64)]


class CellChange(Struct, frozen=True):
    """One cell's old and new text; null where there is no such row."""

    header: str
    old: str | None
    new: str | None


class RowChange(Struct, frozen=True, kw_only=True):
    """What becomes of one row."""

    sheet: str
    name: str
    status: str  # new, changed, removed
    cells: list[CellChange]


class FindingView(Struct, frozen=True, kw_only=True):
    """What is wrong, where, and what would be right. Rows count as spreadsheets do."""

    file: str
    sheet: str
    row: int | None
    column: str
    found: str
    expected: str


class Preview(Struct, frozen=True, kw_only=True):
    """What would be done. With findings nothing can be; `plan` names exactly this change. Beyond
    the first 200 changes only `count` tells. `missing`: rows that the file lacks, which stay.
    """

    plan: str
    count: int
    changes: list[RowChange]
    missing: list[str]
    findings: list[FindingView]


class Applied(Struct, frozen=True):
    """How many rows were written."""

    count: int


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One change, from the ledger. Without `by` it was made at a server's terminal."""

    seq: int
    at: datetime
    by: str | None
    post: str | None
    version: int
    status: str
    changes: list[CellChange]
