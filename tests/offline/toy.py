"""A toy domain, so that the write path is tested by itself: notes that move between buckets."""

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from backend.core.crypto import Keyring
from backend.core.sealing import Seal
from backend.media.store import FolderStore
from offline import batch, pull, snapshots
from offline.epoch import Life
from offline.handlers import Done, Handler, Order, refuse
from offline.reading import DeviceKey
from offline.wire import Item
from offline.work import Change, Kind, Work

USER, POST, DEVICE = uuid4(), uuid4(), uuid4()
SENDER = batch.Sender(USER)
SEAL = Seal(Keyring(bytes(range(32))))
"""That of `tests.conftest.settings`, and of offline/vectors."""


class Note(Struct, frozen=True):
    id: UUID
    version: int
    place: str
    text: str


class Write(Struct, frozen=True):
    note: UUID
    place: str
    text: str = ""


async def _load(conn: Any, ids: Sequence[UUID], lock: bool) -> Mapping[UUID, Note]:
    rows = await conn.fetch(
        f"select * from note where id = any($1) order by id {'for update' if lock else ''}", ids
    )
    return {row["id"]: Note(**row) for row in rows}


async def _save(conn: Any, changes: Sequence[Change]) -> None:
    for change in changes:
        note = change.after
        await conn.execute(
            "insert into note values ($1, $2, $3, $4) on conflict (id) do update "
            "set version = $2, place = $3, text = $4",
            note.id,
            note.version,
            note.place,
            note.text,
        )


NOTE = Kind(
    "note",
    _load,
    _save,
    lambda note: note,
    lambda note: frozenset(note.place.split("+")) if note.place else frozenset(),
)


async def _prepare(work: Work, orders: Sequence[Order]) -> None:
    return None


def _write(work: Work, order: Order, _: object) -> Done:
    payload: Write = order.payload
    if payload.text == "refuse me":
        raise refuse("refused", "不收这个", "payload.text")
    if payload.text == "break":
        raise ZeroDivisionError
    before: Note | None = work.get("note", payload.note)
    after = (
        replace(before, version=before.version + 1, place=payload.place, text=payload.text)
        if before
        else Note(payload.note, 1, payload.place, payload.text)
    )
    work.put("note", after)
    work.fact("note", after, "note.written", {"place": payload.place, "late": order.moment.late})
    return Done("note", after.id, after.version)


WRITE = Handler("note.write", 1, Write, lambda p: [("note", p.note)], _prepare, _write)


class Author(Struct, frozen=True):
    user: UUID
    post: UUID
    areas: tuple[str, ...] = ("330304",)


class World:
    """The ports over a pool, with a clock that stands still until it is moved."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.pool = pool
        self.now = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
        self.touched: list[set[str]] = []
        self.seq = 0
        self.late_limit: timedelta | None = None
        self.life = Life("1-test")

    @asynccontextmanager
    async def transaction(self) -> Any:
        async with self.pool.acquire() as conn, conn.transaction():
            yield conn

    @asynccontextmanager
    async def snapshot(self) -> Any:
        async with self.pool.acquire() as conn, conn.transaction(isolation="repeatable_read"):
            yield conn

    async def _authors(self, conn: Any, wanted: Any) -> Any:
        return {key: Author(key[0], key[1]) for key in wanted if key[0] == USER}

    async def _keys(self, conn: Any, ids: Any) -> Any:
        return {DEVICE: DeviceKey(frozenset({USER}), None, False)}

    async def _late_limits(self, conn: Any, users: Any) -> Any:
        return {USER: self.late_limit} if self.late_limit else {}

    async def _publish(self, buckets: set[str]) -> None:
        self.touched.append(buckets)

    @property
    def pushing(self) -> batch.Ports:
        return batch.Ports(
            transaction=self.transaction,
            kinds={"note": NOTE},
            handlers={"note.write": WRITE},
            cipher=Keyring(bytes(32)).cipher("ledger"),
            unseal=SEAL.open,
            authors=self._authors,
            device_keys=self._keys,
            publish=self._publish,
            now=lambda: self.now,
            life=self.life,
            late_limits=self._late_limits,
        )

    @property
    def pulling(self) -> pull.Ports:
        return pull.Ports(
            snapshot=self.snapshot,
            transaction=self.transaction,
            kinds={"note": NOTE},
            cipher=Keyring(bytes(32)).cipher("sync"),
            life=self.life,
            now=lambda: self.now,
        )

    def filing(self, folder: Path) -> snapshots.Ports:
        return snapshots.Ports(
            snapshot=self.snapshot,
            transaction=self.transaction,
            kinds={"note": NOTE},
            files=FolderStore(folder),
            key=bytes(range(32)),
            now=lambda: self.now,
        )

    def item(self, payload: object, **envelope: Any) -> Item:
        """A command as a device would send it."""
        self.seq += 1
        fields = {
            "id": uuid4(),
            "device": DEVICE,
            "device_seq": self.seq,
            "user": USER,
            "post": POST,
            "type": "note.write",
            "occurred_at": self.now,
            "clock_offset_ms": 0,
            "payload": payload,
        }
        return Item(msgspec.json.encode(fields | envelope).decode())
