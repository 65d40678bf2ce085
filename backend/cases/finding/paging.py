"""What lists share: the transaction they read in, and the place where a page ends."""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from backend.core import database
from backend.core.errors import Problem
from offline.ports import Connection
from offline.reading import EARLIEST, LATEST


class Place(Struct, frozen=True):
    """Of the last item of a page: newest first, by id within an instant."""

    at: Annotated[datetime, Meta(tz=True)]
    id: UUID


@asynccontextmanager
async def searching() -> AsyncIterator[Connection]:
    """A snapshot whose statements are planned for the very values asked for: what is quick for a
    rare word is slow for a common one. All that is read in it is of one instant.
    """
    async with database.snapshot() as conn:
        await conn.execute("set local plan_cache_mode = force_custom_plan; set local jit = off")
        yield conn


def storable(moment: datetime) -> datetime:
    """A moment asked for, within what a database can hold; no case is beyond."""
    return min(max(moment, EARLIEST), LATEST)


def write_place(at: datetime, id_: UUID) -> str:
    """For the next page's `after`."""
    return base64.urlsafe_b64encode(msgspec.json.encode(Place(at, id_))).decode()


def read_place(text: str) -> Place:
    """Raises Problem 400 `bad_cursor`."""
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(text), type=Place)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if not EARLIEST <= place.at < LATEST:
        raise _bad_cursor()
    return place


def _bad_cursor() -> Problem:
    return Problem(400, "bad_cursor", "翻页位置无效,请刷新列表", field="after")
