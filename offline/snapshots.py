"""Buckets as files, so that a first pull needs neither tables nor pages.

A file is gzip of lines: a header, then a document each, byte for byte as in pages. It is immutable
and sealed at rest. Whoever takes it goes on with what has changed since its pg_snapshot.
"""

import gzip
import logging
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Protocol, cast
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from offline import documents, feed
from offline.frames import Sealing, opened
from offline.ports import Connection, Transactions
from offline.wire import Held, Snapshot
from offline.work import Kind, encode, shown

_log = logging.getLogger("xunge.snapshots")
_lines = msgspec.json.Encoder()

WORTH = 500
"""Members from which a bucket gets a file: more than a page."""
STALE_SHARE = 0.1
"""A file is made anew when so much of it has changed since: that would come in pages."""
LIFE = timedelta(days=7)
"""A file is made anew at this age, so that what was erased does not stay in it."""
GRACE = timedelta(hours=6)
"""How long a file stays that a newer one has replaced: slow downloads of it go on."""
LEVEL = 6


class Files(Protocol):
    """Where files are kept; `backend.media.store` fills it."""

    async def put(self, key: str, source: BinaryIO) -> None: ...

    async def size(self, key: str) -> int | None: ...

    def read(self, key: str) -> AsyncIterator[bytes]: ...

    async def delete(self, key: str) -> None: ...


class Ports(Struct, frozen=True):
    """What making and giving files needs. `snapshot` opens a REPEATABLE READ transaction; `key` is
    32 bytes.
    """

    snapshot: Transactions
    transaction: Transactions
    kinds: Mapping[str, Kind]
    files: Files
    key: bytes
    now: Callable[[], datetime]


class Header(Struct, frozen=True):
    """The first line."""

    bucket: str
    documents: int
    checksum: str


class Current(Struct, frozen=True):
    """A bucket's file, and the pg_snapshot that it shows."""

    shown: Snapshot
    snapshot: str


async def current(conn: Connection, buckets: Sequence[str]) -> list[Current]:
    """The files of those of the buckets that have one."""
    rows = await conn.fetch(
        "select bucket, id, bytes, documents, checksum, snapshot::text from bucket_snapshot "
        "where bucket = any($1) and retired_at is null",
        list(buckets),
    )
    return [
        Current(
            Snapshot(row["bucket"], row["id"], row["bytes"], row["documents"], row["checksum"]),
            row["snapshot"],
        )
        for row in rows
    ]


class Download(Struct, frozen=True):
    """A file on its way, and its length in bytes."""

    length: int
    chunks: AsyncIterator[bytes]


async def download(
    conn: Connection, id_: UUID, buckets: Sequence[str], ports: Ports
) -> Download | None:
    """A file's gzip, for an actor entitled to `buckets`; None when it is not there for them."""
    row = await conn.fetchrow(
        "select bytes from bucket_snapshot where id = $1 and bucket = any($2)", id_, list(buckets)
    )
    if row is None or await ports.files.size(_key(id_)) is None:
        return None
    return Download(row["bytes"], opened(ports.files.read(_key(id_)), ports.key, id_))


async def keep_up(ports: Ports) -> None:
    """Make what is worth a file and has none, or an old one; remove those past their grace."""
    for bucket in await _wanted(ports):
        try:
            await make(bucket, ports)
        except Exception:  # noqa: BLE001 - logged whole; one bucket stops no other
            _log.exception("no file of bucket %s, next try soon", bucket)
    await _sweep(ports)


async def make(bucket: str, ports: Ports) -> UUID:
    """Make a bucket's file anew; the one before is retired.

    Its row comes first, as if retired: whatever becomes of us, what was stored is found and swept.
    """
    id_ = uuid4()
    with tempfile.TemporaryFile() as file:
        target = cast(BinaryIO, file)
        async with ports.snapshot() as conn:
            snapshot: str = await conn.fetchval("select pg_current_snapshot()::text")
            header, size = await _write(conn, bucket, id_, target, ports)
        async with ports.transaction() as conn:
            await conn.execute(
                "insert into bucket_snapshot (id, bucket, snapshot, documents, bytes, checksum, "
                "made_at, retired_at) values ($1, $2, $3::text::pg_snapshot, $4, $5, $6, $7, $7)",
                id_,
                bucket,
                snapshot,
                header.documents,
                size,
                header.checksum,
                ports.now(),
            )
        target.seek(0)
        await ports.files.put(_key(id_), target)
    async with ports.transaction() as conn:
        await conn.execute(
            "update bucket_snapshot set retired_at = $2 where bucket = $1 and retired_at is null",
            bucket,
            ports.now(),
        )
        await conn.execute("update bucket_snapshot set retired_at = null where id = $1", id_)
    return id_


async def _write(
    conn: Connection, bucket: str, id_: UUID, target: BinaryIO, ports: Ports
) -> tuple[Header, int]:
    rows = await conn.fetch(
        "select entity, kind, version, removed from bucket_member "
        "where bucket = $1 and not removed order by entity",
        bucket,
    )
    header = Header(bucket, len(rows), (await feed.checksums(conn, [bucket]))[bucket])
    kinds = shown(ports.kinds)
    sealing = Sealing(target, ports.key, id_)
    with gzip.GzipFile(fileobj=sealing, mode="wb", compresslevel=LEVEL, mtime=0) as zipped:
        zipped.write(encode(header) + b"\n")
        for start in range(0, len(rows), documents.BATCH):
            batch = rows[start : start + documents.BATCH]
            found = await documents.load(conn, batch, kinds)
            zipped.write(_lines.encode_lines([_line(row, found) for row in batch]))
    sealing.close()
    return header, sealing.bytes


def _line(row: Any, found: Mapping[tuple[str, UUID], Held]) -> Held:
    """A member's document, null when it has none."""
    nothing = Held(row["kind"], row["entity"], row["version"], msgspec.Raw(b"null"))
    return found.get((row["kind"], row["entity"]), nothing)


async def _wanted(ports: Ports) -> list[str]:
    """Buckets worth a file whose file is missing, old, or behind by more than its share."""
    async with ports.snapshot() as conn:
        rows = await conn.fetch(
            """
            select held.bucket, s.id, s.made_at, held.members, (
                select count(*) from bucket_member b where b.bucket = held.bucket
                and b.xid >= pg_snapshot_xmin(s.snapshot)
                and not pg_visible_in_snapshot(b.xid, s.snapshot)) as changed
            from (select bucket, count(*) as members from bucket_member
                where not removed group by bucket having count(*) >= $1) held
            left join bucket_snapshot s on s.bucket = held.bucket and s.retired_at is null
            order by held.members desc
            """,
            WORTH,
        )
    return [
        row["bucket"]
        for row in rows
        if row["id"] is None
        or row["changed"] > STALE_SHARE * row["members"]
        or row["made_at"] <= ports.now() - LIFE
        or await ports.files.size(_key(row["id"])) is None
    ]


async def _sweep(ports: Ports) -> None:
    """Retire files past their life, whose bucket is worth none any more, and remove retired ones
    past their grace.
    """
    now = ports.now()
    async with ports.transaction() as conn:
        await conn.execute(
            "update bucket_snapshot set retired_at = $2 where retired_at is null and made_at <= $1",
            now - LIFE,
            now,
        )
        over = await conn.fetch(
            "delete from bucket_snapshot where retired_at <= $1 returning id", now - GRACE
        )
        for row in over:
            await ports.files.delete(_key(row["id"]))


def _key(id_: UUID) -> str:
    return f"snapshots/{id_}"
