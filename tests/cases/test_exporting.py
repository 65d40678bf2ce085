"""Exports hold exactly what the list shows, for whom it may be shown, and are made once."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import openpyxl
import pytest
from redis.asyncio import Redis

from backend.cases.exporting import making, orders, sheet
from backend.cases.exporting.making import make
from backend.cases.exporting.orders import Order
from backend.cases.exporting.views import ExportKind
from backend.cases.finding.conditions import Search
from backend.cases.finding.filters import Filters
from backend.cases.finding.lists import find_cases
from backend.cases.finding.paging import searching
from backend.cases.structs import Outside
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE
from backend.core.crypto import LEDGER, Keyring
from backend.core.errors import Problem
from backend.core.settings import Settings
from backend.media.store import open_store
from tests.cases.city import City, photo
from tests.cases.test_main_line import CLERK, DISPATCHER, LEADER, _handler_of, _single_worker
from tests.conftest import Servers

CIPHER = Keyring(bytes(range(32))).cipher(LEDGER)
FORMULA = '=HYPERLINK("http://x","点我")'


class Office:
    """Where exports are asked for and made."""

    def __init__(self, city: City, settings: Settings) -> None:
        self.city = city
        self.settings = settings

    async def search(self, user: str, **filters: Any) -> Search:
        actor = await self.city.actor(user)
        ground = await self.city.ground()
        return Search(actor, Filters(**filters), ground, self.city.now, CIPHER.blind)

    async def ask(self, user: str, kind: ExportKind, **filters: Any) -> Order:
        search = await self.search(user, **filters)
        async with database.transaction() as conn:
            return (await orders.ask(conn, CIPHER, search, kind))[0]

    async def make(self, export: UUID) -> Order | None:
        await make(self.settings, CIPHER, export, lambda: self.city.now)
        async with database.connection() as conn:
            return await orders.of(conn, CIPHER, export)

    async def made(self, user: str, kind: ExportKind, **filters: Any) -> Order:
        order = await self.make((await self.ask(user, kind, **filters)).id)
        assert order is not None
        assert order.state == "ready", order.error
        return order

    async def file(self, order: Order) -> bytes:
        store = open_store(self.settings)
        return b"".join([chunk async for chunk in store.read(orders.key_of(order.id))])

    async def listed(self, user: str, **filters: Any) -> list[str]:
        async with searching() as conn:
            page = await find_cases(conn, await self.search(user, **filters), None, 100)
        assert page.next is None
        return [row.number for row in page.items]


@pytest.fixture
async def office(city: City, city_url: str, servers: Servers, tmp_path: Path) -> Office:
    settings = Settings(
        database_url=city_url,
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=tmp_path,
        host="127.0.0.1",
        port=1,
    )
    return Office(city, settings)


def table(data: bytes) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(io.BytesIO(data))["案件"].iter_rows(values_only=True)
    titles = [str(title) for title in next(rows)]
    return [dict(zip(titles, row, strict=True)) for row in rows]


async def test_a_sheet_holds_the_list_that_was_filtered_in_its_order(office: Office) -> None:
    city = office.city
    worker = await _single_worker(city)
    cases = []
    for number in range(7):
        city.now += timedelta(minutes=1)
        cases.append(await city.report(worker, description=f"第 {number} 个井盖", title="井盖"))
    for case in cases[:4]:
        await city.act(CLERK, case, "accept")
    for filters in ({}, {"state": ["accepted"]}, {"q": "第 3"}):
        order = await office.made(CLERK, "xlsx", **filters)
        rows = table(await office.file(order))
        assert [row["编号"] for row in rows] == await office.listed(CLERK, **filters)
        assert (order.total, order.done) == (len(rows), len(rows))
    (row,) = rows
    newest = await city.case(cases[3])
    assert row["状态"] == "已受理"
    assert (row["小类"], row["来源"]) == ("上水井盖", "网格员上报")
    assert row["上报时间"] == newest.reported_at.astimezone(CITY_ZONE).replace(tzinfo=None)
    assert (row["经度"], row["纬度"]) == (newest.position.longitude, newest.position.latitude)


async def test_text_that_looks_like_a_formula_stays_text(office: Office) -> None:
    hostile = [FORMULA, "+1+1", "-2", "@SUM(A1)", "\tx", "a\x01b\x0b", "ends\r\nhere", "𠮷😀"]
    for text in hostile:
        await office.city.report("wg001", description=text, title=text[:20])
    order = await office.made(CLERK, "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(await office.file(order)))
    cells = [cell for row in book["案件"].iter_rows(min_row=2) for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    said = {cell.value for cell in cells}
    assert {FORMULA, "+1+1", "-2", "@SUM(A1)", "ab", "ends\nhere", "𠮷😀"} <= said
    assert all(cell.quotePrefix for cell in cells if cell.value == FORMULA)
