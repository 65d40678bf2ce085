"""Lists and maps of cases."""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from backend.cases.finding.conditions import Search, conditions
from backend.cases.views import CaseList, CaseRow, MapPoint, MapPoints
from backend.core import database
from backend.core.errors import Problem
from backend.core.scope import Parameters
from offline.ports import Connection
from offline.reading import EARLIEST, LATEST

PAGE = 30
MAP_POINTS = 10_000

_ROW = ", ".join(f"c.{name}" for name in CaseRow.__struct_fields__)
_POINT = ", ".join(f"c.{name}" for name in MapPoint.__struct_fields__)


class _Place(Struct, frozen=True):
    reported_at: Annotated[datetime, Meta(tz=True)]
    id: UUID


@asynccontextmanager
async def searching() -> AsyncIterator[Connection]:
    """A snapshot whose statements are planned for the very values asked for: what is quick for a
    rare word is slow for a common one. All that is read in it is of one instant.
    """
    async with database.snapshot() as conn:
        await conn.execute("set local plan_cache_mode = force_custom_plan; set local jit = off")
        yield conn


async def find_cases(conn: Connection, search: Search, after: str | None, limit: int) -> CaseList:
    """A page of cases, newest first. Raises Problem 400 `bad_cursor`."""
    sql = Parameters()
    where = conditions(search, sql)
    if after is not None:
        place = _read_place(after)
        where += f" and (c.reported_at, c.id) < ({sql(place.reported_at)}, {sql(place.id)})"
    rows = await conn.fetch(
        f"select {_ROW} from case_file c where {where} "  # noqa: S608
        f"order by c.reported_at desc, c.id desc limit {sql(limit + 1)}",
        *sql.values,
    )
    items = [CaseRow(**row) for row in rows[:limit]]
    more = len(rows) > limit
    return CaseList(items, _write_place(items[-1]) if more else None)


async def map_cases(conn: Connection, search: Search) -> MapPoints:
    """The newest cases as points."""
    sql = Parameters()
    rows = await conn.fetch(
        f"select {_POINT} from case_file c where {conditions(search, sql)} "  # noqa: S608
        f"order by c.reported_at desc, c.id desc limit {sql(MAP_POINTS + 1)}",
        *sql.values,
    )
    return MapPoints([MapPoint(*row) for row in rows[:MAP_POINTS]], len(rows) > MAP_POINTS)


def _write_place(row: CaseRow) -> str:
    place = _Place(row.reported_at, row.id)
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_place(text: str) -> _Place:
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(text), type=_Place)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if not EARLIEST <= place.reported_at < LATEST:
        raise _bad_cursor()
    return place


def _bad_cursor() -> Problem:
    return Problem(400, "bad_cursor", "翻页位置无效,请刷新列表", field="after")
