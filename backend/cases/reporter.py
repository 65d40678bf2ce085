"""Outside reporters: sealed, masked for everyone, unmasked only with the right and a reason."""

import msgspec

from backend.cases.structs import Case, Outside
from backend.core.actor import Actor
from backend.core.errors import not_found
from backend.core.noting import Subject, note_unmasking
from offline import sealed
from offline.ports import Connection
from offline.sealed import Cipher

MOBILE = 11
"""Digits of a mobile number; a shorter one would lose its secret with seven of them shown."""


def masked(person: Outside) -> Outside:
    """王**, 138****5678 and ******78: enough to tell callers apart, not enough to call them."""
    name, phone = person.name, person.phone
    head, tail = (3, 4) if phone and len(phone) >= MOBILE else (0, 2)
    return Outside(
        name=name[0] + "*" * (len(name) - 1) if name else None,
        phone=phone[:head] + "*" * (len(phone) - head - tail) + phone[-tail:] if phone else None,
    )


def found_by(person: Outside) -> str | None:
    """What a reporter can be looked up by."""
    return dialled(person.phone) if person.phone else None


def dialled(phone: str) -> str:
    """A number's digits, however it is written; +86 is left out."""
    digits = "".join(filter(str.isdecimal, phone))
    return digits[2:] if len(digits) == MOBILE + 2 and digits.startswith("86") else digits


async def reporter_of(conn: Connection, cipher: Cipher, case: Case) -> Outside | None:
    """The first report's outside reporter, if it had one and the value has not been erased."""
    reference = case.reports[0].reporter
    value = await sealed.read(conn, cipher, reference) if reference else None
    return msgspec.json.decode(value, type=Outside) if value else None


async def reveal(
    conn: Connection, cipher: Cipher, actor: Actor, case: Case, reason: str
) -> Outside:
    """The reporter unmasked; who looked, when and why is journalled. Raises Problem 404."""
    person = await reporter_of(conn, cipher, case)
    if person is None:
        raise not_found("举报人")
    about = Subject("case", case.id, case.version)
    reporter = str(case.reports[0].reporter)
    await note_unmasking(conn, cipher, actor, about, reason, reporter=reporter)
    return person
