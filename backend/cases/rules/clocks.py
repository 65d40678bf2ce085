"""A case's clocks: started on entering a state, paused, extended and stopped; the lamp follows.

Twin of `instants` and `lamp`: shared-schemas/rules/lamps.ts, by the vectors in lamps.json.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import timing
from backend.cases.rules.doing import Doing
from backend.cases.structs import Assignment, Case, Clock, Span
from backend.catalogue.flow import Limit, State
from backend.catalogue.queries import Catalogue
from backend.catalogue.rules import state_of
from backend.catalogue.worktime import WorkingTime
from backend.core.ids import derived_id

Lamp = Literal["green", "yellow", "red"]

WHOLE = "whole"
"""The clock of the case as a whole, from filing to its end."""
ASSIGNMENT = "assignment"
"""The clock of one assignment, its owner."""

DIRECTIVE = "directive:"
"""Begins what `Case.fired` says of a directive: it stays fired whatever state the case enters."""


def working_of(catalogue: Catalogue, category: str, org: str | None, area_path: str) -> WorkingTime:
    """The calendar by which an org's time on a case runs: of the fitting rules the one with the
    longest category, then one that names the org, then the deepest area; else the standard one.
    """
    areas = area_path.split("/")
    fitting = [
        (len(rule.category), bool(rule.org), areas.index(rule.area) if rule.area else -1, rule)
        for rule in catalogue.calendar_rules
        if category.startswith(rule.category)
        and rule.org in ("", org)
        and (not rule.area or rule.area in areas)
    ]
    if not fitting:
        return catalogue.working
    best = max(fitting, key=lambda fit: fit[:3])[3]
    return catalogue.calendars.get(best.calendar, catalogue.working)


def start(
    id_: UUID,
    name: str,
    limit: Limit,
    at: datetime,
    working: WorkingTime,
    yellow_ratio: float,
    owner: UUID | None = None,
    bundle: str | None = None,
) -> Clock:
    """A clock that begins to run at `at`, with the instants at which its lamp changes."""
    return Clock(
        id=id_,
        owner=owner,
        name=name,
        limit=limit,
        calendar=working.code,
        spans=[Span(at)],
        started_at=at,
        yellow_at=working.due(at, limit, yellow_ratio),
        due_at=working.due(at, limit),
        bundle=bundle,
    )


def enter_state(case: Case, state: State, doing: Doing) -> Case:
    """The clocks of the state left stop, or pause when their bundle may be entered again; those of
    the state entered run; timers begin anew. An end stops everything.
    """
    case = replace(
        case,
        entered_at=doing.at,
        fired=[key for key in case.fired if key.startswith(DIRECTIVE)],
        clocks=[_left(clock, state, doing.at) for clock in case.clocks],
    )
    if state.ending is not None:
        return replace(case, supervision=None if case.supervision == "near" else case.supervision)
    bundle = state.bundle if state.timing == "bundled" else None
    shared = bundle is not None and any(
        clock.bundle == bundle and clock.stopped_at is None for clock in case.clocks
    )
    if state.limit is not None and not state.assignment_clock and not shared:
        clock = start(
            derived_id("clock", doing.command, state.code),
            state.code,
            state.limit,
            doing.at,
            working_of(doing.catalogue, case.category, case.closing_org, case.area_path),
            doing.flow.yellow_ratio,
            bundle=bundle,
        )
        case = replace(case, clocks=[*case.clocks, clock])
    return calm(_regulated(case, state, doing), doing.at)


def start_assignment(case: Case, assignment: Assignment, doing: Doing) -> Case:
    """The assignment's own clock runs, anew if it ran before; without a limit there is none."""
    case = stop_assignment(case, assignment.id, doing.at)
    if assignment.limit is None:
        return case
    clock = start(
        derived_id("clock", doing.command, assignment.id),
        ASSIGNMENT,
        assignment.limit,
        doing.at,
        working_of(doing.catalogue, case.category, assignment.org, case.area_path),
        doing.flow.yellow_ratio,
        assignment.id,
    )
    return regulate(replace(case, clocks=[*case.clocks, clock]), doing)


def stop_assignment(case: Case, assignment: UUID, at: datetime) -> Case:
    """The assignment's clock never runs again."""
    return replace(
        case,
        clocks=[
            stopped(clock, at) if clock.owner == assignment and clock.stopped_at is None else clock
            for clock in case.clocks
        ],
    )


def set_whole(case: Case, limit: Limit, doing: Doing) -> Case:
    """The whole clock has this limit: a new one runs from now, or the one that runs counts it from
    its beginning, with what was granted on top.
    """
    working = working_of(doing.catalogue, case.category, None, case.area_path)
    running = next((c for c in case.clocks if c.name == WHOLE and c.stopped_at is None), None)
    if running is not None:
        other = replace(running, limit=limit, calendar=working.code)
        return _put(case, _recounted(other, doing))
    clock = start(
        derived_id("clock", doing.command, WHOLE),
        WHOLE,
        limit,
        doing.at,
        working,
        doing.flow.yellow_ratio,
    )
    return regulate(replace(case, clocks=[*case.clocks, clock]), doing)


def extend(case: Case, clock: Clock, extra: Limit, doing: Doing) -> Case:
    """More time for one clock, from its old deadline on. What was near may be far again."""
    more = _recounted(replace(clock, extra=[*clock.extra, extra]), doing)
    return calm(_put(case, more), doing.at)


def regulate(case: Case, doing: Doing) -> Case:
    """Pause and let run what should be, as the case stands: suspended or not, and its state."""
    return _regulated(case, state_of(doing.flow, case.state), doing)


def calendar_of(clock: Clock, catalogue: Catalogue) -> WorkingTime:
    """The calendar a clock was started by; the standard one when the city has removed it."""
    return catalogue.calendars.get(clock.calendar, catalogue.working)


def stopped(clock: Clock, at: datetime) -> Clock:
    """The clock as it stays."""
    return replace(_paused(clock, at), stopped_at=at, paused=False)


def calm(case: Case, at: datetime) -> Case:
    """待督办 is over, and may come again, when the lamp is green again."""
    if case.supervision != "near" or lamp(*instants(case.clocks), at) in ("yellow", "red"):
        return case
    return replace(case, supervision=None)


def instants(clocks: Iterable[Clock]) -> tuple[datetime | None, datetime | None]:
    """When the case's lamp turns yellow and red: the earliest among its running clocks."""
    running = [clock for clock in clocks if clock.stopped_at is None and not clock.paused]
    if not running:
        return None, None
    return min(c.yellow_at for c in running), min(c.due_at for c in running)


def lamp(yellow_at: datetime | None, due_at: datetime | None, now: datetime) -> Lamp | None:
    """Green until `yellow_at`, yellow until `due_at`, red after; None when nothing runs."""
    if yellow_at is None or due_at is None:
        return None
    if now > due_at:
        return "red"
    return "yellow" if now >= yellow_at else "green"


def _left(clock: Clock, state: State, at: datetime) -> Clock:
    """A clock when the case moves on to `state`."""
    if clock.stopped_at is not None:
        return clock
    goes_on = clock.owner is not None or clock.name == WHOLE or clock.bundle is not None
    return clock if goes_on and state.ending is None else stopped(clock, at)


def _regulated(case: Case, state: State, doing: Doing) -> Case:
    return replace(case, clocks=[_fitting(clock, case, state, doing) for clock in case.clocks])


def _fitting(clock: Clock, case: Case, state: State, doing: Doing) -> Clock:
    """The clock running or paused as its case's state has it."""
    if clock.stopped_at is not None:
        return clock
    if clock.name == WHOLE:
        runs = state.timing != "paused"
    else:
        runs = clock.bundle is None or clock.bundle == state.bundle
    runs = runs and not case.suspended
    if clock.paused and runs:
        again = replace(clock, spans=[*clock.spans, Span(doing.at)], paused=False)
        return _recounted(again, doing)
    return clock if runs or clock.paused else replace(_paused(clock, doing.at), paused=True)


def _paused(clock: Clock, at: datetime) -> Clock:
    *earlier, last = clock.spans
    return replace(clock, spans=[*earlier, Span(last.since, last.until or at)])


def _recounted(clock: Clock, doing: Doing) -> Clock:
    """The clock with the instants that follow from its spans and limits."""
    working = calendar_of(clock, doing.catalogue)
    limits = [clock.limit, *clock.extra]
    return replace(
        clock,
        yellow_at=timing.reach(clock.spans, limits, working, doing.flow.yellow_ratio),
        due_at=timing.reach(clock.spans, limits, working),
    )


def _put(case: Case, clock: Clock) -> Case:
    return replace(case, clocks=[clock if c.id == clock.id else c for c in case.clocks])
