"""The ways through a flow: every state is reached, and from every open one an ending."""

from collections.abc import Iterator

from backend.catalogue.flow import Flow
from backend.catalogue.importing.flow_faults import Fault, targets_of


def dead_ends(flow: Flow) -> Iterator[Fault]:
    """States that no report reaches, and open states from which no ending can be reached. Every
    code named must be a state's.
    """
    onward: dict[str, set[str]] = {state.code: set() for state in flow.states}
    for action in flow.actions:
        for code in action.states:
            onward[code].update(targets_of(action, flow))
    for state in flow.states:
        itself = [state.entry_to, *(timer.to for timer in state.timers)]
        onward[state.code].update(code for code in itself if code is not None)
    reached = _closure({flow.initial, flow.initial_self_handled, "merged"}, onward)
    backward: dict[str, set[str]] = {code: set() for code in onward}
    for code, nexts in onward.items():
        for following in nexts:
            backward[following].add(code)
    endings = {state.code for state in flow.states if state.ending}
    ending = _closure(endings - {"merged"}, backward)
    for state in flow.states:
        if state.code not in reached:
            yield f"状态 {state.code}", "没有动作到达它", "能从上报走到,或删去这个状态"
        if not state.ending and state.code not in ending:
            yield f"状态 {state.code}", "走不到任何办结状态", "有动作通向办结"


def _closure(start: set[str], onward: dict[str, set[str]]) -> set[str]:
    seen, waiting = set(start), list(start)
    while waiting:
        new = onward[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen
