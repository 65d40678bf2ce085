"""The inbox: open tasks of a user, a post or an org's pool."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from backend.core.actor import Actor
from backend.tasks.documents import task_of
from backend.tasks.structs import Task
from offline.ports import Connection

INBOX = 200


async def inbox(conn: Connection, actor: Actor) -> list[Task]:
    """The actor's open tasks, the most pressing first."""
    rows = await conn.fetch(
        "select * from task where state = 'open' and county = $4 "
        'and ("user" = $1 or post = $2 or (org = $3 and claimed_by is null)) '
        "order by due_at nulls last, opened_at limit $5",
        actor.user,
        actor.post,
        actor.org,
        actor.county,
        INBOX,
    )
    return [task_of(row) for row in rows]


async def open_counts(conn: Connection, users: Collection[UUID]) -> Counter[UUID]:
    """How many open tasks each of these users has."""
    if not users:
        return Counter()
    rows = await conn.fetch(
        """select "user", count(*) as n from task where state = 'open' and "user" = any($1)
        group by "user" """,
        list(users),
    )
    return Counter({row["user"]: row["n"] for row in rows})
