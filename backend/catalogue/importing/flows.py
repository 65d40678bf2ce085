"""A flow from JSON, checked so that no case can get stuck in it or fall out of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from backend.catalogue.flow import Action, Box, Flow, State
from backend.core.sheets.findings import Findings, Where
from backend.directory.permissions import PERMISSIONS


class FlowFile(Struct, frozen=True):
    """A flow and the file it came in."""

    where: Where
    flow: Flow


def read_flow(path: Path, findings: Findings) -> FlowFile | None:
    """The flow of a JSON file; None, with findings, when it cannot be used."""
    where = Where(path.name)
    try:
        flow = msgspec.json.decode(path.read_bytes(), type=Flow)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.add(where, "", error, "符合 Flow 结构的 JSON(见 docs 里的流程说明)")
        return None
    problems = list(_problems(flow))
    for column, found, expected in problems:
        findings.add(where, column, found, expected)
    return None if problems else FlowFile(where, flow)


def _problems(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """(state, action or box at fault, what is found, what would be right)."""
    states = {state.code for state in flow.states}
    actions = {action.code for action in flow.actions}
    if len(states) < len(flow.states):
        yield "states", _twice([s.code for s in flow.states]), "每个状态只写一次"
    if len(actions) < len(flow.actions):
        yield "actions", _twice([a.code for a in flow.actions]), "每个动作只写一次"
    for name in ("initial", "initial_self_handled"):
        if getattr(flow, name) not in states:
            yield name, getattr(flow, name), "states 里有的状态"
    for state in flow.states:
        yield from _state_problems(state, states)
    for action in flow.actions:
        yield from _action_problems(action, flow, states)
    for box in flow.boxes:
        yield from _box_problems(box, states)
    if _targets_known(flow, states):
        yield from _dead_ends(flow)


def _state_problems(state: State, states: set[str]) -> Iterator[tuple[str, str, str]]:
    name = f"状态 {state.code}"
    if (state.entry is None) != (state.entry_to is None):
        yield name, str(state.entry or state.entry_to), "entry 与 entry_to 都写"
    if state.entry_to is not None and state.entry_to not in states:
        yield name, state.entry_to, "states 里有的状态"


def _box_problems(box: Box, states: set[str]) -> Iterator[tuple[str, str, str]]:
    name = f"箱 {box.code}"
    for code in box.states:
        if code not in states:
            yield name, code, "states 里有的状态"
    if box.permission not in PERMISSIONS:
        yield name, box.permission, "一个已有的权限"


def _action_problems(
    action: Action, flow: Flow, states: set[str]
) -> Iterator[tuple[str, str, str]]:
    name = f"动作 {action.code}"
    endings = {state.code for state in flow.states if state.ending}
    for code in [*action.states, *_targets(action)]:
        if code not in states:
            yield name, code, "states 里有的状态"
    for code in action.states:
        if code in endings:
            yield name, code, "未办结的状态:办结以后不能再动"
    if action.permission is None and action.task is None and not action.party:
        yield name, "谁都可以做", "写明 permission、task 或 party"
    if action.permission is not None and action.permission not in PERMISSIONS:
        yield name, action.permission, "一个已有的权限"
    verdicts = {c.code for i in action.inputs if i.name == "verdict" for c in i.choices}
    if verdicts != set(action.to_by_verdict):
        yield name, "、".join(sorted(action.to_by_verdict)), "to_by_verdict 与 verdict 的选项一致"
    for verdict in action.effects_by_verdict.keys() - verdicts:
        yield name, verdict, "effects_by_verdict 里只用 verdict 的选项"
    if action.to is not None and action.to_by_verdict:
        yield name, action.to, "to 与 to_by_verdict 只写一个"


def _dead_ends(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """States that no report reaches, and open states from which no ending can be reached."""
    onward: dict[str, set[str]] = {state.code: set() for state in flow.states}
    for action in flow.actions:
        for code in action.states:
            onward[code].update(_targets(action))
    for state in flow.states:
        if state.entry_to is not None:
            onward[state.code].add(state.entry_to)
    reached = _closure({flow.initial, flow.initial_self_handled}, onward)
    backward: dict[str, set[str]] = {code: set() for code in onward}
    for code, nexts in onward.items():
        for following in nexts:
            backward[following].add(code)
    ending = _closure({state.code for state in flow.states if state.ending}, backward)
    for state in flow.states:
        if state.code not in reached:
            yield f"状态 {state.code}", "没有动作到达它", "能从上报走到,或删去这个状态"
        if state.code not in ending:
            yield f"状态 {state.code}", "走不到任何办结状态", "有动作通向办结"


def _closure(start: set[str], onward: dict[str, set[str]]) -> set[str]:
    seen, waiting = set(start), list(start)
    while waiting:
        new = onward[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def _targets(action: Action) -> list[str]:
    return [*([action.to] if action.to else []), *action.to_by_verdict.values()]


def _targets_known(flow: Flow, states: set[str]) -> bool:
    named = {flow.initial, flow.initial_self_handled}
    named |= {state.entry_to for state in flow.states if state.entry_to}
    for action in flow.actions:
        named |= {*action.states, *_targets(action)}
    return named <= states


def _twice(codes: list[str]) -> str:
    return "、".join(sorted({code for code in codes if codes.count(code) > 1}))
