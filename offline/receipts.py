"""What became of each command, for whoever asks again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from offline.ports import Connection
from offline.rows import Insert
from offline.wire import Command, Outcome, OutcomeKind, Reason, Receipt

_RECEIPT = Insert(
    "receipt",
    {
        "command": "uuid",
        "digest": "bytea",
        "signature": "text",
        "device": "uuid",
        "device_seq": "int8",
        "author": "uuid",
        "post": "uuid",
        "type": "text",
        "corrects": "uuid",
        "outcome": "text",
        "reasons": "jsonb",
        "entity": "uuid",
        "version": "int4",
        "number": "text",
        "received_at": "timestamptz",
        "epoch": "text",
    },
)


class Arrival(Struct, frozen=True):
    """A command as it came: decoded, with its exact bytes, their digest and its signature."""

    command: Command
    body: bytes
    digest: bytes
    signature: str | None
    sender: UUID  # the user of the session that pushed it


async def find(conn: Connection, commands: Iterable[UUID]) -> dict[UUID, Any]:
    """The receipts that are there already, by command."""
    rows = await conn.fetch("select * from receipt where command = any($1)", list(commands))
    return {row["command"]: row for row in rows}


async def settled(conn: Connection, commands: Iterable[UUID]) -> set[UUID]:
    """Which of these were accepted, or have an accepted correction."""
    wanted = list(commands)
    if not wanted:
        return set()
    rows = await conn.fetch(
        "select command as id from receipt where command = any($1) and outcome = 'accepted' "
        "union select corrects from receipt where corrects = any($1) and outcome = 'accepted'",
        wanted,
    )
    return {row["id"] for row in rows}


def repeat(row: Any) -> Outcome:
    """The stored answer again."""
    if row["outcome"] == "accepted":
        return Outcome(row["command"], "repeated", receipt_of(row))
    kind: OutcomeKind = "rejected" if row["outcome"] == "rejected" else "held"
    reasons = msgspec.json.decode(row["reasons"], type=list[Reason])
    return Outcome(row["command"], kind, receipt_of(row), reasons)


def receipt_of(row: Any) -> Receipt:
    """A stored receipt as devices get it."""
    return Receipt(
        command=row["command"],
        digest=row["digest"].hex(),
        received_at=row["received_at"],
        epoch=row["epoch"],
        entity=row["entity"],
        version=row["version"],
        number=row["number"],
    )


async def store(
    conn: Connection, answered: Sequence[tuple[Arrival, Outcome]], received_at: datetime
) -> None:
    """Write the receipts of one batch. A receipt that appeared meanwhile breaks the batch."""
    await _RECEIPT.add(conn, [_row(arrival, outcome, received_at) for arrival, outcome in answered])


def _row(arrival: Arrival, outcome: Outcome, received_at: datetime) -> tuple[Any, ...]:
    command, receipt = arrival.command, outcome.receipt
    assert receipt is not None
    return (
        command.id,
        arrival.digest,
        arrival.signature,
        command.device,
        command.device_seq,
        command.user,
        command.post,
        command.type,
        command.corrects,
        outcome.outcome,
        msgspec.json.encode(outcome.reasons).decode(),
        receipt.entity,
        receipt.version,
        receipt.number,
        received_at,
        receipt.epoch,
    )
