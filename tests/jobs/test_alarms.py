"""Cases ring when their time comes: all of them, once, the most urgent first, whatever happens to
the workers; and over a whole year on the days a clerk would name.
"""

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from redis.asyncio import Redis

from backend.cases import jobs
from backend.cases.rules import alarms
from backend.cases.structs import Case, ReportCase
from backend.catalogue.documents import KINDS
from backend.catalogue.flow import Limit
from backend.core import database
from backend.core.settings import Settings
from offline.push import apply_rules, retry_held
from offline.wire import Item
from tests.cases.city import CATEGORY, City
from tests.cases.minutes import Minutes
from tests.cases.test_main_line import CLERK, DISPATCHER, LEADER, _handler_of
from tests.conftest import Servers
from tests.jobs.test_worker import count, until

RUNG = (
    "select count(*) from journal where verb = 'case.ruled' and facts ->> 'action' = 'not_accepted'"
)
LONG_AGO = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


async def complaints(city: City, number: int, **changes: Any) -> list[UUID]:
    """Residents' complaints that nobody accepts: each climbs after five working days."""
    fields: dict[str, Any] = {
        "category": CATEGORY,
        "description": "井盖破了",
        "position": await city.point_of("wg001"),
        "source": "hotline",
    }
    plain = await city.command("sl01", "case.report", None)
    body = msgspec.json.decode(plain.body)
    payloads = [ReportCase(case=uuid4(), report=uuid4(), **fields | changes) for _ in range(number)]
    items = [
        Item(msgspec.json.encode(body | {"id": uuid4(), "payload": payload}).decode())
        for payload in payloads
    ]
    for page in range(0, number, 500):
        outcomes = await city.send("sl01", *items[page : page + 500])
        assert {outcome.outcome for outcome in outcomes} == {"accepted"}
    return [payload.case for payload in payloads]


async def rung(*, action: str = "not_accepted") -> list[UUID]:
    """The cases that rang, in the order of the ledger."""
    async with database.connection() as conn:
        rows = await conn.fetch(
            "select entity from journal where verb = 'case.ruled' and facts ->> 'action' = $1 "
            "order by seq",
            action,
        )
    return [row["entity"] for row in rows]


async def test_the_most_urgent_ring_first_then_the_longest_due(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)
    usual = await complaints(city, 6)
    city.now += timedelta(hours=1)
    later = await complaints(city, 6)
    urgent = await complaints(city, 6, urgent=True)
    assert await jobs.ring_due(city.ports) == 0, "not before its time"
    city.now += timedelta(days=30)
    assert await jobs.ring_due(city.ports) == 18
    order = await rung()
    assert [set(order[:6]), set(order[6:12]), set(order[12:])] == [
        set(urgent),
        set(usual),
        set(later),
    ]
    case = await city.case(urgent[0])
    assert (case.supervision, case.alarm) == ("overdue", None)
    assert await jobs.ring_due(city.ports) == 0


async def test_two_workers_ring_each_case_once(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)
    cases = await complaints(city, 20)
    city.now += timedelta(days=30)
    shares = await asyncio.gather(*(jobs.ring_due(city.ports) for _ in range(3)))
    assert sum(shares) == 20
    assert Counter(await rung()) == Counter(cases)


async def test_two_workers_that_give_the_same_commands_at_once_do_no_harm(city: City) -> None:
    """The lock between workers only saves work: each alarm rings once without it too."""
    cases = await complaints(city, 20)
    city.now += timedelta(days=30)
    async with database.connection() as conn:
        commands = list((await jobs.due(conn, city.now)).values())
    answers = await asyncio.gather(*(apply_rules(commands, city.ports) for _ in range(3)))
    outcomes = Counter(outcome.outcome for each in answers for outcome in each)
    assert outcomes == {"accepted": 20, "repeated": 40}
    assert Counter(await rung()) == Counter(cases)


async def test_a_worker_that_dies_between_two_batches_leaves_the_rest_to_the_next(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 4)
    cases = await complaints(city, 20)
    city.now += timedelta(days=30)
    opened = 0

    def dying() -> Any:
        nonlocal opened
        opened += 1
        if opened == 3:
            raise asyncio.CancelledError
        return city.ports.transaction()

    with pytest.raises(asyncio.CancelledError):
        await jobs.ring_due(msgspec.structs.replace(city.ports, transaction=dying))
    done = len(await rung())
    assert 8 <= done < 20
    assert await jobs.ring_due(city.ports) == 20 - done
    assert Counter(await rung()) == Counter(cases)


async def test_a_killed_worker_process_leaves_nothing_out_and_nothing_twice(
    city: City, city_url: str, servers: Servers, redis: Redis, tmp_path: Path
) -> None:
    city.now = LONG_AGO
    cases = await complaints(city, 1500)
    settings = Settings(
        database_url=city_url,
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=tmp_path,
        host="127.0.0.1",
        port=1,
    )

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "backend.app", "worker"],
            env={"PATH": "/usr/bin:/bin"} | settings.environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    first, second = start(), None
    try:
        await until(lambda: count(RUNG))
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert await count(RUNG) < 1500, "killed in the middle"
        second = start()

        async def all_rang() -> bool:
            return await count(RUNG) >= 1500

        await until(all_rang)
    finally:
        first.kill()
        if second is not None:
            second.terminate()
            second.wait()
    assert Counter(await rung()) == Counter(cases)
    async with database.connection() as conn:
        assert not await conn.fetchval("select count(*) from case_file where alarm_at < now()")


async def test_an_alarm_whose_case_has_moved_on_changes_nothing(city: City) -> None:
    [id_] = await complaints(city, 1)
    async with database.connection() as conn:
        commands = list((await jobs.due(conn, city.now + timedelta(days=30))).values())
    accepted = await city.act(CLERK, id_, "accept")
    city.now += timedelta(days=30)
    [outcome] = await apply_rules(commands, city.ports)
    assert outcome.outcome == "accepted"
    assert await city.case(id_) == accepted
    assert await rung() == []


async def test_a_case_that_fails_by_our_fault_stops_no_other_and_is_taken_up_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *good = await complaints(city, 5)
    city.now += timedelta(days=30)
    ring = alarms.ring

    def broken(case: Case, *rest: Any) -> Case:
        if case.id == bad:
            raise ValueError("a fault of ours")
        return ring(case, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(alarms, "ring", broken)
        assert await jobs.ring_due(city.ports) == 4
        assert await jobs.ring_due(city.ports) == 0, "it waits with the held commands"
    assert set(await rung()) == set(good)
    city.now += timedelta(minutes=2)
    [outcome] = await retry_held(city.ports)
    assert outcome.outcome == "accepted"
    assert set(await rung()) == {bad, *good}


async def _model() -> Minutes:
    """The city's standard calendar, as the slow model reads it."""
    kind = next(kind for kind in KINDS if kind.name == "calendar")
    async with database.connection() as conn:
        ids = [row["id"] for row in await conn.fetch("select id from calendar")]
        found = await kind.load(conn, ids, False)
    standard = next(each for each in found.values() if each.code == "standard")
    week = {str(day): standard.week.get(str(day), []) for day in range(1, 8)}
    return Minutes(week, standard.days)


class Year:
    """Some dozen cases over 2026: people act by the plan, alarms ring between, and each case has
    its own list of what should happen by itself, counted minute by minute.
    """

    def __init__(self, city: City, model: Minutes, handler: str) -> None:
        self.city, self.model, self.handler = city, model, handler
        self.wanted: list[tuple[datetime, UUID, str]] = []

    async def dispatched(self, at: datetime) -> tuple[Case, list[Any]]:
        """A worker's report, given out half an hour later; with the limits that then run."""
        city = self.city
        id_ = await city.report("wg001")
        for user, action, given in (
            (CLERK, "accept", {}),
            (CLERK, "file", {"standard": 1}),
            (DISPATCHER, "dispatch", {}),
        ):
            city.now += timedelta(minutes=10)
            case = await city.act(user, id_, action, **given)
            city.now -= timedelta(minutes=1)
        clocks = [c for c in case.clocks if c.stopped_at is None]
        assert {c.name for c in clocks} == {"whole", "assignment"}
        return case, clocks

    def near(
        self, clocks: Sequence[Any], rest: tuple[datetime, datetime] | None = None
    ) -> datetime:
        """When four fifths of the first limit are used up, a rest left out."""
        return min(
            self.model.due(
                clock.started_at,
                [clock.limit],
                lambda minute: rest is None or not rest[0] <= minute < rest[1],
                0.8,
            )
            for clock in clocks
        )

    async def complaint(self, at: datetime) -> None:
        [id_] = await complaints(self.city, 1)
        due = self.model.due(at, [Limit(5, "work_day")], lambda _: True)
        self.wanted.append((due, id_, "not_accepted"))

    async def handled_late(self, at: datetime) -> None:
        case, clocks = await self.dispatched(at)
        self.wanted.append((self.near(clocks), case.id, "near_limit"))

    async def supervised(self, at: datetime) -> None:
        case, _ = await self.dispatched(at)
        until_ = self.city.now + timedelta(days=9)
        await self.city.act(LEADER, case.id, "supervise", opinion="抓紧", until=until_)
        self.wanted.append((until_, case.id, "directive_overdue"))

    async def suspended(self, at: datetime) -> None:
        case, clocks = await self.dispatched(at)
        city, until_ = self.city, self.city.now + timedelta(days=12, minutes=7)
        asked = await city.act(self.handler, case.id, "ask_suspension", reason="等料", until=until_)
        since = city.now
        await city.act(
            LEADER, case.id, "answer_request", request=asked.requests[0].id, verdict="granted"
        )
        self.wanted.append((until_, case.id, "resume"))
        self.wanted.append((self.near(clocks, (since, until_)), case.id, "near_limit"))


async def test_over_a_year_everything_rings_on_the_day_a_clerk_would_name(city: City) -> None:
    model = await _model()
    city.now = LONG_AGO
    sample = await city.report("wg001")
    await city.act(CLERK, sample, "accept")
    await city.act(CLERK, sample, "file", standard=1)
    sent = await city.act(DISPATCHER, sample, "dispatch")
    await city.act(LEADER, sample, "void", reason="样本")
    year = Year(city, model, await _handler_of(city, sent.assignments[0].org))
    chance = random.Random(2026)
    starts = sorted(chance.sample(range(7 * 1440, 335 * 1440), 36))
    plans = [year.complaint, year.handled_late, year.supervised, year.suspended]
    plan = [(LONG_AGO + timedelta(minutes=m), plans[i % 4]) for i, m in enumerate(starts)]
    while True:
        async with database.connection() as conn:
            alarm = await conn.fetchval("select min(alarm_at) from case_file")
        if plan and (alarm is None or plan[0][0] <= alarm):
            at, what = plan.pop(0)
            city.now = max(at, city.now)
            await what(city.now)
        elif alarm is not None:
            city.now = max(alarm, city.now)
            assert await jobs.ring_due(city.ports)
        else:
            break
    async with database.connection() as conn:
        rows = await conn.fetch(
            "select entity, occurred_at, facts ->> 'action' as action from journal "
            "where verb = 'case.ruled'"
        )
    happened = sorted((row["occurred_at"], row["entity"], row["action"]) for row in rows)
    assert happened == sorted(year.wanted)
    assert len(happened) == 45


async def test_who_acts_before_the_worker_finds_what_was_due(city: City) -> None:
    """Nothing depends on when workers run: the suspension ended when it should have."""
    year = Year(city, await _model(), "")
    case, _ = await year.dispatched(city.now)
    year.handler = await _handler_of(city, case.assignments[0].org)
    await year.suspended(city.now)
    (until_, id_, _), (near, *_) = year.wanted
    city.now = max(until_, near) + timedelta(days=1)
    after = await city.act(LEADER, id_, "urge", opinion="抓紧")
    assert [(step.action, step.occurred_at) for step in after.steps[-3:-1]] == [
        ("resume", until_),
        ("near_limit", near),
    ]
    assert after.alarm is None
