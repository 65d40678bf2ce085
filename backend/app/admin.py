"""What the system administrator looks after: what background readers could not do, and commands
that were kept because they could not be applied. No bodies, no personal data.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.params import FromPath, PathParameter
from msgspec import Struct

from backend.core import database
from backend.core.actor import Actor
from backend.core.errors import not_found
from backend.directory.access import Caller, permission
from offline.batch import BY_RULE
from offline.ports import Connection
from offline.push import retry_held
from offline.wire import Outcome, Reason

AT_MOST = 200
"""Lines of one answer, the oldest first: when there are more, these are to be dealt with first."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A line of the ledger that a reader failed at. Without `next_try_at` it waits for a person."""

    id: int
    reader: str
    seq: int
    verb: str
    kind: str | None
    entity: UUID | None
    error: str
    attempts: int
    next_try_at: datetime | None
    created_at: datetime


class KeptCommand(Struct, frozen=True, kw_only=True):
    """A command that is held or clashes, and why. `author` is null for one by rule."""

    id: UUID
    outcome: str
    type: str
    author: UUID | None
    reasons: list[Reason]
    received_at: datetime
    tries: int
    next_try_at: datetime | None


_DEAD_LETTERS = """
select d.id, d.reader, d.seq, j.verb, j.kind, j.entity, d.error, d.attempts, d.next_try_at,
    d.created_at
from dead_letter d join journal j on j.seq = d.seq
where (j.author is null or j.author in (select id from app_user where county = $1))
"""

_KEPT = """
select id, outcome, type, author, reasons, received_at, tries, next_try_at from kept_command
where outcome in ('held', 'clash')
  and (author = $2 or author in (select id from app_user where county = $1))
"""


class AdminController(Controller):
    """Of the caller's county, and what was done by rule."""

    path = "/api/admin"
    guards = (permission("admin.system"),)
    tags = ("admin",)

    @get("/dead-letters")
    async def dead_letters(self, actor: Caller) -> list[DeadLetter]:
        """What readers of the ledger could not do."""
        async with database.connection() as conn:
            rows = await conn.fetch(f"{_DEAD_LETTERS} order by d.id limit {AT_MOST}", actor.county)
        return [DeadLetter(**row) for row in rows]

    @post("/dead-letters/{letter:int}/retry", status_code=202)
    async def retry_dead_letter(
        self, actor: Caller, letter: Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
    ) -> DeadLetter:
        """Have the worker try again, within seconds."""
        async with database.transaction() as conn:
            row = await conn.fetchrow(f"{_DEAD_LETTERS} and d.id = $2", actor.county, letter)
            if row is None:
                raise not_found("任务")
            due = await conn.fetchval(
                "update dead_letter set next_try_at = now() where id = $1 returning next_try_at",
                letter,
            )
        return DeadLetter(**(dict(row) | {"next_try_at": due}))

    @get("/kept")
    async def kept(self, actor: Caller) -> list[KeptCommand]:
        """Commands that are held or clash."""
        async with database.connection() as conn:
            return await _kept(conn, actor, f"order by received_at, id limit {AT_MOST}")

    @post("/kept/{command:uuid}/retry", status_code=200)
    async def retry_kept(self, actor: Caller, command: FromPath[UUID], state: State) -> Outcome:
        """Take a held command up again at once."""
        async with database.connection() as conn:
            found = await _kept(conn, actor, "and outcome = 'held' and id = $3", command)
        outcomes = await retry_held(state.pushing, command) if found else []
        if not outcomes:  # none here, or another process has just taken it up
            raise not_found("操作")
        return outcomes[0]


async def _kept(conn: Connection, actor: Actor, which: str, *args: object) -> list[KeptCommand]:
    rows = await conn.fetch(f"{_KEPT} {which}", actor.county, BY_RULE, *args)
    return [_line(row) for row in rows]


def _line(row: Any) -> KeptCommand:
    reasons = msgspec.json.decode(row["reasons"], type=list[Reason])
    author = None if row["author"] == BY_RULE else row["author"]
    return KeptCommand(**(dict(row) | {"reasons": reasons, "author": author}))
