"""A filled form worked out: what is visible, and every value.

Twin: shared-schemas/rules/forms.ts.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping
from typing import Any

from backend.catalogue.expressions import as_text, evaluate, holds, is_empty
from backend.catalogue.form import Answers, Field, Group, Item
from backend.catalogue.forms.kinds import UNANSWERED, References, kind_fault, tidied
from backend.catalogue.forms.order import Step, ordered

_NOTHING = References()
_EXACT = 2**53


class Frame:
    """The whole form, or one row of a repeat: what was answered in it, and what that comes to."""

    def __init__(self, raw: Mapping[str, Any], around: ChainMap[str, Any]) -> None:
        self.raw = raw
        self.values: dict[str, Any] = {}
        self.scope = around.new_child(self.values)
        self.hidden: set[str] = set()
        self.groups: dict[str, Mapping[str, Any]] = {}
        self.rows: dict[str, list[Frame]] = {}
        self.outer: list[Frame] = []

    def holder(self, groups: tuple[str, ...]) -> Mapping[str, Any]:
        """Where the answers of items within those groups lie."""
        return self.groups[groups[-1]] if groups else self.raw


def work_out(items: Iterable[Item], answers: Answers, context: Mapping[str, Any]) -> Frame:
    """The form as it stands. Answers that are hidden or of a wrong kind count as not given."""
    root = Frame(answers, ChainMap(dict(context)))
    frames: dict[str | None, list[Frame]] = {None: [root]}
    for step in ordered(items):
        for frame in frames.get(step.repeat, []):
            opened = _take(step, frame)
            frames.setdefault(step.item.name, []).extend(opened)
    return root


def _take(step: Step, frame: Frame) -> list[Frame]:
    """Works one item out in one frame; the rows when that opens some."""
    item = step.item
    if step.closing:
        frame.values[item.name] = [row.values for row in frame.rows[item.name]]
        return []
    shown = frame.hidden.isdisjoint(step.groups) and (
        item.visible == "" or holds(item.visible, frame.scope)
    )
    if not shown:
        frame.hidden.add(item.name)
    raw = frame.holder(step.groups).get(item.name) if shown else None
    if isinstance(item, Field):
        _keep(item, raw, frame, shown=shown)
        return []
    if isinstance(item, Group):
        frame.groups[item.name] = raw if isinstance(raw, dict) else {}
        return []
    rows = [Frame(row, frame.scope) for row in rows_of(raw)]
    for row in rows:
        row.outer = [frame, *frame.outer]
    frame.rows[item.name] = rows
    return rows


def rows_of(raw: Any) -> list[Mapping[str, Any]]:
    """The rows of a repeat's answer; a row of a wrong kind is empty."""
    return [row if isinstance(row, dict) else {} for row in raw] if isinstance(raw, list) else []


def _keep(field: Field, raw: Any, frame: Frame, *, shown: bool) -> None:
    value: Any = ""
    if shown and field.kind == "calculated":
        value = _calculated(field, frame.scope)
    elif shown and field.kind not in UNANSWERED:
        given = tidied(raw)
        if not is_empty(given) and kind_fault(field, given, _NOTHING) is None:
            value = given
    frame.values[field.name] = value
    if not is_empty(value):
        for outer in frame.outer:
            outer.values.setdefault(field.name, []).append(value)


def _calculated(field: Field, scope: Mapping[str, Any]) -> Any:
    value = evaluate(field.calculation, scope)
    if isinstance(value, list | dict):
        return as_text(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value
