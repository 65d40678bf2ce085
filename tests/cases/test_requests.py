"""Requests climb to whoever may answer them, and what is granted happens."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backend.cases.rules import clocks, entering, requests
from backend.cases.rules.doing import Impossible
from backend.cases.structs import Case, Target
from backend.catalogue.flow import Flow, Level, Limit, RequestKind, RequestRule, State
from tests.cases import bare
from tests.cases.test_worktime import city

START = city("2026-11-18T08:00")  # a Wednesday
DAY = Limit(1, "work_day")
FOREMAN = Level("派遣员", "request.answer", up_to=DAY)
CHIEF = Level("指挥长", "request.approve")
STATES = [
    State("handling", "处置中", "dispatched", assignment_clock=True),
    State("filed", "待派遣", "filed", limit=Limit(30, "work_minute")),
    State("void", "作废", "reported", ending="void"),
]


def flow_of(kind: RequestKind, *levels: Level, to: str | None = None) -> Flow:
    return bare.flow(STATES, requests=[RequestRule(kind, "申请", list(levels), to)])


class Desk:
    """A case that `works` handles for the county until Thursday noon, and whoever acts on it."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.known, self.at = flow, bare.catalogue(flow), START
        given = bare.assignment("works", Limit(12, "work_hour"))
        case = bare.case(flow, START, assignments=[given])
        case = clocks.set_whole(case, Limit(3, "work_day"), self.doing())
        self.case = clocks.start_assignment(case, given, self.doing())
        self.at += timedelta(hours=1)

    def doing(self, org: str = "county", *may: str) -> Any:
        return bare.doing(self.known, self.flow, self.at, org, *may)

    def ask(self, kind: RequestKind, org: str = "works", **given: Any) -> Case:
        order = bare.order(self.case, **({"reason": "下雨"} | given))
        self.case = requests.ask(self.case, bare.asking(kind), order, self.doing(org))
        return self.case

    def answer(self, verdict: str, *may: str, org: str = "county", **given: Any) -> Case:
        self.at += timedelta(minutes=10)
        order = bare.order(self.case, verdict=verdict, **given)
        self.case = requests.answer(self.case, order, self.doing(org, *may))
        return self.case

    def refused(self, what: str, *args: Any, **given: Any) -> tuple[str, str | None]:
        with pytest.raises(Impossible) as caught:
            getattr(self, what)(*args, **given)
        return caught.value.reason.code, caught.value.reason.field


def due(case: Case) -> dict[str, datetime]:
    return {clock.name: clock.due_at for clock in case.clocks if clock.stopped_at is None}


def test_an_extension_shows_the_old_and_the_new_deadline_and_moves_both_clocks() -> None:
    desk = Desk(flow_of("extension", FOREMAN, CHIEF))
    [request] = desk.ask("extension", limit=Limit(4, "work_hour")).requests
    old, new = city("2026-11-19T12:00"), city("2026-11-19T18:00")
    assert (request.state, request.old_due_at, request.new_due_at) == ("open", old, new)
    assert due(desk.case) == {"whole": city("2026-11-20T18:00"), "assignment": old}
    [request] = desk.answer("granted", "request.answer", opinion="同意").requests
    assert (request.state, request.new_due_at, request.ended_at) == ("granted", new, desk.at)
    assert due(desk.case) == {"whole": city("2026-11-23T12:00"), "assignment": new}


def test_what_a_level_may_not_grant_climbs_and_every_word_stays() -> None:
    desk = Desk(flow_of("extension", FOREMAN, CHIEF))
    desk.ask("extension", limit=Limit(2, "work_day"))
    assert desk.refused("answer", "granted", "request.answer") == (
        "beyond_level",
        "payload.verdict",
    )
    assert desk.refused("answer", "granted", "request.approve")[0] == "forbidden", "not yet hers"
    desk.answer("passed_up", "request.answer", opinion="建议同意")
    assert desk.refused("answer", "granted", "request.answer")[0] == "forbidden", "no longer his"
    assert desk.refused("answer", "passed_up", "request.approve")[0] == "last_level"
    [request] = desk.answer("granted", "request.approve", opinion="同意").requests
    said = [(word.level, word.verdict, word.opinion) for word in request.words]
    assert said == [(0, "passed_up", "建议同意"), (1, "granted", "同意")]
    assert due(desk.case)["assignment"] == city("2026-11-23T12:00")


def test_an_answer_that_comes_late_still_counts_from_the_old_deadline() -> None:
    desk = Desk(flow_of("extension", FOREMAN))
    desk.ask("extension", limit=Limit(4, "work_hour"))
    desk.at = city("2026-11-19T17:00")
    desk.answer("granted", "request.answer")
    assert due(desk.case)["assignment"] == city("2026-11-19T18:00")


def test_a_refusal_changes_nothing_but_is_kept() -> None:
    desk = Desk(flow_of("extension", FOREMAN))
    desk.ask("extension", limit=DAY)
    before = due(desk.case)
    [request] = desk.answer("refused", "request.answer", opinion="来得及").requests
    assert (request.state, request.words[0].opinion, due(desk.case)) == (
        "refused",
        "来得及",
        before,
    )
    assert desk.refused("answer", "granted", "request.answer", request=request.id) == (
        "not_open",
        "payload.request",
    )


def test_without_levels_it_takes_effect_at_once() -> None:
    desk = Desk(flow_of("extension"))
    [request] = desk.ask("extension", limit=DAY).requests
    assert (request.state, request.words) == ("granted", [])
    assert due(desk.case)["assignment"] == city("2026-11-20T12:00")


@pytest.mark.parametrize(
    ("of", "by_org", "org"),
    [
        ("county", "county", None),
        ("assigner", "street", "street"),
        ("closer", "street", "county"),
        ("superior", "street", "county"),
    ],
)
def test_a_level_is_answered_by_the_org_that_it_names(
    of: Any, by_org: str, org: str | None
) -> None:
    level = Level("上级", "request.answer", of=of)
    desk = Desk(flow_of("return", level))
    [given] = desk.case.assignments
    desk.case = replace(desk.case, assignments=[replace(given, by_org=by_org)])
    [request] = desk.ask("return").requests
    assert request.answerer_org == org
    if org is not None:
        assert desk.refused("answer", "granted", "request.answer", org="water")[0] == "required"
        assert (
            desk.refused("answer", "granted", "request.answer", org="water", request=request.id)[0]
            == "forbidden"
        )
    desk.answer("granted", "request.answer", org=org or "water")
    assert desk.case.assignments[0].state == "returned"
    assert "assignment" not in due(desk.case), "its clock has stopped"


def test_who_works_on_their_own_account_needs_nobodys_leave() -> None:
    """requirements/chongzhou.md: a self-handled event is extended at once."""
    desk = Desk(flow_of("extension", Level("交办单位", "case.assign", of="assigner")))
    desk.case = replace(desk.case, assignments=[])
    [request] = desk.ask("extension", "county", limit=DAY).requests
    assert request.state == "granted"
    assert due(desk.case)["whole"] == city("2026-11-23T18:00")


def test_nobody_is_above_the_root_so_its_superiors_level_is_passed_over() -> None:
    up = Level("上级", "request.answer", of="superior")
    desk = Desk(flow_of("suspension", up, CHIEF))
    [request] = desk.ask("suspension", "county").requests
    assert (request.level, request.answerer_org) == (1, None)


def test_a_suspension_over_a_holiday_costs_no_working_time() -> None:
    desk = Desk(flow_of("suspension", CHIEF))
    until = city("2026-11-23T10:00")
    desk.ask("suspension", until=until)
    desk.at = city("2026-11-18T09:50")
    case = desk.answer("granted", "request.approve")
    assert (case.suspended, case.suspended_until) == (True, until)
    assert clocks.instants(case.clocks) == (None, None), "no lamp while nothing runs"
    case = requests.resume(case, bare.doing(desk.known, desk.flow, until))
    assert not case.suspended
    # two hours were used; ten are left, and the morning has two
    assert due(case)["assignment"] == city("2026-11-24T12:00")
    with pytest.raises(Impossible, match="not_suspended"):
        requests.resume(case, desk.doing())


def test_a_suspension_longer_than_the_level_may_grant_or_without_end_climbs() -> None:
    desk = Desk(flow_of("suspension", FOREMAN, CHIEF))
    desk.ask("suspension")
    assert desk.refused("answer", "granted", "request.answer")[0] == "beyond_level"
    desk.case = replace(desk.case, requests=[])
    desk.ask("suspension", until=city("2026-11-19T09:00"))
    assert desk.answer("granted", "request.answer").suspended


def test_a_granted_void_ends_the_case() -> None:
    desk = Desk(flow_of("void", CHIEF))
    desk.ask("void")
    case = desk.answer("granted", "request.approve")
    assert (case.state, case.ending, case.requests[0].state) == ("void", "void", "granted")
    assert due(case) == {}


def test_granted_help_opens_assignments_that_closing_waits_for() -> None:
    desk = Desk(flow_of("help", CHIEF))
    desk.ask("help", targets=[Target("water", "main", "关阀", Limit(2, "work_hour"))])
    case = desk.answer("granted", "request.approve")
    [_, helping] = case.assignments
    assert (helping.org, helping.kind, helping.requirement) == ("water", "help", "关阀")
    assert [c.due_at for c in case.clocks if c.owner == helping.id] == [city("2026-11-18T11:10")]


def test_a_rule_may_say_where_the_case_goes() -> None:
    desk = Desk(flow_of("return", CHIEF, to="filed"))
    desk.ask("return")
    assert desk.answer("granted", "request.approve").state == "filed"


def test_only_the_org_that_asked_takes_it_back() -> None:
    desk = Desk(flow_of("extension", CHIEF))
    [request] = desk.ask("extension", limit=DAY).requests
    order = bare.order(desk.case, request=request.id)
    with pytest.raises(Impossible, match="not_asker"):
        requests.withdraw(desk.case, order, desk.doing("water"))
    [request] = requests.withdraw(desk.case, order, desk.doing("works")).requests
    assert (request.state, request.ended_at) == ("withdrawn", desk.at)


def test_a_request_about_work_that_is_done_is_withdrawn() -> None:
    desk = Desk(flow_of("extension", CHIEF))
    [given] = desk.ask("extension", limit=DAY).assignments
    assert requests.settle(desk.case, desk.at).requests[0].state == "open"
    done = replace(desk.case, assignments=[replace(given, state="answered")])
    assert requests.settle(done, desk.at).requests[0].state == "withdrawn"


@pytest.mark.parametrize(
    ("kind", "given", "code", "field"),
    [
        ("extension", {"limit": DAY, "reason": " "}, "required", "payload.reason"),
        ("extension", {}, "required", "payload.limit"),
        ("extension", {"limit": DAY, "assignment": uuid4()}, "unknown_assignment", None),
        ("return", {"org": "water"}, "unknown_assignment", "payload.assignment"),
        ("suspension", {"until": START}, "in_the_past", "payload.until"),
        ("help", {"targets": []}, "required", "payload.targets"),
    ],
)
def test_what_cannot_be_asked_names_the_field(
    kind: RequestKind, given: dict[str, Any], code: str, field: str | None
) -> None:
    desk = Desk(flow_of(kind, CHIEF))
    found = desk.refused("ask", kind, **given)
    assert found == (code, field or "payload.assignment")


def test_asking_twice_or_for_a_deadline_that_stays_past_is_refused() -> None:
    desk = Desk(flow_of("extension", CHIEF))
    desk.ask("extension", limit=DAY)
    assert desk.refused("ask", "extension", limit=DAY) == ("already_asked", "payload.action")
    late = Desk(flow_of("extension", CHIEF))
    late.at = city("2026-11-25T09:00")
    assert late.refused("ask", "extension", limit=DAY) == ("in_the_past", "payload.limit")
    assert late.ask("extension", limit=Limit(5, "work_day")).requests[0].state == "open"


def test_nothing_to_extend_is_said() -> None:
    desk = Desk(flow_of("extension", CHIEF))
    desk.case = entering.enter(desk.case, "void", desk.doing())
    assert desk.refused("ask", "extension", limit=DAY) == ("no_clock", "payload.limit")
