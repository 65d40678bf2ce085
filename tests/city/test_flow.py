"""A flow is only taken when no case can get stuck in it; errors name the state or action."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.catalogue.form import Field, Form
from backend.catalogue.importing.flows import check_answers, read_flow
from backend.core.sheets.findings import Findings
from tests.city.small import FLOW

Break = Callable[[dict[str, Any]], None]
HUB = FLOW.with_name("flow-event-hub.json")


def _part(flow: dict[str, Any], kind: str, code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in flow[kind] if code in (each.get("code"), each.get("kind"))
    )
    return found


def _action(flow: dict[str, Any], code: str) -> dict[str, Any]:
    return _part(flow, "actions", code)


def _drop(code: str) -> Break:
    return lambda flow: flow["actions"].remove(_action(flow, code))


def _set(code: str, **changes: Any) -> Break:
    return lambda flow: _action(flow, code).update(changes)


def _state(code: str, **changes: Any) -> Break:
    return lambda flow: _part(flow, "states", code).update(changes)


def _rule(code: str, **changes: Any) -> Break:
    return lambda flow: _part(flow, "requests", code).update(changes)


def _without(code: str, name: str) -> Break:
    """The action no longer asks for this."""

    def broken(flow: dict[str, Any]) -> None:
        action = _action(flow, code)
        action["inputs"] = [each for each in action["inputs"] if each["name"] != name]

    return broken


def _timer(state: str, **changes: Any) -> Break:
    return lambda flow: _part(flow, "states", state)["timers"][0].update(changes)


def _unreached(flow: dict[str, Any]) -> None:
    flow["states"].append({"code": "limbo", "name": "无人到达", "stage": "filed"})
    _action(flow, "void")["states"].append("limbo")


def _stuck(flow: dict[str, Any]) -> None:
    flow["states"].append({"code": "limbo", "name": "进得来出不去", "stage": "filed"})
    _action(flow, "to_coordination")["to"] = "limbo"


CASES: dict[str, tuple[Break, str, str]] = {
    "a state that is not": (_set("accept", to="acepted"), "动作 accept", "acepted"),
    "a start that is not": (_set("accept", states=["nowhere"]), "动作 accept", "nowhere"),
    "an act after the end": (_set("accept", states=["closed"]), "动作 accept", "closed"),
    "a case that comes back": (_set("call_back", to="filed"), "动作 call_back", "filed"),
    "an unknown permission": (
        _set("accept", permission="case.acept"),
        "动作 accept",
        "case.acept",
    ),
    "anybody": (_set("accept", permission=None), "动作 accept", "谁都可以做"),
    "nowhere to start": (_set("accept", states=[]), "动作 accept", "没有 states"),
    "a verdict that leads nowhere": (
        _set("answer_check", to_by_verdict={"passed": "checked"}),
        "动作 answer_check",
        "passed",
    ),
    "effects of no verdict": (
        _set("answer_check", effects_by_verdict={"fine": []}),
        "动作 answer_check",
        "fine",
    ),
    "an initial state that is not": (lambda flow: flow.update(initial="begin"), "initial", "begin"),
    "ended from the start": (lambda flow: flow.update(initial="void"), "initial", "void"),
    "a state twice": (
        lambda flow: flow["states"].append(flow["states"][0]),
        "states",
        "reported",
    ),
    "no merged state": (
        lambda flow: flow["states"].remove(_part(flow, "states", "merged")),
        "状态 merged",
        "没有",
    ),
    "a box of no state": (
        lambda flow: flow["boxes"][0]["states"].append("gone"),
        "箱 to_accept",
        "gone",
    ),
    "a box of no permission": (
        lambda flow: flow["boxes"][0].update(permission="case.look"),
        "箱 to_accept",
        "case.look",
    ),
    "an unreached state": (_unreached, "状态 limbo", "没有动作到达它"),
    "a state without a way out": (_stuck, "状态 limbo", "走不到任何办结状态"),
    "an unknown party": (
        _set("handle", party=["boss"]),
        "动作 handle",
        "Invalid enum value 'boss' - at `$.actions[15].party[0]`",
    ),
    "a misspelt field": (_set("handle", permision="case.handle"), "动作 handle", "permision"),
    "a misspelt field of an input": (
        lambda flow: _action(flow, "handle")["inputs"][0].update(requierd=True),
        "动作 handle",
        "requierd",
    ),
    "a branch to no state": (
        _set("handle", branches=[{"when": "${check} = 'photo'", "to": "photographed"}]),
        "动作 handle",
        "photographed",
    ),
    "branches that never come": (
        _set("handle", branches=[{"to": "checked"}, {"when": "${urgent}", "to": "handled"}]),
        "动作 handle",
        "后面的分支永远走不到",
    ),
    "a condition that cannot be read": (
        _set("handle", when="not(${suspended}"),
        "动作 handle",
        "not(${suspended}",
    ),
    "an entry's condition that cannot be read": (
        _state("filed", entry_when="${auto_dispatch} and"),
        "状态 filed",
        "${auto_dispatch} and",
    ),
    "a timer's condition that cannot be read": (
        _timer("reported", when="${source} = public"),
        "状态 reported 的定时 not_accepted",
        "${source} = public",
    ),
    "an entry that leads nowhere": (
        _state("filed", entry_to=None),
        "状态 filed",
        "dispatch",
    ),
    "a timer that leads nowhere": (
        _timer("waiting_period", to="later"),
        "状态 waiting_period 的定时 same_period",
        "later",
    ),
    "a check that nobody can answer": (
        _timer("waiting_period", to="handled"),
        "状态 waiting_period 的定时 same_period",
        "check 任务在状态 handled 没有动作回复",
    ),
    "a verification that nobody can answer": (
        _set("verify", to="verified"),
        "动作 verify",
        "verify 任务在状态 verified 没有动作回复",
    ),
    "a clock after the end": (
        _state("closed", limit={"value": 1, "unit": "work_day"}),
        "状态 closed",
        "办结状态还有时限、定时或自动动作",
    ),
    "a bundle of one": (
        _state("checking", timing="bundled", bundle="checks"),
        "状态 checking",
        "checks",
    ),
    "bundled without a bundle": (_state("checking", timing="bundled"), "状态 checking", "bundled"),
    "a request without a rule": (
        lambda flow: flow["requests"].remove(_part(flow, "requests", "help")),
        "动作 ask_help",
        "help",
    ),
    "a request that nobody can answer": (
        _drop("answer_request"),
        "动作 ask_help",
        "dispatched",
    ),
    "a request that is not asked": (
        _set("ask_help", effects=[]),
        "动作 ask_help",
        "help",
    ),
    "an extension of unknown length": (
        _without("ask_extension", "limit"),
        "动作 ask_extension",
        "extension 没有问 limit",
    ),
    "a level of no permission": (
        _rule("help", levels=[{"name": "派遣员", "permission": "request.anwser"}]),
        "申请 help",
        "request.anwser",
    ),
    "a last level that may not grant all": (
        _rule(
            "extension",
            levels=[
                {
                    "name": "派遣员",
                    "permission": "request.answer",
                    "up_to": {"value": 1, "unit": "work_day"},
                }
            ],
        ),
        "申请 extension",
        "派遣员",
    ),
    "a void that ends nowhere": (_rule("void", to="filed"), "申请 void", "filed"),
    "a suspension without an end": (_drop("resume"), "申请 suspension", "没有动作恢复办理"),
    "a directive that is not given": (
        _set("supervise", directive=None),
        "动作 supervise",
        "direct",
    ),
    "an effect that is not asked for": (
        _without("file", "standard"),
        "动作 file",
        "choose_standard 没有问 standard",
    ),
    "others' assignments": (
        _set("handle", party=["closer"]),
        "动作 handle",
        "answer_assignment",
    ),
    "a limit that no calendar reaches": (
        _state("reported", limit={"value": 501, "unit": "work_day"}),
        "状态 reported",
        "501 work_day",
    ),
    "a timer that never runs out": (
        _timer("reported", at={"value": 5000, "unit": "work_hour"}),
        "状态 reported 的定时 not_accepted",
        "5000 work_hour",
    ),
    "an answer that is not understood": (
        lambda flow: _action(flow, "set_urgent")["inputs"][0]["choices"].append(
            {"code": "maybe", "name": "待定"}
        ),
        "动作 set_urgent",
        "maybe",
    ),
}


def _faults(flow: dict[str, Any], folder: Path) -> set[tuple[str, str]]:
    path = folder / "flow.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    findings = Findings()
    assert read_flow(path, findings) is None
    return {(finding.column, finding.found) for finding in findings.sorted()}


@pytest.mark.parametrize("name", CASES)
def test_the_fault_is_named(tmp_path: Path, name: str) -> None:
    break_it, column, found = CASES[name]
    flow = copy.deepcopy(json.loads(FLOW.read_text(encoding="utf-8")))
    break_it(flow)
    assert (column, found) in _faults(flow, tmp_path)


@pytest.mark.parametrize("path", [FLOW, HUB], ids=lambda path: path.stem)
def test_the_shipped_flows_are_right(path: Path) -> None:
    findings = Findings()
    file = read_flow(path, findings)
    assert file is not None
    check_answers(file, [], findings)
    assert not findings


def test_a_question_does_not_hide_what_a_case_already_says(tmp_path: Path) -> None:
    flow = json.loads(FLOW.read_text(encoding="utf-8"))
    _action(flow, "to_coordination")["items"][0].update(name="urgent", choices=[])
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    findings = Findings()
    file = read_flow(path, findings)
    assert file is not None
    check_answers(file, [], findings)
    assert {(f.column, f.found) for f in findings.sorted()} == {
        ("动作 to_coordination 的 urgent", "urgent"),
        ("动作 to_coordination 的 urgent", "空"),
    }


def test_a_condition_speaks_of_the_case_the_form_or_the_question_asked(tmp_path: Path) -> None:
    flow = json.loads(FLOW.read_text(encoding="utf-8"))
    _action(flow, "to_coordination")["branches"] = [
        {"when": "${issue} = 'ownership' and ${people} > 3 and ${poeple} > 3"}
    ]
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    findings = Findings()
    file = read_flow(path, findings)
    assert file is not None
    people = Field(name="people", label="人数", kind="number")
    check_answers(file, [Form(code="dispute", name="纠纷", version=1, items=[people])], findings)
    assert [(f.column, f.found) for f in findings.sorted()] == [
        ("动作 to_coordination", "${poeple}")
    ]
