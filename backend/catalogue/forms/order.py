"""In which order a form's items are worked out: whatever an item's visibility or calculation reads
comes before it. Twin: shared-schemas/rules/formOrder.ts.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from backend.catalogue.expressions import names
from backend.catalogue.form import Field, Group, Item, Repeat


class Step(Struct, frozen=True):
    """One item to work out in every row of `repeat`; null: once. `groups` are those around it
    within the row, outermost first. A repeat comes twice: to open its rows, and closing, when all
    in them is known.
    """

    item: Item
    repeat: str | None
    groups: tuple[str, ...]
    closing: bool = False


class Circle(ValueError):
    """Items that read each other; `names` in the order of reading."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(" → ".join([*names, names[0]]))
        self.names = names


def ordered(items: Iterable[Item]) -> list[Step]:
    """Every step after those it needs. Raises Circle, and ExpressionError."""
    steps = {_key(step): step for step in _steps(items, None, ())}
    needs = {key: _needs(step, steps) for key, step in steps.items()}
    users: dict[str, list[str]] = {key: [] for key in steps}
    for key, needed in needs.items():
        for each in needed:
            users[each].append(key)
    waiting = {key: len(needed) for key, needed in needs.items()}
    ready = deque(key for key, count in waiting.items() if count == 0)
    done: list[Step] = []
    while ready:
        key = ready.popleft()
        del waiting[key]
        done.append(steps[key])
        for user in users[key]:
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    if waiting:
        raise Circle(_circle({key: needs[key] & waiting.keys() for key in waiting}, steps))
    return done


def _key(step: Step) -> str:
    return f"{step.item.name}/" if step.closing else step.item.name


def _steps(items: Iterable[Item], repeat: str | None, groups: tuple[str, ...]) -> Iterator[Step]:
    for item in items:
        yield Step(item, repeat, groups)
        if isinstance(item, Group):
            yield from _steps(item.items, repeat, (*groups, item.name))
        elif isinstance(item, Repeat):
            yield from _steps(item.items, item.name, ())
            yield Step(item, repeat, groups, closing=True)


def _needs(step: Step, steps: dict[str, Step]) -> set[str]:
    item = step.item
    if step.closing:
        inside = {_key(each) for each in steps.values() if each.repeat == item.name}
        return inside | {item.name}
    needed = set(step.groups[-1:]) or ({step.repeat} if step.repeat else set())
    read = names(item.visible) if item.visible else set()
    if isinstance(item, Field) and item.calculation:
        read |= names(item.calculation)
    for path in read:
        first = path.split("/")[0]
        needed |= {f"{first}/"} & steps.keys() or {first} & steps.keys()
    return needed


def _circle(needs: dict[str, set[str]], steps: dict[str, Step]) -> list[str]:
    """One circle among steps that all wait for another of them."""
    walked: list[str] = []
    key = min(needs)
    while key not in walked:
        walked.append(key)
        key = min(needs[key])
    circle = walked[walked.index(key) :]
    return list(dict.fromkeys(steps[key].item.name for key in circle))
