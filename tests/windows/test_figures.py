"""Every figure again from the ledger alone, after weeks of random acting."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from backend.core import database
from backend.core.actor import Actor
from backend.core.errors import Problem
from backend.windows import drilling, marking, queries
from backend.windows.queries import Asked
from backend.windows.rules.measures import MEASURES, Measure
from backend.windows.rules.periods import PeriodKind, earlier, period_of, year_before
from backend.windows.structs import Subject
from backend.windows.sums import Scene, sums
from backend.windows.views import Evaluation
from offline import readers
from tests.cases.city import COUNTY, City
from tests.windows import plain
from tests.windows.walk import Walk, complaint, trouble

LEADER = "ld01"
EVERYTHING = {measure.name for measure in MEASURES} - {"unhandled_late"}
"""What each walk must have had; what is still unhandled is left to chance."""


async def read_all() -> None:
    """Let the reader go on until there is no news."""
    async with database.transaction() as conn:
        await readers.start(conn, marking.NAME)
    while await readers.read_page(marking.READER, database.repeatable):
        pass
    async with database.connection() as conn:
        letters = await conn.fetch("select error from dead_letter")
    assert not letters, letters[0]["error"]


async def evaluation(city: City, actor: Actor, **asked: Any) -> Evaluation:
    """As the service answers it."""
    async with database.snapshot() as conn:
        given: dict[str, Any] = {"day": date(2026, 11, 5), "period": "month"} | asked
        question = Asked(**given)
        return await queries.evaluate(conn, actor, await city.ground(), question, city.now)


async def told() -> dict[Any, list[dict[str, Any]]]:
    """The ledger's lines, by case."""
    async with database.connection() as conn:
        return plain.journal_of([dict(row) for row in await conn.fetch("select * from journal")])


async def tables() -> tuple[list[Any], list[Any]]:
    """What the reader has written, but for ids and tallies of nothing."""
    async with database.connection() as conn:
        marks = await conn.fetch(
            "select case_id, thing, measure, at, settled, n, place, org, post, person, in_area "
            "from indicator_mark order by 1, 2, 3, 4, 5, 7, 8, 9, 10, 11"
        )
        rows = await conn.fetch("select to_jsonb(t) - 'id' as row from indicator_tally t")
    tallies = [msgspec.json.decode(row["row"]) for row in rows]
    named = {"unit", "kind", "depth", "at", "place", "key", "settled"}
    kept = [t for t in tallies if any(n for name, n in t.items() if name not in named)]
    return [tuple(mark) for mark in marks], sorted(kept, key=str)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_figure_is_what_the_ledger_alone_gives(city: City, seed: int) -> None:
    city.now = datetime(2026, 10, 28, 1, 0, tzinfo=UTC)
    walk = Walk(city, seed)
    await walk.begin()
    await trouble(city, walk.handlers())
    await complaint(city, walk.handlers())
    for _ in range(4):
        await walk.go(60)
        await read_all()  # in pieces, as it would be read
    city.now += timedelta(minutes=1)
    leader, lines = await city.actor(LEADER), await told()
    working = (await city.ground()).catalogue.working
    seen: set[str] = set()
    periods: list[tuple[PeriodKind, date]] = [
        ("year", date(2026, 1, 1)),
        ("month", date(2026, 10, 1)),
        ("month", date(2026, 11, 1)),
        ("week", date(2026, 11, 4)),
        *(("day", city.now.date() - timedelta(days=n)) for n in range(4)),
        ("quarter", date(2026, 11, 1)),
        ("half", date(2026, 11, 1)),
    ]
    for kind, day in periods:
        period = period_of(kind, day)
        three = [period, earlier(period, 1), year_before(period)]
        counted = [
            plain.figures(lines, p.since, max(p.since, min(p.until, city.now)), working)
            for p in three
        ]
        places = {COUNTY} | {c[1].rsplit("/", n)[0] for c in counted[0] for n in (1, 2)}
        asked: list[tuple[Subject, str]] = [("area", place) for place in sorted(places)]
        asked += [("org", COUNTY), ("post", COUNTY), ("person", COUNTY)]
        asked += [("person", place) for place in sorted(places)[1:2]]
        for subject, place in asked:
            got = await evaluation(
                city, leader, subject=subject, period=kind, day=day, parent=place.split("/")[-1]
            )
            codes = [each.code for each in got.indicators]
            for row in got.rows:
                here = row.key if subject == "area" else place
                for counts, values in zip(
                    counted, (row.values, row.before, row.year_before), strict=True
                ):
                    sums = plain.summed(counts, subject, here, row.key)
                    expected = [plain.value(code, sums) for code in codes]
                    assert dict(zip(codes, values, strict=True)) == dict(
                        zip(codes, expected, strict=True)
                    ), (subject, row.key, kind, day)
                    seen |= {code for code, n in sums.items() if n}
            # Nobody who has figures is left out.
            of = {"org": 2, "post": 3, "person": 4}
            if subject in of:
                named = {c[of[subject]] for c in counted[0] if (c[1] + "/").startswith(place + "/")}
                relevant = {
                    key
                    for key in named - {None}
                    if any(
                        plain.value(c, plain.summed(counted[0], subject, place, str(key)))
                        for c in codes
                    )
                }
                assert relevant <= {row.key for row in got.rows}
    assert seen >= EVERYTHING
    await _behind_every_figure(city, leader)
    before = await tables()
    async with database.repeatable() as conn:
        await marking.rebuild(conn)
    assert await tables() == before, "read at once it is what it was read in pieces"


async def _behind_every_figure(city: City, leader: Actor) -> None:
    """What is listed behind a figure is as much as the figure says."""
    subjects: tuple[Subject, ...] = ("area", "org", "post", "person")
    for subject in subjects:
        got = await evaluation(city, leader, subject=subject, period="month")
        for row in (*got.rows[:3], got.total):
            for indicator, value in zip(got.indicators, row.values, strict=True):
                if indicator.kind == "ratio":
                    continue
                key = "" if row is got.total else row.key
                listed: list[Any] = []
                after: str | None = None
                while True:
                    async with database.snapshot() as conn:
                        question = Asked(subject=subject, period="month", day=date(2026, 11, 5))
                        page = await drilling.drill(
                            conn,
                            leader,
                            await city.ground(),
                            question,
                            key,
                            indicator.code,
                            "over",
                            after,
                            7,
                            city.now,
                        )
                    assert page.total == value, (subject, key, indicator.code)
                    listed += page.items
                    after = page.next
                    if after is None:
                        break
                if indicator.kind == "count":
                    assert all(each.n == 1 for each in listed)
                    assert len({(each.thing, each.at) for each in listed}) == len(listed)
                assert sum(each.n for each in listed) == value, (subject, key, indicator.code)


async def test_a_redrawn_grid_a_renamed_org_and_a_moved_post_change_nothing_in_the_past(
    city: City,
) -> None:
    city.now = datetime(2026, 10, 28, 1, 0, tzinfo=UTC)
    walk = Walk(city, 3)
    await walk.begin()
    await trouble(city, walk.handlers())
    await read_all()
    city.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    leader = await city.actor(LEADER)

    async def october() -> list[Any]:
        found = [
            await evaluation(city, leader, subject=subject, day=date(2026, 10, 1), depth=depth)
            for subject, depth in (("area", 1), ("area", 3), ("org", 1), ("post", 1), ("person", 1))
        ]
        return [{row.key: row.values for row in each.rows if any(row.values)} for each in found]

    before = await october()
    assert all(before), "there is something to change"
    async with database.connection() as conn:
        grid = await conn.fetchval("select place from indicator_mark where measure = 1 limit 1")
        code = grid.split("/")[-1]
        await conn.execute("update area set valid_to = '2026-10-31' where code = $1", code)
        await conn.execute(
            "update area set parent = '330304002', path = replace(path, $1, $2) where path like $3",
            "/".join(grid.split("/")[:3]),
            f"330304/330304002/{grid.split('/')[2]}",
            "/".join(grid.split("/")[:3]) + "%",
        )
        await conn.execute("update org set name = name || '(新)'")
        await conn.execute("update post set org = 'oh-zhzx' where role = 'handler'")
    assert await october() == before
    async with database.repeatable() as conn:
        await marking.rebuild(conn)
    assert await october() == before, "nor when all is counted anew"


async def test_what_lies_ahead_is_not_due_yet_and_what_is_not_read_yet_is_said(city: City) -> None:
    case = await city.report("wg003")
    leader, day = await city.actor(LEADER), city.now.date()
    got = await evaluation(city, leader, subject="area", period="day", day=day)
    assert got.as_of is None, "nobody has read the ledger yet"
    await read_all()
    city.now += timedelta(minutes=10)

    async def due() -> tuple[Any, Any]:
        lines, working = await told(), (await city.ground()).catalogue.working
        period = period_of("day", day)
        counts = plain.figures(lines, period.since, min(period.until, city.now), working)
        async with database.snapshot() as conn:
            sums_ = await sums(
                conn, Scene("area", COUNTY, 1), [period], {Measure.accept_due}, city.now, working
            )
        return sums_[0][COUNTY][Measure.accept_due], plain.summed(counts, "area", COUNTY, "")[
            "accept_due"
        ]

    assert await due() == (0, 0)
    city.now += timedelta(minutes=30)
    assert await due() == (1, 1), "its limit of 30 minutes has passed, and nobody wrote anything"
    await city.act("sl01", case, "accept")
    got = await evaluation(city, leader, subject="area", period="day", day=day)
    assert got.as_of == city.now - timedelta(minutes=1), "until the first line that is not read"


async def test_nobody_sees_figures_of_what_lies_outside_their_areas(city: City) -> None:
    leader = await city.actor(LEADER)
    town = msgspec.structs.replace(leader, areas=("330304/330304001",))
    got = await evaluation(city, town, subject="area")
    assert got.place.code == "330304001"
    assert all(row.key.startswith("330304/330304001/") for row in got.rows)
    with pytest.raises(Problem) as refused:
        await evaluation(city, town, subject="area", parent="330304002")
    assert refused.value.status == 404
    async with database.snapshot() as conn:
        question = Asked(subject="area", period="month", day=date(2026, 11, 1))
        with pytest.raises(Problem):
            await drilling.drill(
                conn,
                town,
                await city.ground(),
                question,
                "330304/330304002",
                "reported",
                "over",
                None,
                10,
                city.now,
            )
