"""Makes the file of an export. Killed at any point it is begun again, and ready once."""

import asyncio
import logging
import shutil
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from backend.cases.documents import load
from backend.cases.exporting import orders, pages, words
from backend.cases.exporting.orders import Order
from backend.cases.exporting.pictures import Album
from backend.cases.exporting.sheet import PHOTO, Book, Row
from backend.cases.exporting.views import ExportKind
from backend.cases.exporting.words import Names, names_of
from backend.cases.finding.conditions import Search, conditions
from backend.cases.finding.paging import searching
from backend.cases.ground import ground_of
from backend.cases.reporter import reporter_of
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import Clock
from backend.core.errors import Problem
from backend.core.scope import Parameters
from backend.core.settings import Settings
from backend.directory.actors import authors
from backend.media.store import open_store
from offline import journal
from offline.ports import Connection, Unavailable
from offline.sealed import Cipher

BATCH = 20
"""Cases read and written together, and told as progress."""
LONGEST = timedelta(minutes=20)
FOLDER = "exporting"
"""Under the data folder: what is being made, a folder each."""

_log = logging.getLogger("xunge.exports")
_turn = asyncio.Semaphore(1)
"""One at a time in a process: others would only share its processor, and a connection each."""


class Gone(Exception):
    """Its owner has taken it off the list."""


class Task(msgspec.Struct, frozen=True):
    """What makes a file: the connection on which all is of one instant, and who asked."""

    conn: Connection
    cipher: Cipher
    settings: Settings
    order: Order
    actor: Actor
    names: Names
    cases: Sequence[UUID]
    now: datetime
    folder: Path


async def make(settings: Settings, cipher: Cipher, export: UUID, now: Clock) -> UUID | None:
    """Make one export, unless this process is at one already; gives its owner when there is
    something to tell them. What cannot be made says why and is not tried again. Raises Unavailable
    when the database is away.
    """
    if _turn.locked():
        return None
    async with _turn, searching() as conn:
        # Whoever holds the lock makes it; who dies gives it back.
        mine = "select pg_try_advisory_xact_lock(hashtextextended($1, 0))"
        if not await conn.fetchval(mine, str(export)):
            return None
        async with database.connection() as fresh:
            order = await orders.of(fresh, cipher, export)
        if order is None or order.state not in orders.UNFINISHED:
            return None
        folder = settings.data / FOLDER / str(export)
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                await _make(conn, settings, cipher, order, folder, now)
        except Gone:
            return None
        except Unavailable:
            raise
        except Problem as problem:
            await _fail(export, problem.message)
        except TimeoutError:
            await _fail(export, "用时太长，没有做完，请用筛选缩小范围后分几次导出")
        except Exception:  # noqa: BLE001 - logged whole; trying again would end alike
            _log.exception("export %s failed", export)
            await _fail(export, "系统出错，没有做成，请重新导出；再不成请告诉管理员")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return order.user


async def _make(
    conn: Connection,
    settings: Settings,
    cipher: Cipher,
    order: Order,
    folder: Path,
    clock: Clock,
) -> None:
    now = clock()
    key = (order.user, order.post, now)
    actor = (await authors(conn, [key])).get(key)
    if actor is None or not actor.may("case.export"):
        raise Problem(403, "forbidden", "您已不在这个岗位，或这个岗位不能导出")
    ground = await ground_of(conn, order.county, now)
    cases = await _found(conn, Search(actor, order.filters, ground, now, cipher.blind))
    orders.refuse_count(len(cases), order.kind)
    await _progress(order.id, 0, len(cases))
    await asyncio.to_thread(_empty, folder)
    names = await names_of(conn, ground)
    task = Task(conn, cipher, settings, order, actor, names, cases, now, folder)
    made = await MAKERS[order.kind](task)
    await _keep(task, made, clock())


async def _found(conn: Connection, search: Search) -> list[UUID]:
    sql = Parameters()
    where = conditions(search, sql)
    rows = await conn.fetch(
        f"select c.id from case_file c where {where} "  # noqa: S608
        "order by c.reported_at desc, c.id desc",
        *sql.values,
    )
    return [row["id"] for row in rows]


async def rows_of(task: Task) -> AsyncIterator[list[Row]]:
    """The cases as the list has them, batch by batch; progress is told after each."""
    for start in range(0, len(task.cases), BATCH):
        ids = task.cases[start : start + BATCH]
        found = await load(task.conn, ids, False)  # noqa: FBT003
        batch = []
        for case in (found[id_] for id_ in ids):
            outside = await reporter_of(task.conn, task.cipher, case)
            shown = words.told(case, outside, task.actor)
            batch.append(Row(case, shown, task.names, task.now))
        yield batch
        await _progress(task.order.id, start + len(ids), len(task.cases))


async def _sheet(task: Task) -> Path:
    photos = task.order.kind == "xlsx_pictures"
    path = task.folder / "cases.xlsx"
    book = await asyncio.to_thread(Book, path, facts(task), photos=photos)
    album = Album(task.settings, task.folder, PHOTO)
    try:
        async for rows in rows_of(task):
            files = await album.files(task.conn, [row.case for row in rows]) if photos else {}
            await asyncio.to_thread(book.add, rows, files)
    except BaseException:
        book.abandon()
        raise
    await asyncio.to_thread(book.close)
    return path


def facts(task: Task) -> list[tuple[str, str]]:
    """What an export says of itself: who took what, when."""
    return [
        ("筛选条件", words.about(task.order.filters, task.actor, task.names)),
        ("件数", f"{len(task.cases)} 件"),
        ("数据截至", words.moment(task.now)),
        ("导出人", f"{task.names.user(task.actor.user)}（{task.names.org(task.actor.org)}）"),
        ("说明", "举报人和表单中的个人信息已打码或隐去；本文件仅限工作使用，请妥善保管。"),
    ]


async def _papers(task: Task) -> Path:
    """One case is a PDF; several are an archive of PDFs, written as they come."""
    process = task.order.kind == "pdf_process"
    album = Album(task.settings, task.folder, pages.PHOTO)
    by = f"{task.names.user(task.actor.user)} 导出，数据截至 {words.moment(task.now)}"
    path = task.folder / "cases.zip"
    paper = b""
    with zipfile.ZipFile(path, "w") as archive:  # stored: PDFs are packed already
        async for rows in rows_of(task):
            files = await album.files(task.conn, [row.case for row in rows])
            for row in rows:
                paper = await asyncio.to_thread(pages.write, row, files, by, process=process)
                await asyncio.to_thread(archive.writestr, f"{row.case.number}.pdf", paper)
    if len(task.cases) == 1:
        await asyncio.to_thread(path.write_bytes, paper)
    return path


MAKERS: dict[ExportKind, Callable[[Task], Awaitable[Path]]] = {
    "xlsx": _sheet,
    "xlsx_pictures": _sheet,
    "pdf": _papers,
    "pdf_process": _papers,
}


async def _keep(task: Task, path: Path, now: datetime) -> None:
    """Store the file, and in one transaction say that it is ready and what left the system."""
    store, key = open_store(task.settings), orders.key_of(task.order.id)
    size = await asyncio.to_thread(lambda: path.stat().st_size)
    with path.open("rb") as file:
        await store.put(key, file)
    async with database.transaction() as conn:
        ready = await conn.fetchval(
            "update case_export set state = 'ready', total = $2, done = $2, size = $3, "
            "ready_at = $4 where id = $1 returning ready_at",
            task.order.id,
            len(task.cases),
            size,
            now,
        )
        if ready is not None:
            await journal.append(conn, [_entry(task, ready)])
    if ready is None:
        await store.delete(key)
        raise Gone


def _entry(task: Task, at: datetime) -> journal.Entry:
    """Filters in the ledger hold codes and ids; what somebody typed may name a person."""
    asked = msgspec.to_builtins(task.order.filters)
    typed = {"q", "number", "phone"}
    return journal.Entry(
        occurred_at=at,
        received_at=at,
        verb="case.exported",
        facts={
            "export": str(task.order.id),
            "kind": task.order.kind,
            "count": len(task.cases),
            "filters": {name: value for name, value in asked.items() if name not in typed},
            "typed": sorted(typed & asked.keys()),
        },
        author=task.actor.user,
        post=task.actor.post,
        area=task.actor.areas[0] if task.actor.areas else None,
    )


async def _progress(export: UUID, done: int, total: int) -> None:
    """Raises Gone."""
    async with database.connection() as conn:
        state = await conn.fetchval(
            "update case_export set state = 'making', done = $2, total = $3 where id = $1 "
            "returning state",
            export,
            done,
            total,
        )
    if state is None:
        raise Gone


async def _fail(export: UUID, why: str) -> None:
    async with database.connection() as conn:
        await conn.execute(
            "update case_export set state = 'failed', error = $2 where id = $1", export, why
        )


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
