"""Searches that users keep under a name."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.cases.finding.filters import Filters
from backend.cases.views import SavedSearch, SaveSearch
from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.ids import new_id
from offline.ports import Connection

MOST = 50
"""Searches that one user keeps; a longer list would itself need searching."""


async def searches_of(conn: Connection, actor: Actor) -> list[SavedSearch]:
    """The user's own in this county, by name."""
    rows = await conn.fetch(
        'select id, name, filters, saved_at from saved_search where "user" = $1 and county = $2 '
        "order by name, id",
        actor.user,
        actor.county,
    )
    return [_view(row) for row in rows]


async def keep(conn: Connection, actor: Actor, search: SaveSearch, now: datetime) -> SavedSearch:
    """Raises Problem 409 `name_taken` or `too_many`, 400 `blank_name`."""
    name = search.name.strip()
    if not name:
        raise Problem(400, "blank_name", "请填写名称", field="name")
    kept = await conn.fetchval(
        'select count(*) from saved_search where "user" = $1 and county = $2',
        actor.user,
        actor.county,
    )
    if kept >= MOST:
        raise Problem(409, "too_many", f"最多保存 {MOST} 个查询,请先删除不用的")
    row = await conn.fetchrow(
        'insert into saved_search (id, "user", county, name, filters, saved_at) '
        "values ($1, $2, $3, $4, $5, $6) "
        'on conflict ("user", county, name) do nothing returning id, name, filters, saved_at',
        new_id(),
        actor.user,
        actor.county,
        name,
        msgspec.json.encode(search.filters).decode(),
        now,
    )
    if row is None:
        raise Problem(409, "name_taken", "已有同名的查询,请换一个名称", field="name")
    return _view(row)


async def forget(conn: Connection, actor: Actor, search: UUID) -> None:
    """Raises Problem 404."""
    gone = await conn.fetchval(
        'delete from saved_search where id = $1 and "user" = $2 and county = $3 returning id',
        search,
        actor.user,
        actor.county,
    )
    if gone is None:
        raise not_found("查询")


def _view(row: Any) -> SavedSearch:
    filters = msgspec.json.decode(row["filters"], type=Filters)
    return SavedSearch(row["id"], row["name"], filters, row["saved_at"])
