"""Set-based writes for Piccolo tables: one statement for any number of rows. For hot tables;
configuration is written by `rows`.
"""

from collections.abc import Sequence
from typing import Any

from piccolo.columns import Array, Column
from piccolo.table import Table

from offline.ports import Connection
from offline.rows import Insert


class Rows:
    """One table, made ready. Rows are tuples in the order of `columns`."""

    def __init__(self, table: type[Table]) -> None:
        columns: list[Column] = list(table._meta.columns)  # noqa: SLF001 - Piccolo's own way
        types = {
            c._meta.name: "text[]" if isinstance(c, Array) else c.column_type.split("(")[0]  # noqa: SLF001
            for c in columns
        }
        self._insert = Insert(table._meta.tablename, types)  # noqa: SLF001
        self.columns = self._insert.columns
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in self.columns if name != "id")
        self._upsert = f"{self._insert.statement} on conflict (id) do update set {sets}"

    async def insert(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows. A row that is already there breaks the transaction."""
        await self._insert.add(conn, rows)

    async def upsert(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, or change those whose id is there."""
        if rows:
            await conn.execute(self._upsert, *self._insert.arguments(rows))
