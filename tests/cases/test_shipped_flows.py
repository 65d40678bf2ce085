"""The two flows that the demo city ships, walked by its people through the write path."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.cases.facts import CaseFact
from backend.cases.structs import Case, Target
from backend.catalogue.flow import Limit
from backend.catalogue.form import FormRef
from backend.core import database
from tests.cases.city import City, photo

TOWN, TOWN_OFFICER = "oh-001", "zs01"
COMMITTEE, COMMITTEE_OFFICER = "oh-001002", "cs01"
CENTRE, SHIFT_LEADER, DISPATCHER, COMMANDER, CLERK = "oh-zx", "zb01", "pq01", "zh01", "sl01"
BUILDING, FIRE = "oh-zj", "cz02"  # the housing bureau and its handler
POLICE, POLICEMAN = "oh-jj", "cz05"
TO_BUILDING = Target("oh-zj", "main", "检查并整改")


async def _raise(city: City, user: str = COMMITTEE_OFFICER, **given: Any) -> UUID:
    fields = {
        "category": "H0102",
        "description": "小区广场舞音量太大",
        "media": [],
        "position": await city.point_of("wg001"),
    }
    return await city.report(user, **(fields | given))


def _open(case: Case) -> dict[str, str]:
    return {each.org: each.kind for each in case.assignments if each.state == "open"}


async def test_an_event_is_assigned_to_several_and_closed_by_who_raised_it(city: City) -> None:
    event = await _raise(city, TOWN_OFFICER)
    targets = [TO_BUILDING, Target(POLICE, "assist", "维持秩序"), Target("oh-hb", "copy")]
    case = await city.act(TOWN_OFFICER, event, "assign", targets=targets)
    assert (case.flow, case.state) == ("event_hub", "in_handling")
    assert _open(case) == {BUILDING: "main", POLICE: "assist", "oh-hb": "copy"}
    case = await city.act(FIRE, event, "handle", opinion="已整改", media=[photo("after")])
    assert case.state == "in_handling"
    case = await city.act(POLICEMAN, event, "handle", opinion="秩序正常")
    assert case.state == "to_close"
    case = await city.act(TOWN_OFFICER, event, "rework", opinion="没有改好")
    assert (case.state, set(_open(case))) == ("in_handling", {BUILDING, POLICE, "oh-hb"})
    await city.act(FIRE, event, "handle", opinion="重做了")
    case = await city.act(POLICEMAN, event, "handle", opinion="又去了")
    assert case.state == "to_close"
    refused = await city.try_act(SHIFT_LEADER, event, "close", answers={"result": "solved"})
    assert refused.outcome == "rejected"
    case = await city.act(TOWN_OFFICER, event, "close", opinion="好", answers={"result": "solved"})
    assert (case.state, case.ending) == ("closed", "closed")


async def test_closing_asks_for_what_comes_next_when_not_all_is_solved(city: City) -> None:
    event = await _raise(city)
    await city.act(COMMITTEE_OFFICER, event, "handle_own", opinion="上门劝说")
    answers = {"result": "partly"}
    outcome = await city.try_act(COMMITTEE_OFFICER, event, "close", opinion="好", answers=answers)
    assert [reason.field for reason in outcome.reasons] == ["payload.answers.next_step"]
    answers["next_step"] = "每周回访一次"
    case = await city.act(COMMITTEE_OFFICER, event, "close", opinion="好", answers=answers)
    assert case.steps[-1].answers == answers


async def test_an_event_climbs_level_by_level_and_comes_back(city: City) -> None:
    event = await _raise(city)
    outcome = await city.try_act(
        COMMITTEE_OFFICER, event, "report_up", opinion="办不了", closing_org=CENTRE
    )
    assert outcome.reasons[0].code == "level_skipped"
    case = await city.act(COMMITTEE_OFFICER, event, "report_up", opinion="办不了")
    assert (case.state, case.closing_org) == ("passed_on", TOWN)
    # whoever gave the right up may look, and no more; the raiser can no longer void it
    for user, action in ((COMMITTEE_OFFICER, "report_up"), (COMMITTEE_OFFICER, "void")):
        outcome = await city.try_act(user, event, action, opinion="不行", reason="不行")
        assert outcome.outcome == "rejected"
    case = await city.act(TOWN_OFFICER, event, "report_up", opinion="也办不了")
    assert case.closing_org == CENTRE
    top = await city.try_act(SHIFT_LEADER, event, "report_up", opinion="再上报")
    assert top.outcome == "rejected"
    case = await city.act(SHIFT_LEADER, event, "hand_right", closing_org=TOWN, opinion="请街道牵头")
    assert (case.state, case.closing_org) == ("passed_on", TOWN)
    case = await city.act(TOWN_OFFICER, event, "handle_own", opinion="已处置")
    case = await city.act(
        TOWN_OFFICER, event, "close", opinion="好", answers={"result": "explained"}
    )
    assert case.ending == "closed"


async def test_the_closing_right_may_go_with_an_assignment(city: City) -> None:
    event = await _raise(city, TOWN_OFFICER)
    given = {"targets": [Target(COMMITTEE), TO_BUILDING], "closing_org": COMMITTEE}
    case = await city.act(TOWN_OFFICER, event, "assign", **given)
    assert case.closing_org == COMMITTEE
    again = {"targets": [Target(POLICE)], "closing_org": COMMITTEE}
    outcome = await city.try_act(FIRE, event, "assign", **again)
    assert (outcome.outcome, {r.field for r in outcome.reasons}) == (
        "rejected",
        {"payload.closing_org"},
    )


async def test_a_raiser_voids_only_what_nobody_has_in_hand(city: City) -> None:
    event = await _raise(city, TOWN_OFFICER)
    case = await city.act(TOWN_OFFICER, event, "assign", targets=[TO_BUILDING])
    assert (await city.try_act(TOWN_OFFICER, event, "void", reason="重复")).outcome == "rejected"
    assert (await city.try_act(FIRE, event, "void", reason="重复")).outcome == "rejected"
    other = await _raise(city, TOWN_OFFICER)
    assert (await city.act(TOWN_OFFICER, other, "void", reason="重复")).ending == "void"
    withdrawn = await city.act(
        TOWN_OFFICER, event, "withdraw", assignment=case.assignments[0].id, opinion="交办错了"
    )
    assert (withdrawn.state, _open(withdrawn)) == ("passed_on", {})


async def test_the_hub_reviews_by_who_assigned(city: City) -> None:
    event = await _raise(city, TOWN_OFFICER)
    case = await city.act(TOWN_OFFICER, event, "assign", targets=[TO_BUILDING])
    [clock] = [c for c in case.clocks if c.owner == case.assignments[0].id]
    case = await city.act(FIRE, event, "ask_extension", limit=Limit(2, "work_day"), reason="等配件")
    [request] = case.requests
    assert (request.state, request.answerer_org) == ("open", TOWN)
    assert (
        await city.try_act(
            SHIFT_LEADER, event, "answer_request", request=request.id, verdict="granted"
        )
    ).outcome == "rejected"
    case = await city.act(
        TOWN_OFFICER, event, "answer_request", request=request.id, verdict="granted"
    )
    [later] = [c for c in case.clocks if c.owner == case.assignments[0].id]
    assert later.due_at > clock.due_at
    case = await city.act(FIRE, event, "ask_help", targets=[Target(POLICE)], reason="需要封路")
    assert _open(case)[POLICE] == "help"
    case = await city.act(FIRE, event, "handle", opinion="已整改")
    assert case.state == "in_handling"  # the helper is still at work
    case = await city.act(POLICEMAN, event, "ask_return", reason="不属于本单位")
    returned = case.requests[-1].id
    case = await city.act(FIRE, event, "answer_request", request=returned, verdict="refused")
    assert _open(case) == {POLICE: "help"}
    case = await city.act(POLICEMAN, event, "handle", opinion="已封路")
    assert case.state == "to_close"


async def test_a_self_raised_event_is_extended_at_once(city: City) -> None:
    event = await _raise(city)
    before = (await city.case(event)).clocks[-1].due_at
    case = await city.act(
        COMMITTEE_OFFICER, event, "extend_own", limit=Limit(1, "work_day"), reason="人不在家"
    )
    assert case.requests[-1].state == "granted"
    assert case.clocks[-1].due_at > before


async def test_who_takes_an_event_over_has_no_more_time_for_it(city: City) -> None:
    event = await _raise(city)
    before = (await city.case(event)).clocks[-1].due_at
    case = await city.act(COMMITTEE_OFFICER, event, "report_up", opinion="办不了")
    assert [c.due_at for c in case.clocks if c.stopped_at is None] == [before]


@pytest.fixture
async def dispatched(city: City) -> UUID:
    """A case of the main line, given to two departments."""
    case = await city.report("wg001")
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    await city.act(
        DISPATCHER, case, "dispatch", targets=[TO_BUILDING, Target(POLICE, "assist", "维持交通")]
    )
    return case


async def test_a_long_extension_climbs_to_the_commander(city: City, dispatched: UUID) -> None:
    case = await city.act(
        FIRE, dispatched, "ask_extension", limit=Limit(8, "work_day"), reason="要停水施工"
    )
    [request] = case.requests
    for user, verdict in (
        (DISPATCHER, "passed_up"),
        (SHIFT_LEADER, "passed_up"),
        (COMMANDER, "granted"),
    ):
        if verdict == "passed_up":
            early = await city.try_act(
                user, dispatched, "answer_request", request=request.id, verdict="granted"
            )
            assert early.reasons[0].code == "beyond_level"
        case = await city.act(
            user, dispatched, "answer_request", request=request.id, verdict=verdict
        )
    assert [word.verdict for word in case.requests[0].words] == [
        "passed_up",
        "passed_up",
        "granted",
    ]
    assert case.requests[0].state == "granted"


async def test_when_all_give_it_back_the_case_is_to_be_dispatched_again(
    city: City, dispatched: UUID
) -> None:
    for user, state in ((FIRE, "dispatched"), (POLICEMAN, "filed")):
        case = await city.act(user, dispatched, "ask_return", reason="不归我们管")
        asked = case.requests[-1].id
        case = await city.act(
            DISPATCHER, dispatched, "answer_request", request=asked, verdict="granted"
        )
        assert case.state == state


async def test_a_second_failed_check_goes_to_coordination(city: City, dispatched: UUID) -> None:
    await city.act(POLICEMAN, dispatched, "handle", opinion="好了", media=[photo("after")])
    for state in ("filed", "coordinating"):
        await city.act(FIRE, dispatched, "handle", opinion="好了", media=[photo("after")])
        case = await city.answer(
            "wg001", dispatched, "answer_check", verdict="failed", media=[photo("evidence")]
        )
        assert case.state == state
        if state == "filed":
            await city.act(DISPATCHER, dispatched, "dispatch", targets=[TO_BUILDING])
    assert case.failed_checks == 2


async def test_what_a_category_says_of_its_check(city: City) -> None:
    """小广告 closes on photos, 流动摊贩 is checked next day, 爆管 dispatches itself."""
    found = {}
    for category in ("E0201", "E0401", "E0501"):
        case = await city.report("wg001", category=category)
        await city.act(CLERK, case, "accept")
        filed = await city.act(CLERK, case, "file", standard=1)
        if category == "E0501":
            found[category] = filed.state
            continue
        sent = await city.act(DISPATCHER, case, "dispatch")
        handler = await _handler(city, sent.assignments[0].org)
        done = await city.act(handler, case, "handle", opinion="好", media=[photo("after")])
        found[category] = done.state
    assert found == {"E0201": "checked", "E0401": "waiting_period", "E0501": "dispatched"}


async def _handler(city: City, org: str) -> str:
    for number in range(1, 25):
        if (await city.actor(f"cz{number:02}")).org == org:
            return f"cz{number:02}"
    raise AssertionError(org)


async def test_a_report_from_another_system_goes_to_the_hub(city: City) -> None:
    case = await city.case(await city.report("zb01", source="peer"))
    assert (case.flow, case.closing_org) == ("event_hub", CENTRE)


async def test_sensitive_words_mark_a_case(city: City) -> None:
    event = await _raise(city, description="有 20 多人聚　集在门口,要上 访")
    assert (await city.case(event)).sensitive
    assert not (await city.case(await _raise(city))).sensitive


DISPUTE: dict[str, Any] = {
    "dispute_kind": ["work", "wages"],
    "people": 12,
    "risk": "high",
    "signs": ["crowd"],
    "parties": [
        {"party_name": "某劳务公司", "party_role": "respondent"},
        {"party_name": "样谷雨", "party_role": "claimant", "party_phone": "0577-88880000"},
    ],
    "mediation": {"mediated": "no"},
}
HAZARD: dict[str, Any] = {
    "place_kind": "rented",
    "grade": "major",
    "danger": {"endangered": 9, "evacuated": 9},
    "hazards": [{"hazard_kind": "gas", "hazard_text": "软管老化"}],
    "ordered": "yes",
}


async def _fill(city: City, category: str, form: str, answers: dict[str, Any]) -> Any:
    return (
        await city.try_report(
            COMMITTEE_OFFICER,
            category=category,
            media=[],
            position=await city.point_of("wg001"),
            form=FormRef(form, 1),
            answers=answers,
        )
    )[0]


async def test_an_event_is_raised_with_its_form(city: City) -> None:
    outcome = await _fill(city, "H0101", "dispute", DISPUTE)
    assert outcome.outcome == "accepted", outcome.reasons
    wrong = DISPUTE | {"people": 1.5, "signs": [], "mediation": {"mediated": "yes"}}
    outcome = await _fill(city, "H0101", "dispute", wrong)
    assert {reason.field for reason in outcome.reasons} == {
        "payload.answers.people",
        "payload.answers.signs",
        "payload.answers.mediation.mediated_at",
    }


async def test_a_hazard_is_raised_with_a_photo_of_each(city: City) -> None:
    outcome = await _fill(city, "H0202", "hazard", HAZARD)
    assert [reason.field for reason in outcome.reasons] == [
        "payload.answers.hazards[0].hazard_photos"
    ]
    too_many = HAZARD | {"danger": {"endangered": 2, "evacuated": 9}}
    outcome = await _fill(city, "H0202", "hazard", too_many)
    assert "payload.answers.danger.evacuated" in {reason.field for reason in outcome.reasons}


async def test_the_ledger_says_how_grave_a_case_is_and_who_it_was_marked_for(city: City) -> None:
    event = await _raise(city)
    case = await city.act(SHIFT_LEADER, event, "set_severity", verdict="major", opinion="有人围观")
    assert case.severity == 2
    refused = await city.try_act(SHIFT_LEADER, event, "set_severity", verdict="enormous")
    assert [reason.field for reason in refused.reasons] == ["payload.verdict"]
    leader = (await city.actor("ld01")).user
    await city.act(SHIFT_LEADER, event, "set_labels", labels=["key"])
    await city.act(SHIFT_LEADER, event, "set_owners", people=[leader])
    async with database.connection() as conn:
        facts = await conn.fetchval(
            "select facts::text from journal where entity = $1 order by seq desc limit 1", event
        )
    said = msgspec.json.decode(facts, type=CaseFact)
    assert (said.severity, said.labels, said.owners) == (2, ["key"], [leader])
