"""What the system administrator looks after: what background readers could not do, and commands
that were kept because they could not be applied. No bodies, no personal data.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.params import FromPath, PathParameter, QueryParameter
from msgspec import Struct

from backend.app.kept import KeptKind, KeptList, is_waiting, kept_page
from backend.core import database
from backend.core.errors import not_found
from backend.directory.access import Caller, permission
from offline.push import retry_held
from offline.wire import Outcome

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


_DEAD_LETTERS = """
select d.id, d.reader, d.seq, j.verb, j.kind, j.entity, d.error, d.attempts, d.next_try_at,
    d.created_at
from dead_letter d join journal j on j.seq = d.seq
where (j.author is null or j.author in (select id from app_user where county = $1))
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
    async def kept(
        self,
        actor: Caller,
        outcome: Annotated[KeptKind, QueryParameter()] = "held",
        q: Annotated[str, QueryParameter(max_length=128)] = "",
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
    ) -> KeptList:
        """Commands that are held, clash, or were rejected while others wait for them."""
        async with database.connection() as conn:
            return await kept_page(conn, actor, outcome, q, page)

    @post("/kept/{command:uuid}/retry", status_code=200)
    async def retry_kept(self, actor: Caller, command: FromPath[UUID], state: State) -> Outcome:
        """Take a held command up again at once."""
        async with database.connection() as conn:
            found = await is_waiting(conn, actor, command)
        outcomes = await retry_held(state.pushing, command) if found else []
        if not outcomes:  # none here, or another process has just taken it up
            raise not_found("操作")
        return outcomes[0]
