"""People and rooms: what a command may say of them, what is kept, and what devices get."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

RecordKind = Literal["person", "room"]
Source = Literal["record", "edit", "settle"]
Code = Annotated[str, Meta(min_length=1, max_length=32)]
Value = str | int | None
"""A field's value in JSON."""


class PersonFields(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What may be said of a person; what is left out stays as it is, null empties it."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | UnsetType = UNSET
    id_type: Code | UnsetType | None = UNSET
    number: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType | None = UNSET
    sex: Code | UnsetType | None = UNSET
    birth: date | UnsetType | None = UNSET
    ethnicity: Code | UnsetType | None = UNSET
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 -]{2,19}$")] | UnsetType | None = UNSET
    kind: Code | UnsetType | None = UNSET
    domicile: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    room: UUID | UnsetType = UNSET


class RoomFields(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What may be said of a room; what is left out stays as it is, null empties it."""

    address: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    building: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    unit: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    floor: Annotated[int, Meta(ge=-20, le=200)] | UnsetType | None = UNSET
    number: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    grid: Code | UnsetType = UNSET
    use: Code | UnsetType | None = UNSET
    occupancy: Code | UnsetType | None = UNSET


class RecordPerson(Struct, frozen=True):
    """`person.record`: somebody new. `fields` has at least a name and a room."""

    person: UUID
    fields: PersonFields


class EditPerson(Struct, frozen=True):
    """`person.edit`: only the fields that change. The envelope's `bases` has the version its author
    saw, and `after` their own commands on this person that it stands on.
    """

    person: UUID
    fields: PersonFields


class RecordRoom(Struct, frozen=True):
    """`room.record`: a new room. `fields` has at least an address and a grid."""

    room: UUID
    fields: RoomFields


class EditRoom(Struct, frozen=True):
    """`room.edit`: only the fields that change; see EditPerson."""

    room: UUID
    fields: RoomFields


class SettleDispute(Struct, frozen=True):
    """`dispute.settle`: what a disputed field of a record is: one of the values, or another."""

    kind: RecordKind
    entity: UUID
    field: Code
    value: Annotated[str, Meta(max_length=200)] | int | None


class Write(Struct, frozen=True, kw_only=True):
    """What one command said of a record. `version` is the record's after it; `base` the version its
    author saw, `after` the commands they had made on it since. `at` is by the author's clock with
    the measured offset. `sealed` names the values that are kept under the record's own key.
    """

    command: UUID
    version: int
    base: int
    after: list[UUID]
    at: datetime
    received_at: datetime
    user: UUID | None
    post: UUID | None
    source: Source
    values: dict[str, Value]
    sealed: dict[str, UUID] = {}


class Place(Struct, frozen=True):
    """Where a record has been since a version."""

    version: int
    path: str


class Record(Struct, frozen=True, kw_only=True):
    """A person or a room: everything ever said of it. What it is now follows from that."""

    id: UUID
    version: int
    county: str
    grid: str
    places: list[Place]
    writes: list[Write]

    @property
    def area_path(self) -> str:
        """Where it is now."""
        return self.places[-1].path


class Candidate(Struct, frozen=True):
    """One of the values of a disputed field: who said it, when, and by which command."""

    command: UUID
    at: datetime
    user: UUID | None
    value: Value


class Dispute(Struct, frozen=True):
    """A field that several people changed to different values without knowing of each other; the
    last of `candidates` is shown meanwhile.
    """

    field: str
    candidates: list[Candidate]


class PersonDocument(Struct, frozen=True, kw_only=True):
    """A person as most devices hold them, kind `person`: personal values masked."""

    id: UUID
    version: int
    county: str
    grid: str
    area_path: str
    name: str | None = None
    id_type: str | None = None
    number: str | None = None
    sex: str | None = None
    birth: str | None = None
    ethnicity: str | None = None
    phone: str | None = None
    kind: str | None = None
    domicile: str | None = None
    room: UUID | None = None
    disputes: list[Dispute] = []


class PersonFull(Struct, frozen=True, kw_only=True):
    """The unmasked values of a person, kind `person.full`: for devices that may hold them, and for
    who has asked with a reason. `disputes` are those over these fields.
    """

    id: UUID
    version: int
    name: str | None = None
    number: str | None = None
    birth: str | None = None
    phone: str | None = None
    domicile: str | None = None
    disputes: list[Dispute] = []


class RoomDocument(Struct, frozen=True, kw_only=True):
    """A room as devices hold it."""

    id: UUID
    version: int
    county: str
    grid: str
    area_path: str
    address: str | None = None
    building: str | None = None
    unit: str | None = None
    floor: int | None = None
    number: str | None = None
    use: str | None = None
    occupancy: str | None = None
    disputes: list[Dispute] = []


class FieldChange(Struct, frozen=True, kw_only=True):
    """One line of a field's history: what was shown before, and what was said. `disputed` tells
    whether it left the field disputed.
    """

    command: UUID
    version: int
    at: datetime
    received_at: datetime
    user: UUID | None
    source: Source
    field: str
    old: Value
    new: Value
    disputed: bool


class PersonDetail(Struct, frozen=True):
    """GET /registry/people/{id}. `full` comes to posts that may hold it; `home` is the room's
    address, for devices that do not hold it.
    """

    person: PersonDocument
    full: PersonFull | None
    home: str | None


class PersonPage(Struct, frozen=True):
    """Some people, the newest first; `next` asks for those after them."""

    items: list[PersonDocument]
    next: UUID | None


class RoomPage(Struct, frozen=True):
    """Some rooms, the newest first; `next` asks for those after them."""

    items: list[RoomDocument]
    next: UUID | None


class FindRecords(Struct, frozen=True):
    """What to look for. `text` is part of a name or, with the right, a whole number or phone; of a
    room, part of its address. Posted, since it must not stand in an address.
    """

    text: Annotated[str, Meta(max_length=100)] = ""
    grid: Code | None = None
    room: UUID | None = None
    disputed: bool = False
    after: UUID | None = None


class Unmask(Struct, frozen=True):
    """POST /registry/people/{id}/reveal: why somebody must see the whole."""

    reason: Annotated[str, Meta(min_length=2, max_length=200)]


def values_of(fields: PersonFields | RoomFields) -> dict[str, Any]:
    """The fields that were given, as JSON has them."""
    given: dict[str, Any] = to_builtins(fields)
    return given
