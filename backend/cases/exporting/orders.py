"""Exports that were asked for: working state. That somebody took cases out is in the ledger."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.cases.exporting import words
from backend.cases.exporting.views import Export, ExportKind, ExportState
from backend.cases.exporting.words import Names
from backend.cases.finding.conditions import Search, conditions
from backend.cases.finding.filters import Filters
from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE
from backend.core.errors import Problem, not_found
from backend.core.ids import new_id
from backend.core.noting import note
from backend.core.scope import Parameters
from offline.ports import Connection
from offline.sealed import Cipher

MOST: dict[ExportKind, int] = {
    "xlsx": 20_000,
    "xlsx_pictures": 1_000,
    "pdf": 300,
    "pdf_process": 300,
}
"""Cases in one file: what is made within minutes, and what phones and spreadsheets still open."""
AT_ONCE = 3
"""Exports of one user that wait or are being made."""
KEPT = timedelta(days=7)
"""How long a file can be fetched."""
UNFINISHED = ("waiting", "making")
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
_SUFFIXES = {"xlsx": "", "xlsx_pictures": "_带照片", "pdf": "", "pdf_process": "_含办理过程"}


class Order(Struct, frozen=True, kw_only=True):
    """A row of `case_export`, its filters opened."""

    id: UUID
    user: UUID
    post: UUID
    county: str
    kind: ExportKind
    filters: Filters
    state: ExportState
    done: int
    total: int | None
    error: str
    size: int | None
    asked_at: datetime
    ready_at: datetime | None
    fetched_at: datetime | None

    @property
    def format(self) -> str:
        """The file's ending. Several cases on paper are a PDF each, in one archive."""
        if self.kind.startswith("xlsx"):
            return "xlsx"
        return "pdf" if self.total == 1 else "zip"

    @property
    def media_type(self) -> str:
        """Of the file."""
        return _TYPES[self.format]

    @property
    def name(self) -> str:
        """The file's, in Chinese."""
        at = self.asked_at.astimezone(CITY_ZONE)
        return f"案件_{at:%Y%m%d_%H%M%S}{_SUFFIXES[self.kind]}.{self.format}"


def key_of(export: UUID) -> str:
    """The object that holds the file."""
    return f"export/{export}"


async def ask(
    conn: Connection, cipher: Cipher, search: Search, kind: ExportKind
) -> tuple[Order, bool]:
    """Note an export of what a list shows; one asked for twice in a row is the same one, and false
    says so. Raises Problem 409 `nothing_found`, `too_many_cases` or `too_many_exports`, and what
    the filters raise.
    """
    actor, filters = search.actor, search.filters
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", str(actor.user))
    waiting = await _rows(conn, cipher, actor, "and state = any($3)", UNFINISHED)
    for order in waiting:
        if (order.kind, order.filters) == (kind, filters):
            return order, False
    if len(waiting) >= AT_ONCE:
        raise Problem(409, "too_many_exports", f"最多同时导出 {AT_ONCE} 个文件，请等前面的做好")
    refuse_count(await _count(conn, search, MOST[kind] + 1), kind)
    id_ = new_id()
    await conn.execute(
        'insert into case_export (id, "user", post, county, kind, sealed, state, done, error, '
        "asked_at) values ($1, $2, $3, $4, $5, $6, 'waiting', 0, '', $7)",
        id_,
        actor.user,
        actor.post,
        actor.county,
        kind,
        cipher.seal(msgspec.json.encode(filters), id_.bytes),
        search.now,
    )
    made = await of(conn, cipher, id_)
    assert made is not None
    return made, True


def refuse_count(count: int, kind: ExportKind) -> None:
    """Raise Problem 409 `nothing_found` or `too_many_cases` for what makes no file."""
    if count == 0:
        raise Problem(409, "nothing_found", "没有符合条件的案件，不用导出")
    if count > MOST[kind]:
        most = f"{MOST[kind]:,}"
        raise Problem(
            409, "too_many_cases", f"这种文件一次最多导出 {most} 件，请用筛选缩小范围后分几次导出"
        )


async def of(conn: Connection, cipher: Cipher, export: UUID) -> Order | None:
    """One export, whosever it is."""
    row = await conn.fetchrow("select * from case_export where id = $1", export)
    return _order(row, cipher) if row else None


async def own(conn: Connection, cipher: Cipher, actor: Actor, export: UUID) -> Order:
    """One that this user asked for in this post. Raises Problem 404."""
    found = await _rows(conn, cipher, actor, "and id = $3", export)
    if not found:
        raise not_found("导出文件")
    return found[0]


async def all_own(conn: Connection, cipher: Cipher, actor: Actor) -> Sequence[Order]:
    """All that this user asked for in this post, the newest first."""
    return await _rows(conn, cipher, actor, "")


async def forget(conn: Connection, actor: Actor, export: UUID) -> None:
    """Take it off the list; one that is being made stops. Raises Problem 404."""
    gone = await conn.fetchval(
        'delete from case_export where id = $1 and "user" = $2 and post = $3 returning id',
        export,
        actor.user,
        actor.post,
    )
    if gone is None:
        raise not_found("导出文件")


async def fetched(conn: Connection, actor: Actor, order: Order, now: datetime) -> None:
    """Its owner takes the file; the first time is kept in the ledger."""
    first = await conn.fetchval(
        "update case_export set fetched_at = $2 where id = $1 and fetched_at is null returning id",
        order.id,
        now,
    )
    if first is not None:
        await note(conn, "case.export_fetched", now, actor, export=str(order.id))


def view(order: Order, actor: Actor, names: Names) -> Export:
    """What its owner is told of it."""
    ready = order.state == "ready"
    return Export(
        id=order.id,
        kind=order.kind,
        about=words.about(order.filters, actor, names),
        state=order.state,
        done=order.done,
        total=order.total,
        error=order.error,
        name=order.name if ready else "",
        size=order.size,
        asked_at=order.asked_at,
        ready_at=order.ready_at,
        expires_at=order.ready_at + KEPT if order.ready_at else None,
        fetched=order.fetched_at is not None,
    )


async def _rows(
    conn: Connection, cipher: Cipher, actor: Actor, narrowed: str, *values: object
) -> list[Order]:
    rows = await conn.fetch(
        f'select * from case_export where "user" = $1 and post = $2 {narrowed} '  # noqa: S608
        "order by asked_at desc, id desc",
        actor.user,
        actor.post,
        *values,
    )
    return [_order(row, cipher) for row in rows]


def _order(row: Any, cipher: Cipher) -> Order:
    filters = msgspec.json.decode(cipher.open(row["sealed"], row["id"].bytes), type=Filters)
    plain = {name: row[name] for name in Order.__struct_fields__ if name != "filters"}
    return Order(**plain, filters=filters)


async def _count(conn: Connection, search: Search, most: int) -> int:
    sql = Parameters()
    where = conditions(search, sql)
    found: int = await conn.fetchval(
        f"select count(*) from (select from case_file c where {where} limit {sql(most)}) found",  # noqa: S608
        *sql.values,
    )
    return found
