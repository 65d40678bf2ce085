"""How many cases stand in each box. A counter is a query, and equals its list.

Open cases are counted as they stand; ended ones, which are nearly all after some years, by tallies
that the write path adds to as cases end (`finding.tally`), unless filters ask for something that no
tally knows.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from backend.cases.finding.boxes import Joined, Standing, boxes_of
from backend.cases.finding.conditions import Search, narrowing
from backend.cases.finding.filters import Filters
from backend.cases.finding.reach import (
    seen_beyond_tallies,
    seen_by,
    seen_in_tallies,
    sees_orgs,
)
from backend.cases.rules.parties import holder
from backend.cases.views import BoxCount, Counts
from backend.catalogue.flow import Party
from backend.core.actor import Actor
from backend.core.scope import Parameters, reach
from offline.ports import Connection

_NAMES = ", ".join(f"c.{name}" for name in Standing._fields)


async def count_boxes(conn: Connection, search: Search) -> Counts:
    """How many of the cases that the filters name stand in each box of this post, and in all (of
    the box among the filters, if there is one).
    """
    boxes = boxes_of(search.actor, search.ground)
    asked = search.filters.box
    bare = msgspec.structs.replace(
        search, filters=msgspec.structs.replace(search.filters, box=None)
    )
    found: dict[Party | None, Counter[Standing]] = {}
    for party in {None} | {party for box in boxes for party in box.parties()}:
        states = [] if party is None else _states(boxes, party)
        found[party] = await _standings(conn, bare, party, states)
    counts = {
        box.code: sum(
            n
            for party in box.parties()
            for standing, n in found[party].items()
            if box.holds(standing, party)
        )
        for box in boxes
    }
    total = found[None].total() if asked is None else counts.get(asked, 0)
    return Counts([BoxCount(box.code, box.name, counts[box.code]) for box in boxes], total)


def _states(boxes: Sequence[Joined], party: Party) -> list[str]:
    """The states in which a party's boxes want cases; none for any."""
    wanted = [box for joined in boxes for box in joined.by_flow.values() if box.party == party]
    if not all(box.states for box in wanted):
        return []
    return sorted({state for box in wanted for state in box.states})


async def _standings(
    conn: Connection, search: Search, party: Party | None, states: list[str]
) -> Counter[Standing]:
    """How many cases stand how, of those the actor sees, as a party if one is named."""
    actor = search.actor
    tallied = search.filters == Filters() and (
        party is None or (party == "involved" and sees_orgs(actor))
    )
    sql = Parameters()
    where = [seen_by(actor, sql), *narrowing(search, sql)]
    if party is not None:
        where.append(f"c.parts && {sql(sorted(holder(actor, party)))}::text[]")
    if states:
        where.append(f"c.state = any({sql(states)})")
    if not tallied:
        return await _counted(conn, "case_file", where, sql)
    if party is None:
        return await _all_seen(conn, actor)
    found = await _counted(conn, "case_file", [*where, "c.ended_at is null"], sql)
    sql = Parameters()
    where = [f"c.county = {sql(actor.county)}", f"c.holder = {sql(f'involved:{actor.org}')}"]
    return found + await _counted(conn, "case_tally", where, sql)


async def _all_seen(conn: Connection, actor: Actor) -> Counter[Standing]:
    """How all cases stand that the actor sees. What is found by place is counted apart from the
    rest: an index alone can tell it.
    """
    sql = Parameters()
    place = reach(actor, sql, "c") if actor.may("case.browse") else seen_by(actor, sql)
    found = await _counted(conn, "case_file", [place, "c.ended_at is null"], sql)
    sql = Parameters()
    found += await _counted(conn, "case_tally", [seen_in_tallies(actor, sql)], sql)
    sql = Parameters()
    beyond = seen_beyond_tallies(actor, sql)
    if beyond is not None:
        where = [beyond] if actor.may("case.browse") else [beyond, "c.ended_at is not null"]
        found += await _counted(conn, "case_file", where, sql)
    return found


async def _counted(
    conn: Connection, table: str, where: list[str], sql: Parameters
) -> Counter[Standing]:
    count = "sum(c.n)" if table == "case_tally" else "count(*)"
    rows = await conn.fetch(
        f"select {_NAMES}, {count} as n from {table} c "  # noqa: S608
        f"where {' and '.join(where)} group by {_NAMES}",
        *sql.values,
    )
    return Counter({Standing(*(row[name] for name in Standing._fields)): row["n"] for row in rows})
