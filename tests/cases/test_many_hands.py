"""Many hands: several orgs at once, the closing right that climbs, rework, forced ends."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from backend.cases.rules.checks import available
from backend.cases.rules.context import context
from backend.cases.rules.doing import Fit
from backend.cases.structs import Amendment, Target
from backend.catalogue.flow import Flow, Limit
from tests.cases.city import photo
from tests.cases.stage import CATEGORY, WORKER, Stage, person


def _action(code: str, states: list[str], **given: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "states": states} | given


def _input(name: str, **given: Any) -> dict[str, Any]:
    return {"name": name, "label": name} | given


WHEREVER = ["new", "at_work", "review"]
FLOW = msgspec.convert(
    {
        "code": "test",
        "name": "测试",
        "version": 1,
        "initial": "new",
        "initial_self_handled": "new",
        "closer": "raiser",
        "states": [
            {"code": "new", "name": "新", "stage": "reported"},
            {"code": "at_work", "name": "处置中", "stage": "dispatched", "assignment_clock": True},
            {
                "code": "review",
                "name": "待核查",
                "stage": "handled",
                "limit": {"value": 30, "unit": "work_minute"},
                "entry": "open_check_task",
                "entry_to": "checking",
            },
            {"code": "checking", "name": "核查中", "stage": "handled"},
            {"code": "closed", "name": "已结案", "stage": "closed", "ending": "closed"},
            {"code": "void", "name": "已作废", "stage": "reported", "ending": "void"},
            {"code": "merged", "name": "已并案", "stage": "reported", "ending": "merged"},
        ],
        "actions": [
            _action(
                "file",
                ["new"],
                inputs=[_input("standard", required=True)],
                effects=["choose_standard"],
            ),
            _action(
                "correct",
                WHEREVER,
                party=["closer"],
                effects=["correct"],
                inputs=[_input("amendment"), _input("standard")],
            ),
            _action(
                "assign",
                ["new", "at_work"],
                to="at_work",
                party=["closer", "assignee"],
                effects=["assign"],
                inputs=[_input("targets", required=True)],
            ),
            _action(
                "pass_down",
                ["at_work"],
                party=["assignee"],
                effects=["assign"],
                inputs=[_input("targets", within=["children"])],
            ),
            _action(
                "sideways",
                ["at_work"],
                party=["assignee"],
                effects=["assign"],
                inputs=[_input("targets", within=["siblings"])],
            ),
            _action("sign", ["at_work"], party=["assignee"], effects=["sign_assignment"]),
            _action(
                "take_back",
                ["at_work"],
                effects=["withdraw_assignment"],
                inputs=[_input("assignment", required=True)],
            ),
            _action(
                "handle",
                ["at_work"],
                party=["assignee"],
                effects=["answer_assignment"],
                inputs=[_input("media", media_role="after", minimum=1)],
                branches=[{"when": "${open_parts} = 0", "to": "review"}],
            ),
            _action(
                "check",
                ["checking"],
                task="check",
                to_by_verdict={"passed": "review"},
                branches=[
                    {
                        "when": "${verdict} = 'failed'",
                        "to": "at_work",
                        "effects": ["reopen_assignments"],
                    }
                ],
                inputs=[
                    _input(
                        "verdict",
                        required=True,
                        choices=[
                            {"code": "passed", "name": "好"},
                            {"code": "failed", "name": "不好"},
                        ],
                    )
                ],
            ),
            _action(
                "close",
                ["at_work", "review"],
                to="closed",
                party=["closer"],
                when="${open_parts} = 0",
            ),
            _action(
                "force",
                ["at_work"],
                to="closed",
                party=["closer"],
                effects=["settle_assignments"],
                inputs=[_input("reason", required=True)],
            ),
            _action(
                "report_up",
                WHEREVER,
                party=["closer"],
                effects=["report_up"],
                inputs=[_input("closing_org")],
            ),
            _action(
                "hand_down",
                WHEREVER,
                party=["closer"],
                effects=["hand_down"],
                inputs=[_input("org")],
            ),
            _action("void", WHEREVER, to="void", party=["raiser"]),
            _action(
                "own",
                WHEREVER,
                permission="case.own",
                effects=["set_owners"],
                inputs=[_input("people")],
            ),
            _action(
                "label",
                [*WHEREVER, "closed"],
                permission="case.mark",
                after_end=True,
                effects=["set_labels"],
                inputs=[_input("labels")],
            ),
            _action(
                "call_back",
                ["closed"],
                permission="case.call_back",
                after_end=True,
                when="${call_back} = 'wanted'",
                effects=["call_back"],
                inputs=[
                    _input(
                        "verdict",
                        required=True,
                        choices=[
                            {"code": "satisfied", "name": "满意"},
                            {
                                "code": "unsatisfied",
                                "name": "不满意",
                                "reasons": ["太慢", "没修好"],
                            },
                            {"code": "unreached", "name": "未接通"},
                        ],
                    )
                ],
            ),
        ],
        "boxes": [],
    },
    Flow,
)
HOUR = Limit(1, "work_hour")
CLOSER = person("village")
ROAD, SEWER, TOWN = person("cz"), person("hb"), person("town")
AFTER = [photo("after")]


def two_at_work() -> Stage:
    stage = Stage(FLOW, workers=[Fit(WORKER)])
    stage.act(CLOSER, "file", standard=1)
    targets = [
        Target("cz", requirement="修井盖", limit=HOUR),
        Target("hb", "assist", "清淤", Limit(2, "work_day"), [photo("evidence")]),
        Target("sz", "copy"),
    ]
    stage.act(CLOSER, "assign", targets=targets)
    return stage


def test_each_org_gets_its_own_words_limit_clock_and_attachments() -> None:
    case = two_at_work().case
    road, sewer, _ = case.assignments
    assert (road.requirement, sewer.requirement) == ("修井盖", "清淤")
    assert [photo.role for photo in sewer.media] == ["evidence"]
    clocks = {clock.owner: clock for clock in case.clocks if clock.owner}
    assert set(clocks) == {road.id, sewer.id}, "whoever only gets a copy has no clock"
    assert clocks[road.id].limit == HOUR
    assert clocks[road.id].due_at < clocks[sewer.id].due_at
    assert {a.by_org for a in case.assignments} == {"village"}
    assert case.steps[-1].orgs == ["cz", "hb", "sz"]
    assert sewer.media[0] in case.steps[-1].media, "the timeline shows what was attached"


def test_closing_waits_for_all_main_and_helpers_but_not_for_copies() -> None:
    stage = two_at_work()
    assert stage.refused(CLOSER, "close") == [("not_yet", "payload.action")]
    half = stage.act(ROAD, "handle", media=AFTER)
    assert half.state == "at_work"
    assert [a.state for a in half.assignments] == ["answered", "open", "open"]
    assert stage.refused(ROAD, "handle", media=AFTER) == [("part_ended", "payload.action")]
    done = stage.act(SEWER, "handle", media=AFTER)
    assert done.state == "checking"
    assert [clock.name for clock in done.clocks if clock.stopped_at is None] == ["whole"]


def test_only_the_giver_takes_an_assignment_back() -> None:
    stage = two_at_work()
    road = stage.case.assignments[0].id
    assert stage.refused(SEWER, "take_back", assignment=road) == [
        ("not_giver", "payload.assignment")
    ]
    case = stage.act(CLOSER, "take_back", assignment=road)
    assert case.assignments[0].state == "withdrawn"
    assert case.steps[-1].orgs == ["cz"]
    assert all(clock.stopped_at for clock in case.clocks if clock.owner == road)
    assert stage.refused(CLOSER, "take_back", assignment=road)[0][0] == "not_open"


def test_who_signs_holds_the_part_and_nobody_signs_twice() -> None:
    stage = two_at_work()
    case = stage.act(ROAD, "sign")
    assert [a.holder for a in case.assignments] == [ROAD.user, None, None]
    assert stage.refused(person("cz"), "sign")[0][0] == "already_signed"


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ([Target("cz")], ("already_assigned", "payload.targets[0].org")),
        ([Target("town"), Target("town", "copy")], ("duplicate_target", "payload.targets[1].org")),
        ([Target("town"), Target("nowhere")], ("unknown_org", "payload.targets[1].org")),
        ([], ("required", "payload.targets")),
        (
            [Target("town", limit=Limit(100_000, "work_day"))],
            ("limit_too_long", "payload.targets[0].limit"),
        ),
    ],
)
def test_a_wrong_target_is_named(targets: list[Target], reason: tuple[str, str]) -> None:
    assert two_at_work().refused(CLOSER, "assign", targets=targets) == [reason]


@pytest.mark.parametrize(
    ("action", "org", "reason"),
    [
        ("pass_down", "village", None),
        ("pass_down", "hb", "outside_hierarchy"),
        ("sideways", "town2", None),
        ("sideways", "village", "outside_hierarchy"),
    ],
)
def test_targets_stay_within_the_hierarchy(action: str, org: str, reason: str | None) -> None:
    stage = two_at_work()
    stage.act(CLOSER, "assign", targets=[Target("town")])
    if reason is None:
        given = stage.act(TOWN, action, targets=[Target(org)])
        assert given.assignments[-1].by_org == "town"
    else:
        expected = [(reason, "payload.targets[0].org")]
        assert stage.refused(TOWN, action, targets=[Target(org)]) == expected


def test_the_closing_right_climbs_and_comes_down_one_level_at_a_time() -> None:
    stage = two_at_work()
    assert stage.refused(CLOSER, "report_up", closing_org="centre") == [
        ("level_skipped", "payload.closing_org")
    ]
    up = stage.act(CLOSER, "report_up", closing_org="town")
    assert (up.closing_org, up.former_closers) == ("town", ["village"])
    assert up.steps[-1].orgs == ["town"]
    assert stage.refused(CLOSER, "force", reason="等不及") == [("part_ended", "payload.action")]
    top = stage.act(TOWN, "report_up")
    assert top.closing_org == "centre"
    centre = person("centre")
    assert stage.refused(centre, "report_up")[0][0] == "no_superior"
    assert stage.refused(centre, "hand_down", org="village") == [("level_skipped", "payload.org")]
    assert stage.refused(TOWN, "hand_down", org="village") == [("part_ended", "payload.action")]
    down = stage.act(centre, "hand_down", org="town")
    assert (down.closing_org, down.former_closers) == ("town", ["village", "centre"])
    assert stage.refused(TOWN, "hand_down", org="hb") == [("outside_hierarchy", "payload.org")]


def test_rework_opens_the_parts_again_with_fresh_clocks_and_counts() -> None:
    stage = two_at_work()
    stage.act(ROAD, "handle", media=AFTER)
    stage.act(SEWER, "handle", media=AFTER)
    worker = person("village", user=WORKER)
    once = stage.act(worker, "check", verdict="failed")
    assert (once.state, once.failed_checks) == ("at_work", 1)
    assert [(a.state, a.failed_checks) for a in once.assignments] == [
        ("open", 1),
        ("open", 1),
        ("open", 0),
    ]
    running = [c for c in once.clocks if c.owner and c.stopped_at is None]
    assert {c.started_at for c in running} == {once.changed_at}
    stage.act(ROAD, "handle", media=AFTER)
    stage.act(SEWER, "handle", media=AFTER)
    twice = stage.act(worker, "check", verdict="failed")
    told = twice.steps[-1]
    assert (told.action, told.user, told.orgs) == ("failed_again", None, ["cz", "hb"])
    assert twice.steps[-2].to_state == "at_work"


def test_forced_closure_needs_a_reason_and_withdraws_what_is_open() -> None:
    stage = two_at_work()
    assert stage.refused(CLOSER, "force") == [("required", "payload.reason")]
    assert stage.refused(SEWER, "force", reason="x") == [("part_ended", "payload.action")]
    closed = stage.act(CLOSER, "force", reason="责任单位已撤销")
    assert closed.ending == "closed"
    assert {a.state for a in closed.assignments} == {"withdrawn"}
    assert closed.steps[-1].opinion == "责任单位已撤销"
    assert all(clock.stopped_at for clock in closed.clocks)


def test_only_who_raised_it_voids_it() -> None:
    stage = two_at_work()
    assert stage.refused(CLOSER, "void")[0][0] in ("forbidden", "part_ended")
    assert stage.act(person("village", user=WORKER), "void").ending == "void"


def test_owners_must_be_in_office_and_labels_must_hold_here() -> None:
    stage = two_at_work()
    leader, stranger = uuid4(), uuid4()
    stage.staff, stage.labels = {leader}, {"flood"}
    office = person("centre", "case.own", "case.mark")
    assert stage.refused(office, "own", people=[leader, stranger]) == [
        ("unknown_person", "payload.people[1]")
    ]
    assert stage.act(office, "own", people=[leader, leader]).owners == [leader]
    assert stage.refused(office, "label", labels=["flood", "old"]) == [
        ("unknown_label", "payload.labels[1]")
    ]
    assert stage.act(office, "label", labels=["flood"]).labels == ["flood"]
    assert stage.act(office, "label", labels=[]).labels == []


def test_a_correction_recounts_the_whole_limit_from_filing_on() -> None:
    stage = two_at_work()
    before = next(c for c in stage.case.clocks if c.name == "whole")
    amendment = Amendment(address="站前路 14 号")
    after = stage.act(CLOSER, "correct", standard=2, amendment=amendment)
    whole = next(c for c in after.clocks if c.name == "whole")
    assert (after.standard, after.address) == (2, "站前路 14 号")
    assert (whole.started_at, whole.limit) == (before.started_at, Limit(1, "work_day"))
    assert whole.due_at > before.due_at
    assert stage.refused(CLOSER, "correct", standard=9) == [
        ("unknown_standard", "payload.standard")
    ]


def test_reporters_who_wish_are_called_back_with_a_reason_from_the_list() -> None:
    stage = Stage(FLOW, source="hotline", call_back=True, media=[])
    stage.act(CLOSER, "assign", targets=[Target("cz")])
    closed = stage.act(CLOSER, "force", reason="重复")
    assert closed.call_back is not None
    assert closed.call_back.state == "wanted"
    clerk = person("centre", "case.call_back")
    assert stage.refused(clerk, "call_back", verdict="unsatisfied", reason="其他") == [
        ("not_a_choice", "payload.reason")
    ]
    again = stage.act(clerk, "call_back", verdict="unreached")
    assert again.call_back is not None
    assert again.call_back.state == "wanted"
    done = stage.act(clerk, "call_back", verdict="unsatisfied", reason="太慢").call_back
    assert done is not None
    assert (done.state, done.satisfied, done.reason) == ("done", False, "太慢")
    assert stage.refused(clerk, "call_back", verdict="satisfied") == [("not_yet", "payload.action")]


def test_a_workers_own_report_needs_no_call_back() -> None:
    stage = Stage(FLOW, call_back=True)
    stage.act(CLOSER, "assign", targets=[Target("cz")])
    closed = stage.act(CLOSER, "force", reason="重复")
    assert closed.call_back is not None
    assert closed.call_back.state == "unwanted"


@pytest.mark.parametrize(
    ("rules", "busy", "chosen"),
    [
        (None, (3, 0), "reporter"),
        (["fewest_open"], (3, 0), "other"),
        (["fewest_open"], (1, 1), None),
        ([], (3, 0), None),
    ],
)
def test_who_checks_follows_the_citys_rules_when_several_fit(
    rules: list[str] | None, busy: tuple[int, int], chosen: str | None
) -> None:
    other = uuid4()
    settings = {} if rules is None else {"check_rules": rules}
    stage = Stage(FLOW, workers=[Fit(WORKER, busy[0]), Fit(other, busy[1])], settings=settings)
    stage.act(CLOSER, "assign", targets=[Target("cz")])
    case = stage.act(ROAD, "handle", media=AFTER)
    assert case.state == ("checking" if chosen else "review")
    names = {WORKER: "reporter", other: "other"}
    assert [names[t.user] for t in case.tasks if t.user] == ([chosen] if chosen else [])


def test_a_category_that_says_so_is_dispatched_by_the_matrix_as_soon_as_it_is_filed() -> None:
    states = [
        msgspec.structs.replace(
            state, entry="dispatch", entry_when="${auto_dispatch}", entry_to="at_work"
        )
        if state.code == "new"
        else state
        for state in FLOW.states
    ]
    flow = msgspec.structs.replace(FLOW, states=states)
    by_hand = Stage(flow).case
    assert (by_hand.state, by_hand.assignments) == ("new", [])
    automatic = msgspec.structs.replace(CATEGORY, auto_dispatch=True)
    case = Stage(flow, automatic).case
    assert case.state == "at_work"
    (assignment,) = case.assignments
    assert (assignment.org, assignment.by_org, assignment.by_user) == ("cz", "village", None)
    assert [(s.action, s.user is None) for s in case.steps] == [
        ("report", False),
        ("dispatch", True),
    ]


def test_sensitive_words_mark_a_case_when_reported_and_when_corrected() -> None:
    stage = Stage(FLOW, settings={"sensitive_keywords": ["上访"]})
    assert not stage.case.sensitive
    after = stage.act(CLOSER, "correct", amendment=Amendment(description="居民准备上访"))
    assert after.sensitive


def test_what_is_offered_is_what_is_taken() -> None:
    stage = two_at_work()
    known = context(stage.case, stage.doing(CLOSER, stage.case))
    offered = {a.code for a in available(FLOW, stage.case, CLOSER, known)}
    assert "close" not in offered
    assert {"assign", "force", "report_up"} <= offered
