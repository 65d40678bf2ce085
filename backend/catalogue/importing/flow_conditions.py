"""The conditions of a flow: each can be read, and speaks of what there is."""

from collections.abc import Iterable, Iterator

from backend.catalogue.expressions import ExpressionError, names, parse
from backend.catalogue.flow import CONDITION_NAMES, Flow
from backend.catalogue.form import Field, Form, Item
from backend.catalogue.forms.soundness import defects
from backend.catalogue.importing.flow_faults import Fault


def conditions(flow: Flow) -> Iterator[Fault]:
    """Conditions that cannot be read."""
    for column, text in _written(flow):
        try:
            parse(text)
        except ExpressionError as error:
            yield column, text, f"第 {error.position + 1} 字起:{error.message}"


def unanswerable(flow: Flow, forms: Iterable[Form]) -> Iterator[Fault]:
    """What a flow asks or reads that goes against the forms a report fills. Its conditions must be
    readable; they may speak of the case, of a form's answers and of those to actions' questions.
    """
    context = CONDITION_NAMES.union(*(_questions(form.items) for form in forms))
    for action in flow.actions:
        if action.items:
            for defect in defects(action.items, context):
                where = " 的 ".join(filter(None, (f"动作 {action.code}", defect.item)))
                yield where, defect.found, defect.expected
    known = context.union(*(_questions(action.items) for action in flow.actions))
    for column, text in _written(flow):
        for name in sorted(names(text)):
            if name.split("/")[0] not in known:
                expected = f"表单或动作里的一题,或 {'、'.join(sorted(CONDITION_NAMES))}"
                yield column, f"${{{name}}}", expected


def _written(flow: Flow) -> Iterator[tuple[str, str]]:
    for state in flow.states:
        if state.entry_when:
            yield f"状态 {state.code}", state.entry_when
        for timer in state.timers:
            if timer.when:
                yield f"状态 {state.code} 的定时 {timer.code}", timer.when
    for action in flow.actions:
        for text in (action.when, *(branch.when for branch in action.branches)):
            if text:
                yield f"动作 {action.code}", text


def _questions(items: Iterable[Item]) -> set[str]:
    """The names under which answers are kept, those within groups and repeats as well."""
    found: set[str] = set()
    for item in items:
        found.add(item.name)
        if not isinstance(item, Field):
            found |= _questions(item.items)
    return found
