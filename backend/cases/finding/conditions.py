"""What a list shows, as one SQL condition: lists, counters, maps and exports all ask by it."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.cases.finding import boxes
from backend.cases.finding.filters import Filters, Period
from backend.cases.finding.paging import storable
from backend.cases.finding.reach import reported_by, seen_by
from backend.cases.finding.shapes import inside, read_shape
from backend.cases.ground import Ground
from backend.cases.reporter import dialled
from backend.cases.rules.clocks import Lamp
from backend.catalogue.flow import Severity
from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE
from backend.core.errors import Problem
from backend.core.scope import Parameters, within
from offline.ports import Connection

_PLAIN = (
    "flow",
    "stage",
    "grid",
    "urgent",
    "suspended",
    "sensitive",
    "supervision",
    "call_back",
)
FEW = 2000
_NUMBER = re.compile(r"[0-9-]+")


class Search(Struct, frozen=True):
    """Who asks, for what, and what the answer stands on. `blind` is the keyed index of an outside
    reporter's phone.

    found: the few cases whose text has the words asked for, once somebody has looked; `common` says
    that there are many, so that it is quicker to look at the newest cases' texts one by one.
    """

    actor: Actor
    filters: Filters
    ground: Ground
    now: datetime
    blind: Callable[[str], bytes]
    found: list[UUID] | None = None
    common: bool = False


async def looked_up(conn: Connection, search: Search) -> Search:
    """For lists, of which only the beginning is wanted: whether the words asked for are rare. The
    planner cannot know; it takes neighbouring pairs of characters for independent.
    """
    sql = Parameters()
    words = _words(search.filters, sql)
    if words is None:
        return search
    rows = await conn.fetch(
        f"select t.case_id from case_text t where {words} limit {sql(FEW + 1)}",  # noqa: S608
        *sql.values,
    )
    if len(rows) > FEW:
        return replace(search, common=True)
    return replace(search, found=[row["case_id"] for row in rows])


def conditions(search: Search, sql: Parameters) -> str:
    """The condition on `case_file c`: what the actor may see of what the filters name.

    Raises Problem 400 `bad_shape`, 403 `forbidden` for a phone without person.unmask.
    """
    return " and ".join([seen_by(search.actor, sql), *narrowing(search, sql)])


def narrowing(search: Search, sql: Parameters) -> Iterator[str]:
    """What the filters ask beyond the actor's reach."""
    filters = search.filters
    if filters.box is not None:
        box = boxes.box_of(filters.box, search.actor, search.ground)
        yield boxes.condition(box, search.actor, sql)
    for name in _PLAIN:
        if (value := getattr(filters, name)) is not None:
            yield f"c.{name} = {sql(value)}"
    if filters.severity is not None:
        yield f"c.severity = {sql(get_args(Severity).index(filters.severity))}"
    if filters.source:
        yield f"c.source = any({sql(filters.source)})"
    if filters.state:
        yield f"c.state = any({sql(filters.state)})"
    yield from _times(search, sql)
    yield from _people(search, sql)
    yield from _texts(search, sql)
    yield from _places(search, sql)
    if filters.category is not None:
        yield f"c.category = any({sql(_under(filters.category, search.ground))})"
    if filters.label is not None:
        yield f"c.labels @> {sql([filters.label])}::varchar[]"
    if filters.lamp is not None:
        yield _lit(filters.lamp, sql(search.now))


def _places(search: Search, sql: Parameters) -> Iterator[str]:
    filters = search.filters
    if filters.area is not None:
        path = search.ground.roster.paths.get(filters.area, filters.area)
        yield f"({within(path, sql, 'c.area_path')})"
        # One range that holds both, which an index in another order can be asked as it is read.
        yield f"c.area_path ~>=~ {sql(path)} and c.area_path ~<~ {sql(path + '0')}"
    if filters.shape is not None:
        yield inside(read_shape(filters.shape), sql)


def _times(search: Search, sql: Parameters) -> Iterator[str]:
    filters = search.filters
    if filters.ended is not None:
        yield f"c.ended_at is {'not ' if filters.ended else ''}null"
    if filters.reported_within is not None:
        yield f"c.reported_at >= {sql(_beginning(filters.reported_within, search.now))}"
    for column in ("reported", "ended"):
        since = getattr(filters, f"{column}_since")
        until = getattr(filters, f"{column}_until")
        if since is not None:
            yield f"c.{column}_at >= {sql(storable(since))}"
        if until is not None:
            yield f"c.{column}_at < {sql(storable(until))}"
    if filters.ended_until is not None:
        # No case ends before it is reported: from there on, the newest are soon found.
        yield f"c.reported_at < {sql(storable(filters.ended_until))}"


def _beginning(period: Period, now: datetime) -> datetime:
    """Of the city's day, week or month that `now` lies in."""
    day = now.astimezone(CITY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    back = {"today": 0, "week": day.weekday(), "month": day.day - 1}[period]
    return day - timedelta(days=back)


def _people(search: Search, sql: Parameters) -> Iterator[str]:
    filters, actor = search.filters, search.actor
    if filters.org is not None:
        yield f"c.parts @> {sql([f'involved:{filters.org}'])}::text[]"
    if filters.main_org is not None:
        yield f"c.org = {sql(filters.main_org)}"
    if filters.scope is not None:
        orgs = _orgs(filters.scope, actor.org, search.ground.roster.parents)
        yield f"c.parts && {sql([f'involved:{org}' for org in orgs])}::text[]"
    if filters.mine == "owned":
        yield f"c.parts @> {sql([f'owner:{actor.user}'])}::text[]"
    reporters = [filters.reporter, actor.user if filters.mine == "reported" else None]
    for user in reporters:
        if user is not None:
            yield reported_by(sql(user))
    if filters.phone is not None:
        if not actor.may("person.unmask"):
            raise Problem(403, "forbidden", "您当前的岗位不能按举报人电话查找", field="phone")
        blind = sql(search.blind(dialled(filters.phone)))
        yield (
            "c.id = any(array(select r.case_id from report r join sealed_value v "  # noqa: S608
            f"on v.id = r.reporter where v.blind = {blind}))"
        )


def _texts(search: Search, sql: Parameters) -> Iterator[str]:
    if search.found is not None:
        yield f"c.id = any({sql(search.found)}::uuid[])"
        return
    words = _words(search.filters, sql)
    if words is not None and search.common:
        yield f"(select {words} from case_text t where t.case_id = c.id)"  # noqa: S608
    elif words is not None:
        yield f"c.id in (select t.case_id from case_text t where {words})"  # noqa: S608


def _words(filters: Filters, sql: Parameters) -> str | None:
    """The condition on `case_text t`; None when nothing is asked of texts."""
    where = []
    if filters.number and (number := filters.number.strip()):
        where.append(f"t.number like {sql(_part(number))}")
    if filters.q and (asked := filters.q.strip()):
        part = sql(_part(asked))
        said = f"t.pairs @@ pairs_of(lower({sql(asked)})) and t.body like lower({part})"
        number = f"t.number like {part} or " if _NUMBER.fullmatch(asked) else ""
        where.append(f"({number}{said})")
    return " and ".join(where) or None


def _part(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _orgs(scope: str, own: str, parents: dict[str, Any]) -> list[str]:
    below: set[str] = set()
    level = {own}
    while level := {org for org, parent in parents.items() if parent in level} - below:
        below |= level
    return sorted({"own": {own}, "below": below, "own_and_below": {own} | below}[scope])


def _under(wanted: str, ground: Ground) -> list[str]:
    return [
        code
        for code, category in ground.catalogue.categories.items()
        if category.parent == wanted or code.startswith(wanted)
    ]


def _lit(lamp: Lamp, now: str) -> str:
    """The SQL twin of rules.clocks.lamp: an ended case has no deadline. That is not said apart, for
    the planner would take the two for independent, and expect a twentieth of what there is.
    """
    shows = {
        "red": f"c.due_at < {now}",
        "yellow": f"c.yellow_at <= {now} and c.due_at >= {now}",
        "green": f"c.yellow_at > {now}",
    }
    return shows[lamp]
