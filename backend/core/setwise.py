"""Set-based writes for Piccolo tables: one statement for any number of rows."""

from collections.abc import Sequence
from typing import Any

from piccolo.columns import Column
from piccolo.table import Table

from offline.ports import Connection


class Rows:
    """One table's columns and types, made ready. Rows are tuples in the order of `columns`."""

    def __init__(self, table: type[Table]) -> None:
        columns: list[Column] = list(table._meta.columns)  # noqa: SLF001 - Piccolo's own way
        self.table = table._meta.tablename  # noqa: SLF001
        self.columns = tuple(column._meta.name for column in columns)  # noqa: SLF001
        names = ", ".join(f'"{name}"' for name in self.columns)
        arrays = ", ".join(
            f"${number}::{column.column_type.split('(')[0]}[]"
            for number, column in enumerate(columns, start=1)
        )
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in self.columns if name != "id")
        self._upsert = (
            f'insert into "{self.table}" ({names}) select * from unnest({arrays}) '  # noqa: S608
            f"on conflict (id) do update set {sets}"
        )

    async def insert(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows by COPY. A row that is already there breaks the transaction."""
        if rows:
            await conn.copy_records_to_table(self.table, records=rows, columns=self.columns)

    async def upsert(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, or change those whose id is there. Not for tables with array columns."""
        if rows:
            await conn.execute(self._upsert, *zip(*rows, strict=True))
