"""What became of each command, for whoever asks again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
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


class Decision(Struct, frozen=True):
    """What a person said of a command that was kept, and why."""

    kind: Literal["go_on", "refuse"]
    reason: str


class Arrival(Struct, frozen=True):
    """A command as it came: decoded, with its exact bytes, their digest and its signature."""

    command: Command
    body: bytes
    digest: bytes
    signature: str | None
    sender: UUID  # the user of the session that pushed it
    decision: Decision | None = None
    accepted_in: str | None = None  # an earlier life of the database
    first_received: datetime | None = None  # of one that was kept meanwhile


class Past(Struct, frozen=True):
    """A command that was answered before."""

    command: UUID
    corrects: UUID | None
    author: UUID
    outcome: str


async def find(conn: Connection, commands: Iterable[UUID]) -> dict[UUID, Any]:
    """The receipts that are there already, by command."""
    rows = await conn.fetch("select * from receipt where command = any($1)", list(commands))
    return {row["command"]: row for row in rows}


async def settled(
    conn: Connection, commands: Iterable[UUID]
) -> tuple[set[UUID], set[tuple[UUID, UUID]]]:
    """Which of these were accepted, or rejected and corrected by their author, maybe by a
    correction of a correction; and which that we have no answer of were corrected, and by whom.
    """
    wanted = list(commands)
    if not wanted:
        return set(), set()
    rows = await conn.fetch(
        "with recursive replaced as (select w.id as root, r.command, r.author, r.outcome "
        " from unnest($1::uuid[]) w (id) join receipt r on r.corrects = w.id "
        " union select p.root, r.command, r.author, r.outcome "
        " from replaced p join receipt r on r.corrects = p.command) "
        "select command as id, null::uuid as author from receipt "
        "where command = any($1) and outcome = 'accepted' "
        "union all select p.root, case when first.author = p.author then null else p.author end "
        "from replaced p left join receipt first on first.command = p.root "
        "where p.outcome = 'accepted'",
        wanted,
    )
    done = {row["id"] for row in rows if row["author"] is None}
    return done, {(row["id"], row["author"]) for row in rows if row["author"] is not None}


async def past(conn: Connection, commands: Sequence[UUID]) -> list[Past]:
    """The receipts of these, of what they corrected, and so on; and what lost a clash."""
    rows = await conn.fetch(
        "with recursive up as (select command, corrects, author, outcome from receipt "
        " where command = any($1) union select r.command, r.corrects, r.author, r.outcome "
        " from up join receipt r on r.command = up.corrects) select * from up "
        "union all select id, null, author, outcome from kept_command "
        "where id = any($1) and outcome = 'rejected'",
        commands,
    )
    return [Past(**row) for row in rows]


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
