"""Lists, counters and maps give exactly what was asked, to whom it may be given."""

import random
from datetime import UTC, datetime
from math import cos, sin
from typing import Any
from uuid import UUID

import pytest
import shapely
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from backend.cases.documents import load
from backend.cases.finding import searches, tally
from backend.cases.finding.boxes import boxes_of
from backend.cases.finding.conditions import Search
from backend.cases.finding.counts import count_boxes
from backend.cases.finding.filters import Filters
from backend.cases.finding.lists import find_cases, map_cases
from backend.cases.finding.paging import searching
from backend.cases.finding.requests import Wanted, find_requests
from backend.cases.finding.shapes import inside, read_shape
from backend.cases.rules.clocks import instants
from backend.cases.structs import MergeCases, Outside, SplitCase
from backend.cases.views import SaveSearch
from backend.catalogue.flow import Limit
from backend.core import database
from backend.core.actor import Actor
from backend.core.errors import Problem
from backend.core.scope import Parameters
from tests.cases.city import City
from tests.cases.rows import same_rows
from tests.cases.test_main_line import CLERK, DISPATCHER, LEADER, _handler_of, _single_worker
from tests.cases.town import BLIND, Town, actor

ON_EDGE = 1e-10
"""Degrees: a hundredth of a millimetre."""
CASES = 160
ROUNDS = 150
KEPT = ("id", "number", "reports")
"""What no change of a case takes away."""


@pytest.fixture
async def town(city: City) -> Town:
    reported = await city.report(await _single_worker(city))
    base = await city.case(reported)
    made = Town(city, await city.ground(), base, seed=7)
    made.cases[reported] = base
    await made.save(made.case(number) for number in range(CASES))
    return made


async def listed(town: Town, who: Actor, filters: Filters, page: int = 30) -> list[UUID]:
    """All pages of a list."""
    found: list[UUID] = []
    after = None
    search = Search(who, filters, town.ground, town.city.now, BLIND)
    async with searching() as conn:
        while True:
            shown = await find_cases(conn, search, after, page)
            found += [row.id for row in shown.items]
            after = shown.next
            if after is None:
                return found


async def counted(town: Town, who: Actor, filters: Filters) -> tuple[dict[str, int], int]:
    async with searching() as conn:
        search = Search(who, filters, town.ground, town.city.now, BLIND)
        counts = await count_boxes(conn, search)
    return {box.code: box.count for box in counts.boxes}, counts.total


async def test_lists_maps_and_totals_give_what_looking_at_every_case_gives(town: Town) -> None:
    met = 0
    for _ in range(ROUNDS):
        filters, who = town.filters(), town.dice.choice(town.actors)
        expected = town.expected(who, filters)
        met += len(expected)
        assert await listed(town, who, filters, page=7) == expected, (filters, who)
        async with searching() as conn:
            search = Search(who, filters, town.ground, town.city.now, BLIND)
            points = await map_cases(conn, search)
        assert [id_ for id_, *_ in points.points] == expected
        for id_, x, y, yellow, due in points.points:
            case = town.cases[id_]
            assert abs(x / 1e6 - case.position.longitude) < 1e-6
            assert abs(y / 1e6 - case.position.latitude) < 1e-6
            told = [at and datetime.fromtimestamp(at, UTC) for at in (yellow, due)]
            assert told == list(instants(case.clocks))
        _, total = await counted(town, who, filters)
        assert total == len(expected), (filters, who)
    assert met > ROUNDS, "most searches must find something"


async def test_every_counter_equals_its_list_for_everybody_as_cases_come_and_go(
    town: Town,
) -> None:
    for turn in range(3):
        for who in town.actors:
            counts, total = await counted(town, who, Filters())
            assert counts.keys() == {box.code for box in boxes_of(who, town.ground)}
            assert total == len(town.expected(who, Filters()))
            for code, count in counts.items():
                expected = town.expected(who, Filters(box=code))
                assert count == len(expected), (code, who)
                if turn == 0:
                    assert await listed(town, who, Filters(box=code)) == expected
        shape = town.shape()
        counts, _ = await counted(town, town.actors[0], Filters(shape=shape))
        for code, count in counts.items():
            assert count == len(town.expected(town.actors[0], Filters(box=code, shape=shape)))
        # End some, open some again, and change how ended ones stand.
        some = town.dice.sample(sorted(town.cases), 60)
        await town.save(
            replace(town.case(n), **{name: getattr(town.cases[id_], name) for name in KEPT})
            for n, id_ in enumerate(some)
        )
        async with database.transaction() as conn:
            before = await conn.fetchval("select count(*) from case_tally")
            assert await tally.add_up(conn, worth=1.0)
            assert await conn.fetchval("select count(*) from case_tally") < before
            assert not await tally.add_up(conn, worth=1.0)


@pytest.mark.parametrize("seed", range(4))
async def test_a_place_is_inside_a_polygon_when_shapely_says_so(city: City, seed: int) -> None:
    dice = random.Random(seed)
    corners = sorted(
        (dice.uniform(0, 6.28), dice.uniform(0.002, 0.02)) for _ in range(dice.randrange(3, 200))
    )
    star = shapely.Polygon([(120.6 + r * cos(a), 28.0 + r * sin(a)) for a, r in corners])
    corners = [(x, y) for x, y, *_ in star.exterior.coords]
    points = [(120.6 + dice.gauss(0, 0.01), 28.0 + dice.gauss(0, 0.01)) for _ in range(2000)]
    sql = Parameters()
    shape = "polygon:" + ",".join(f"{x!r},{y!r}" for x, y in corners[:-1])
    condition = inside(read_shape(shape), sql)
    xs, ys = zip(*points, *corners, strict=True)
    async with database.connection() as conn:
        rows = await conn.fetch(
            f"select {condition} as inside "
            f"from unnest({sql(xs)}::float8[], {sql(ys)}::float8[]) as c(longitude, latitude)",
            *sql.values,
        )
    found = [row["inside"] for row in rows]
    assert all(found[len(points) :]), "a corner belongs to its polygon"
    places = shapely.points(points)
    clear = star.exterior.distance(places) > ON_EDGE
    assert clear.sum() > len(points) - 5
    told = zip(points, clear, found[: len(points)], star.covers(places), strict=True)
    wrong = [point for point, sure, ours, theirs in told if sure and ours != theirs]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "rectangle:1,2,3",
        "rectangle:121,28,120,29",
        "circle:120,28,0",
        "circle:120,28,1e9",
        "polygon:120,28,121,28",
        "polygon:" + ",".join(["120.5,28.5"] * 201),
        "polygon:120,28,121,28,121",
        "circle:120,nan,5",
        "rectangle:120,28,121,91",
        "blob:1,2",
        "",
    ],
)
def test_a_shape_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problem) as problem:
        read_shape(text)
    assert (problem.value.code, problem.value.field) == ("bad_shape", "shape")


async def test_a_reporter_is_found_by_phone_with_the_right_to_see_it(city: City) -> None:
    told = Outside(name="陈大文", phone="+86 138-0000-1234")
    case = await city.report(CLERK, source="hotline", reporter=told)
    await city.report(CLERK, source="hotline", reporter=Outside(phone="13800001235"))
    ground = await city.ground()
    filters = Filters(phone="138 0000 1234")
    may = actor("browse person.unmask")
    async with searching() as conn:
        found = await find_cases(conn, Search(may, filters, ground, city.now, BLIND), None, 30)
        assert [row.id for row in found.items] == [case]
        search = Search(actor("browse"), filters, ground, city.now, BLIND)
        with pytest.raises(Problem) as problem:
            await find_cases(conn, search, None, 30)
        assert (problem.value.code, problem.value.field) == ("forbidden", "phone")
        rows = await conn.fetch("select blind, sealed from sealed_value")
    assert not any(b"1380000" in value for row in rows for value in row.values() if value)


async def test_a_merged_cases_reporters_follow_the_case_that_is_kept(city: City) -> None:
    first, second = "wg001", "wg003"
    case = await city.report(first)
    merged = await city.report(second, description="同一个井盖,公交站旁", outside_number="JA-7")
    reporter = await city.actor(second)
    ground = await city.ground()
    search = Search(reporter, Filters(q="公交站旁"), ground, city.now, BLIND)

    async def found() -> set[UUID]:
        async with searching() as conn:
            shown = await find_cases(conn, search, None, 30)
            for id_ in (case, merged):
                await same_rows(conn, (await load(conn, [id_], lock=False))[id_])
        return {row.id for row in shown.items}

    assert await found() == {merged}
    joined = await city.send(
        LEADER,
        await city.command(
            LEADER, "case.merge", MergeCases(case=case, merged=merged, reason="重复")
        ),
    )
    assert joined[0].outcome == "accepted", joined[0].reasons
    assert await found() == {case, merged}
    assert case in await listed_by(city, reporter, Filters(mine="reported"))
    split = await city.send(
        LEADER,
        await city.command(
            LEADER, "case.split", SplitCase(case=case, merged=merged, reason="不同")
        ),
    )
    assert split[0].outcome == "accepted", split[0].reasons
    assert await found() == {merged}
    assert await listed_by(city, reporter, Filters(mine="reported")) == [merged]


async def listed_by(city: City, who: Actor, filters: Filters) -> list[UUID]:
    async with searching() as conn:
        search = Search(who, filters, await city.ground(), city.now, BLIND)
        return [row.id for row in (await find_cases(conn, search, None, 30)).items]


async def test_a_request_is_listed_by_who_may_answer_who_asked_and_who_answered(
    city: City,
) -> None:
    worker = await _single_worker(city)
    case = await city.report(worker)
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    sent = await city.act(DISPATCHER, case, "dispatch")
    handler = await _handler_of(city, sent.assignments[0].org)
    asked = await city.act(
        handler, case, "ask_extension", reason="材料未到", limit=Limit(2, "work_day")
    )
    asker = await city.actor(handler)
    ground = await city.ground()
    rule = next(
        rule
        for rule in ground.catalogue.flows[asked.flow, asked.flow_version].requests
        if rule.kind == "extension"
    )
    permission = rule.levels[0].permission
    answerer = actor(permission, org=asked.requests[0].answerer_org or "oh-zx")
    elsewhere = replace(answerer, org="oh-hb", areas=("330304/none",))

    async def shown(who: Actor, **given: Any) -> tuple[list[UUID], int]:
        async with searching() as conn:
            found = await find_requests(conn, who, Wanted(**given), ground, None, 30)
        return [row.id for row in found.items], found.open

    (request,) = asked.requests
    assert await shown(answerer) == ([request.id], 1)
    assert await shown(answerer, kind="return") == ([], 1)
    assert await shown(answerer, number=asked.number[-6:]) == ([request.id], 1)
    assert await shown(answerer, asked_until=request.asked_at) == ([], 1)
    assert await shown(elsewhere) == ([], 0)
    assert await shown(replace(answerer, permissions=frozenset())) == ([], 0)
    assert await shown(asker, view="mine") == ([request.id], 0)
    assert await shown(answerer, view="answered") == ([], 1)
    async with searching() as conn:
        (row,) = (await find_requests(conn, asker, Wanted(view="mine"), ground, None, 9)).items
    assert (row.case, row.reason, row.level_name) == (case, "材料未到", rule.levels[0].name)
    assert row.old_due_at == request.old_due_at
    assert row.new_due_at == request.new_due_at


async def test_searches_are_kept_by_name_and_only_for_their_user(city: City) -> None:
    me, other = actor("browse"), actor("browse")
    filters = Filters(state=["closed"], q="井盖", reported_since=city.now)
    async with database.transaction() as conn:
        kept = await searches.keep(conn, me, SaveSearch(" 本月井盖 ", filters), city.now)
        assert await searches.searches_of(conn, me) == [kept]
        assert (kept.name, kept.filters) == ("本月井盖", filters)
        assert await searches.searches_of(conn, other) == []
        for name, code in (("本月井盖", "name_taken"), ("  ", "blank_name")):
            with pytest.raises(Problem) as problem:
                await searches.keep(conn, me, SaveSearch(name, filters), city.now)
            assert problem.value.code == code
        with pytest.raises(Problem) as problem:
            await searches.forget(conn, other, kept.id)
        assert problem.value.status == 404
        for number in range(searches.MOST - 1):
            await searches.keep(conn, me, SaveSearch(str(number), Filters()), city.now)
        with pytest.raises(Problem) as problem:
            await searches.keep(conn, me, SaveSearch("再多一个", Filters()), city.now)
        assert problem.value.code == "too_many"
        await searches.forget(conn, me, kept.id)
        await searches.keep(conn, me, SaveSearch(kept.name, filters), city.now)


async def test_every_filter_can_be_asked_for_over_http(client: AsyncTestClient[Litestar]) -> None:
    for path in ("/api/cases", "/api/cases/counts", "/api/cases/map"):
        described = client.app.openapi_schema.paths[path].get.parameters
        asked = {each.name for each in described}
        # A phone number never stands in an address.
        assert {*Filters.__struct_fields__, "X-Reporter-Phone"} - {"phone"} <= asked
        assert "phone" not in asked
