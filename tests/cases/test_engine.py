"""The engine against a plain model: random people try random things, legal and not, and after each
the case, its clocks and its tasks are what the flow file says.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.cases.rules import acting, checks, clocks, reporting
from backend.cases.rules.doing import Doing, Fit, Impossible
from backend.cases.structs import ActOnCase, Case, ReportCase
from backend.catalogue.flow import Flow, Limit
from backend.catalogue.queries import Catalogue
from backend.catalogue.rules import action_of, recommend
from backend.catalogue.structs import Category, DispatchRule, Standard
from backend.core.actor import Actor
from backend.core.position import Position
from tests.cases.city import photo
from tests.cases.test_worktime import working

PACK = Path(__file__).parents[2] / "shared-schemas" / "packs" / "330304"
FLOW = msgspec.json.decode((PACK / "flow-city-management.json").read_bytes(), type=Flow)
PLAIN = json.loads((PACK / "flow-city-management.json").read_text())
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
WORKER, OTHER = uuid4(), uuid4()
WORKING = working()
CATEGORY = Category(
    id=uuid4(),
    version=1,
    county="330304",
    code="C0101",
    name="上水井盖",
    kind="component",
    parent="C01",
    photo_roles=["near"],
    standards=[Standard(1, "破损", "恢复", Limit(4, "work_hour"))],
)
MATRIX = [
    DispatchRule(id=uuid4(), version=1, county="330304", category="C", area="330304", org="any"),
    DispatchRule(id=uuid4(), version=1, county="330304", category="C01", area="330304", org="cz"),
]
CATALOGUE = Catalogue(
    categories={CATEGORY.code: CATEGORY},
    flows={(FLOW.code, FLOW.version): FLOW},
    newest={FLOW.code: FLOW},
    working=WORKING,
    matrix=MATRIX,
    calendars={},
    calendar_rules=[],
    forms={},
    newest_forms={},
    settings={},
)
ROLES = {
    "worker": {"case.report", "task.answer"},
    "clerk": {"case.accept", "case.verify", "case.file", "case.archive", "case.close"},
    "dispatcher": {"case.file", "case.dispatch", "case.check"},
    "handler": {"case.handle"},
    "leader": {"case.void"},
    "stranger": set(),
}


def person(role: str, org: str = "centre") -> Actor:
    return Actor(
        user=WORKER if role == "worker" else uuid4(),
        post=uuid4(),
        org="cz" if role == "handler" else org,
        role=role,
        county="330304",
        areas=("330304",),
        categories=(),
        permissions=frozenset(ROLES[role]),
    )


def reported(*, self_handled: bool) -> Case:
    report = ReportCase(
        case=uuid4(),
        report=uuid4(),
        category="C0101",
        description="井盖破了",
        position=Position(longitude=120.6, latitude=28.0),
        media=[photo("before"), photo("after")] if self_handled else [photo("near")],
        self_handled=self_handled,
    )
    assert reporting.faults(report, CATEGORY) == []
    return reporting.open_case(
        report,
        number="330304-20261120-000001",
        county="330304",
        grid="330304001002001",
        area_path="330304/330304001/330304001002/330304001002001",
        flow=FLOW,
        working=WORKING,
        command=uuid4(),
        user=WORKER,
        post=uuid4(),
        org="grid",
        occurred_at=START,
        received_at=START,
        at=START,
        reporter=None,
    )


def doing(actor: Actor, at: datetime, workers: list[UUID]) -> Doing:
    return Doing(
        command=uuid4(),
        user=actor.user,
        post=actor.post,
        org=actor.org,
        occurred_at=at,
        received_at=at,
        at=at,
        flow=FLOW,
        category=CATEGORY,
        permissions=actor.permissions,
        catalogue=CATALOGUE,
        parents={},
        workers=[Fit(worker) for worker in workers],
    )


def attempt(
    case: Case, actor: Actor, code: str, given_: dict[str, Any], at: datetime, workers: list[UUID]
) -> Case | None:
    """What the write path does with one act, without the database; None when it is refused."""
    action = action_of(FLOW, code)
    assert action is not None
    task = next((t.id for t in case.tasks if t.kind == action.task), None)
    order = ActOnCase(case=case.id, action=code, task=task, **given_)
    if case.state not in action.states or not checks.may_act(action, case, actor):
        return None
    if checks.faults(action, order, CATEGORY, {"cz", "any"}, workers):
        return None
    try:
        return acting.act(case, action, order, doing(actor, at, workers))
    except Impossible:
        return None


inputs = st.fixed_dictionaries(
    {},
    optional={
        "opinion": st.just("看过了"),
        "reason": st.just("理由"),
        "verdict": st.sampled_from(["true", "untrue", "passed", "failed", "nonsense"]),
        "standard": st.sampled_from([1, 9]),
        "org": st.sampled_from(["cz", "nobody"]),
        "worker": st.sampled_from([WORKER, OTHER, uuid4()]),
        "media": st.sampled_from([[photo("after")], [photo("evidence")], []]),
    },
)
acts = st.tuples(
    st.sampled_from(list(ROLES)),
    st.sampled_from([action.code for action in FLOW.actions]),
    inputs,
    st.integers(1, 2000),
)


@settings(max_examples=400, deadline=None)
@given(
    self_handled=st.booleans(),
    plan=st.lists(acts, min_size=10, max_size=60),
    workers=st.sampled_from([[WORKER], [WORKER, OTHER], []]),
)
def test_random_acts_agree_with_the_flow_file_after_every_step(
    self_handled: bool, plan: list[Any], workers: list[UUID]
) -> None:
    case, at = reported(self_handled=self_handled), START
    state = PLAIN["initial_self_handled" if self_handled else "initial"]
    for role, code, given_, minutes in plan:
        at += timedelta(minutes=minutes)
        after = attempt(case, person(role), code, given_, at, workers)
        if after is None:
            continue
        written = next(a for a in PLAIN["actions"] if a["code"] == code)
        assert state in written["states"], "no action outside its states"
        state = written.get("to_by_verdict", {}).get(given_.get("verdict"), written.get("to"))
        declared = next(s for s in PLAIN["states"] if s["code"] == state)
        if declared.get("entry") and len(workers) == 1:
            state = declared["entry_to"]
            declared = next(s for s in PLAIN["states"] if s["code"] == state)
        case = after
        assert (case.state, case.stage) == (state, declared["stage"])
        assert case.ending == declared.get("ending")
        _check_invariants(case, at)


def _check_invariants(case: Case, at: datetime) -> None:
    running = [clock for clock in case.clocks if clock.stopped_at is None]
    if case.ending:
        assert not running
        assert not case.tasks
        assert case.ended_at == at
        assert all(a.state != "open" for a in case.assignments)
        return
    stage_clocks = [clock for clock in running if clock.name != clocks.WHOLE]
    assert len(stage_clocks) <= 1
    assert {clock.name for clock in stage_clocks} <= {case.state}
    assert all(clock.started_at <= clock.yellow_at <= clock.due_at for clock in running)
    assert len(case.tasks) == (1 if case.state in ("verifying", "checking", "recollecting") else 0)
    opened = [a for a in case.assignments if a.state == "open"]
    assert len(opened) == (1 if case.state == "dispatched" else 0)
    spans = [span for clock in case.clocks for span in clock.spans]
    assert all(span.until is None or span.since <= span.until for span in spans)


def org_for(rules: list[DispatchRule], category: str, path: str) -> str | None:
    rule = recommend(rules, category, path)
    return rule.org if rule else None


@given(rules=st.permutations(MATRIX))
def test_the_matrix_recommends_the_longest_category_whatever_the_order(
    rules: list[DispatchRule],
) -> None:
    assert org_for(rules, "C0101", "330304/330304001") == "cz"
    assert org_for(rules, "C0201", "330304/330304001") == "any"
    assert org_for(rules, "E0101", "330304/330304001") is None
    assert org_for(rules, "C0101", "330305/330305001") is None


def test_the_deeper_area_wins_among_equal_categories() -> None:
    deep = msgspec.structs.replace(MATRIX[1], area="330304001", org="town")
    for rules in ([deep, MATRIX[1]], [MATRIX[1], deep]):
        assert org_for(rules, "C0101", "330304/330304001") == "town"
        assert org_for(rules, "C0101", "330304/330304002") == "cz"


@pytest.mark.parametrize(
    ("minutes", "lamp"),
    [(0, "green"), (191, "green"), (192, "yellow"), (240, "yellow"), (241, "red")],
)
def test_a_lamp_is_yellow_from_80_per_cent_and_red_beyond_the_limit(
    minutes: int, lamp: str
) -> None:
    clock = clocks.start(uuid4(), "whole", Limit(4, "urgent_hour"), START, WORKING, 0.8)
    now = START + timedelta(minutes=minutes)
    assert clocks.lamp(clock.yellow_at, clock.due_at, now) == lamp
