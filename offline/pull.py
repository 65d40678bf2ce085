"""What a device must change to hold what its actor may hold now. Nothing is lost between pages."""

import base64
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from offline import epoch
from offline.ports import Connection, Transactions
from offline.sealed import Cipher
from offline.wire import Held, Member, PullRequest, PullResponse
from offline.work import Kind, encode, shown

CURSOR, PAGE_TOKEN = b"cursor", b"page"
PAGE = 500
"""Member rows in a page."""


class CursorError(Exception):
    """The cursor or page token is not one of ours."""


class _Page(Struct, frozen=True):
    """Where a pull of several pages stands. `snapshot` is the first page's: the next cursor.

    Its buckets are the first page's too: one that is granted meanwhile waits for the next pull.
    """

    snapshot: str
    cursor: str | None
    fresh: list[str]
    known: list[str]
    xid: str
    seq: int
    reset: bool


class Ports(Struct, frozen=True):
    """What pulling needs from outside. `snapshot` opens a REPEATABLE READ transaction."""

    snapshot: Transactions
    transaction: Transactions
    kinds: Mapping[str, Kind]
    cipher: Cipher
    life: epoch.Life
    now: Callable[[], datetime]


async def pull(request: PullRequest, buckets: Sequence[str], ports: Ports) -> PullResponse:
    """One page of changes for an actor entitled to `buckets`.

    Rows are found by transaction, not by number: those of this snapshot that the cursor's had
    not seen. Raises CursorError.
    """
    async with ports.snapshot() as conn:
        answer = await _page(conn, request, buckets, ports)
    if answer is None:  # the cursor has seen what this database never held: it was restored
        async with ports.transaction() as conn:
            await epoch.begin(conn, "a device holds a cursor from a future that was undone")
        async with ports.snapshot() as conn:
            answer = await _page(conn, request, buckets, ports)
        assert answer is not None
    return answer


async def _page(
    conn: Connection, request: PullRequest, buckets: Sequence[str], ports: Ports
) -> PullResponse | None:
    life = ports.life.epoch = await epoch.latest(conn)
    entitled = set(buckets)
    try:
        position = await _position(conn, request, buckets, life, ports.cipher)
        if position is None:
            return None
        fresh = [bucket for bucket in position.fresh if bucket in entitled]
        known = [bucket for bucket in position.known if bucket in entitled]
        rows = await _rows(conn, position, fresh, known)
    except (msgspec.DecodeError, RecursionError, ValueError, asyncpg.DataError) as error:
        raise CursorError from error
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return PullResponse(
        epoch=life,
        server_time=ports.now(),
        buckets=fresh + known,
        fresh=fresh,
        members=[
            Member(r["bucket"], r["kind"], r["entity"], r["version"], r["removed"]) for r in rows
        ],
        documents=await _documents(conn, rows, ports.kinds),
        cursor=_seal(ports.cipher, position.snapshot.encode(), CURSOR),
        page=_seal(ports.cipher, _next(position, rows[-1]), PAGE_TOKEN) if more else None,
        reset="epoch" if position.reset else None,
    )


async def _position(
    conn: Connection,
    request: PullRequest,
    buckets: Sequence[str],
    life: str,
    cipher: Cipher,
) -> _Page | None:
    if request.page is not None:
        return msgspec.json.decode(_open(cipher, request.page, PAGE_TOKEN), type=_Page)
    snapshot = await conn.fetchval("select pg_current_snapshot()::text")
    cursor = request.cursor and _open(cipher, request.cursor, CURSOR).decode()
    reset = cursor is not None and request.epoch != life
    if cursor is not None and not reset:
        undone = await conn.fetchval(
            "select pg_snapshot_xmax($1::text::pg_snapshot) > "
            "pg_snapshot_xmax(pg_current_snapshot())",
            cursor,
        )
        if undone:
            return None
    if reset:
        cursor = None
    held = set(request.buckets) if cursor is not None else set()
    fresh = [bucket for bucket in buckets if bucket not in held]
    known = [bucket for bucket in buckets if bucket in held]
    return _Page(snapshot, cursor, fresh, known, "0", 0, reset)


async def _rows(conn: Connection, position: _Page, fresh: list[str], known: list[str]) -> list[Any]:
    return await conn.fetch(
        """
        select * from (
            select entity, bucket, kind, version, seq, xid, removed from bucket_member
            where bucket = any($1) and not removed
              and (xid, seq) > ($4::text::xid8, $5::bigint)
            union all
            select entity, bucket, kind, version, seq, xid, removed from bucket_member
            where bucket = any($2) and xid >= pg_snapshot_xmin($3::text::pg_snapshot)
              and not pg_visible_in_snapshot(xid, $3::text::pg_snapshot)
              and (xid, seq) > ($4::text::xid8, $5::bigint)
        ) t order by xid, seq limit $6
        """,
        fresh,
        known,
        position.cursor or position.snapshot,
        position.xid,
        position.seq,
        PAGE + 1,
    )


def _next(position: _Page, last: Any) -> bytes:
    page = msgspec.structs.replace(position, xid=str(last["xid"]), seq=last["seq"])
    return msgspec.json.encode(page)


def _seal(cipher: Cipher, value: bytes, context: bytes) -> str:
    """Cursors are sealed: a forged one from the future would make every device start anew."""
    return base64.urlsafe_b64encode(cipher.seal(value, context)).decode()


def _open(cipher: Cipher, value: str, context: bytes) -> bytes:
    return cipher.open(base64.urlsafe_b64decode(value), context)


async def _documents(
    conn: Connection, rows: Sequence[Any], kinds: Mapping[str, Kind]
) -> list[Held]:
    wanted: dict[str, dict[UUID, None]] = defaultdict(dict)
    for row in rows:
        if not row["removed"]:
            wanted[row["kind"]][row["entity"]] = None
    held: list[Held] = []
    for name, ids in wanted.items():
        kind = shown(kinds)[name]
        states = await kind.load(conn, list(ids), False)  # noqa: FBT003
        for entity, state in states.items():
            document = kind.document(state)
            if document is not None:
                held.append(Held(name, entity, state.version, msgspec.Raw(encode(document))))
    return held
