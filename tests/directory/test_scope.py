"""What lies outside an actor's reach is not there for them."""

from typing import Any
from uuid import uuid4

import pytest

from backend.core.actor import Actor
from backend.core.scope import Parameters, reach

ROWS = {
    "town": ("K", "K/T"),
    "grid": ("K", "K/T/G1"),
    "sibling": ("K", "K/T/G10"),
    "hyphen": ("K", "K/T/G1-2"),
    "reported": ("K", "K/U/G9"),
    "abroad": ("L", "K/T/G1"),
}


def actor(*areas: str) -> Actor:
    return Actor(
        user=uuid4(),
        post=uuid4(),
        org="O",
        role="r",
        county="K",
        areas=areas,
        categories=(),
        permissions=frozenset(),
    )


@pytest.fixture
async def rows(connection: Any) -> Any:
    await connection.execute(
        "create table thing (name text, county text, area_path text);"
        "create index on thing (area_path text_pattern_ops)"
    )
    await connection.executemany(
        "insert into thing values ($1, $2, $3)", [(name, *row) for name, row in ROWS.items()]
    )
    return connection


async def seen(rows: Any, who: Actor, *, area: bool = True, reported: bool = False) -> set[str]:
    sql = Parameters()
    also = [f"t.name = {sql('reported')}"] if reported else []
    where = [reach(who, sql, "t", area=area, also=also), f"t.name <> {sql('nothing')}"]
    found = await rows.fetch(f"select name from thing t where {' and '.join(where)}", *sql.values)
    return {row["name"] for row in found}


async def test_an_area_reaches_what_lies_under_it_and_nothing_beside(rows: Any) -> None:
    assert await seen(rows, actor("K")) == set(ROWS) - {"abroad"}
    assert await seen(rows, actor("K/T")) == {"town", "grid", "sibling", "hyphen"}
    assert await seen(rows, actor("K/T/G1")) == {"grid"}
    assert await seen(rows, actor("K/T/G1", "K/U")) == {"grid", "reported"}
    assert await seen(rows, actor()) == set()


async def test_ones_own_is_within_reach_wherever_it_lies(rows: Any) -> None:
    assert await seen(rows, actor("K/T/G1"), reported=True) == {"grid", "reported"}
    assert await seen(rows, actor("K"), area=False, reported=True) == {"reported"}
    assert await seen(rows, actor("K"), area=False) == set()


async def test_the_range_is_served_by_the_index_in_a_generic_plan(rows: Any) -> None:
    sql = Parameters()
    condition = reach(actor("K/T"), sql, "t")
    types = ", ".join("text" for _ in sql.values)
    await rows.execute("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")
    await rows.execute(f"prepare look ({types}) as select 1 from thing t where {condition}")
    values = ", ".join(f"'{value}'" for value in sql.values)
    plan = await rows.fetch(f"explain execute look ({values})")
    assert "thing_area_path_idx" in str(plan)
