"""Places, orgs and people as documents of `reference:COUNTY`, and what a session tells."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Ring = list[tuple[float, float]]


class Polygon(Struct, frozen=True, tag_field="type", tag="Polygon"):
    """GeoJSON, [longitude, latitude] in WGS-84 degrees."""

    coordinates: list[Ring]


class MultiPolygon(Struct, frozen=True, tag_field="type", tag="MultiPolygon"):
    """GeoJSON, [longitude, latitude] in WGS-84 degrees."""

    coordinates: list[list[Ring]]


class Area(Struct, frozen=True, kw_only=True):
    """A place. Only grids carry their polygon to devices; larger areas are unions of theirs."""

    id: UUID
    version: int
    code: str
    name: str
    kind: str
    level: int
    parent: str | None
    path: str
    valid_from: date
    valid_to: date | None = None  # inclusive
    polygon: Polygon | MultiPolygon | None = None
    longitude: float | None = None
    latitude: float | None = None


class Org(Struct, frozen=True, kw_only=True):
    """An organisation."""

    id: UUID
    version: int
    code: str
    name: str
    kind: str
    parent: str | None
    area: str


class Post(Struct, frozen=True, kw_only=True):
    """A post's name and place, for showing who acted."""

    id: UUID
    version: int
    code: str
    name: str
    org: str
    role: str
    areas: list[str]


class User(Struct, frozen=True, kw_only=True):
    """A colleague's name, for showing who acted."""

    id: UUID
    version: int
    code: str
    name: str


class PersonView(Struct, frozen=True, kw_only=True):
    """GET /people/…: somebody in office today, as one picks them from a list."""

    id: UUID
    name: str
    org: str
    org_name: str
    post_name: str
    grids: list[str]  # where they answer tasks


class NewDevice(Struct, frozen=True):
    """A device as it registers itself. `public_key` is SubjectPublicKeyInfo (P-256), base64 DER.

    `data_key` (32 bytes, base64) is sent by a device that made itself a new one: the service keeps
    a copy for this user on this device, for whoever forgot the PIN.
    """

    id: UUID
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    public_key: Annotated[str, Meta(max_length=400)] | None = None
    data_key: Annotated[str, Meta(max_length=64)] | None = None


class SignIn(Struct, frozen=True):
    """POST /session."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    device: NewDevice


class PostChoice(Struct, frozen=True):
    """One of the user's posts today."""

    id: UUID
    name: str
    org: str
    org_name: str
    role: str
    role_name: str


class Holding(Struct, frozen=True, kw_only=True):
    """What the city lets a device hold of others' data (settings of the county).

    people: nothing, masked or full. days: after so many without the service the device wipes its
    replica. limit: documents a replica may have at most. pin: whether the replica must be locked.
    """

    people: Literal["nothing", "masked", "full"] = "masked"
    days: int = 7
    limit: int = 50_000
    pin: bool = False


class SessionView(Struct, frozen=True, kw_only=True):
    """GET /session, and the answer to signing in or switching post."""

    user: UUID
    name: str
    post: UUID
    posts: list[PostChoice]
    org: str
    role: str
    county: str
    areas: list[str]  # paths
    categories: list[str]  # code prefixes; none means all
    permissions: list[str]
    buckets: list[str]
    device: UUID
    must_change_password: bool = False
    token: str | None = None  # only when signing in; browsers use the cookie instead
    data_key: str | None = None  # only when signing in: the kept copy for this user and device
    seal_key: str  # what unsent items are sealed to: P-256 point, uncompressed, base64
    holding: Holding


class SwitchPost(Struct, frozen=True):
    """POST /session/post."""

    post: UUID


class ChangePassword(Struct, frozen=True):
    """POST /session/password."""

    old: Annotated[str, Meta(max_length=256)]
    new: Annotated[str, Meta(max_length=256)]


class DeviceView(Struct, frozen=True, kw_only=True):
    """GET /devices: one of my devices. `platform` is what it calls itself. With `wipe_at` and no
    `wiped_at` it was ordered to wipe itself and has not said yet that it did.
    """

    id: UUID
    name: str
    platform: str
    registered_at: datetime
    seen_at: datetime | None
    this: bool
    revoked: bool
    wipe_at: datetime | None
    wiped_at: datetime | None


class CountyDevice(DeviceView, frozen=True, kw_only=True):
    """GET /admin/devices: one of the county's, with who signed in on it last."""

    user: UUID
    user_name: str


class DeviceList(Struct, frozen=True):
    """A page of the county's devices, the last seen first, and how many there are in all."""

    devices: list[CountyDevice]
    total: int


class RenameDevice(Struct, frozen=True):
    """PATCH /devices/…."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
