"""Entering a state: what ends, what starts, whose task opens, and what the state does by itself."""

from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import assigning, clocks
from backend.cases.rules.context import context
from backend.cases.rules.doing import Doing
from backend.cases.structs import CallBack, Case, OpenTask, Step, Target
from backend.catalogue.expressions import holds
from backend.catalogue.flow import State
from backend.catalogue.rules import state_of
from backend.catalogue.settings import value_of
from backend.core.ids import derived_id

FIELD_SOURCES = ("worker", "supervisor")
"""Sources that stand before the problem with a camera; others tell what they were told."""


def enter(case: Case, code: str, doing: Doing) -> Case:
    """The case in another state: former clocks stopped, its own started, what ends ended, and what
    the state does by itself done when one answer fits.
    """
    state = state_of(doing.flow, code)
    after = replace(
        clocks.enter_state(case, state, doing),
        state=state.code,
        stage=state.stage,
        ending=state.ending,
    )
    if state.ending is not None:
        return _end(after, doing)
    own = next(
        (
            clock
            for clock in reversed(after.clocks)
            if (clock.stopped_at, clock.owner, clock.paused) == (None, None, False)
            and clock.name != clocks.WHOLE
        ),
        None,
    )
    if own is not None:
        tasks = [replace(t, due_at=t.due_at or own.due_at) for t in after.tasks]
        after = replace(after, tasks=tasks)
    if state.entry is None or not (
        state.entry_when == "" or holds(state.entry_when, context(after, doing))
    ):
        return after
    return _by_itself(after, state, doing)


def open_task(case: Case, kind: str, user: UUID, doing: Doing) -> Case:
    """A task for one user; its time is that of the state in which it stands."""
    task = OpenTask(derived_id("task", doing.command, kind), kind, user, None, None)
    return replace(case, tasks=[*case.tasks, task])


def rule_step(
    case: Case, action: str, to_state: str, doing: Doing, orgs: list[str] | None = None
) -> Case:
    """The case with a line in its timeline that no person wrote."""
    step = Step(
        id=derived_id("rule", doing.command, action, len(case.steps)),
        action=action,
        from_state=case.state,
        to_state=to_state,
        user=None,
        post=None,
        org=None,
        occurred_at=doing.at,
        received_at=doing.received_at,
        orgs=orgs or [],
    )
    return replace(case, steps=[*case.steps, step])


def checker(case: Case, doing: Doing) -> UUID | None:
    """Who checks: the one worker that fits, else by the city's rules (setting `check_rules`), the
    reporter or whoever has the fewest open tasks; None when they leave it open.
    """
    fits = doing.workers
    if len(fits) == 1:
        return fits[0].user
    for rule in value_of(doing.catalogue.settings, "check_rules"):
        if rule == "reporter" and any(fit.user == case.reports[0].user for fit in fits):
            return case.reports[0].user
        if rule == "fewest_open" and fits:
            fewest = min(fit.open_tasks for fit in fits)
            idle = [fit.user for fit in fits if fit.open_tasks == fewest]
            if len(idle) == 1:
                return idle[0]
    return None


def _end(case: Case, doing: Doing) -> Case:
    """Nothing is left open. Reporters who wished to hear are to be called back."""
    after = assigning.settle(case, doing)
    wish = any(r.call_back and r.source not in FIELD_SOURCES for r in case.reports)
    return replace(
        after,
        ended_at=doing.at,
        tasks=[],
        suspended=False,
        suspended_until=None,
        requests=[
            replace(each, state="withdrawn", ended_at=doing.at) if each.state == "open" else each
            for each in after.requests
        ],
        call_back=None
        if case.ending == "merged"
        else CallBack(state="wanted" if wish else "unwanted"),
    )


def _by_itself(case: Case, state: State, doing: Doing) -> Case:
    """A state's entry, when exactly one answer fits: a check task, or the matrix's org."""
    assert state.entry is not None
    to = state.entry_to or state.code
    if state.entry == "dispatch":
        org = assigning.matrix_org(case, doing)
        if org is None or any(a.org == org and a.state == "open" for a in case.assignments):
            return case  # a person decides
        ruled = replace(doing, user=None, post=None, org=None)
        after = rule_step(case, state.entry, to, doing, [org])
        after = assigning.assign(after, [Target(org)], ruled, "")
    else:
        worker = checker(case, doing)
        if worker is None:
            return case
        after = rule_step(case, state.entry, to, doing)
        after = open_task(after, "check", worker, doing)
    return enter(after, state.entry_to, doing) if state.entry_to is not None else after
