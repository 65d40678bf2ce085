"""What is wrong with the parts of a flow, one by one and between each other."""

from collections.abc import Callable, Iterable, Iterator
from typing import get_args

from backend.catalogue.flow import (
    Action,
    Box,
    Effect,
    Flow,
    InputName,
    Limit,
    Party,
    RequestRule,
    Severity,
    State,
)
from backend.catalogue.worktime import LONGEST
from backend.directory.permissions import PERMISSIONS

Fault = tuple[str, str, str]
"""(state, action, box or request at fault, what is found, what would be right)."""

NEEDS: dict[Effect, tuple[InputName, ...]] = {
    "choose_standard": ("standard",),
    "correct": ("amendment",),
    "withdraw_assignment": ("assignment",),
    "ask": ("reason",),
    "answer_request": ("request", "verdict"),
    "withdraw_request": ("request",),
    "direct": ("opinion",),
    "answer_directive": ("directive",),
    "amend_report": ("amendment",),
    "set_owners": ("people",),
    "set_labels": ("labels",),
    "set_urgent": ("verdict",),
    "set_severity": ("verdict",),
    "call_back": ("verdict",),
}
"""What an effect works with, and so must be asked for."""

VERDICTS: dict[Effect, set[str]] = {
    "answer_request": {"granted", "refused", "passed_up"},
    "set_urgent": {"on", "off"},
    "set_severity": set(get_args(Severity)),
    "call_back": {"satisfied", "unsatisfied", "unreached"},
}
"""The answers that an effect understands."""

OF_PARTY: dict[Effect, set[Party]] = {
    "answer_assignment": {"main", "assignee"},
    "sign_assignment": {"main", "assignee", "copied"},
    "withdraw_assignment": {"assigner"},
    "report_up": {"closer"},
    "hand_down": {"closer"},
    "answer_request": {"answerer"},
    "withdraw_request": {"asker"},
    "answer_directive": {"directed"},
}
"""Effects that work on what is the actor's own: only they may take the action."""

TASKS: dict[str, str] = {
    "open_verify_task": "verify",
    "open_check_task": "check",
    "open_recollect_task": "recollect",
}


def faults(flow: Flow) -> Iterator[Fault]:
    """Every fault that shows without following the ways through the flow."""
    states = {state.code for state in flow.states}
    yield from _flow_faults(flow, states)
    for state in flow.states:
        yield from _state_faults(state, flow, states)
    for action in flow.actions:
        yield from _action_faults(action, flow, states)
        yield from _effect_faults(action, flow)
    for rule in flow.requests:
        yield from _request_faults(rule, flow, states)
    for box in flow.boxes:
        yield from _box_faults(box, states)


def effects_of(action: Action) -> list[Effect]:
    """Whatever an action may do."""
    return [
        *action.effects,
        *(effect for branch in action.branches for effect in branch.effects),
        *(effect for some in action.effects_by_verdict.values() for effect in some),
    ]


def targets_of(action: Action, flow: Flow) -> list[str]:
    """The states an action may lead to besides that where it starts."""
    granted = [rule.to for rule in flow.requests if _may_grant(action, rule)]
    found = [action.to, *(branch.to for branch in action.branches), *granted]
    return [*(code for code in found if code is not None), *action.to_by_verdict.values()]


def _may_grant(action: Action, rule: RequestRule) -> bool:
    if rule.levels:
        return "answer_request" in effects_of(action)
    return action.request == rule.kind


def _flow_faults(flow: Flow, states: set[str]) -> Iterator[Fault]:
    yield from _twice("states", (state.code for state in flow.states))
    yield from _twice("actions", (action.code for action in flow.actions))
    yield from _twice("boxes", (box.code for box in flow.boxes))
    yield from _twice("requests", (rule.kind for rule in flow.requests))
    ended = {state.code for state in flow.states if state.ending}
    for name, code in (
        ("initial", flow.initial),
        ("initial_self_handled", flow.initial_self_handled),
    ):
        if code not in states - ended:
            yield name, code, "states 里有的、未办结的状态"
    if [s.code for s in flow.states if s.ending == "merged"] != ["merged"]:
        yield "状态 merged", "没有", "一个 code 与 ending 都是 merged 的状态:并案后停在这里"
    if not 0 < flow.yellow_ratio <= 1:
        yield "yellow_ratio", str(flow.yellow_ratio), "0 到 1 之间"


def _limit_faults(name: str, limit: object) -> Iterator[Fault]:
    if isinstance(limit, Limit) and limit.value > LONGEST[limit.unit]:
        yield name, f"{limit.value} {limit.unit}", f"时限最长 {LONGEST[limit.unit]} {limit.unit}"


def _state_faults(state: State, flow: Flow, states: set[str]) -> Iterator[Fault]:
    name = f"状态 {state.code}"
    if (state.entry is None) != (state.entry_to is None):
        yield name, str(state.entry or state.entry_to), "entry 与 entry_to 都写"
    if state.entry is None and state.entry_when:
        yield name, state.entry_when, "有 entry 才写 entry_when"
    if state.entry_to is not None and state.entry_to not in states:
        yield name, state.entry_to, "states 里有的状态"
    if state.entry == "open_check_task":
        yield from _answerable(name, "check", [state.entry_to], flow)
    if state.ending and (state.limit or state.timers or state.entry or state.assignment_clock):
        yield name, "办结状态还有时限、定时或自动动作", "办结以后不再计时"
    yield from _limit_faults(name, state.limit)
    yield from _bundle_faults(name, state, flow)
    yield from _timer_faults(name, state, flow, states)


def _bundle_faults(name: str, state: State, flow: Flow) -> Iterator[Fault]:
    if (state.timing == "bundled") != (state.bundle is not None):
        yield name, state.bundle or "bundled", "timing 写 bundled,并写 bundle"
    if state.bundle is not None:
        if sum(other.bundle == state.bundle for other in flow.states) == 1:
            yield name, state.bundle, "至少两个状态写同一个 bundle"
        if state.limit is None:
            yield name, "没有 limit", "捆绑计时的每个状态都写 limit"


def _timer_faults(name: str, state: State, flow: Flow, states: set[str]) -> Iterator[Fault]:
    yield from _twice(name, (timer.code for timer in state.timers))
    for timer in state.timers:
        at = f"{name} 的定时 {timer.code}"
        yield from _limit_faults(at, timer.at)
        if timer.to is not None and timer.to not in states:
            yield at, timer.to, "states 里有的状态"
        if timer.effect == "open_check_task":
            yield from _answerable(at, "check", [timer.to or state.code], flow)


def _action_faults(action: Action, flow: Flow, states: set[str]) -> Iterator[Fault]:
    name = f"动作 {action.code}"
    yield from _way_faults(name, action, flow, states)
    if action.permission is None and action.task is None and not action.party:
        yield name, "谁都可以做", "写明 permission、task 或 party"
    if action.permission is not None and action.permission not in PERMISSIONS:
        yield name, action.permission, "一个已有的权限"
    yield from _twice(name, (each.name for each in action.inputs))
    yield from _verdict_faults(name, action)


def _way_faults(name: str, action: Action, flow: Flow, states: set[str]) -> Iterator[Fault]:
    """From where to where."""
    endings = {state.code for state in flow.states if state.ending}
    targets = targets_of(action, flow)
    for code in [*action.states, *targets]:
        if code not in states:
            yield name, code, "states 里有的状态"
    if not action.states:
        yield name, "没有 states", "至少一个可以做它的状态"
    for code in action.states:
        if code in endings and not action.after_end:
            yield name, code, "未办结的状态;办结以后也能做的写 after_end"
    if action.after_end and targets:
        yield name, targets[0], "after_end 的动作不改变状态"
    if action.to is not None and action.to_by_verdict:
        yield name, action.to, "to 与 to_by_verdict 只写一个"
    if any(not branch.when for branch in action.branches[:-1]):
        yield name, "后面的分支永远走不到", "没有 when 的分支写在最后"


def _verdict_faults(name: str, action: Action) -> Iterator[Fault]:
    asked = next((each for each in action.inputs if each.name == "verdict"), None)
    verdicts = {choice.code for choice in asked.choices} if asked else set()
    if asked and not verdicts:
        yield name, "verdict 没有选项", "写明 choices"
    if action.to_by_verdict and verdicts != set(action.to_by_verdict):
        yield name, "、".join(sorted(action.to_by_verdict)), "to_by_verdict 与 verdict 的选项一致"
    for verdict in action.effects_by_verdict.keys() - verdicts:
        yield name, verdict, "effects_by_verdict 里只用 verdict 的选项"
    for effect, understood in VERDICTS.items():
        if effect in effects_of(action) and verdicts and not verdicts <= understood:
            wrong = "、".join(sorted(verdicts - understood))
            yield name, wrong, f"{effect} 的选项只有 {'、'.join(sorted(understood))}"


def _effect_faults(action: Action, flow: Flow) -> Iterator[Fault]:
    name = f"动作 {action.code}"
    effects = effects_of(action)
    asked = {each.name for each in action.inputs}
    for effect in dict.fromkeys(effects):
        for needed in NEEDS.get(effect, ()):
            if needed not in asked:
                yield name, f"{effect} 没有问 {needed}", f"inputs 里写 {needed}"
        own = OF_PARTY.get(effect)
        if own is not None and not (action.party and set(action.party) <= own):
            yield name, effect, f"party 写 {'、'.join(sorted(own))}"
        if effect in TASKS:
            after = targets_of(action, flow) or action.states
            yield from _answerable(name, TASKS[effect], after, flow)
    if action.request is not None or "ask" in effects:
        yield from _asking_faults(name, action, asked, flow)
    if (action.directive is not None) != ("direct" in effects):
        yield name, action.directive or "direct", "directive 与 effects 里的 direct 都写"


def _asking_faults(name: str, action: Action, asked: set[InputName], flow: Flow) -> Iterator[Fault]:
    if action.request is None or "ask" not in effects_of(action):
        yield name, action.request or "ask", "request 与 effects 里的 ask 都写"
        return
    rule = next((rule for rule in flow.requests if rule.kind == action.request), None)
    if rule is None:
        yield name, action.request, "requests 里有这种申请怎么答复"
    needed: dict[str, InputName] = {"extension": "limit", "help": "targets"}
    if (what := needed.get(action.request)) is not None and what not in asked:
        yield name, f"{action.request} 没有问 {what}", f"inputs 里写 {what}"
    if rule is not None and rule.levels:
        answered = _states_of("answer_request", flow)
        for code in action.states:
            if code not in answered:
                yield name, code, "提出申请的状态里也能答复(有效果 answer_request 的动作)"


def _request_faults(rule: RequestRule, flow: Flow, states: set[str]) -> Iterator[Fault]:
    name = f"申请 {rule.kind}"
    for level in rule.levels:
        if level.permission not in PERMISSIONS:
            yield name, level.permission, "一个已有的权限"
        yield from _limit_faults(name, level.up_to)
        if level.up_to is not None and rule.kind != "extension":
            yield name, level.name, "只有延期的一级才写 up_to"
    if rule.levels and rule.levels[-1].up_to is not None:
        yield name, rule.levels[-1].name, "最后一级不写 up_to:再没有上一级可报"
    if rule.to is not None and rule.to not in states:
        yield name, rule.to, "states 里有的状态"
    if all(action.request != rule.kind for action in flow.actions):
        yield name, "没有动作提出它", "有 request 为它的动作,或删去"
    if rule.kind == "void" and rule.to not in {s.code for s in flow.states if s.ending == "void"}:
        yield name, rule.to or "没有 to", "to 写作废的办结状态"
    if rule.kind == "suspension" and not _states_of("resume", flow):
        yield name, "没有动作恢复办理", "有效果 resume 的动作"


def _box_faults(box: Box, states: set[str]) -> Iterator[Fault]:
    name = f"箱 {box.code}"
    for code in box.states:
        if code not in states:
            yield name, code, "states 里有的状态"
    if box.permission not in PERMISSIONS:
        yield name, box.permission, "一个已有的权限"


def _answerable(name: str, task: str, after: Iterable[str | None], flow: Flow) -> Iterator[Fault]:
    """A task must find an action that answers it in every state where it may stand open."""
    answered = _where(lambda action: action.task == task, flow)
    endings = {state.code for state in flow.states if state.ending}
    for code in after:
        if code is not None and code not in answered | endings:
            yield name, f"{task} 任务在状态 {code} 没有动作回复", f"有 task 为 {task} 的动作"


def _states_of(effect: Effect, flow: Flow) -> set[str]:
    return _where(lambda action: effect in effects_of(action), flow)


def _where(fits: Callable[[Action], bool], flow: Flow) -> set[str]:
    return {code for action in flow.actions if fits(action) for code in action.states}


def _twice(name: str, codes: Iterable[str]) -> Iterator[Fault]:
    listed = list(codes)
    for code in sorted({code for code in listed if listed.count(code) > 1}):
        yield name, code, "每个只写一次"
