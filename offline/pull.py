"""What a device must change to hold what its actor may hold now, exactly.

A pull reads in rounds. The first takes what changed since the cursor, and fresh buckets whole, as
its first page saw them. Pages are transactions of their own, so the world goes on between them;
each next round therefore takes what changed since the one before began, until one fits in the page
it began with. That page's snapshot is the new cursor: the device then has what it shows.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from offline import cursor, documents, epoch, feed, snapshots
from offline.cursor import Seen, Unreadable, View
from offline.feed import Place, Since
from offline.ports import Connection, Transactions
from offline.sealed import Cipher
from offline.wire import Held, Member, PullRequest, PullResponse, ResetKind, Snapshot
from offline.work import Kind, shown

CURSOR, PAGE_TOKEN = b"cursor", b"page"
PAGE = 500
"""Member rows in a page."""
PAGE_BYTES = 256 * 1024
"""A page ends with the document that reaches this."""


class CursorError(Exception):
    """The cursor is not one of ours: pull without it."""


class PageError(Exception):
    """The pull cannot go on: start it again from the cursor."""


class _Round(Struct, frozen=True, array_like=True):
    """What one round takes, and after which row it goes on. `at` is the view it began with."""

    at: Seen
    since: list[Since]
    after: Place = Place()

    def within(self, allowed: set[str]) -> "_Round":
        """The same for those of its buckets that are still allowed."""
        since = [(since, [b for b in buckets if b in allowed]) for since, buckets in self.since]
        return replace(self, since=[group for group in since if group[1]])

    def next(self, at: Seen) -> "_Round":
        """What has changed since it began."""
        return _Round(at, [(self.at.snapshot, [b for _, names in self.since for b in names])])


class _Page(Struct, frozen=True, array_like=True):
    """A page token. A bucket that is not allowed to one page is not to those after it: it has a
    gap. One that is granted meanwhile waits for the next pull.
    """

    epoch: str
    fresh: list[str]
    known: list[str]
    reset: ResetKind | None
    round: _Round

    def places(self) -> list[Seen]:
        """What this database must have been at, and still know."""
        return [self.round.at, *(Seen(since) for since, _ in self.round.since if since)]

    def within(self, allowed: set[str]) -> "_Page":
        """The same for those of its buckets that are still allowed."""
        return replace(
            self,
            fresh=[bucket for bucket in self.fresh if bucket in allowed],
            known=[bucket for bucket in self.known if bucket in allowed],
            round=self.round.within(allowed),
        )


class _Content(Struct):
    """What a page carries."""

    members: list[Member] = []
    documents: dict[tuple[str, UUID], Held] = {}
    bytes: int = 0

    def full(self) -> bool:
        return len(self.members) >= PAGE or self.bytes >= PAGE_BYTES

    def add(self, row: Any, document: Held | None) -> None:
        self.members.append(
            Member(row["bucket"], row["kind"], row["entity"], row["version"], row["removed"])
        )
        key = row["kind"], row["entity"]
        if document is not None and key not in self.documents:
            self.documents[key] = document
            self.bytes += memoryview(document.document).nbytes


class Ports(Struct, frozen=True):
    """What pulling needs from outside. `snapshot` opens a REPEATABLE READ transaction."""

    snapshot: Transactions
    transaction: Transactions
    kinds: Mapping[str, Kind]
    cipher: Cipher
    life: epoch.Life
    now: Callable[[], datetime]


async def pull(request: PullRequest, buckets: Sequence[str], ports: Ports) -> PullResponse:
    """One page of changes for an actor entitled to `buckets`. Raises CursorError, PageError."""
    place, page = _place(request, ports.cipher), _page(request, ports.cipher)
    async with ports.snapshot() as conn:
        view = await cursor.look(conn, page.places() if page else [place] if place else [])
        ports.life.epoch = view.epoch
        life = page.epoch if page else (place and place.epoch) or request.epoch
        if not (view.undone and life == view.epoch):
            if page is None:
                page, files = await _first(conn, request, place, life, view, buckets)
            elif life != view.epoch or view.forgotten:
                raise PageError
            else:
                page, files = page.within(set(buckets)), []
            answer = await _answer(conn, page, view.now, ports, check=request.check)
            return replace(answer, snapshots=files)
    # It was put back to before what this device has seen, and nobody has said so yet.
    async with ports.transaction() as conn:
        await epoch.follow(conn, view.epoch, "a device has seen what was undone")
    return await pull(request, buckets, ports)


def _place(request: PullRequest, cipher: Cipher) -> Seen | None:
    if request.cursor is None:
        return None
    try:
        return cursor.opened(cipher, request.cursor, CURSOR, Seen)
    except Unreadable as error:
        raise CursorError from error


def _page(request: PullRequest, cipher: Cipher) -> _Page | None:
    if request.page is None:
        return None
    try:
        return cursor.opened(cipher, request.page, PAGE_TOKEN, _Page)
    except Unreadable as error:
        raise PageError from error


async def _first(
    conn: Connection,
    request: PullRequest,
    place: Seen | None,
    life: str | None,
    view: View,
    buckets: Sequence[str],
) -> tuple[_Page, list[Snapshot]]:
    """Where a pull begins, and the files to take before. A cursor without its epoch says nothing.

    Members of a bucket that is taken as a file are what changed since the file was made.
    """
    reset: ResetKind | None = None
    if {life, request.epoch} != {view.epoch} and (place or request.epoch):
        reset = "epoch"
    elif place and view.forgotten:
        reset = "horizon"
    held = set(request.buckets) if place and reset is None else set()
    fresh = [bucket for bucket in buckets if bucket not in held]
    known = [bucket for bucket in buckets if bucket in held]
    files = await snapshots.current(conn, fresh) if request.snapshots else []
    filed = {file.shown.bucket for file in files}
    since: list[Since] = [(file.snapshot, [file.shown.bucket]) for file in files]
    since.append((None, [bucket for bucket in fresh if bucket not in filed]))
    if place:
        since.append((place.snapshot, known))
    page = _Page(view.epoch, fresh, known, reset, _Round(view.now, since))
    return page, [file.shown for file in files]


async def _answer(
    conn: Connection, page: _Page, now: Seen, ports: Ports, *, check: bool
) -> PullResponse:
    content, rest = await _fill(conn, page.round, now, shown(ports.kinds))
    buckets = page.fresh + page.known
    return PullResponse(
        epoch=page.epoch,
        server_time=ports.now(),
        buckets=buckets,
        fresh=page.fresh,
        members=content.members,
        documents=list(content.documents.values()),
        cursor="" if rest else cursor.seal(ports.cipher, now, CURSOR),
        page=cursor.seal(ports.cipher, replace(page, round=rest), PAGE_TOKEN) if rest else None,
        reset=page.reset,
        checksums=await feed.checksums(conn, buckets) if check and rest is None else None,
    )


async def _fill(
    conn: Connection, round_: _Round, now: Seen, kinds: Mapping[str, Kind]
) -> tuple[_Content, _Round | None]:
    """A page, and what is left for those after it."""
    content = _Content()
    while True:
        room = PAGE - len(content.members)
        rows = await feed.read(conn, round_.since, round_.at.snapshot, round_.after, room + 1)
        for start in range(0, len(rows), documents.BATCH):
            batch = rows[start : start + documents.BATCH]
            found = await documents.load(conn, batch, kinds)
            for row in batch:
                if content.full():
                    return content, round_
                content.add(row, found.get((row["kind"], row["entity"])))
                round_ = replace(round_, after=Place(str(row["xid"]), row["seq"]))
        if round_.at.snapshot == now.snapshot:
            return content, None
        round_ = round_.next(now)
