"""The ledger: what happened, who did it, when, and where. Rows are only ever added."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from offline.ports import Connection
from offline.rows import Insert

PARTITION_ROWS = 10_000_000
"""Journal rows per partition."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line. `facts` hold codes and ids only; personal values are sealed and named by id.

    `entity` may be none: a sign-in, an unmasking, an export, a refused access.
    """

    occurred_at: datetime
    received_at: datetime
    verb: str
    facts: dict[str, Any] = {}
    author: UUID | None = None
    post: UUID | None = None
    area: str | None = None
    device: UUID | None = None
    session: UUID | None = None
    ip: str | None = None
    command: UUID | None = None
    kind: str | None = None
    entity: UUID | None = None
    version: int | None = None


_JOURNAL = Insert(
    "journal",
    {
        "occurred_at": "timestamptz",
        "received_at": "timestamptz",
        "author": "uuid",
        "post": "uuid",
        "area": "text",
        "device": "uuid",
        "session": "uuid",
        "ip": "text",
        "command": "uuid",
        "kind": "text",
        "entity": "uuid",
        "version": "int4",
        "verb": "text",
        "facts": "jsonb",
    },
)


async def append(conn: Connection, entries: Sequence[Entry]) -> None:
    """Add lines to the ledger, in the transaction that makes them true."""
    await _JOURNAL.add(
        conn,
        [
            (
                entry.occurred_at,
                entry.received_at,
                entry.author,
                entry.post,
                entry.area,
                entry.device,
                entry.session,
                entry.ip,
                entry.command,
                entry.kind,
                entry.entity,
                entry.version,
                entry.verb,
                msgspec.json.encode(entry.facts).decode(),
            )
            for entry in entries
        ],
    )


async def extend_partitions(conn: Connection) -> int:
    """Make the partition after the one being filled, and one more; returns how many were made."""
    filling = int(await conn.fetchval("select last_value from journal_seq")) // PARTITION_ROWS
    made = 0
    for number in (filling, filling + 1, filling + 2):
        name = f"journal_p{number}"
        if await conn.fetchval("select to_regclass($1) is not null", name):
            continue
        first = max(1, number * PARTITION_ROWS)
        # Made aside and attached, which unlike `partition of` keeps nobody from writing meanwhile.
        await conn.execute(
            f"create table {name} (like journal including defaults including constraints);"
            f"create trigger journal_not_emptied before truncate on {name} "
            f"for each statement execute function forbid_change();"
            f"alter table journal attach partition {name} "
            f"for values from ({first}) to ({(number + 1) * PARTITION_ROWS})"
        )
        made += 1
    return made
