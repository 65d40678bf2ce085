"""Adding rows set-based: a prepared statement for a few, COPY for many."""

from collections.abc import Mapping, Sequence
from typing import Any

from offline.ports import Connection

COPY_FROM = 20
"""From so many rows on COPY is quicker than a prepared statement (`make bench ONLY=push`)."""


class Insert:
    """One table's columns with their PostgreSQL types. Rows are tuples in that order."""

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self.table = table
        self.columns = tuple(columns)
        names = ", ".join(f'"{name}"' for name in columns)
        arrays = ", ".join(f"${n}::{type_}[]" for n, type_ in enumerate(columns.values(), start=1))
        self.statement = f'insert into "{table}" ({names}) select * from unnest({arrays})'  # noqa: S608

    async def add(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows. A row that is already there breaks the transaction."""
        if len(rows) >= COPY_FROM:
            await conn.copy_records_to_table(self.table, records=rows, columns=self.columns)
        elif rows:
            await conn.execute(self.statement, *zip(*rows, strict=True))
