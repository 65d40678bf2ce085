"""Whether a filled form may be taken, and what of it is kept. Twin: shared-schemas/rules/forms.ts.

The form must be sound (backend/catalogue/forms/soundness.py); whatever the answers, nothing raises.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.catalogue.expressions import as_text, holds, is_empty
from backend.catalogue.form import Answers, Field, Group, Item, Repeat
from backend.catalogue.forms.filling import Frame, work_out
from backend.catalogue.forms.kinds import UNANSWERED, References, kind_fault, tidied
from offline.wire import Reason

MOST_VALUES = 2000
"""Values, rows and groups of one filled form, all told."""


def faults(
    items: Sequence[Item],
    answers: Answers,
    context: Mapping[str, Any],
    references: References | None = None,
    path: str = "payload.answers",
) -> list[Reason]:
    """Everything wrong with the answers, in the form's order, each with the path of its field.

    context: what expressions may read besides the answers, `now` among it (RFC 3339 text).
    """
    if _values(answers) > MOST_VALUES:
        return [Reason("too_large", f"填写内容太多：最多 {MOST_VALUES} 项", path)]
    check = _Check(references or References())
    return list(check.items(items, answers, work_out(items, answers, context), path, ""))


def clean(items: Sequence[Item], answers: Answers, context: Mapping[str, Any]) -> Answers:
    """What is stored: visible answers without blanks, and calculated values worked out here."""
    return _kept(items, work_out(items, answers, context))


def _values(answers: Answers) -> int:
    count = 0
    waiting: list[Any] = [answers]
    while waiting and count <= MOST_VALUES:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return count


def _kept(items: Sequence[Item], frame: Frame) -> Answers:
    kept: Answers = {}
    for item in items:
        if item.name in frame.hidden:
            continue
        value: Any
        if isinstance(item, Group):
            value = _kept(item.items, frame)
        elif isinstance(item, Repeat):
            value = [_kept(item.items, row) for row in frame.rows[item.name]]
        else:
            value = frame.values[item.name]
        if not is_empty(value) and value != {}:
            kept[item.name] = value
    return kept


class _Check:
    """Walks a form beside what was answered."""

    def __init__(self, references: References) -> None:
        self.references = references

    def items(
        self, items: Sequence[Item], raw: Mapping[str, Any], frame: Frame, path: str, where: str
    ) -> Iterator[Reason]:
        """`where` tells people which row is meant."""
        known = {item.name for item in items}
        for name in raw:
            if name not in known:
                message = f"表单里没有“{name[:32]}”这一项"
                yield Reason("unknown_field", message, f"{path}.{name[:32]}")
        for item in items:
            if item.name not in frame.hidden:
                yield from self._item(item, raw.get(item.name), frame, f"{path}.{item.name}", where)

    def _item(
        self, item: Item, given: Any, frame: Frame, path: str, where: str
    ) -> Iterator[Reason]:
        if isinstance(item, Repeat):
            yield from self._repeat(item, given, frame, path, where)
        elif isinstance(item, Group):
            if given is not None and not isinstance(given, dict):
                yield Reason("wrong_kind", f"{where}“{item.label}”的内容不对", path)
            else:
                yield from self.items(item.items, given or {}, frame, path, where)
        elif item.kind not in UNANSWERED:
            fault = self._field(item, tidied(given), frame)
            if fault is not None:
                yield Reason(fault[0], f"{where}“{item.label}”{fault[1]}", path)

    def _field(self, field: Field, value: Any, frame: Frame) -> tuple[str, str] | None:
        if is_empty(value):
            if field.required and holds(field.required, frame.scope):
                return "required", "还没有填"
            return None
        fault = kind_fault(field, value, self.references)
        if fault is None and field.constraint:
            own = frame.scope.new_child({".": value})
            if not holds(field.constraint, own):
                return "constraint", f"：{field.constraint_message or '不符合要求'}"
        return fault

    def _repeat(
        self, repeat: Repeat, given: Any, frame: Frame, path: str, where: str
    ) -> Iterator[Reason]:
        rows = frame.rows[repeat.name]
        whole = given is None or (
            isinstance(given, list) and all(isinstance(row, dict) for row in given)
        )
        if not whole:
            yield Reason("wrong_kind", f"{where}“{repeat.label}”的内容不对", path)
            return
        if len(rows) < repeat.minimum:
            least = as_text(float(repeat.minimum))
            yield Reason("too_small", f"{where}“{repeat.label}”至少 {least} 项", path)
        if len(rows) > repeat.maximum:
            most = as_text(float(repeat.maximum))
            yield Reason("too_large", f"{where}“{repeat.label}”最多 {most} 项", path)
        for n, row in enumerate(rows):
            within = f"{where}{repeat.label}第 {n + 1} 项"
            yield from self.items(repeat.items, row.raw, row, f"{path}[{n}]", within)
