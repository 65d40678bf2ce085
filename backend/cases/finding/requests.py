"""Requests in lists: those that wait for this post's word, one's own, and those one answered."""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from backend.cases.finding.filters import Code, Moment
from backend.cases.finding.paging import read_place, storable, write_place
from backend.cases.finding.reach import answerable_anywhere
from backend.cases.ground import Ground
from backend.cases.views import RequestList, RequestRow
from backend.catalogue.flow import RequestKind
from backend.core.actor import Actor
from backend.core.scope import Parameters
from offline.ports import Connection

View = Literal["open", "mine", "answered"]
_OWN = ("number", "category", "address", "flow", "flow_version")
_FROM = 'case_request r join case_file c on c.id = r.case_id join app_user u on u.id = r."user"'


class Wanted(Struct, frozen=True, kw_only=True):
    """Which requests; all given conditions hold at once."""

    view: View = "open"
    kind: RequestKind | None = None
    number: Code | None = None  # part of the case's
    org: Code | None = None  # that asked
    asked_since: Moment | None = None
    asked_until: Moment | None = None  # not included


async def find_requests(
    conn: Connection,
    actor: Actor,
    wanted: Wanted,
    ground: Ground,
    after: str | None,
    limit: int,
) -> RequestList:
    """A page, newest first. Raises Problem 400 `bad_cursor`."""
    sql = Parameters()
    where = [_of_view(wanted.view, actor, ground, sql), *_narrowing(wanted, sql)]
    if after is not None:
        place = read_place(after)
        where.append(f"(r.asked_at, r.id) < ({sql(place.at)}, {sql(place.id)})")
    rows = await conn.fetch(
        f"select r.*, u.name as user_name, {', '.join(f'c.{name}' for name in _OWN)} from {_FROM} "  # noqa: S608
        f"where {' and '.join(where)} order by r.asked_at desc, r.id desc limit {sql(limit + 1)}",
        *sql.values,
    )
    items = [_row(row, ground) for row in rows[:limit]]
    next_ = write_place(items[-1].asked_at, items[-1].id) if len(rows) > limit else None
    return RequestList(items, next_, await _waiting(conn, actor, ground))


async def _waiting(conn: Connection, actor: Actor, ground: Ground) -> int:
    sql = Parameters()
    count: int = await conn.fetchval(
        f"select count(*) from {_FROM} where {_of_view('open', actor, ground, sql)}",  # noqa: S608
        *sql.values,
    )
    return count


def _of_view(view: View, actor: Actor, ground: Ground, sql: Parameters) -> str:
    county = f"c.county = {sql(actor.county)}"
    match view:
        case "mine":
            user = sql(actor.user)
            return f'{county} and (r."user" = {user} or r.keeper = {user})'
        case "answered":
            return f"{county} and r.answerers @> {sql([str(actor.user)])}::text[]"
        case "open":
            return f"{county} and r.state = 'open' and {_answerable(actor, ground, sql)}"


def _answerable(actor: Actor, ground: Ground, sql: Parameters) -> str:
    """The SQL twin of rules.checks.answerable: the post holds the permission of the level where a
    request stands, and is of the org that answers there, or serves the case's place and category.
    """
    levels = [
        (flow.code, flow.version, rule.kind, place)
        for flow in ground.catalogue.flows.values()
        for rule in flow.requests
        for place, level in enumerate(rule.levels)
        if actor.may(level.permission)
    ]
    given = ", ".join(
        f"{sql([level[n] for level in levels])}::{type_}[]"
        for n, type_ in enumerate(("text", "int", "text", "int"))
    )
    return (
        f"(c.flow, c.flow_version, r.kind, r.level) in (select * from unnest({given})) "  # noqa: S608
        f"and (r.answerer_org = {sql(actor.org)} "
        f"or (r.answerer_org is null and {answerable_anywhere(actor, sql)}))"
    )


def _narrowing(wanted: Wanted, sql: Parameters) -> Iterator[str]:
    if wanted.kind is not None:
        yield f"r.kind = {sql(wanted.kind)}"
    if wanted.org is not None:
        yield f"r.org = {sql(wanted.org)}"
    if wanted.number:
        yield f"strpos(c.number, {sql(wanted.number.strip())}) > 0"
    if wanted.asked_since is not None:
        yield f"r.asked_at >= {sql(storable(wanted.asked_since))}"
    if wanted.asked_until is not None:
        yield f"r.asked_at < {sql(storable(wanted.asked_until))}"


def _row(row: Any, ground: Ground) -> RequestRow:
    given = {name: row[name] for name in RequestRow.__struct_fields__ if name not in _MADE}
    return RequestRow(**given, case=row["case_id"], level_name=_level_name(row, ground))


_MADE = ("case", "level_name")


def _level_name(row: Any, ground: Ground) -> str:
    """Empty for what took effect at once."""
    flow = ground.catalogue.flows[row["flow"], row["flow_version"]]
    levels = next((rule.levels for rule in flow.requests if rule.kind == row["kind"]), [])
    return levels[row["level"]].name if row["level"] < len(levels) else ""
