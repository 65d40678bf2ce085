"""Clocks that pause, are shared and are given more time: against a slow model that looks at every
minute, and against a table that a clerk can check by hand.
"""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.cases.rules import clocks, entering
from backend.cases.structs import Case, Clock
from backend.catalogue.flow import Limit, State
from backend.catalogue.importing.rows import LIMIT
from tests.cases import bare
from tests.cases.minutes import MINUTE, Minutes
from tests.cases.test_worktime import ALWAYS, NATIONAL_DAY, NIGHTS, WEEK, ZONE, city

WEEKS = {"standard": WEEK, "night": NIGHTS, "always": ALWAYS}
MODELS = {
    "standard": Minutes(WEEK, NATIONAL_DAY),
    "night": Minutes(NIGHTS, NATIONAL_DAY),
    "always": Minutes(ALWAYS),
}
STATES = [
    State("filed", "待派遣", "filed", limit=Limit(30, "work_minute")),
    State("handling", "处置", "dispatched", limit=Limit(4, "work_hour")),
    State("waiting", "等待", "dispatched", timing="paused", limit=Limit(2, "urgent_hour")),
    State(
        "talking",
        "会商",
        "dispatched",
        limit=Limit(6, "work_hour"),
        timing="bundled",
        bundle="talk",
    ),
    State(
        "agreeing",
        "会签",
        "dispatched",
        limit=Limit(1, "work_day"),
        timing="bundled",
        bundle="talk",
    ),
    State("closed", "结案", "closed", ending="closed"),
]
FLOW = bare.flow(STATES, yellow_ratio=0.5)
TIMING = {state.code: state for state in STATES}
RULES = (bare.rule(org="works", calendar="night"), bare.rule(org="water", calendar="always"))
CATALOGUE = bare.catalogue(FLOW, rules=RULES)


class World:
    """A case acted upon, and beside it the plain record of when it stood where."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.case = bare.case(FLOW, at)
        self.log: list[tuple[datetime, str, bool]] = []  # (from, state, suspended)
        self.extra: dict[UUID, list[Limit]] = {}
        self.enter("filed")

    @property
    def doing(self) -> Any:
        return bare.doing(CATALOGUE, FLOW, self.at, "county")

    def _note(self) -> None:
        self.log.append((self.at, self.case.state, self.case.suspended))

    def enter(self, state: str) -> None:
        self.case = entering.enter(self.case, state, self.doing)
        self._note()

    def file(self, limit: Limit) -> None:
        self.case = clocks.set_whole(self.case, limit, self.doing)

    def assign(self, org: str, limit: Limit) -> None:
        given_ = bare.assignment(org, limit)
        self.case = replace(self.case, assignments=[*self.case.assignments, given_])
        self.case = clocks.start_assignment(self.case, given_, self.doing)

    def answer(self) -> None:
        for each in self.case.assignments[:1]:
            self.case = clocks.stop_assignment(self.case, each.id, self.at)
            self.case = replace(self.case, assignments=self.case.assignments[1:])

    def suspend(self, *, on: bool) -> None:
        self.case = clocks.regulate(replace(self.case, suspended=on), self.doing)
        self._note()

    def extend(self, place: int, limit: Limit) -> None:
        living = [clock for clock in self.case.clocks if clock.stopped_at is None]
        if living:
            clock = living[place % len(living)]
            self.extra.setdefault(clock.id, []).append(limit)
            self.case = clocks.extend(self.case, clock, limit, self.doing)

    def runs(self, clock: Clock) -> Callable[[datetime], bool]:
        """Whether the clock runs in a minute, by what is known of that minute. A pause that still
        lasts does not count: the clock says what it would say had it run on.
        """
        known = [(at, self._lets(clock, state, suspended)) for at, state, suspended in self.log]
        while known and not known[-1][1]:
            known.pop()
        ends = next((at for at, *_ in self.log[len(known) :]), self.at)

        def then(minute: datetime) -> bool:
            if minute >= ends:
                return True
            return next(lets for at, lets in reversed(known) if at <= minute)

        return then

    @staticmethod
    def _lets(clock: Clock, state: str, suspended: bool) -> bool:
        """Whether a clock runs while the case stands so."""
        if clock.name == clocks.WHOLE:
            return TIMING[state].timing != "paused" and not suspended
        return clock.bundle in (None, TIMING[state].bundle) and not suspended

    def agree(self) -> None:
        ended = self.case.ending is not None
        for clock in self.case.clocks:
            assert not (ended and clock.stopped_at is None), "nothing runs on after the end"
            if clock.stopped_at is not None:
                continue
            model, limits = MODELS[clock.calendar], [clock.limit, *self.extra.get(clock.id, [])]
            runs = self.runs(clock)
            assert clock.due_at == model.due(clock.started_at, limits, runs)
            assert clock.yellow_at == model.due(clock.started_at, limits, runs, 0.5)
            standing = self._lets(clock, self.case.state, self.case.suspended)
            assert clock.paused == (not standing)
        living = [c for c in self.case.clocks if c.stopped_at is None and not c.paused]
        yellow_at, due_at = clocks.instants(self.case.clocks)
        assert due_at == min((c.due_at for c in living), default=None)
        assert yellow_at == min((c.yellow_at for c in living), default=None)


limits = st.builds(
    lambda halves, unit: Limit(2 * halves, unit),
    st.integers(1, 4),
    st.sampled_from(["work_minute", "work_hour", "work_day", "urgent_hour", "urgent_day"]),
)
events = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(list(TIMING)[:-1])),
    st.tuples(st.just("file"), limits),
    st.tuples(st.just("assign"), st.sampled_from(["works", "water", "street"]), limits),
    st.tuples(st.just("answer")),
    st.tuples(st.just("suspend")),
    st.tuples(st.just("extend"), st.integers(0, 5), limits),
)
pauses = st.one_of(st.integers(0, 90), st.integers(0, 3 * 1440))


@settings(max_examples=150, deadline=None)
@given(
    start=st.integers(0, 330 * 1440),
    plan=st.lists(st.tuples(pauses, events), min_size=3, max_size=9),
    ends=st.booleans(),
)
def test_every_clock_agrees_with_stepping_minute_by_minute(
    start: int, plan: list[Any], ends: bool
) -> None:
    world = World(city("2026-01-01T00:00") + start * MINUTE)
    for minutes, (what, *args) in plan:
        world.at += minutes * MINUTE
        match what:
            case "enter":
                if args[0] != world.case.state:
                    world.enter(args[0])
            case "suspend":
                world.suspend(on=not world.case.suspended)
            case "file":
                if all(clock.name != clocks.WHOLE for clock in world.case.clocks):
                    world.file(*args)
            case _:
                getattr(world, what)(*args)
    world.agree()
    if ends:
        world.enter("closed")
        world.agree()


TABLE = Path(__file__).with_name("deadlines.csv")
NAMES = {state.name: state.code for state in STATES} | {"全案": clocks.WHOLE, "派遣": "assignment"}


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["说明"])
def test_the_reference_table_of_deadlines_holds(row: dict[str, str]) -> None:
    """deadlines.csv: what a clerk counts on a calendar, for every way of timing."""
    limit = LIMIT.parse(row["时限"])
    timed = [replace(state, limit=limit) if state.limit else state for state in STATES]
    flow = bare.flow(timed, yellow_ratio=0.8)
    calendars = {"标准": "standard", "夜班": "night", "全天": "always"}
    rules = (bare.rule(calendar=calendars[row["日历"]]),)
    known = bare.catalogue(flow, rules=rules)
    case: Case | None = None
    for each in row["经过"].split(";"):
        when, what, *rest = each.rsplit(" ", each.count(" ") - 1)
        at = city(when.replace(" ", "T"))
        case = case or bare.case(flow, at, state="none")
        doing = bare.doing(known, flow, at, "county")
        match what:
            case "立案":
                case = clocks.set_whole(replace(case, state="filed"), limit, doing)
            case "派遣":
                case = clocks.start_assignment(
                    replace(case, state="handling"), bare.assignment("works", limit), doing
                )
            case "挂账" | "恢复":
                case = clocks.regulate(replace(case, suspended=what == "挂账"), doing)
            case "延期":
                watched = _watched(case, row)
                case = clocks.extend(case, watched, LIMIT.parse(rest[0]), doing)
            case _:
                case = entering.enter(case, NAMES[what.removeprefix("进入")], doing)
    assert case is not None
    clock = _watched(case, row)
    assert [_shown(clock.yellow_at), _shown(clock.due_at)] == [row["变黄"], row["到期"]]


def _watched(case: Case, row: dict[str, str]) -> Clock:
    return next(c for c in case.clocks if c.name == NAMES[row["计时"]] and c.stopped_at is None)


def _shown(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("category", "org", "area", "calendar"),
    [
        ("E0101", None, "330304/330304009", "standard"),
        ("C0101", None, "330304/330304009", "always"),  # 部件 run by the daily calendar
        ("C0101", "works", "330304/330304009", "always"),  # the category before the org
        ("E0101", "works", "330304/330304001", "night"),  # the org before the area
        ("E0101", None, "330304/330304001", "always"),
        ("E0101", "water", "330304/330304001/330304001002", "night"),  # the deepest area
    ],
)
def test_a_calendar_is_chosen_by_category_then_org_then_area(
    category: str, org: str | None, area: str, calendar: str
) -> None:
    rules = (
        bare.rule(category="C", calendar="always"),
        bare.rule(org="works", calendar="night"),
        bare.rule(area="330304001", calendar="always"),
        bare.rule(area="330304001002", calendar="night"),
        bare.rule(area="330304002", calendar="night"),
    )
    known = bare.catalogue(FLOW, rules=rules)
    assert clocks.working_of(known, category, org, area).code == calendar


def test_a_warning_ends_when_there_is_time_again() -> None:
    at = city("2026-11-20T09:00")
    case = entering.enter(bare.case(FLOW, at), "handling", bare.doing(CATALOGUE, FLOW, at))
    near = replace(case, supervision="near")
    later = bare.doing(CATALOGUE, FLOW, at + timedelta(hours=3))
    [clock] = near.clocks
    assert clocks.extend(near, clock, Limit(1, "work_minute"), later).supervision == "near"
    assert clocks.extend(near, clock, Limit(2, "work_day"), later).supervision is None
    assert entering.enter(near, "talking", later).supervision is None
    supervised = replace(case, supervision="supervised")
    assert entering.enter(supervised, "talking", later).supervision == "supervised"
