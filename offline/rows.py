"""Adding rows set-based: a prepared statement for a few, COPY for many."""

from collections.abc import Mapping, Sequence
from typing import Any

from offline.ports import Connection

COPY_FROM = 20
"""From so many rows on COPY is quicker than a prepared statement (`make bench ONLY=push`)."""

_BETWEEN = "\x1f"
"""Parts the elements of a text array on its way in: unnest would flatten arrays of arrays."""


class Insert:
    """One table's columns with their PostgreSQL types. Rows are tuples in that order; text[] is the
    one array type.
    """

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self.table = table
        self.columns = tuple(columns)
        self._lists = [n for n, type_ in enumerate(columns.values()) if type_ == "text[]"]
        names = ", ".join(f'"{name}"' for name in columns)
        taken = ", ".join(
            f"string_to_array(\"{name}\", E'\\x1f')" if type_ == "text[]" else f'"{name}"'
            for name, type_ in columns.items()
        )
        arrays = ", ".join(
            f"${n}::{type_.removesuffix('[]')}[]"
            for n, type_ in enumerate(columns.values(), start=1)
        )
        self.statement = (
            f'insert into "{table}" ({names}) select {taken} from unnest({arrays}) as t({names})'  # noqa: S608
        )

    async def add(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows. A row that is already there breaks the transaction."""
        if len(rows) >= COPY_FROM:
            await conn.copy_records_to_table(self.table, records=rows, columns=self.columns)
        elif rows:
            await conn.execute(self.statement, *self.arguments(rows))

    def arguments(self, rows: Sequence[tuple[Any, ...]]) -> list[Sequence[Any]]:
        """The rows as the statement's arrays, one for each column."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for n in self._lists:
            columns[n] = [_BETWEEN.join(each) for each in columns[n]]
        return columns
