"""What became of each command: receipts for all, bodies of those that were not accepted."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from offline.ports import Connection
from offline.sealed import Cipher
from offline.wire import Command, Outcome, OutcomeKind, Reason, Receipt

_RECEIPT = (
    "command",
    "digest",
    "signature",
    "device",
    "device_seq",
    "author",
    "post",
    "type",
    "corrects",
    "outcome",
    "reasons",
    "entity",
    "version",
    "number",
    "received_at",
    "epoch",
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


async def release(
    conn: Connection, cipher: Cipher, settled_now: Iterable[UUID]
) -> list[tuple[bytes, str | None, UUID]]:
    """Take out the held commands that waited for these: (body, signature, sender) of each."""
    rows = await conn.fetch(
        "delete from kept_command where outcome = 'held' and waits_for && $1 "
        "returning sealed_body, digest, signature, session_user_id",
        list(settled_now),
    )
    return [
        (cipher.open(row["sealed_body"], row["digest"]), row["signature"], row["session_user_id"])
        for row in rows
    ]


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
    await conn.copy_records_to_table(
        "receipt",
        columns=_RECEIPT,
        records=[_row(arrival, outcome, received_at) for arrival, outcome in answered],
    )


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


async def keep(
    conn: Connection,
    cipher: Cipher,
    kept: Sequence[tuple[Arrival, OutcomeKind, list[UUID]]],
    received_at: datetime,
) -> None:
    """Keep the sealed bodies of commands that were not accepted: nothing is ever dropped."""
    if not kept:
        return
    await conn.executemany(
        "insert into kept_command (id, digest, outcome, sealed_body, signature, waits_for, "
        "session_user_id, received_at) values ($1, $2, $3, $4, $5, $6, $7, $8) "
        "on conflict (id, digest) do update set outcome = excluded.outcome",
        [
            (
                arrival.command.id,
                arrival.digest,
                outcome,
                cipher.seal(arrival.body, arrival.digest),
                arrival.signature,
                waits_for,
                arrival.sender,
                received_at,
            )
            for arrival, outcome, waits_for in kept
        ],
    )
