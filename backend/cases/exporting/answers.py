"""A filled form as lines of text. Whatever its form calls personal is left out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.cases.exporting.words import Names, moment
from backend.catalogue.expressions import as_text
from backend.catalogue.form import Field, Group, Item, Repeat

HIDDEN = "(个人信息,不导出)"


def lines(items: Sequence[Item], answers: Mapping[str, Any], names: Names) -> Iterator[str]:
    """`label:answer` of everything answered, in the form's order."""
    for item in items:
        value = answers.get(item.name)
        if value is None:
            continue
        if isinstance(item, Group):
            yield from lines(item.items, value, names)
        elif isinstance(item, Repeat):
            for number, row in enumerate(value, 1):
                said = ",".join(lines(item.items, row, names))
                yield f"{item.label} {number}:{said}"
        elif item.kind != "note":
            yield f"{item.label}:{HIDDEN if item.personal else _said(item, value, names)}"


def _said(field: Field, value: Any, names: Names) -> str:
    options = {option.code: option.name for option in field.choices}
    if options:
        codes = value if isinstance(value, list) else [value]
        between = " / " if field.kind == "cascade" else "、"
        return between.join(options.get(code, str(code)) for code in codes)
    say: dict[str, Callable[[], str]] = {
        "photo": lambda: f"{len(value)} 张照片",
        "audio": lambda: f"{len(value)} 段录音",
        "file": lambda: f"{len(value)} 个附件",
        "datetime": lambda: moment(datetime.fromisoformat(value)),
        "position": lambda: f"{value['longitude']:.6f}, {value['latitude']:.6f}",
        "person": lambda: names.user(UUID(value)),
        "org": lambda: names.org(value),
    }
    if field.kind in say:
        return say[field.kind]()
    return as_text(float(value)) if isinstance(value, int) else as_text(value)
