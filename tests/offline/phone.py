"""A device as PROTOCOL.md has it, and what the server holds, to be compared with it."""

import gzip
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import msgspec

from offline.pull import Ports, pull
from offline.wire import Held, PullRequest, PullResponse, Snapshot
from tests.offline.toy import Note, World

Between = Callable[[], Awaitable[None]]
Take = Callable[[Snapshot], Awaitable[bytes]]


class Served(Protocol):
    """What a phone pulls from."""

    @property
    def pulling(self) -> Ports: ...


class Phone:
    """Members with their versions per bucket, and documents while a bucket holds them."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.cursor: str | None = None
        self.epoch: str | None = None
        self.buckets: list[str] = []
        """As of the last whole pull; one that was cut counts for nothing."""
        self.members: dict[str, dict[UUID, int]] = {}
        self.documents: dict[UUID, Held] = {}
        self.pages: list[PullResponse] = []
        """Of the last pull."""
        self.take: Take | None = None
        """How it takes files; None: not at all."""

    async def pull(
        self, buckets: list[str], between: Between | None = None, *, check: bool = True
    ) -> None:
        """A whole pull. `between` runs between its pages; `buckets` may change meanwhile."""
        named: dict[str, set[UUID]] = {}
        self.pages = []
        page: str | None = None
        while True:
            files = self.take is not None
            request = PullRequest(self.cursor, self.epoch, self.buckets, page, check, files)
            answer = await pull(request, buckets, self._served.pulling)
            self.pages.append(answer)
            for file in answer.snapshots:
                assert self.take is not None
                self._unpack(file, await self.take(file), named)
            self._apply(answer, named)
            page = answer.page
            if page is None:
                break
            if between is not None:
                await between()
        self.members = {bucket: self.members.get(bucket, {}) for bucket in answer.buckets}
        for bucket in answer.fresh:
            had = self.members[bucket]
            self.members[bucket] = {i: had[i] for i in had.keys() & named.get(bucket, set())}
        alive = {entity for bucket in self.members.values() for entity in bucket}
        self.documents = {i: held for i, held in self.documents.items() if i in alive}
        self.cursor, self.epoch, self.buckets = answer.cursor, answer.epoch, answer.buckets
        if check:
            assert answer.checksums == {b: checksum(m) for b, m in self.members.items()}

    def _apply(self, answer: PullResponse, named: dict[str, set[UUID]]) -> None:
        for member in answer.members:
            assert member.bucket in answer.buckets, "nobody sees what is not theirs"
            bucket = self.members.setdefault(member.bucket, {})
            if member.removed:
                bucket.pop(member.id, None)
            else:
                bucket[member.id] = member.version
                named.setdefault(member.bucket, set()).add(member.id)
        self.documents |= {held.id: held for held in answer.documents}

    def _unpack(self, file: Snapshot, zipped: bytes, named: dict[str, set[UUID]]) -> None:
        assert len(zipped) == file.bytes
        header, *lines = gzip.decompress(zipped).splitlines()
        assert msgspec.json.decode(header) == {
            "bucket": file.bucket,
            "documents": file.documents,
            "checksum": file.checksum,
        }
        held = [msgspec.json.decode(line, type=Held) for line in lines]
        assert len(held) == file.documents
        assert checksum({each.id: each.version for each in held}) == file.checksum
        self.members.setdefault(file.bucket, {}).update({h.id: h.version for h in held})
        named.setdefault(file.bucket, set()).update(h.id for h in held)
        self.documents |= {each.id: each for each in held}

    @property
    def notes(self) -> dict[UUID, Note]:
        """What its user sees."""
        return {
            id_: msgspec.json.decode(held.document, type=Note)
            for id_, held in self.documents.items()
        }


def checksum(members: dict[UUID, int]) -> str:
    """By the words of PROTOCOL.md 5."""
    lines = sorted(f"{id_} {version}\n" for id_, version in members.items())
    return sha256("".join(lines).encode()).hexdigest()


async def members(world: World, buckets: list[str]) -> dict[str, dict[UUID, int]]:
    """What each bucket holds at this moment."""
    rows = await world.pool.fetch(
        "select bucket, entity, version from bucket_member where bucket = any($1) and not removed",
        buckets,
    )
    held: dict[str, dict[UUID, int]] = {bucket: {} for bucket in buckets}
    for row in rows:
        held[row["bucket"]][row["entity"]] = row["version"]
    return held


async def notes(world: World, buckets: list[str]) -> dict[UUID, Note]:
    """The notes that any of the buckets holds, by the places they name."""
    rows = await world.pool.fetch("select * from note")
    every = [Note(**row) for row in rows]
    return {note.id: note for note in every if set(note.place.split("+")) & set(buckets)}


async def assert_exact(phone: Phone, world: World) -> None:
    """Nothing has changed since the phone's last page: it must have what the server has."""
    buckets = list(phone.members)
    assert phone.members == await members(world, buckets)
    assert phone.notes == await notes(world, buckets)
