"""Commands that were kept and wait for something or somebody, as the administrator sees them. No
bodies: they may hold personal data, and their authors have them on their devices.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.core.actor import Actor
from offline.ports import Connection
from offline.reading import BY_RULE
from offline.receipts import Decision
from offline.wire import Reason

PAGE = 50

KeptKind = Literal["held", "rejected", "clash"]


class Awaited(Struct, frozen=True):
    """A command that another waits for, and what became of it; null: it has never come."""

    id: UUID
    type: str | None
    outcome: str | None


class KeptCommand(Struct, frozen=True, kw_only=True):
    """A command that is held, clashes, or was rejected while others wait for it.

    author: null for one by rule. digest: SHA-256 of its body, hex. dependents: how many held
    commands wait for it. decision: what a person said and is not carried out yet.
    """

    id: UUID
    digest: str
    outcome: KeptKind
    type: str
    author: UUID | None
    author_name: str | None
    reasons: list[Reason]
    received_at: datetime
    tries: int
    next_try_at: datetime | None
    waits_for: list[Awaited]
    dependents: int
    decision: Decision | None


class KeptList(Struct, frozen=True):
    """A page, the oldest first: those are to be dealt with first. `total` of all pages."""

    commands: list[KeptCommand]
    total: int


_WAITING = """(select count(*) from kept_command d
    where d.outcome = 'held' and d.waits_for @> array[k.id])"""
_OF_COUNTY = """
from kept_command k left join app_user u on u.id = k.author
where k.outcome = $3 and (k.author = $2 or u.county = $1)
  and (k.outcome <> 'rejected' or exists (
    select from kept_command d where d.outcome = 'held' and d.waits_for @> array[k.id]))
  and not exists (select from unnest($4::text[]) w where strpos(lower(
    concat_ws(' ', u.name, u.code, k.type, k.id, k.reasons)), w) = 0)
"""
_AWAITED = """
select w.id, coalesce(r.type, k.type) as type, coalesce(r.outcome, k.outcome) as outcome
from unnest($1::uuid[]) w (id)
left join receipt r on r.command = w.id
left join lateral (select type, outcome from kept_command k where k.id = w.id limit 1) k on true
"""


async def kept_page(conn: Connection, actor: Actor, kind: KeptKind, q: str, page: int) -> KeptList:
    """A page of the actor's county, and of what was done by rule, whose author, type, id or reasons
    hold every word of `q`.
    """
    args = (actor.county, BY_RULE, kind, q.lower().split())
    rows = await conn.fetch(
        "select k.id, k.digest, k.outcome, k.type, k.author, u.name as author_name, k.reasons, "
        "k.received_at, k.tries, k.next_try_at, k.waits_for, k.decision, k.decision_reason, "
        f"{_WAITING} as dependents {_OF_COUNTY} "
        f"order by k.received_at, k.id, k.digest limit {PAGE} offset $5",
        *args,
        (page - 1) * PAGE,
    )
    awaited = await _awaited(conn, {id_ for row in rows for id_ in row["waits_for"]})
    total = await conn.fetchval(f"select count(*) {_OF_COUNTY}", *args)
    return KeptList([_line(row, awaited) for row in rows], total)


async def is_waiting(conn: Connection, actor: Actor, command: UUID) -> bool:
    """Whether a command of the actor's county, or by rule, is held."""
    found = await conn.fetchval(
        "select true from kept_command k left join app_user u on u.id = k.author "
        "where k.id = $3 and k.outcome = 'held' and (k.author = $2 or u.county = $1) limit 1",
        *(actor.county, BY_RULE, command),
    )
    return bool(found)


async def _awaited(conn: Connection, commands: set[UUID]) -> dict[UUID, Awaited]:
    rows = await conn.fetch(_AWAITED, list(commands)) if commands else []
    return {row["id"]: Awaited(**row) for row in rows}


def _line(row: Any, awaited: dict[UUID, Awaited]) -> KeptCommand:
    return KeptCommand(
        id=row["id"],
        digest=row["digest"].hex(),
        outcome=row["outcome"],
        type=row["type"],
        author=None if row["author"] == BY_RULE else row["author"],
        author_name=row["author_name"],
        reasons=msgspec.json.decode(row["reasons"], type=list[Reason]),
        received_at=row["received_at"],
        tries=row["tries"],
        next_try_at=row["next_try_at"],
        waits_for=[awaited[id_] for id_ in row["waits_for"]],
        dependents=row["dependents"],
        decision=Decision(row["decision"], row["decision_reason"]) if row["decision"] else None,
    )
