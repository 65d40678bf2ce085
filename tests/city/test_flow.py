"""A flow is only taken when no case can get stuck in it; errors name the state or action."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.catalogue.importing.flows import read_flow
from backend.core.sheets.findings import Findings
from tests.city.small import FLOW

Break = Callable[[dict[str, Any]], None]


def _action(flow: dict[str, Any], code: str) -> dict[str, Any]:
    return next(action for action in flow["actions"] if action["code"] == code)


def _drop(code: str) -> Break:
    return lambda flow: flow["actions"].remove(_action(flow, code))


def _set(code: str, **changes: Any) -> Break:
    return lambda flow: _action(flow, code).update(changes)


CASES: list[tuple[Break, str, str]] = [
    (_set("accept", to="acepted"), "动作 accept", "acepted"),
    (_set("accept", states=["nowhere"]), "动作 accept", "nowhere"),
    (_set("accept", states=["closed"]), "动作 accept", "closed"),
    (_set("accept", permission="case.acept"), "动作 accept", "case.acept"),
    (_set("accept", permission=None), "动作 accept", "谁都可以做"),
    (_set("answer_check", to_by_verdict={"passed": "checked"}), "动作 answer_check", "passed"),
    (_set("answer_check", effects_by_verdict={"fine": []}), "动作 answer_check", "fine"),
    (_drop("dispatch"), "状态 dispatched", "没有动作到达它"),
    (lambda flow: flow.update(initial="begin"), "initial", "begin"),
    (lambda flow: flow["boxes"][0]["states"].append("gone"), "箱 to_accept", "gone"),
    (lambda flow: flow["states"].append(flow["states"][0]), "states", "reported"),
]


@pytest.mark.parametrize(("break_it", "column", "found"), CASES)
def test_the_fault_is_named(tmp_path: Path, break_it: Break, column: str, found: str) -> None:
    flow = copy.deepcopy(json.loads(FLOW.read_text(encoding="utf-8")))
    break_it(flow)
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    findings = Findings()
    assert read_flow(path, findings) is None
    assert (column, found) in {(f.column, f.found) for f in findings.sorted()}


def test_the_city_management_flow_is_right() -> None:
    findings = Findings()
    assert read_flow(FLOW, findings) is not None
    assert not findings


def test_a_state_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    flow = json.loads(FLOW.read_text(encoding="utf-8"))
    _action(flow, "void")["states"].remove("checked")
    flow["actions"].remove(_action(flow, "close"))
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    findings = Findings()
    assert read_flow(path, findings) is None
    assert ("状态 checked", "走不到任何办结状态") in {
        (f.column, f.found) for f in findings.sorted()
    }
