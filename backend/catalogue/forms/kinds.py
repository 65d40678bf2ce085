"""What one answer may be, by the kind of its field. Twin: shared-schemas/rules/formKinds.ts."""

import re
from collections.abc import Callable, Collection
from typing import Any

import msgspec
from msgspec import Struct

from backend.catalogue.expressions import as_text, moment
from backend.catalogue.form import Field
from backend.core.position import Position

MOST_CHARACTERS = 2000
MOST_MEDIA = 9
LARGEST = 1e15
"""Beyond it a double no longer tells one whole number from the next."""
UNANSWERED = ("note", "calculated")
MEDIA = ("photo", "audio", "file")

Fault = tuple[str, str]
"""(code, what is wrong: a sentence that follows the field's name)."""


class References(Struct, frozen=True):
    """What answers may name: ids of the command's media with role `form`, codes of orgs, ids of
    users. None: not known here, and not checked.
    """

    media: Collection[str] | None = None
    orgs: Collection[str] | None = None
    people: Collection[str] | None = None


def tidied(value: Any) -> Any:
    """A text without the blanks around it; null and what holds nothing as empty text."""
    if isinstance(value, str):
        return value.strip(" \t\r\n\u3000")
    return "" if value is None or value == [] else value


def kind_fault(field: Field, value: Any, references: References) -> Fault | None:
    """Why a tidied answer that is not empty does not fit its field; None when it does."""
    return _CHECKS[field.kind](field, value, references)


def _text(field: Field, value: Any, _: References) -> Fault | None:
    if not isinstance(value, str):
        return "wrong_kind", "应填文字"
    most = min(MOST_CHARACTERS, field.maximum or MOST_CHARACTERS)
    if len(value) > most:
        return "too_large", f"最多 {as_text(float(most))} 字"
    if field.minimum is not None and len(value) < field.minimum:
        return "too_small", f"至少 {as_text(field.minimum)} 字"
    return None


def _number(field: Field, value: Any, _: References) -> Fault | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        return "wrong_kind", "应填数字"
    if field.minimum is not None and value < field.minimum:
        return "too_small", f"不能小于 {as_text(field.minimum)}"
    if field.maximum is not None and value > field.maximum:
        return "too_large", f"不能大于 {as_text(field.maximum)}"
    return None


def _datetime(_field: Field, value: Any, _: References) -> Fault | None:
    if not isinstance(value, str) or moment(value) is None:
        return "wrong_kind", "应填日期和时间"
    return None


def _choice(field: Field, value: Any, _: References) -> Fault | None:
    known = isinstance(value, str) and value in _codes(field)
    return None if known else ("not_a_choice", "请从列表中选择")


def _choices(field: Field, value: Any, _: References) -> Fault | None:
    if not _distinct(value) or not set(value) <= _codes(field):
        return "not_a_choice", "请从列表中选择"
    return _how_many(field, value, None, "项")


def _cascade(field: Field, value: Any, _: References) -> Fault | None:
    parents = {option.code: option.parent for option in field.choices}
    before = None
    for code in value if _distinct(value) else [None]:
        if code not in parents or parents[code] != before:
            return "not_a_choice", "请从列表中选择"
        before = code
    if before in parents.values():
        return "not_a_choice", "请选到最后一级"
    return None


def _media(field: Field, value: Any, references: References) -> Fault | None:
    if not _distinct(value):
        return "wrong_kind", "应是附件"
    if references.media is not None and not set(value) <= set(references.media):
        return "unknown_media", "有附件没有随本次提交，请重新添加"
    return _how_many(field, value, MOST_MEDIA, "个")


def _position(_field: Field, value: Any, _: References) -> Fault | None:
    fits = isinstance(value, dict) and value.keys() <= set(Position.__struct_fields__)
    try:
        msgspec.convert(value, Position)
    except msgspec.ValidationError:
        fits = False
    return None if fits else ("wrong_kind", "应是一个位置")


def _person(_field: Field, value: Any, references: References) -> Fault | None:
    return _named(value, _UUID, references.people, "没有这个人员，请重新选择")


def _org(_field: Field, value: Any, references: References) -> Fault | None:
    return _named(value, _ANY, references.orgs, "没有这个单位，请重新选择")


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANY = re.compile(r"[^\n]{1,64}")


def _named(
    value: Any, shape: re.Pattern[str], among: Collection[str] | None, message: str
) -> Fault | None:
    fits = isinstance(value, str) and shape.fullmatch(value) is not None
    return None if fits and (among is None or value in among) else ("unknown_reference", message)


def _codes(field: Field) -> set[Any]:
    return {option.code for option in field.choices}


def _distinct(value: Any) -> bool:
    """A list of texts, none of them twice."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return False
    return len(set(value)) == len(value)


def _how_many(field: Field, value: list[Any], most: int | None, unit: str) -> Fault | None:
    maximum = field.maximum if field.maximum is not None else most
    if maximum is not None and len(value) > maximum:
        return "too_large", f"最多 {as_text(float(maximum))} {unit}"
    if field.minimum is not None and len(value) < field.minimum:
        return "too_small", f"至少 {as_text(field.minimum)} {unit}"
    return None


_CHECKS: dict[str, Callable[[Field, Any, References], Fault | None]] = {
    "text": _text,
    "number": _number,
    "datetime": _datetime,
    "choice": _choice,
    "choices": _choices,
    "cascade": _cascade,
    "photo": _media,
    "audio": _media,
    "file": _media,
    "position": _position,
    "person": _person,
    "org": _org,
}
