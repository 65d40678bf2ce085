"""Anybody tries anything, well-formed or hostile, through the whole write path: nothing is held by
our own fault, and what is stored holds together after every push.
"""

from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from backend.cases import jobs
from backend.cases.documents import buckets
from backend.cases.facts import CaseFact
from backend.cases.rules import clocks, parties
from backend.cases.rules.checks import available
from backend.cases.rules.context import of_case
from backend.cases.structs import Case
from backend.catalogue.flow import Action
from backend.core import database
from offline.wire import Item
from tests.cases.city import CATEGORY, City, photo

USERS = [
    *("wg001", "wg002", "sl01", "pq01", "zb01", "zh01", "ld01", "zs01", "cs01", "zs02"),
    *("cz01", "cz02", "cz03", "cz04", "cz05", "cz06"),
]
CATEGORIES = [CATEGORY, "E0201", "E0401", "E0501", "H0102"]
ORGS = ["oh-zx", "oh-001", "oh-001002", "oh-zj", "oh-jj", "oh-hb", "nowhere", "", "x" * 5000]
INSTANTS = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2020-01-01T00:00:00Z"]
LIMITS = [
    {"value": value, "unit": unit}
    for value in (1, 3, 100_000)
    for unit in ("work_minute", "work_hour", "work_day", "urgent_hour", "urgent_day")
]
WORDS = ["看过了", "", "   ", "<script>", "😀" * 900, "a" * 2000, "a" * 2001, "\u202e", "'; drop"]
MARKS = ("set_", "instruct", "note", "urge", "track", "recollect")
SENSE = 0.85
"""How often somebody brings what makes sense."""
RINGS = 0.3
"""How often a worker comes round."""


class Crowd:
    """Random people at random acts upon a handful of cases."""

    def __init__(self, city: City, dice: Random) -> None:
        self.city, self.dice = city, dice
        self.cases: list[UUID] = []

    async def begin(self) -> None:
        self.actors = {}
        for user in USERS:
            try:
                self.actors[user] = await self.city.actor(user)
            except TypeError:
                continue  # the city has nobody of that name
        self.ground = await self.city.ground()
        for category in CATEGORIES:
            field = category != "H0102"
            for _ in range(2):
                self.cases.append(
                    await self.city.report(
                        "wg001" if field else "zs01",
                        category=category,
                        position=await self.city.point_of("wg001"),
                        call_back=True,
                    )
                )

    def offered(self, case: Case, user: str) -> list[Action]:
        flow = self.ground.catalogue.flows[case.flow, case.flow_version]
        category = self.ground.catalogue.categories.get(case.category)
        workers = len(self.ground.roster.workers.get(case.grid, []))
        known = of_case(case, category, workers, self.ground.roster.parents)
        return available(flow, case, self.actors[user], known)

    async def act(self) -> tuple[str, dict[str, Any]]:
        dice = self.dice
        case = await self.city.case(dice.choice(self.cases))
        flow = self.ground.catalogue.flows[case.flow, case.flow_version]
        user = dice.choice(list(self.actors))
        actions = flow.actions
        if dice.random() < SENSE:
            ends = {s.code for s in flow.states if s.ending}
            able = [
                (each, action)
                for each in self.actors
                for action in self.offered(case, each)
                if action.to not in ends or dice.random() < 0.1
            ]
            if able:
                codes = sorted({action.code for _, action in able})
                telling = [code for code in codes if not code.startswith(MARKS)]
                code = dice.choice(telling if telling and dice.random() < SENSE else codes)
                user, action = dice.choice([one for one in able if one[1].code == code])
                actions = [action]
        action = dice.choice(actions)
        given: dict[str, Any] = {"case": case.id, "action": action.code}
        if action.task or dice.random() < 0.1:
            given["task"] = next((t.id for t in case.tasks), uuid4())
        names: list[str] = [each.name for each in action.inputs]
        names += dice.sample(list(self.ways(case)), k=dice.choice([0, 0, 1, 3]))
        for name in names:
            ways = self.ways(case)[name]
            given[name] = dice.choice(ways[:1] if dice.random() < SENSE else ways)
            for each in action.inputs:
                if each.name == name == "verdict" and dice.random() < SENSE:
                    given[name] = dice.choice(each.choices).code
        if action.items:
            solved = {"result": "solved"}
            given["answers"] = solved if action.code == "close" else {"issue": "ownership"}
        if dice.random() < 0.1:
            given["answers"] = dice.choice(
                [{"result": {"a": [1] * 3000}}, {"x": 2**63}, {"result": 1e308}, {"": None}]
            )
        return user, given

    def ways(self, case: Case) -> dict[str, list[Any]]:
        """For each input what makes sense first, then the rest."""
        dice = self.dice
        worker = self.ground.roster.workers.get(case.grid, [])

        def some(them: Any) -> Any:
            found = [each.id for each in them]
            return dice.choice(found) if found else uuid4()

        target = {
            "org": dice.choice(ORGS[:6]),
            "kind": dice.choice(["main", "assist", "copy", "help"]),
        }
        odd = {"org": dice.choice(ORGS), "limit": dice.choice(LIMITS), "requirement": "x" * 2000}
        places = [{"longitude": 120.6, "latitude": 27.99}, {"longitude": 180, "latitude": -90}]
        media = [photo("after"), photo("evidence")]
        until = [self.city.now + timedelta(days=dice.randint(1, 9)), *INSTANTS]
        return {
            "opinion": WORDS,
            "reason": ["没有解决", *WORDS],
            "media": [media, media * 2, [photo("form", taken_at=INSTANTS[2])], []],
            "org": [None, *ORGS],
            "worker": [worker[0].user if worker else None, uuid4()],
            "standard": [1, 2, 99, -1, 2**62],
            "limit": [LIMITS[dice.choice([0, 1, 2])], *LIMITS],
            "verdict": ["granted", "nonsense", "", "x" * 5000],
            "amendment": [
                {"address": "站前路"},
                *({"position": place} for place in places),
                {"category": dice.choice([*CATEGORIES, "C01", ""]), "description": ""},
                {},
            ],
            "targets": [[target], [target, odd], [odd], [target] * 50, []],
            "closing_org": [dice.choice(ORGS[:3]), None, *ORGS],
            "assignment": [some(a for a in case.assignments if a.state == "open"), uuid4()],
            "request": [some(r for r in case.requests if r.state == "open"), uuid4()],
            "directive": [some(d for d in case.directives if not d.answered_at), uuid4()],
            "until": until,
            "signature": [
                {"name": "甲", "org": "办", "title": "长", "at": at} for at in [until[0], *INSTANTS]
            ],
            "people": [[self.actors["zb01"].user], [uuid4()], [], None],
            "labels": [[], ["x"], None, ["x" * 5000] * 20],
        }

    async def anything(self) -> tuple[str, Item]:
        dice, chance = self.dice, self.dice.random()
        users = list(self.actors)
        two = {"case": dice.choice(self.cases), "merged": dice.choice(self.cases), "reason": "同"}
        if chance < 0.88:
            user, payload = await self.act()
            kind = "case.act"
        elif chance < 0.94:
            user, kind, payload = dice.choice([*users, "zb01", "zb01", "pq01"]), "case.merge", two
        elif chance < 0.97:
            joined = [c for c in [await self.city.case(i) for i in self.cases] if c.merged_into]
            if joined:
                gone = dice.choice(joined)
                two = {"case": gone.merged_into, "merged": gone.id, "reason": "不同"}
            user, kind, payload = dice.choice(["zb01", "pq01"]), "case.split", two
        else:
            to = self.actors[dice.choice(users)].user
            some = dice.sample(self.cases, k=2)
            user, kind, payload = dice.choice(users), "case.hand_over", {"to": to, "cases": some}
        envelope: dict[str, Any] = {}
        if dice.random() < 0.15:
            envelope["occurred_at"] = self.city.now - timedelta(minutes=dice.randint(1, 2000))
        return user, await self.city.command(user, kind, payload, **envelope)


STEPS = 200


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_anybody_tries_all_holds_together(city: City, seed: int) -> None:
    crowd = Crowd(city, Random(seed))
    await crowd.begin()
    accepted = 0
    for _ in range(STEPS):
        user, item = await crowd.anything()
        for outcome in await city.send(user, item, *[item] * (crowd.dice.random() < 0.1)):
            assert outcome.outcome in ("accepted", "rejected", "repeated"), item.body[:2000]
            accepted += outcome.outcome == "accepted"
        city.now += timedelta(minutes=crowd.dice.choice([0, 1, 7, 60, 60, 600]))
        if crowd.dice.random() < RINGS:
            await jobs.ring_due(city.ports)
        await _holds_together()
    assert accepted > STEPS // 3, "most of it made sense"
    async with database.connection() as conn:
        assert not await conn.fetchval("select count(*) from kept_command where outcome = 'held'")
        for row in await conn.fetch("select facts::text from journal where kind = 'case'"):
            msgspec.json.decode(row["facts"], type=CaseFact)


CHILDREN = {
    "assignment": ("state", "holder"),
    "case_request": ("state", "level"),
    "clock": ("due_at", "stopped_at", "paused"),
}


async def _holds_together() -> None:
    """Every case is sound, and its rows say what it says."""
    stored: dict[UUID, set[Any]] = {}
    async with database.connection() as conn:
        rows = await conn.fetch("select * from case_file")
        for table, names in CHILDREN.items():
            fields = ", ".join(("case_id", "id", *names))
            for row in await conn.fetch(f"select {fields} from {table}"):
                stored.setdefault(row["case_id"], set()).add(tuple(row)[1:])
    for row in rows:
        case = msgspec.json.decode(row["document"], type=Case)
        assert set(row["parts"]) == parties.parts(case)
        assert (row["state"], row["grid"], row["version"]) == (case.state, case.grid, case.version)
        assert row["alarm_at"] == (case.alarm.at if case.alarm else None)
        children: set[Any] = {(a.id, a.state, a.holder) for a in case.assignments}
        children |= {(r.id, r.state, r.level) for r in case.requests}
        children |= {(c.id, c.due_at, c.stopped_at, c.paused) for c in case.clocks}
        assert children == stored.get(case.id, set())
        _sound(case)


def _sound(case: Case) -> None:
    opened = [a for a in case.assignments if a.state == "open"]
    assert len({(a.org, a.kind) for a in opened}) == len(opened)
    assert len({step.id for step in case.steps}) == len(case.steps)
    told = [step for step in case.steps if not step.late]
    assert all(a.to_state == b.from_state for a, b in pairwise(told))
    _clocks_sound(case)
    waiting = [request for request in case.requests if request.state == "open"]
    if case.ending is not None:
        assert [*opened, *waiting, *case.tasks] == []
        assert (case.suspended, case.alarm) == (False, None)
        assert case.ended_at is not None
        return
    assert (case.ended_at, case.retired_at, case.merged_into) == (None, None, None)
    assert case.suspended or case.suspended_until is None
    at_work = {a.id for a in opened}
    assert all(r.kind == "void" or r.assignment in (None, *at_work) for r in waiting)
    if case.state in ("dispatched", "in_handling"):
        assert parties.open_parts(case), "somebody is at work"
    assert f"grid:{case.grid}/cases" in buckets(case)


def _clocks_sound(case: Case) -> None:
    alive = [clock for clock in case.clocks if clock.stopped_at is None]
    assert case.ending is None or alive == []
    own = [c for c in alive if c.owner is None and c.name != clocks.WHOLE and not c.paused]
    assert len(own) <= 1
    assert sum(clock.name == clocks.WHOLE for clock in alive) <= 1
    assert {c.owner for c in alive if c.owner} <= {
        a.id for a in case.assignments if a.state == "open"
    }
    for clock in case.clocks:
        assert clock.started_at <= clock.yellow_at <= clock.due_at
        spans = [(span.since, span.until) for span in clock.spans]
        assert all(until is None or since <= until for since, until in spans)
        assert all(a[1] is not None and a[1] <= b[0] for a, b in pairwise(spans))
