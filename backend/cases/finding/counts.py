"""How many cases stand in each box. A counter is a query, and equals its list.

Open cases are counted as they stand; ended ones, which are nearly all after some years, by tallies
that the write path adds to as cases end (`finding.tally`), unless filters ask for something that no
tally knows.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from backend.cases.finding.boxes import Joined, Standing, boxes_of
from backend.cases.finding.conditions import Search, narrowing
from backend.cases.finding.filters import Filters
from backend.cases.finding.reach import seen_beyond, seen_by
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
    sql = Parameters()
    where = [seen_by(search.actor, sql), *narrowing(search, sql)]
    if party is not None:
        where.append(f"c.parts && {sql(sorted(holder(search.actor, party)))}::text[]")
        if states:
            where.append(f"c.state = any({sql(states)})")
        return await _grouped(conn, where, sql)
    if search.filters != Filters():
        return await _grouped(conn, where, sql)
    found = await _grouped(conn, [*where, "c.ended_at is null"], sql)
    return found + await _ended(conn, search.actor)


async def _ended(conn: Connection, actor: Actor) -> Counter[Standing]:
    """Ended cases: those of the actor's areas from the tallies, its own beyond them one by one."""
    found: Counter[Standing] = Counter()
    if actor.may("case.browse"):
        sql = Parameters()
        rows = await conn.fetch(
            f"select {_NAMES}, sum(c.n) as n from case_tally c "  # noqa: S608
            f"where {reach(actor, sql, 'c')} group by {_NAMES} having sum(c.n) <> 0",
            *sql.values,
        )
        found += _counter(rows)
    sql = Parameters()
    beyond = seen_beyond(actor, sql)
    if beyond is not None:
        found += await _grouped(conn, [beyond, "c.ended_at is not null"], sql)
    return found


async def _grouped(conn: Connection, where: list[str], sql: Parameters) -> Counter[Standing]:
    return _counter(
        await conn.fetch(
            f"select {_NAMES}, count(*) as n from case_file c "  # noqa: S608
            f"where {' and '.join(where)} group by {_NAMES}",
            *sql.values,
        )
    )


def _counter(rows: Sequence[Any]) -> Counter[Standing]:
    return Counter({Standing(*(row[name] for name in Standing._fields)): row["n"] for row in rows})
