"""Commands that were not accepted: nothing is ever dropped. The held ones are tried again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from offline.ports import Connection
from offline.receipts import Arrival, Decision
from offline.sealed import Cipher
from offline.wire import Item, OutcomeKind, Reason

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(days=1)
"""A held command is tried again after 1 minute, 2, 4 … and in the end daily."""
RETRIED_AT_ONCE = 100
WOKEN_AT_ONCE = 500
"""Of what one command frees so many go with it in its transaction; the worker sees to the rest."""


class Kept(Struct, frozen=True):
    """A command that was not accepted, what was said of it, and which commands it waits for."""

    arrival: Arrival
    outcome: OutcomeKind
    reasons: list[Reason]
    waits_for: list[UUID] = []


class Held(Struct, frozen=True):
    """A kept command taken up again, with the user of the session that had brought it and what a
    person has decided of it.
    """

    item: Item
    sender: UUID
    decision: Decision | None
    received_at: datetime


async def keep(
    conn: Connection, cipher: Cipher, kept: Sequence[Kept], received_at: datetime
) -> None:
    """Keep the sealed bodies. One that was kept before keeps its next try; one that was rejected,
    maybe at this very moment by another transaction, is not held again.
    """
    if not kept:
        return
    await conn.executemany(
        "insert into kept_command (id, digest, outcome, reasons, type, author, sealed_body, "
        "signature, waits_for, session_user_id, received_at, next_try_at, accepted_in) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (id, digest) "
        "do update set outcome = excluded.outcome, reasons = excluded.reasons, "
        "waits_for = excluded.waits_for, next_try_at = case excluded.outcome when 'held' "
        "then kept_command.next_try_at end, "
        "accepted_in = coalesce(excluded.accepted_in, kept_command.accepted_in) "
        "where kept_command.outcome = 'held' or excluded.outcome <> 'held'",
        [
            (
                each.arrival.command.id,
                each.arrival.digest,
                each.outcome,
                msgspec.json.encode(each.reasons).decode(),
                each.arrival.command.type,
                each.arrival.command.user,
                cipher.seal(each.arrival.body, each.arrival.digest),
                each.arrival.signature,
                each.waits_for,
                each.arrival.sender,
                received_at,
                received_at + FIRST_RETRY if each.outcome == "held" else None,
                each.arrival.accepted_in,
            )
            for each in kept
        ],
    )


async def waiting(
    conn: Connection, cipher: Cipher, settled_now: Iterable[UUID], now: datetime
) -> list[Held]:
    """The held commands that waited for these, not too many at once. They stay until `drop`."""
    freed = list(settled_now)
    rows = await conn.fetch(
        "select sealed_body, digest, signature, session_user_id, decision, decision_reason, "
        "accepted_in, received_at "
        "from kept_command where outcome = 'held' and waits_for && $1 "
        "order by received_at limit $2 for update",
        freed,
        WOKEN_AT_ONCE + 1,
    )
    if len(rows) > WOKEN_AT_ONCE:
        await conn.execute(
            "update kept_command set next_try_at = $2 where outcome = 'held' and waits_for && $1",
            freed,
            now,
        )
    return [_held(cipher, row) for row in rows[:WOKEN_AT_ONCE]]


async def take_due(
    conn: Connection, cipher: Cipher, now: datetime, command: UUID | None = None
) -> list[Held]:
    """The kept commands whose next try has come, oldest first, or the one named.

    They stay, with a later next try, until `drop`: whatever becomes of us, they are kept.
    """
    rows = await conn.fetch(
        "update kept_command k set tries = k.tries + 1, "
        "next_try_at = $1::timestamptz "
        "+ least($2::interval * power(2, least(k.tries + 1, 20)), $3::interval) "
        "from (select id, digest from kept_command where next_try_at is not null "
        " and (id = $4 or ($4::uuid is null and next_try_at <= $1)) "
        " order by next_try_at limit $5 for update skip locked) due "
        "where k.id = due.id and k.digest = due.digest "
        "returning k.received_at, k.sealed_body, k.digest, k.signature, k.session_user_id, "
        "k.decision, k.decision_reason, k.accepted_in",
        now,
        FIRST_RETRY,
        LAST_RETRY,
        command,
        RETRIED_AT_ONCE,
    )
    return [_held(cipher, row) for row in sorted(rows, key=lambda row: row["received_at"])]


async def drop(conn: Connection, commands: Iterable[UUID]) -> None:
    """Forget the held bodies of commands that have been accepted meanwhile."""
    await conn.execute(
        "delete from kept_command k using receipt r where k.id = any($1) and k.outcome = 'held' "
        "and r.command = k.id and r.digest = k.digest and r.outcome = 'accepted'",
        list(commands),
    )


async def done(conn: Connection, commands: Collection[tuple[UUID, bytes]]) -> None:
    """Forget these, by id and digest: each has a receipt under another name."""
    await conn.execute(
        "delete from kept_command k using unnest($1::uuid[], $2::bytea[]) d (id, digest) "
        "where k.id = d.id and k.digest = d.digest",
        [id_ for id_, _ in commands],
        [digest for _, digest in commands],
    )


async def decided(
    conn: Connection, commands: Collection[UUID]
) -> dict[tuple[UUID, bytes], Decision]:
    """What people have decided of these, by id and digest."""
    rows = await conn.fetch(
        "select id, digest, decision, decision_reason from kept_command "
        "where id = any($1) and decision is not null",
        list(commands),
    )
    return {(row["id"], row["digest"]): _decision(row) for row in rows}


def _decision(row: Any) -> Decision:
    return Decision(row["decision"], row["decision_reason"])


def _held(cipher: Cipher, row: Any) -> Held:
    body = cipher.open(row["sealed_body"], row["digest"])
    return Held(
        Item(body.decode(), row["signature"], accepted_in=row["accepted_in"]),
        row["session_user_id"],
        _decision(row) if row["decision"] else None,
        row["received_at"],
    )
