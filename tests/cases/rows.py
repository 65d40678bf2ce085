"""Whether the tables hold what the document says: each row made of it again, and compared."""

from typing import Any

from piccolo.table import Table

from backend.cases import tables
from backend.cases.documents import (
    assignment_rows,
    case_row,
    clock_rows,
    reference_rows,
    report_rows,
    request_rows,
    text_row,
)
from backend.cases.structs import Case
from offline.ports import Connection


async def same_rows(conn: Connection, case: Case) -> None:
    """Assert it for one case."""
    made: list[tuple[type[Table], list[tuple[Any, ...]]]] = [
        (tables.CaseFile, [case_row(case)]),
        (tables.Report, report_rows(case)),
        (tables.Assignment, assignment_rows(case)),
        (tables.Request, request_rows(case)),
        (tables.Clock, clock_rows(case)),
        (tables.OutsideReference, reference_rows(case)),
    ]
    for table, rows in made:
        meta = table._meta
        columns = ", ".join(f'"{column._meta.name}"' for column in meta.columns)
        key = "id" if table is tables.CaseFile else "case_id"
        stored = await conn.fetch(
            f"select {columns} from {meta.tablename} where {key} = $1",
            case.id,
        )
        assert {_plain(row) for row in stored} == {_plain(row) for row in rows}, meta.tablename
    text = await conn.fetchrow("select * from case_text where case_id = $1", case.id)
    _, number, body = text_row(case)
    assert (text["number"], text["body"]) == (number, body.lower())


def _plain(row: Any) -> tuple[str, ...]:
    """Values as text; JSON without its blanks."""
    return tuple(
        value.replace(": ", ":").replace(", ", ",") if isinstance(value, str) else str(value)
        for value in row
    )
