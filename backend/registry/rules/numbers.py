"""Resident identity numbers (公民身份号码), GB 11643-1999. The TypeScript twin is `idNumber.ts`."""

from datetime import date
from typing import Literal

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
"""ISO 7064 MOD 11-2: the character for each remainder."""
PROVINCES = frozenset(
    f"{number}"
    for first, last in (
        (11, 15),
        (21, 23),
        (31, 37),
        (41, 46),
        (50, 54),
        (61, 65),
        (71, 71),
        (81, 83),
    )
    for number in range(first, last + 1)
)
"""GB/T 2260; 83 stands for Taiwan in residence permits."""

NumberFault = Literal["length", "character", "birth_date", "check_digit", "area_code"]


def number_fault(number: str, today: date) -> NumberFault | None:
    """What is wrong with a number, or None. A number keeps the area of its first registration, so
    only the province is looked at.
    """
    if not set(number) <= set("0123456789X"):
        return "character"
    if len(number) != 18:
        return "length"
    if "X" in number[:17]:
        return "character"
    born = birth_of(number)
    if born is None or born > today:
        return "birth_date"
    if check_digit(number[:17]) != number[17]:
        return "check_digit"
    return None if number[:2] in PROVINCES else "area_code"


def check_digit(first: str) -> str:
    """The last character for the first seventeen."""
    return CHECK[sum(w * int(d) for w, d in zip(WEIGHTS, first, strict=True)) % 11]


def birth_of(number: str) -> date | None:
    """The birth date in an 18-character number, or None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_of(number: str) -> Literal["1", "2"]:
    """The sex in an 18-character number, GB/T 2261.1: odd is male."""
    return "1" if int(number[16]) % 2 else "2"
