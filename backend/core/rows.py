"""Whole rows of a table as structs, both ways in one statement each, whatever the columns' types:
PostgreSQL's own JSON does the casting. For configuration; hot tables write by `setwise`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from offline.ports import Connection
from offline.work import Change, Kind

Row = TypeVar("Row")


class Aggregate(Protocol):
    """A struct with an id."""

    @property
    def id(self) -> UUID:
        """Its identifier."""
        ...


S = TypeVar("S", bound=Aggregate)


async def load_rows(
    conn: Connection, table: str, row_type: type[Row], ids: Sequence[UUID], *, lock: bool
) -> list[Row]:
    """The rows with these ids in id order, locked FOR UPDATE when asked."""
    return await select_rows(
        conn, table, row_type, f"id = any($1) order by id{' for update' if lock else ''}", ids
    )


async def select_rows(
    conn: Connection, table: str, row_type: type[Row], condition: str, *args: object
) -> list[Row]:
    """The rows that meet an SQL condition over `t`. Columns the struct does not name are left."""
    found = await conn.fetch(
        f"select to_jsonb(t)::text as row from {table} t where {condition}",  # noqa: S608
        *args,
    )
    return [msgspec.json.decode(record["row"], type=row_type) for record in found]


async def save_rows(conn: Connection, table: str, rows: Iterable[Struct | dict[str, Any]]) -> None:
    """Insert rows, or overwrite those with the same id; other columns keep their values."""
    batch = [msgspec.to_builtins(row) for row in rows]
    if not batch:
        return
    columns = [f'"{name}"' for name in batch[0]]
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != '"id"')
    await conn.execute(
        f"insert into {table} ({', '.join(columns)}) "  # noqa: S608
        f"select {', '.join(columns)} from jsonb_populate_recordset(null::{table}, $1::jsonb) "
        f"on conflict (id) do update set {changes}",
        msgspec.json.encode(batch).decode(),
    )


def nothing(_: object) -> None:
    """Not sent to devices."""


def nowhere(_: object) -> frozenset[str]:
    """In no bucket."""
    return frozenset()


def row_kind(
    name: str,
    table: str,
    state: type[S],
    document: Callable[[S], object | None] = nothing,
    buckets: Callable[[S], frozenset[str]] = nowhere,
) -> Kind:
    """A kind whose aggregate is one row, field for column."""

    async def load(conn: Connection, ids: Sequence[UUID], lock: bool) -> Mapping[UUID, S]:  # noqa: FBT001
        return {row.id: row for row in await load_rows(conn, table, state, ids, lock=lock)}

    async def save(conn: Connection, changes: Sequence[Change]) -> None:
        await save_rows(conn, table, [change.after for change in changes])

    return Kind(name, load, save, document, buckets)
