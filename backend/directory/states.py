"""Configuration rows of the directory as the unit of work holds them: field for column."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from backend.directory.structs import MultiPolygon, Polygon


class AreaState(Struct, frozen=True, kw_only=True):
    """A place. Longitude and latitude are of a point inside; WGS-84. `valid_to` is inclusive."""

    id: UUID
    version: int = 0
    code: str
    name: str
    kind: str
    level: int
    parent: str | None
    county: str
    path: str
    valid_from: date
    valid_to: date | None
    successors: list[str]
    polygon: Polygon | MultiPolygon | None
    longitude: float | None
    latitude: float | None


class OrgState(Struct, frozen=True, kw_only=True):
    """An organisation."""

    id: UUID
    version: int = 0
    code: str
    name: str
    kind: str
    parent: str | None
    area: str
    county: str


class RoleState(Struct, frozen=True, kw_only=True):
    """A set of named permissions."""

    id: UUID
    version: int = 0
    code: str
    name: str
    permissions: list[str]


class PostState(Struct, frozen=True, kw_only=True):
    """Org + role + areas (codes) and categories (code prefixes; none = all) served."""

    id: UUID
    version: int = 0
    code: str
    name: str
    org: str
    role: str
    areas: list[str]
    categories: list[str]
    county: str


class UserState(Struct, frozen=True, kw_only=True):
    """Someone who can sign in; what is personal beyond the name stays in the table."""

    id: UUID
    version: int = 0
    code: str
    name: str
    county: str
    active: bool


class AppointmentState(Struct, frozen=True, kw_only=True):
    """A user's time in a post; dates of the county's zone, `valid_to` inclusive."""

    id: UUID
    version: int = 0
    user: str
    post: str
    valid_from: date
    valid_to: date | None
