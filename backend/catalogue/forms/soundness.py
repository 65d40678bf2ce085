"""Whether a form can be filled at all: checked once, when a city loads it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

from msgspec import Struct

from backend.catalogue.expressions import NOW, ExpressionError, names, parse
from backend.catalogue.form import Field, Group, Item, Option, Repeat
from backend.catalogue.forms.kinds import MEDIA, UNANSWERED
from backend.catalogue.forms.order import Circle, ordered

MOST_ITEMS = 200
MOST_NESTED = 4
MOST_ROWS = 200
MOST_LEVELS = 8  # of a cascade

EXPRESSIONS = ("required", "visible", "constraint", "default", "calculation")
_WITH_CHOICES = ("choice", "choices", "cascade")
_WITH_LIMITS = ("text", "number", "choices", *MEDIA)


class Defect(Struct, frozen=True):
    """What is wrong with one item: `part` names its attribute as in Field; `item` is empty when it
    is the form as a whole.
    """

    item: str
    part: str
    found: str
    expected: str


def defects(items: Iterable[Item], context: Collection[str]) -> list[Defect]:
    """Everything wrong with a form whose expressions may also read `context`."""
    everything = list(_flat(items, 0))
    found = [*_whole(everything), *_naming([item for item, _ in everything], context)]
    for item, _ in everything:
        found += _item(item)
    if any(defect.part in EXPRESSIONS for defect in found):
        return found
    inside = {item.name: item for item, _ in everything}
    for item, _ in everything:
        found += _reading(item, inside, context)
    if not found:
        try:
            ordered(items)
        except Circle as circle:
            expected = "计算和显示条件不能互相引用"
            found.append(Defect(circle.names[0], "calculation", str(circle), expected))
    return found


def _flat(items: Iterable[Item], depth: int) -> Iterator[tuple[Item, int]]:
    for item in items:
        yield item, depth
        if not isinstance(item, Field):
            yield from _flat(item.items, depth + 1)


def _whole(everything: list[tuple[Item, int]]) -> Iterator[Defect]:
    if not 0 < len(everything) <= MOST_ITEMS:
        yield Defect("", "items", str(len(everything)), f"1 到 {MOST_ITEMS} 项")
    for item, depth in everything:
        if depth == MOST_NESTED:
            yield Defect(item.name, "items", "套得太深", f"最多套 {MOST_NESTED} 层")


def _naming(items: list[Item], context: Collection[str]) -> Iterator[Defect]:
    counts = Counter(item.name for item in items)
    for name, count in counts.items():
        if count > 1:
            yield Defect(name, "name", name, f"名称在整张表单里只用一次,现有 {count} 处")
        if name in context or name == NOW:
            yield Defect(name, "name", name, "另取一个名称:案件条件里已有这个名称")


def _item(item: Item) -> Iterator[Defect]:
    if not item.label.strip():
        yield Defect(item.name, "label", item.label, "不能为空")
    if not isinstance(item, Field):
        if not item.items:
            yield Defect(item.name, "items", "", "至少一项")
        if isinstance(item, Repeat) and not 0 <= item.minimum <= item.maximum <= MOST_ROWS:
            found = f"{item.minimum}–{item.maximum}"
            yield Defect(item.name, "maximum", found, f"最少不超过最多,最多 {MOST_ROWS}")
    else:
        for check in (_choices, _limits, _parts):
            yield from check(item)
    for part, text in _written(item):
        try:
            parse(text)
        except ExpressionError as error:
            expected = f"第 {error.position + 1} 字起：{error.message}"
            yield Defect(item.name, part, text, expected)


def _written(item: Item) -> Iterator[tuple[str, str]]:
    for part in EXPRESSIONS:
        text: str = getattr(item, part, "")
        if text:
            yield part, text


def _choices(field: Field) -> Iterator[Defect]:
    if field.kind not in _WITH_CHOICES:
        if field.choices:
            yield Defect(field.name, "choices", field.choices[0].name, "只有选择题有选项")
        return
    if not field.choices:
        yield Defect(field.name, "choices", "", "至少一个选项")
    counts = Counter(option.code for option in field.choices)
    for code, count in counts.items():
        if count > 1:
            yield Defect(field.name, "choices", code, "每个选项编码只写一次")
    parents = {option.code: option.parent for option in field.choices}
    for option in field.choices:
        yield from _option(field, option, parents)


def _option(field: Field, option: Option, parents: dict[str, str | None]) -> Iterator[Defect]:
    if not option.name.strip():
        yield Defect(field.name, "choices", option.code, "选项要有名称")
    if option.parent is None:
        return
    if field.kind != "cascade":
        yield Defect(field.name, "choices", option.parent, "只有级联题的选项有上级")
    elif option.parent not in parents:
        yield Defect(field.name, "choices", option.parent, "本题里有的选项")
    else:
        above: str | None = option.code
        for _ in range(MOST_LEVELS):
            above = parents.get(above) if above is not None else None
        if above is not None:
            yield Defect(field.name, "choices", option.code, f"上级不成环,最多 {MOST_LEVELS} 级")


def _limits(field: Field) -> Iterator[Defect]:
    low, high = field.minimum, field.maximum
    if field.kind not in _WITH_LIMITS:
        if low is not None or high is not None:
            yield Defect(field.name, "maximum", str(high or low), "这类题没有最小最大")
    elif low is not None and high is not None and low > high:
        yield Defect(field.name, "maximum", str(high), f"不小于最小 {low}")


_ONLY: dict[str, tuple[Callable[[Field], bool], str]] = {
    "calculation": (lambda field: field.kind == "calculated", "只有计算题写计算"),
    "required": (lambda field: field.kind not in UNANSWERED, "说明和计算题不用填"),
    "constraint": (lambda field: field.kind not in UNANSWERED, "说明和计算题不用填"),
    "default": (
        lambda field: field.kind in ("text", "number", "datetime", "choice"),
        "文字、数字、日期时间和单选题才有默认",
    ),
    "multiline": (lambda field: field.kind == "text", "只有文字题分多行"),
}


def _parts(field: Field) -> Iterator[Defect]:
    for part, (fits, expected) in _ONLY.items():
        if getattr(field, part) and not fits(field):
            yield Defect(field.name, part, str(getattr(field, part)), expected)
    if field.kind == "calculated" and not field.calculation:
        yield Defect(field.name, "calculation", "", "计算题要写怎样计算")


def _reading(item: Item, inside: dict[str, Item], context: Collection[str]) -> Iterator[Defect]:
    for part, text in _written(item):
        for path in sorted(names(text)):
            expected = _unreadable(path, inside, context)
            if expected:
                yield Defect(item.name, part, f"${{{path}}}", expected)


def _unreadable(path: str, inside: dict[str, Item], context: Collection[str]) -> str:
    """Why nothing can be read there; empty when something can."""
    first, *rest = path.split("/")
    item = inside.get(first)
    if item is None:
        return "" if first in context and not rest else "本表单的名称,或案件条件里有的名称"
    if isinstance(item, Group) or (isinstance(item, Field) and item.kind == "note"):
        return "分组和说明没有值,请写里面的名称"
    if isinstance(item, Repeat):
        within = {each.name for each, _ in _flat(item.items, 0)}
        return "" if set(rest) <= within else "重复组里有的名称"
    return "" if not rest else "斜杠只用于重复组,如 ${people/age}"
