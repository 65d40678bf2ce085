"""What the case API answers with."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.cases.finding.filters import Filters
from backend.cases.structs import Case, Outside
from backend.catalogue.flow import Action, Ending, Relation, RequestKind, Stage
from backend.catalogue.form import Form
from backend.catalogue.structs import TargetGroup


class CaseRow(Struct, frozen=True, kw_only=True):
    """One line of a list. `photo` is a media id for its thumbnail; a lamp follows from instants."""

    id: UUID
    number: str
    state: str
    stage: Stage
    ending: Ending | None
    flow: str
    category: str
    description: str
    address: str
    grid: str
    org: str | None
    source: str
    urgent: bool
    severity: int
    photo: UUID | None
    reported_at: datetime
    yellow_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None


class CaseList(Struct, frozen=True):
    """A page, newest first. `next` goes into `after` for the next one; null at the end."""

    items: list[CaseRow]
    next: str | None


class BoxCount(Struct, frozen=True):
    """A box of the flow with how many cases stand in it."""

    code: str
    name: str
    count: int


class Counts(Struct, frozen=True):
    """The boxes of this post, in the flow's order, and all cases that the filters give."""

    boxes: list[BoxCount]
    total: int


MapPoint = tuple[UUID, int, int, int | None, int | None]
"""A case on the map: id, longitude and latitude (WGS-84, in millionths of a degree), and the
instants of its lamp, `yellow_at` and `due_at` (in seconds since 1970, UTC). There are thousands.
"""


class MapPoints(Struct, frozen=True):
    """Cases on the map, newest first; `more` says that there are older ones."""

    points: list[MapPoint]
    more: bool


class SimilarCase(Struct, frozen=True):
    """A case of the same subclass close by and not long ago."""

    id: UUID
    number: str
    distance_m: int
    reported_at: datetime
    state: str
    description: str
    photo: UUID | None


class Recommendation(Struct, frozen=True):
    """An org to give a case to, and why."""

    org: str
    name: str
    reasons: list[str]


class Describe(Struct, frozen=True):
    """What somebody saw, in their words; never kept."""

    text: Annotated[str, Meta(max_length=2000)]


class Suggestion(Struct, frozen=True):
    """A subclass that a description may be about."""

    code: str
    name: str


class WorkerChoice(Struct, frozen=True):
    """Someone who may verify or check in the case's grid."""

    id: UUID
    name: str


class CaseDetail(Struct, frozen=True, kw_only=True):
    """A case with what this post may do with it. `awaited` are media whose bytes have not come.

    orgs: codes of those in each relation to the actor's. levels: the names of a request's levels,
    by kind. forms: definitions that the reports' answers need, where they are not the newest.
    """

    case: Case
    actions: list[Action]
    recommended: list[Recommendation]  # the best first
    workers: list[WorkerChoice]
    awaited: list[UUID]
    reporter: Outside | None  # masked
    target_groups: list[TargetGroup]
    orgs: dict[Relation, list[str]]
    levels: dict[RequestKind, list[str]]
    forms: list[Form]


class RequestRow(Struct, frozen=True, kw_only=True):
    """One line of the list of requests. `level_name` is where it stands or ended; `due_at` the
    deadline that an extension asks to move, `new_due_at` the one asked for or granted.
    """

    id: UUID
    case: UUID
    number: str
    category: str
    address: str
    kind: RequestKind
    state: Literal["open", "granted", "refused", "withdrawn"]
    level_name: str
    reason: str
    org: str
    user: UUID
    user_name: str
    asked_at: datetime
    old_due_at: datetime | None
    new_due_at: datetime | None
    ended_at: datetime | None


class RequestList(Struct, frozen=True):
    """A page, newest first; `open` is how many wait for this post in all."""

    items: list[RequestRow]
    next: str | None
    open: int


class SaveSearch(Struct, frozen=True):
    """A search to keep."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    filters: Filters


class SavedSearch(Struct, frozen=True):
    """A search that its user keeps under a name."""

    id: UUID
    name: str
    filters: Filters
    saved_at: datetime


class Reveal(Struct, frozen=True):
    """Why an outside reporter's name and phone must be seen; kept in the ledger."""

    reason: Annotated[str, Meta(min_length=2, max_length=200)]
