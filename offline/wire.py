"""What devices and the server say to each other. JSON; times are UTC, RFC 3339; ids are UUIDs."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

MAX_COMMANDS = 500
"""Commands one push may carry."""
MAX_OFFSET_MS = 10_000_000_000_000
"""A clock wrong by more than 300 years was not measured."""

OutcomeKind = Literal["accepted", "repeated", "rejected", "held", "clash"]


class Command(Struct, frozen=True, kw_only=True):
    """One intended change of a fact, whole as its author made it. Fixed at submit, never rewritten.

    `occurred_at` is by the device's clock; `clock_offset_ms` is server minus device as last
    measured, or null when it never was. `bases` gives the version of each entity the author saw.
    """

    id: UUID
    device: UUID
    device_seq: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    user: UUID
    post: UUID
    type: Annotated[str, Meta(max_length=64)]
    type_version: Annotated[int, Meta(ge=1)] = 1
    occurred_at: datetime
    clock_offset_ms: Annotated[int, Meta(ge=-MAX_OFFSET_MS, le=MAX_OFFSET_MS)] | None = None
    origin: Literal["own", "peer"] = "own"
    bases: dict[UUID, Annotated[int, Meta(ge=0, le=2**31 - 1)]] = {}
    after: Annotated[list[UUID], Meta(max_length=100)] = []
    corrects: UUID | None = None
    payload: msgspec.Raw


class Item(Struct, frozen=True):
    """A command on its way. `body` is the JSON text of a Command, kept as the very bytes that were
    digested (SHA-256) and signed (ECDSA P-256 over SHA-256, raw r‖s, base64); gateways may reformat
    JSON around a string but not inside it.

    A sealed item has an empty body and, in `sealed`, HPKE of the JSON of the Item it was (base64,
    PROTOCOL.md 8): its author's device can no longer read it, and anyone signed in may bring it.

    `accepted_in` is the epoch of the receipt that an earlier life of the database gave.
    """

    body: Annotated[str, Meta(max_length=262_144)] = ""
    signature: Annotated[str, Meta(max_length=128)] | None = None
    sealed: Annotated[str, Meta(max_length=400_000)] | None = None
    accepted_in: Annotated[str, Meta(pattern=r"^\d{1,9}-[0-9a-f]{1,32}$")] | None = None


class PushRequest(Struct, frozen=True):
    """Up to MAX_COMMANDS commands, applied in the order given."""

    commands: Annotated[list[Item], Meta(max_length=MAX_COMMANDS)]


class Reason(Struct, frozen=True):
    """Why not: `code` for programs, `message` in Chinese for people, `field` as a dotted path."""

    code: str
    message: str
    field: str | None = None


class Receipt(Struct, frozen=True):
    """Proof that a command is on disk. `number` is what people read out (a case number) if any."""

    command: UUID
    digest: str  # SHA-256 of the body, hex
    received_at: datetime
    epoch: str
    entity: UUID | None = None
    version: int | None = None
    number: str | None = None


class Outcome(Struct, frozen=True):
    """The answer to one command, in the order they were pushed; `id` is null if unreadable."""

    id: UUID | None
    outcome: OutcomeKind
    receipt: Receipt | None = None
    reasons: list[Reason] = []


class PushResponse(Struct, frozen=True):
    """One outcome per command. `server_time` lets the device measure its clock."""

    epoch: str
    server_time: datetime
    outcomes: list[Outcome]


class PullRequest(Struct, frozen=True):
    """What the device has: the cursor of its last whole pull, the epoch it came with, the buckets
    it holds at that cursor, and within a pull of several pages the token of the next one.

    `check` asks for the checksum of every bucket with the last page. `snapshots` says that the
    device can take a fresh bucket as a file.
    """

    cursor: str | None = None
    epoch: str | None = None
    buckets: list[Annotated[str, Meta(max_length=128)]] = []
    page: Annotated[str, Meta(max_length=65_536)] | None = None  # names every bucket held
    check: bool = False
    snapshots: bool = False


class Member(Struct, frozen=True):
    """An entity's place in a bucket. `removed` is a tombstone."""

    bucket: str
    kind: str
    id: UUID
    version: int
    removed: bool = False


class Held(Struct, frozen=True):
    """A document as devices hold it: one aggregate, the same bytes for every holder."""

    kind: str
    id: UUID
    version: int
    document: msgspec.Raw


class Snapshot(Struct, frozen=True):
    """A fresh bucket as an immutable file, `GET /api/sync/snapshots/{id}` (PROTOCOL.md 6). A device
    takes it before the members of this pull, which are what came after it.

    `bytes` is the file's size on the wire, `documents` how many it holds, `checksum` that of the
    bucket as it was then.
    """

    bucket: str
    id: UUID
    bytes: int
    documents: int
    checksum: str


ResetKind = Literal["epoch", "horizon"]


class PullResponse(Struct, frozen=True):
    """One page. Apply pages as they come; `cursor` is "" until `page` is null.

    `buckets` is what the actor may hold now: a device drops every other bucket. `fresh` lists
    buckets that are sent whole: members of those not named in this pull are gone.
    `reset` says why all buckets are fresh though a cursor was given: another epoch, after which
    the device pushes again what was accepted in the last 30 days, or a cursor older than the
    tombstones.
    `snapshots` come with the first page, `checksums` by bucket with the last one when asked for.
    """

    epoch: str
    server_time: datetime
    buckets: list[str]
    fresh: list[str]
    members: list[Member]
    documents: list[Held]
    cursor: str
    page: str | None = None
    reset: ResetKind | None = None
    snapshots: list[Snapshot] = []
    checksums: dict[str, str] | None = None
