"""The conditions of a flow: each can be read, and speaks of what there is."""

from collections.abc import Iterable, Iterator

from backend.catalogue.expressions import ExpressionError, names, parse
from backend.catalogue.flow import CONDITION_NAMES, Flow
from backend.catalogue.form import Field, Item
from backend.catalogue.importing.flow_faults import Fault


def conditions(flow: Flow) -> Iterator[Fault]:
    """Conditions that cannot be read, and questions whose names would hide a case's own."""
    for column, text in _written(flow):
        try:
            parse(text)
        except ExpressionError as error:
            yield column, text, f"第 {error.position + 1} 字起:{error.message}"
    for action in flow.actions:
        for name in sorted(question_names(action.items) & CONDITION_NAMES):
            yield f"动作 {action.code}", name, "另取一个名字:流程条件里已有这个名字"


def foreign_names(flow: Flow) -> Iterator[tuple[str, str]]:
    """(state or action, name) for what conditions read that is neither a case's nor asked by the
    flow's own actions. The conditions must be readable.
    """
    own = CONDITION_NAMES.union(*(question_names(action.items) for action in flow.actions))
    for column, text in _written(flow):
        for name in sorted(names(text)):
            if name.split("/")[0] not in own:
                yield column, name


def question_names(items: Iterable[Item]) -> set[str]:
    """The names under which answers are kept, those within groups and repeats as well."""
    found: set[str] = set()
    for item in items:
        found.add(item.name)
        if not isinstance(item, Field):
            found |= question_names(item.items)
    return found


def _written(flow: Flow) -> Iterator[tuple[str, str]]:
    for state in flow.states:
        name = f"状态 {state.code}"
        if state.entry_when:
            yield name, state.entry_when
        for timer in state.timers:
            if timer.when:
                yield f"{name} 的定时 {timer.code}", timer.when
    for action in flow.actions:
        name = f"动作 {action.code}"
        for text in (action.when, *(branch.when for branch in action.branches)):
            if text:
                yield name, text
        for text in _of_items(action.items):
            yield name, text


def _of_items(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Field):
            texts = [item.required, item.visible, item.constraint, item.default, item.calculation]
            yield from (text for text in texts if text)
        else:
            if item.visible:
                yield item.visible
            yield from _of_items(item.items)
