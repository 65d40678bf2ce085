"""Exports hold exactly what the list shows, for whom it may be shown, and are made once."""

import asyncio
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import msgspec
import openpyxl
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from pypdf import PdfReader
from redis.asyncio import Redis

from backend.app.asgi import create_app
from backend.app.demo import PASSWORD
from backend.cases.exporting import jobs, making, orders
from backend.cases.exporting.making import make
from backend.cases.exporting.orders import Order
from backend.cases.exporting.sheet import Book
from backend.cases.exporting.views import ExportKind
from backend.cases.finding.conditions import Search
from backend.cases.finding.filters import Filters
from backend.cases.finding.lists import find_cases
from backend.cases.finding.paging import searching
from backend.cases.structs import MediaRef, MediaRole, Outside
from backend.core import database
from backend.core.clock import CITY_ZONE
from backend.core.crypto import LEDGER, Keyring
from backend.core.errors import Problem
from backend.core.queue import QUEUE, Queue
from backend.core.settings import Settings
from backend.media.rules import original_key
from backend.media.store import FolderStore, open_store
from tests.api.serving import serving
from tests.cases.city import City, photo
from tests.cases.test_main_line import CLERK, DISPATCHER, LEADER, _handler_of, _single_worker
from tests.conftest import Servers
from tests.jobs.test_worker import count, until
from tests.media.photos import photo as picture
from tests.media.photos import sha256

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


CANARIES = ("王金丝雀", "13911112222")


async def stored(office: Office, user: str, role: MediaRole, **look: Any) -> MediaRef:
    """A photo whose bytes have come."""
    data = picture(**look)
    reference = photo(role, sha256=sha256(data), size=len(data))
    uploader = await office.city.actor(user)
    await open_store(office.settings).put(original_key(reference.sha256), io.BytesIO(data))
    async with database.connection() as conn:
        await conn.execute(
            "insert into media (id, uploader, kind, size, sha256, state, content_type, created_at, "
            "expires_at, stored_at) values ($1, $2, 'photo', $3, $4, 'stored', 'image/jpeg', "
            "now(), now(), now())",
            reference.id,
            uploader.user,
            len(data),
            reference.sha256,
        )
    return reference


async def test_photos_stand_in_their_lines_and_missing_ones_are_named(office: Office) -> None:
    city = office.city
    worker = await _single_worker(city)
    near = await stored(office, worker, "near", width=900, height=600)
    far = await stored(office, worker, "far", width=600, height=901)
    await city.report(worker, media=[near, far, photo("reference")])
    city.now += timedelta(minutes=1)
    await city.report(worker)
    order = await office.made(CLERK, "xlsx_pictures")
    data = await office.file(order)
    without, with_photos = table(data)
    assert [with_photos[f"上报照片 {n}"] for n in (1, 2, 3)] == [None, None, "照片未到"]
    assert (with_photos["照片数"], without["上报照片 1"]) == (3, "照片未到")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(data))["案件"]
    first = [cell.value for cell in sheet[1]].index("上报照片 1")
    drawn = [(image.anchor._from.row, image.anchor._from.col) for image in sheet._images]
    assert drawn == [(2, first), (2, first + 1)]
    assert all(image.width <= 280 and image.height <= 200 for image in sheet._images)

    order = await office.made(CLERK, "pdf", q=str((await office.listed(CLERK))[1]))
    images = [image for page in PdfReader(io.BytesIO(await office.file(order))).pages
              for image in page.images]  # fmt: skip
    assert len(images) == 2


async def test_one_case_is_a_pdf_and_several_are_an_archive_of_them(office: Office) -> None:
    city = office.city
    first = await city.report("wg001", description="井盖破了𠮷" + "很长" * 900 + "完")
    await city.act(CLERK, first, "accept", opinion="请尽快核实\n" * 150 + "急")
    order = await office.made(CLERK, "pdf_process")
    assert order.name.endswith("_含办理过程.pdf")
    text = read(await office.file(order))
    for words in ((await city.case(first)).number, "上水井盖", "井盖破了□", "完", "办理过程", "急"):
        assert words in text
    text = read(await office.file(await office.made(CLERK, "pdf")))
    assert "上水井盖" in text
    assert "办理过程" not in text

    await city.report("wg001")
    order = await office.made(CLERK, "pdf")
    assert order.name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(await office.file(order))) as archive:
        assert archive.namelist() == [f"{number}.pdf" for number in await office.listed(CLERK)]
        assert "站前路 12 号" in read(archive.read(archive.namelist()[1]))


def read(data: bytes) -> str:
    """A PDF's text, its lines joined: they break anywhere."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).replace(
        "\n", ""
    )


async def test_everybody_takes_out_what_they_see_and_nothing_else(office: Office) -> None:
    city = office.city
    for user in ("wg001", "wg010", "wg020"):
        await city.report(user)
    async with database.connection() as conn:
        officers = await conn.fetch(
            'select a."user" as code from appointment a join post p on p.code = a.post '
            "where p.role = 'town_officer' order by 1"
        )
    counts = set()
    for user in (LEADER, officers[0]["code"], officers[-1]["code"]):
        listed = await office.listed(user)
        counts.add(len(listed))
        if listed:
            order = await office.made(user, "xlsx")
            assert [row["编号"] for row in table(await office.file(order))] == listed
    assert len(counts) > 1, "some see less than others"

    other = await city.actor(CLERK)
    async with database.transaction() as conn:
        for act in (
            orders.own(conn, CIPHER, other, order.id),
            orders.forget(conn, other, order.id),
        ):
            with pytest.raises(Problem) as problem:
                await act
            assert problem.value.status == 404


async def test_whoever_has_lost_the_right_since_gets_no_file(office: Office) -> None:
    city = office.city
    case = await city.report(await _single_worker(city))
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    dispatched = await city.act(DISPATCHER, case, "dispatch")
    handler = await _handler_of(city, dispatched.assignments[0].org)
    order = await office.make((await office.ask(handler, "xlsx")).id)
    assert order is not None
    assert (order.state, order.size) == ("failed", None)
    assert "不能导出" in order.error


async def test_no_personal_value_leaves_or_is_kept_in_clear(office: Office) -> None:
    city = office.city
    name, phone = CANARIES
    await city.report(CLERK, source="hotline", reporter=Outside(name=name, phone=phone), media=[])
    sheet_order = await office.made(LEADER, "xlsx", phone=phone)
    (row,) = table(await office.file(sheet_order))
    assert (row["举报人"], row["举报电话"]) == ("王***", "139****2222")
    city.now += timedelta(minutes=1)
    await city.report(
        CLERK, source="hotline", reporter=Outside(name=name, phone=phone), media=[], private=True
    )
    text = read(await office.file(await office.made(LEADER, "pdf", phone=phone, q="000001")))
    assert "139****2222" in text
    private = table(await office.file(await office.made(CLERK, "xlsx")))[0]
    assert (private["举报人"], private["举报电话"]) == (None, None)
    async with database.connection() as conn:
        rows = await conn.fetch("select facts::text from journal where verb = 'case.exported'")
        kept = await conn.fetch("select sealed from case_export")
    facts = [msgspec.json.decode(row["facts"]) for row in rows]
    assert [(fact["kind"], fact["count"]) for fact in facts] == [
        ("xlsx", 1), ("pdf", 1), ("xlsx", 2),
    ]  # fmt: skip
    assert facts[1]["typed"] == ["phone", "q"]
    assert not [row for row in rows if phone in row["facts"]]
    assert not [row for row in kept if phone.encode() in row["sealed"]]


async def exported() -> int:
    return await count("select count(*) from journal where verb = 'case.exported'")


async def test_one_that_was_killed_half_way_is_made_again_and_ready_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await office.city.report("wg001")
    monkeypatch.setattr(making, "BATCH", 2)
    add, batches = Book.add, 0

    def dying(self: Book, *given: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise asyncio.CancelledError
        add(self, *given)

    order = await office.ask(CLERK, "xlsx")
    monkeypatch.setattr(Book, "add", dying)
    with pytest.raises(asyncio.CancelledError):
        await office.make(order.id)
    async with database.connection() as conn:
        half = await orders.of(conn, CIPHER, order.id)
    assert half is not None
    assert (half.state, half.done, half.total) == ("making", 2, 5)
    whole = await office.make(order.id)
    assert whole is not None
    assert (whole.state, whole.done) == ("ready", 5)
    assert len(table(await office.file(whole))) == 5
    await office.make(order.id)
    assert await exported() == 1
    assert not list((office.settings.data / making.FOLDER).iterdir())


async def test_two_workers_make_it_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.city.report("wg001")
    monkeypatch.setattr(making, "_turn", asyncio.Semaphore(9))
    order = await office.ask(CLERK, "xlsx")
    await asyncio.gather(*(office.make(order.id) for _ in range(3)))
    assert await exported() == 1


async def test_one_taken_off_the_list_while_it_is_made_leaves_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.city.report("wg001")
    order, me = await office.ask(CLERK, "xlsx"), await office.city.actor(CLERK)
    put = FolderStore.put

    async def meanwhile(self: FolderStore, key: str, source: BinaryIO) -> None:
        async with database.transaction() as conn:
            await orders.forget(conn, me, order.id)
        await put(self, key, source)

    monkeypatch.setattr(FolderStore, "put", meanwhile)
    assert await office.make(order.id) is None
    assert await open_store(office.settings).size(orders.key_of(order.id)) is None
    assert await exported() == 0


async def test_what_makes_no_file_is_refused_with_the_reason(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(**filters: Any) -> str:
        with pytest.raises(Problem) as problem:
            await office.ask(CLERK, "xlsx", **filters)
        assert problem.value.status == 409
        return problem.value.code

    assert await refused() == "nothing_found"
    for n in range(3):
        await office.city.report("wg001", description=f"第 {n} 件")
    monkeypatch.setitem(orders.MOST, "xlsx", 2)
    assert await refused() == "too_many_cases"
    waiting = {(await office.ask(CLERK, "xlsx", q=f"第 {n}")).id for n in range(3)}
    assert (await office.ask(CLERK, "xlsx", q="第 1")).id in waiting, "asked for twice"
    assert await refused(q="件", number="000001") == "too_many_exports"
    monkeypatch.setitem(orders.MOST, "xlsx", 0)
    grown = await office.make(waiting.pop())
    assert grown is not None
    assert (grown.state, "最多导出 0 件" in grown.error) == ("failed", True)


async def test_the_sweep_queues_what_was_lost_and_deletes_what_is_old(
    office: Office, redis: Redis
) -> None:
    await office.city.report("wg001")
    old = await office.made(CLERK, "xlsx")
    lost = await office.ask(CLERK, "pdf")
    assert old.ready_at is not None
    queue = Queue(redis)
    left = office.settings.data / making.FOLDER / str(uuid4())
    left.mkdir(parents=True)
    await jobs.sweep(office.settings, queue, old.ready_at + timedelta(hours=1))
    assert await redis.zcard(QUEUE) == 1
    assert await redis.exists(f"arq:job:{jobs.JOB}:{lost.id}")
    assert not left.exists()
    assert await open_store(office.settings).size(orders.key_of(old.id)) == old.size
    await jobs.sweep(office.settings, queue, old.ready_at + orders.KEPT + timedelta(minutes=1))
    assert await open_store(office.settings).size(orders.key_of(old.id)) is None
    async with database.connection() as conn:
        assert await orders.of(conn, CIPHER, old.id) is None


async def test_over_http_its_owner_fetches_it_in_parts_and_nobody_else(
    office: Office, tmp_path: Path
) -> None:
    await office.city.report("wg001")
    await database.close_pool()  # the application has its own
    async with AsyncTestClient(create_app(office.settings)) as client:
        mine, theirs, worker = [
            await signed_in(client, user) for user in (CLERK, DISPATCHER, "wg001")
        ]
        every = "/api/cases/exports"
        wanted = {"kind": "xlsx", "filters": {"state": ["reported"]}}
        answer = await client.post(every, json=wanted, headers=worker)
        assert answer.status_code == 403
        asked = (await client.post(every, json=wanted, headers=mine)).json()
        assert (asked["state"], asked["about"]) == ("waiting", "待受理")
        path = f"{every}/{asked['id']}/file"
        assert (await client.get(path, headers=mine)).status_code == 404

        async def ready() -> bool:
            (shown,) = (await client.get(every, headers=mine)).json()
            return bool(shown["state"] == "ready")

        with serving(office.settings, tmp_path, "worker"):
            await until(ready)
        whole = await client.get(path, headers=mine)
        assert len(table(whole.content)) == 1
        assert "%E6%A1%88%E4%BB%B6_" in whole.headers["content-disposition"]
        assert whole.headers["cache-control"] == "private, no-store"
        part = await client.get(path, headers=mine | {"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole.content[100:200])
        assert (await client.get(path, headers=theirs)).status_code == 404
        assert (await client.get(every, headers=theirs)).json() == []
        (shown,) = (await client.get(every, headers=mine)).json()
        assert (shown["fetched"], shown["total"], shown["name"][-5:]) == (True, 1, ".xlsx")
        gone = await client.delete(path.removesuffix("/file"), headers=mine)
        assert gone.status_code == 204
        assert (await client.get(path, headers=mine)).status_code == 404
    await database.open_pool()
    assert await count("select count(*) from journal where verb = 'case.export_fetched'") == 1


async def signed_in(client: AsyncTestClient[Litestar], user: str) -> dict[str, str]:
    answer = await client.post(
        "/api/session",
        json={
            "name": user,
            "password": PASSWORD,
            "device": {"id": str(uuid4()), "name": "测试机"},
        },
    )
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}
