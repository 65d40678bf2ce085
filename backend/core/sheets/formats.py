"""How values are written in cells: parse, show, and the hint a person gets when parsing fails."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

T = TypeVar("T")
Editor = Literal["text", "number", "date", "choice", "choices"]
_SEPARATORS = re.compile(r"[、,\uff0c;\uff1b\s]+")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,32}")


class Format(Struct, Generic[T], frozen=True):
    """`parse` raises ValueError for text that is not right; it never gets an empty text. `editor`
    is what a screen asks with; `names` are the values of a choice.
    """

    parse: Callable[[str], T]
    show: Callable[[T], str]
    hint: str
    editor: Editor = "text"
    names: tuple[str, ...] = ()


def _code(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    if not _CODE.fullmatch(plain):
        raise ValueError(text)
    return plain


def _codes(text: str) -> list[str]:
    return list(dict.fromkeys(_code(part) for part in _SEPARATORS.split(text) if part))


def _texts(text: str) -> list[str]:
    return list(dict.fromkeys(part for part in _SEPARATORS.split(text) if part))


def _day(text: str) -> date:
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    if not parts:
        raise ValueError(text)
    year, month, day = map(int, parts.groups())
    return date(year, month, day)


TEXT: Format[str] = Format(str, str, "文字")
CODE: Format[str] = Format(_code, str, "编码:1 到 32 个字母、数字或 _ . -")
CODES: Format[list[str]] = Format(_codes, "、".join, "一个或几个编码,用顿号隔开")
TEXTS: Format[list[str]] = Format(_texts, "、".join, "一个或几个词,用顿号隔开")
DAY: Format[date] = Format(_day, date.isoformat, "日期,如 2026-01-01", "date")


def choice(names: Mapping[str, T]) -> Format[T]:
    """One of some Chinese names, each standing for a value."""

    def parse(text: str) -> T:
        if text not in names:
            raise ValueError(text)
        return names[text]

    shown = {value: name for name, value in names.items()}
    return Format(parse, shown.__getitem__, "、".join(names) + " 之一", "choice", tuple(names))


FLAG: Format[bool] = choice({"是": True, "否": False})


def choices(names: Mapping[str, str]) -> Format[list[str]]:
    """Several of some Chinese names."""
    one = choice(names)
    return Format(
        lambda text: [one.parse(part) for part in _texts(text)],
        lambda values: "、".join(one.show(value) for value in values),
        f"{'、'.join(names)} 中的一个或几个,用顿号隔开",
        "choices",
        tuple(names),
    )


def whole(lowest: int, highest: int) -> Format[int]:
    """A whole number within bounds."""

    def parse(text: str) -> int:
        number = int(unicodedata.normalize("NFKC", text))
        if not lowest <= number <= highest:
            raise ValueError(text)
        return number

    return Format(parse, str, f"{lowest} 到 {highest} 的整数", "number")


class Column(Struct, frozen=True):
    """A column of a sheet: its header, how cells are written, a note, an example, and the title of
    the sheet whose codes it holds.

    A field with a default may be left empty in its cell, and its column may be absent.
    """

    header: str
    format: Format[Any]
    example: str = ""
    note: str = ""
    refers: str = ""
