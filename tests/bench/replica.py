"""A device that holds what the service gives it, as PROTOCOL.md says and no more."""

import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from offline.wire import Held, PullRequest, PullResponse, Snapshot
from tests.bench.line import Answer, Line

_answers = msgspec.json.Decoder(PullResponse)


class Replica:
    """What one signed-in device holds: versions by document."""

    def __init__(
        self,
        token: str,
        cursor: str | None = None,
        epoch: str | None = None,
        buckets: Sequence[str] = (),
    ) -> None:
        self.token = token
        self.held: dict[Any, int] = {}
        self.files: list[tuple[Snapshot, bytes]] = []
        self._cursor = cursor
        self._epoch = epoch
        self._buckets = list(buckets)

    def beside(self, token: str, buckets: Sequence[str]) -> "Replica":
        """Another device that came as far, in its own buckets."""
        return Replica(token, self._cursor, self._epoch, buckets)

    def question(self, *, snapshots: bool = False) -> PullRequest:
        """What it asks first."""
        return PullRequest(self._cursor, self._epoch, self._buckets, snapshots=snapshots)

    def take(self, answer: Answer) -> PullResponse:
        """Keep what a page gives."""
        assert answer.status == 200, answer.body
        page = _answers.decode(answer.body)
        for document in page.documents:
            self.held[document.id] = document.version
        if page.page is None:
            self._cursor, self._epoch, self._buckets = page.cursor, page.epoch, page.buckets
        return page

    async def pull(self, line: Line, *, snapshots: bool = False) -> list[Held]:
        """All that has changed but what comes in snapshots."""
        question = self.question(snapshots=snapshots)
        changed: list[Held] = []
        while True:
            page = self.take(await line.ask(self.token, "POST", "/api/sync/pull", question))
            for snapshot in page.snapshots:
                path = f"/api/sync/snapshots/{snapshot.id}"
                answer = await line.ask(self.token, "GET", path)
                assert answer.status == 200, answer.body
                self.held |= read_snapshot(answer.body, snapshot)
                self.files.append((snapshot, answer.body))
            changed += page.documents
            if page.page is None:
                return changed
            question = msgspec.structs.replace(question, page=page.page)


class _Head(Struct, frozen=True):
    bucket: str
    documents: int
    checksum: str


class _Document(Struct):
    kind: str
    id: str
    version: int
    document: msgspec.Raw


_heads = msgspec.json.Decoder(_Head)
_documents = msgspec.json.Decoder(_Document)


def read_snapshot(packed: bytes, told: Snapshot) -> dict[str, int]:
    """Unpack a snapshot, decode every line, verify number and checksum; gives ids and versions."""
    first, _, rest = zlib.decompress(packed, wbits=31).partition(b"\n")
    head = _heads.decode(first)
    held = {document.id: document.version for document in _documents.decode_lines(rest)}
    assert head.bucket == told.bucket
    assert len(held) == head.documents == told.documents, head
    listed = "".join([f"{id_} {held[id_]}\n" for id_ in sorted(held)])
    assert sha256(listed.encode()).hexdigest() == head.checksum == told.checksum, head
    return held
