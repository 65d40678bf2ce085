"""The unit of work: load and lock, decide in memory, write set-based, in one transaction."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from offline import buckets, journal, sealed
from offline.ports import Connection
from offline.sealed import Cipher, Sealed


class State(Protocol):
    """An aggregate in memory: immutable, with its id and the number of changes so far."""

    @property
    def id(self) -> UUID: ...

    @property
    def version(self) -> int: ...


class Change(Struct, frozen=True):
    """An aggregate before (None: new) and after this unit of work."""

    before: Any
    after: Any


class Face(Struct, frozen=True):
    """Another document of the same aggregate, for other buckets: to devices a kind of its own."""

    name: str
    document: Callable[[Any], object | None]
    buckets: Callable[[Any], frozenset[str]]


Stored = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, tuple[int, bytes]]]]


class Kind(Struct, frozen=True):
    """What the write path must know of one kind of entity.

    load: the aggregates of some ids; with `lock`, in id order and FOR UPDATE.
    save: write changes set-based. document: what a device gets (None: nothing).
    buckets: which buckets hold it now; a pure function of the aggregate.
    faces: what else of it is held, in buckets that none of the others name.
    stored: version and document of some ids, where the very bytes of `document` are kept.
    """

    name: str
    load: Callable[[Connection, Sequence[UUID], bool], Awaitable[Mapping[UUID, Any]]]
    save: Callable[[Connection, Sequence[Change]], Awaitable[None]]
    document: Callable[[Any], object | None]
    buckets: Callable[[Any], frozenset[str]]
    faces: tuple[Face, ...] = ()
    stored: Stored | None = None


def shown(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """What members are of, by the kind that devices know: each kind itself, and its faces."""
    faces = {
        face.name: replace(
            kind, name=face.name, document=face.document, buckets=face.buckets, stored=None
        )
        for kind in kinds.values()
        for face in kind.faces
    }
    return {**kinds, **faces}


class Author(Protocol):
    """Who acts, with the place of the post at that time."""

    @property
    def user(self) -> UUID: ...

    @property
    def post(self) -> UUID: ...

    @property
    def areas(self) -> tuple[str, ...]: ...


class Deed(Struct, frozen=True, kw_only=True):
    """The frame that every fact of one command shares. `author` is None for acts by rule."""

    command: UUID
    occurred_at: datetime
    received_at: datetime
    author: Any = None
    device: UUID | None = None
    session: UUID | None = None
    ip: str | None = None


class Work:
    """Collects what one transaction changes. `attempt` makes a command all-or-nothing in memory."""

    def __init__(self, conn: Connection, kinds: Mapping[str, Kind], cipher: Cipher) -> None:
        self.conn = conn
        self._kinds = kinds
        self._cipher = cipher
        self._before: dict[tuple[str, UUID], Any] = {}
        self._now: dict[tuple[str, UUID], Any] = {}
        self._changed: dict[tuple[str, UUID], None] = {}
        self._entries: list[journal.Entry] = []
        self._sealed: list[tuple[Sealed, bytes]] = []
        self._undo: list[tuple[tuple[str, UUID], Any, bool]] = []
        self._marks = (0, 0)
        self._deed: Deed | None = None
        self.touched: set[str] = set()
        """Buckets rewritten by `flush`, for the live signal after commit."""

    async def load(self, kind: str, ids: Iterable[UUID], *, lock: bool = True) -> None:
        """Bring aggregates into memory; what is not there stays absent. Locks in id order."""
        wanted = sorted({i for i in ids if (kind, i) not in self._before})
        if not wanted:
            return
        found = await self._kinds[kind].load(self.conn, wanted, lock)
        for entity in wanted:
            state = found.get(entity)
            self._before[kind, entity] = state
            if state is not None:
                self._now[kind, entity] = state

    def get(self, kind: str, entity: UUID) -> Any:
        """The aggregate as it stands now, or None. It must have been loaded or put."""
        return self._now.get((kind, entity))

    def held(self, kind: str) -> list[Any]:
        """The aggregates of a kind that are in memory, as they stand now, in id order."""
        ids = sorted(id_ for name, id_ in self._now if name == kind)
        return [self._now[kind, id_] for id_ in ids]

    def put(self, kind: str, state: State) -> None:
        """Set an aggregate's new state; its version must be one above the one before."""
        key = (kind, state.id)
        self._undo.append((key, self._now.get(key), key in self._changed))
        self._now[key] = state
        self._changed[key] = None

    def fact(self, kind: str | None, state: State | None, verb: str, facts: dict[str, Any]) -> None:
        """Say what happened, for the ledger. Codes and ids only."""
        deed = self._deed
        assert deed is not None, "begin a deed first"
        author = deed.author
        self._entries.append(
            journal.Entry(
                occurred_at=deed.occurred_at,
                received_at=deed.received_at,
                author=author.user if author else None,
                post=author.post if author else None,
                area=author.areas[0] if author and author.areas else None,
                device=deed.device,
                session=deed.session,
                ip=deed.ip,
                command=deed.command,
                kind=kind,
                entity=state.id if state else None,
                version=state.version if state else None,
                verb=verb,
                facts=facts,
            )
        )

    def seal(self, subject: UUID, value: bytes, found_by: str | None = None) -> Sealed:
        """Put a personal value aside under its subject's key; facts and rows name it by id.

        found_by: a part of it that who has the right may look it up by, such as a phone.
        """
        blind = self._cipher.blind(found_by) if found_by else None
        reference = sealed.reference(subject, value, blind)
        self._sealed.append((reference, value))
        return reference

    def begin(self, deed: Deed) -> None:
        """Start one command: what follows is kept by the next `begin` or undone by `undo`."""
        self._deed = deed
        self._undo.clear()
        self._marks = (len(self._entries), len(self._sealed))

    def undo(self) -> None:
        """Forget what was put, said and sealed since `begin`."""
        for key, state, was_changed in reversed(self._undo):
            if state is None:
                self._now.pop(key, None)
            else:
                self._now[key] = state
            if not was_changed:
                self._changed.pop(key, None)
        self._undo.clear()
        del self._entries[self._marks[0] :]
        del self._sealed[self._marks[1] :]

    async def flush(self) -> None:
        """Write everything, set-based: rows, ledger, sealed values, bucket rows."""
        members: list[buckets.Standing] = []
        for name, kind in self._kinds.items():
            keys = [key for key in self._changed if key[0] == name]
            if not keys:
                continue
            await kind.save(
                self.conn,
                [Change(self._before.get(key), self._now[key]) for key in keys],
            )
            for key in keys:
                state = self._now[key]
                members += [
                    buckets.Standing(each.name, state.id, state.version, each.buckets(state))
                    for each in shown({name: kind}).values()
                ]
        await sealed.write(self.conn, self._cipher, self._sealed)
        await journal.append(self.conn, self._entries)
        self.touched |= await buckets.rewrite(self.conn, members)


def encode(document: object) -> bytes:
    """The one encoding of a document, so that every holder has the same bytes."""
    return msgspec.json.encode(document, order="deterministic")
