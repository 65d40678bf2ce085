"""The engine against a plain model: random people try random things, legal and not, over the flows
we ship, and after each the case, its clocks, its tasks, its rights and its counts are as the model
says.
"""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.cases.rules import clocks
from backend.cases.rules.checks import available
from backend.cases.rules.context import context
from backend.cases.rules.deciding import Outrun
from backend.cases.rules.doing import Fit
from backend.cases.structs import Amendment, Case, Target
from backend.catalogue.flow import Flow, Limit
from backend.catalogue.rules import recommend
from backend.catalogue.structs import DispatchRule
from backend.core.actor import Actor
from offline.handlers import Rejection
from tests.cases.city import photo
from tests.cases.model import Model, Plain, Refused
from tests.cases.stage import MATRIX, PARENTS, START, WORKER, Stage, person
from tests.cases.test_worktime import working

PACK = Path(__file__).parents[2] / "shared-schemas" / "packs" / "330304"
CITY, HUB = "city-management", "event-hub"
FLOWS = {
    name: msgspec.json.decode((PACK / f"flow-{name}.json").read_bytes(), type=Flow)
    for name in (CITY, HUB)
}
PLAIN: dict[str, Plain] = {
    name: json.loads((PACK / f"flow-{name}.json").read_text()) for name in FLOWS
}
OTHER = uuid4()
ALL = sorted({a["permission"] for f in PLAIN.values() for a in f["actions"] if a.get("permission")})
DESK = [p for p in ALL if p not in ("case.handle", "case.report", "case.request")]
HANDS = ["case.handle", "case.request", "case.assign", "case.report"]
PEOPLE = [
    person("centre", *DESK, "request.answer"),
    person("centre", *DESK, "request.decide", "request.approve"),
    person("town", *ALL),
    person("town2", *HANDS),
    person("village", *HANDS, user=WORKER),
    person("village", *ALL),
    person("cz", *HANDS),
    person("hb", *HANDS),
    person("sz"),
    person("centre", user=OTHER),
]
MARKS = ("set_", "instruct", "note", "urge", "track", "recollect", "extend_own", "amend")
"""Actions that move nothing: taken less often, so that cases get far."""
LEGAL, ENDING, HALF = 0.9, 0.05, 0.5
"""How often somebody does what may be done; ends the case when they might; adds a word more."""
UNFORESEEN = {"in_the_past", "no_clock"}
"""Refusals that hang on clocks, which have a model of their own (test_clocks)."""

ORGS = [*PARENTS, "nowhere"]
KINDS = ["main", "assist", "copy", "help"]
VERDICTS = ["true", "untrue", "passed", "failed", "granted", "refused", "on", "off", "nonsense"]
NOISE: dict[str, Callable[[Random], Any]] = {
    "opinion": lambda _: "看过了",
    "reason": lambda dice: dice.choice(["没有解决", "理由"]),
    "verdict": lambda dice: dice.choice(VERDICTS),
    "standard": lambda dice: dice.choice([1, 2, 9]),
    "org": lambda dice: dice.choice(ORGS),
    "closing_org": lambda dice: dice.choice(ORGS),
    "worker": lambda dice: dice.choice([WORKER, OTHER, uuid4()]),
    "targets": lambda dice: [
        (dice.choice(ORGS), dice.choice(KINDS)) for _ in range(dice.randint(0, 3))
    ],
    "media": lambda dice: dice.choices(["after", "evidence"], k=dice.randint(0, 3)),
    "limit": lambda dice: dice.choice([1, 3, 9]),
    "assignment": lambda dice: dice.randint(0, 4),
    "request": lambda dice: dice.randint(0, 4),
    "directive": lambda dice: dice.randint(0, 4),
    "until": lambda _: True,
    "amendment": lambda _: True,
}


def _fitting(asked: Plain, who: Plain, model: Model, dice: Random) -> Any:  # noqa: C901
    """Something sensible for an input, so that cases get far; None when there is nothing."""

    def one(them: Iterable[Any]) -> Any:
        found = list(them)
        return dice.choice(found) if found else None

    near = [
        org
        for org in PARENTS
        if not asked.get("within")
        or any(model.near(who["org"], org, how) for how in asked["within"])
    ]
    match asked["name"]:
        case "verdict":
            return one(choice["code"] for choice in asked["choices"])
        case "standard":
            return 1
        case "closing_org" | "org":
            return one(near)
        case "targets":
            them = dice.sample(near, k=min(len(near), dice.randint(1, 2)))
            return [(org, dice.choice(KINDS)) for org in them]
        case "media":
            return ["after", "evidence"]
        case "worker":
            return one(model.workers)
        case "assignment":
            return one(i for i, p in enumerate(model.parts) if p["state"] == "open")
        case "request":
            return one(i for i, r in enumerate(model.requests) if r["state"] == "open")
        case "directive":
            return one(i for i, d in enumerate(model.directives) if not d["answered"])
    return NOISE[asked["name"]](dice) if asked["name"] in NOISE else None


def _idea(model: Model, dice: Random) -> tuple[Actor, Plain, Plain]:
    """Somebody, an action, and what they bring: mostly what may be done with what it asks for."""
    actor, action = dice.choice(PEOPLE), dice.choice(model.flow["actions"])
    if dice.random() < LEGAL:
        ends = {s["code"] for s in model.flow["states"] if s.get("ending")}
        if dice.random() < ENDING:
            ends = set()
        offered = [
            (each, its)
            for each in PEOPLE
            for its in model.flow["actions"]
            if model.offers(_plain(each), its) and its.get("to") not in ends
        ]
        # Each action equally often, however many may do it.
        codes = sorted({its["code"] for _, its in offered})
        telling = [code for code in codes if not code.startswith(MARKS)]
        codes = telling if telling and dice.random() < LEGAL else codes
        if codes:
            code = dice.choice(codes)
            actor, action = dice.choice([o for o in offered if o[1]["code"] == code])
    brought: Plain = {"answers": {"issue": "ownership", "result": "solved"}}
    if action.get("items"):
        only = {item["name"] for item in action["items"]}
        brought = {"answers": {k: v for k, v in brought["answers"].items() if k in only}}
    for asked in [*action.get("inputs", []), {"name": "reason"}]:
        if dice.random() < LEGAL:
            brought[asked["name"]] = _fitting(asked, _plain(actor), model, dice)
        elif dice.random() < HALF and asked["name"] in NOISE:
            brought[asked["name"]] = NOISE[asked["name"]](dice)
    return actor, action, {name: value for name, value in brought.items() if value is not None}


def _plain(actor: Actor) -> Plain:
    return {"user": actor.user, "org": actor.org, "may": actor.permissions}


def _given(case: Case, brought: Plain, stage: Stage) -> Plain:
    """What the model's words are as a payload."""

    def part(rows: list[Any], place: int) -> UUID:
        found: UUID = rows[place].id if place < len(rows) else uuid4()
        return found

    ways: dict[str, Any] = {
        "targets": lambda them: [Target(org, kind) for org, kind in them],
        "media": lambda them: [photo(role) for role in them],
        "limit": lambda days: Limit(days, "work_day"),
        "assignment": lambda place: part(case.assignments, place),
        "request": lambda place: part(case.requests, place),
        "directive": lambda place: part(case.directives, place),
        "until": lambda _: stage.at + timedelta(days=40),
        "amendment": lambda _: Amendment(address="站前路 14 号"),
    }
    return {name: ways.get(name, lambda value: value)(value) for name, value in brought.items()}


@pytest.mark.parametrize("flow", [CITY, HUB])
@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(10, 60))
def test_random_acts_agree_with_a_plain_model_after_every_step(
    flow: str, seed: int, steps: int
) -> None:
    play(flow, Random(seed), steps)


def play(flow: str, dice: Random, steps: int) -> None:
    """One case from its report on, in both worlds."""
    self_handled = dice.random() < ENDING
    workers = dice.choice([[WORKER], [WORKER, OTHER], [OTHER, uuid4()], []])
    wish = dice.random() < HALF
    stage = Stage(
        FLOWS[flow],
        workers=[Fit(w) for w in workers],
        self_handled=self_handled,
        source="hotline" if wish else "worker",
        call_back=wish,
    )
    model = Model(PLAIN[flow], PARENTS, workers, {"user": WORKER, "org": "village"})
    model.begin(self_handled=self_handled, wish=wish)
    _agree(stage, model)
    for _ in range(steps):
        stage.at += timedelta(minutes=dice.randint(1, 60))
        actor, action, brought = _idea(model, dice)
        expected: Model | None = model.fork()
        try:
            assert expected is not None
            expected.act(_plain(actor), action, brought)
        except Refused:
            expected = None
        try:
            stage.act(actor, action["code"], **_given(stage.case, brought, stage))
        except (Rejection, Outrun) as refusal:
            reasons = refusal.reasons if isinstance(refusal, Rejection) else [refusal.reason]
            foreseen = expected is None or {r.code for r in reasons} <= UNFORESEEN
            assert foreseen, f"{action['code']} by {actor.org} with {brought}: {reasons}"
            continue
        assert expected is not None, f"{action['code']} by {actor.org} with {brought}"
        model = expected
        _agree(stage, model)
        if model.ended and dice.random() < HALF:
            return


def _agree(stage: Stage, model: Model) -> None:
    case, declared = stage.case, model.declared
    assert (case.state, case.stage, case.ending) == (
        model.state,
        declared["stage"],
        declared.get("ending"),
    )
    assert [
        (a.org, a.kind, a.state, a.by_org, a.holder, a.failed_checks) for a in case.assignments
    ] == [
        tuple(p[n] for n in ("org", "kind", "state", "by", "holder", "failed")) for p in model.parts
    ]
    assert [(t.kind, t.user) for t in case.tasks] == [(t["kind"], t["user"]) for t in model.tasks]
    assert [(r.kind, r.state, r.level) for r in case.requests] == [
        (r["kind"], r["state"], r["level"]) for r in model.requests
    ]
    assert (case.closing_org, case.former_closers) == (model.closer, model.former)
    assert (case.failed_checks, case.urgent, case.severity, case.suspended) == (
        model.failed,
        model.urgent,
        model.severity,
        model.suspended,
    )
    assert (case.supervision or "") == model.supervision
    assert (case.call_back.state if case.call_back else "") == model.call_back
    _clocks_agree(case, model)
    for actor in PEOPLE:
        known = context(case, stage.doing(actor, case))
        offered = [a.code for a in available(stage.flow, case, actor, known)]
        assert offered == [
            a["code"] for a in model.flow["actions"] if model.offers(_plain(actor), a)
        ]


def _clocks_agree(case: Case, model: Model) -> None:
    """Which clocks live, and which of them run."""
    alive = [clock for clock in case.clocks if clock.stopped_at is None]
    if model.ended:
        assert not alive
        assert case.ended_at is not None
        return
    assert [c for c in alive if c.name == clocks.WHOLE] != [] if model.filed else True
    assert {c.owner for c in alive if c.owner} == {
        a.id for a in case.assignments if a.state == "open" and a.limit
    }
    own = [c for c in alive if c.owner is None and c.name != clocks.WHOLE and not c.paused]
    timed = model.declared.get("limit") and not model.declared.get("assignment_clock")
    assert len(own) == (1 if timed and not model.suspended else 0)
    stands = model.suspended or model.declared.get("timing") == "paused"
    assert all(c.paused for c in alive if c.name == clocks.WHOLE) or not stands
    assert not model.suspended or all(c.paused for c in alive)
    for clock in case.clocks:
        assert clock.started_at <= clock.yellow_at <= clock.due_at
        spans = [(s.since, s.until) for s in clock.spans]
        assert all(until is None or since <= until for since, until in spans)
        assert all(a[1] is not None and a[1] <= b[0] for a, b in pairwise(spans))


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
    clock = clocks.start(uuid4(), "whole", Limit(4, "urgent_hour"), START, working(), 0.8)
    now = START + timedelta(minutes=minutes)
    assert clocks.lamp(clock.yellow_at, clock.due_at, now) == lamp
