"""The catalogue as documents of `reference:COUNTY`."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from backend.catalogue.flow import Flow, Limit
from backend.catalogue.form import Form


class Standard(Struct, frozen=True):
    """立案条件, 结案标准 and 时限 of a subclass."""

    number: int
    filing_condition: str
    closing_standard: str
    limit: Limit


class Category(Struct, frozen=True, kw_only=True):
    """A class or subclass with its standards and what a phone must ask for."""

    id: UUID
    version: int
    county: str
    code: str
    name: str
    kind: str  # component, event
    parent: str | None
    synonyms: list[str] = []
    flow: str = "city_management"
    photo_roles: list[str] = []  # required of a report: near, far, reference
    album_allowed: bool = True
    self_handling: bool = True
    similar_metres: int = 50
    similar_days: int = 7
    collection_note: str = ""
    active: bool = True
    form: str = ""  # code of the form a report of it fills
    check: Literal["task", "photo", "same_period"] = "task"
    auto_dispatch: bool = False
    standards: list[Standard] = []


class SpecialDay(Struct, frozen=True):
    """A day that departs from the calendar's week, in the calendar's zone."""

    day: date
    working: bool
    name: str = ""


class Calendar(Struct, frozen=True, kw_only=True):
    """Working hours: ISO weekday '1'..'7' -> [["08:00","12:00"], …], in `zone`."""

    id: UUID
    version: int
    county: str
    code: str
    name: str
    zone: str
    week: dict[str, list[tuple[str, str]]]
    days: list[SpecialDay] = []


class DispatchRule(Struct, frozen=True, kw_only=True):
    """category × area → org, with an own limit or standard if set. Not sent to devices."""

    id: UUID
    version: int
    county: str
    category: str
    area: str
    org: str
    limit: Limit | None = None
    standard: str = ""


class FlowDocument(Struct, frozen=True, kw_only=True):
    """A flow's definition with its identity."""

    id: UUID
    version: int
    county: str
    flow: Flow


class FormDocument(Struct, frozen=True, kw_only=True):
    """A form's definition with its identity. Filled forms keep the version they were filled by."""

    id: UUID
    version: int
    county: str
    form: Form


class CalendarRule(Struct, frozen=True, kw_only=True):
    """Whose time runs by which calendar: the longest category, then the org, then the deepest area;
    an empty value means any. Not sent to devices.
    """

    id: UUID
    version: int
    county: str
    area: str = ""
    org: str = ""
    category: str = ""
    calendar: str


class GroupTarget(Struct, frozen=True):
    """One org of a target group and its part."""

    org: str
    kind: Literal["main", "assist", "copy", "help"] = "main"
    requirement: str = ""


class TargetGroup(Struct, frozen=True, kw_only=True):
    """Orgs that an org often gives cases to together: chosen by one tap."""

    id: UUID
    version: int
    county: str
    org: str
    code: str
    name: str
    targets: list[GroupTarget]
    active: bool = True
