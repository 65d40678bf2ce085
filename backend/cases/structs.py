"""A case in memory, as stored and as sent to devices: one aggregate, codes for foreign names."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.catalogue.flow import Ending, Limit, Stage
from backend.core.position import Position

MediaRole = Literal["near", "far", "reference", "before", "after", "evidence", "audio"]
Source = Literal["worker", "supervisor", "hotline", "leader", "media", "public", "peer"]
AssignmentKind = Literal["main", "assist", "copy", "help"]
Text = Annotated[str, Meta(max_length=2000)]
ShortText = Annotated[str, Meta(max_length=200)]


class MediaRef(Struct, frozen=True):
    """A photo or recording by its client-made id; the bytes may come later.

    What the app saw at the shutter is part of the signed command: time, place, camera or album.
    """

    id: UUID
    role: MediaRole
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=1)]  # bytes
    taken_at: Annotated[datetime, Meta(tz=True)] | None = None
    position: Position | None = None
    origin: Literal["camera", "album"] = "camera"


class Report(Struct, frozen=True):
    """What one reporter said. `user` is who typed it; `reporter` names the sealed value that holds
    an outside reporter's name and phone, which are never in the document.
    """

    id: UUID
    source: Source
    user: UUID
    post: UUID
    occurred_at: datetime
    received_at: datetime
    description: str
    self_handled: bool = False
    private: bool = False
    call_back: bool = False
    outside_number: str | None = None
    reporter: UUID | None = None
    media: list[MediaRef] = []


class Assignment(Struct, frozen=True):
    """An org's part in a case."""

    id: UUID
    org: str
    post: UUID | None
    kind: AssignmentKind
    state: Literal["open", "answered", "withdrawn", "returned"]
    requirement: str
    limit: Limit | None
    assigned_at: datetime
    answered_at: datetime | None = None


class Span(Struct, frozen=True):
    """A stretch during which a clock ran; `until` is null while it runs."""

    since: datetime
    until: datetime | None = None


class Clock(Struct, frozen=True):
    """Limit, spans and instants of the case (owner null) or of an assignment, in working time."""

    id: UUID
    owner: UUID | None
    name: str  # 'whole', or the code of the state whose stage it times
    limit: Limit
    calendar: str
    spans: list[Span]
    started_at: datetime
    yellow_at: datetime
    due_at: datetime
    stopped_at: datetime | None = None


class Step(Struct, frozen=True):
    """One line of the timeline. `late` marks evidence of an act that the case had outrun."""

    id: UUID  # the command's id
    action: str
    from_state: str | None
    to_state: str
    user: UUID | None  # null: by rule
    post: UUID | None
    org: str | None
    occurred_at: datetime
    received_at: datetime
    opinion: str = ""
    verdict: str | None = None
    media: list[MediaRef] = []
    late: bool = False


class OpenTask(Struct, frozen=True):
    """A task on this case that somebody must still answer."""

    id: UUID
    kind: str
    user: UUID | None
    org: str | None
    due_at: datetime | None


class Case(Struct, frozen=True, kw_only=True):
    """One problem from its first report to its end. This is also the device's document."""

    id: UUID
    version: int
    number: str  # county-yyyymmdd-nnnnnn
    county: str
    flow: str
    flow_version: int
    state: str
    stage: Stage
    ending: Ending | None = None
    category: str
    standard: int | None = None
    description: str
    address: str
    position: Position
    grid: str
    area_path: str
    urgent: bool = False
    suspended: bool = False
    supervised: bool = False
    severity: int = 0
    reported_at: datetime
    ended_at: datetime | None = None
    retired_at: datetime | None = None  # left its reporters' devices
    changed_at: datetime
    reports: list[Report]
    assignments: list[Assignment] = []
    clocks: list[Clock] = []
    steps: list[Step] = []
    tasks: list[OpenTask] = []


class Outside(Struct, frozen=True):
    """Someone who reported by phone, letter or press. Sealed on arrival."""

    name: ShortText | None = None
    phone: Annotated[str, Meta(pattern=r"^[0-9+\- ]{5,20}$")] | None = None


class ReportCase(Struct, frozen=True, kw_only=True):
    """Payload of `case.report` (type_version 1): a worker's or a clerk's report makes a case."""

    case: UUID
    report: UUID
    category: str
    description: Text
    address: ShortText = ""
    position: Position
    media: Annotated[list[MediaRef], Meta(max_length=20)] = []
    source: Source = "worker"
    self_handled: bool = False
    reporter: Outside | None = None
    private: bool = False
    call_back: bool = False
    outside_number: ShortText | None = None
    urgent: bool = False


class Amendment(Struct, frozen=True):
    """What a recollection may correct of the report."""

    description: Text | None = None
    category: str | None = None
    address: ShortText | None = None
    position: Position | None = None


class ActOnCase(Struct, frozen=True, kw_only=True):
    """Payload of `case.act` (type_version 1): one action of the flow, with what it asks for.

    `task` is named when the action answers a task; `worker`, `org`, `standard` and `limit` are
    only read by actions whose inputs name them.
    """

    case: UUID
    action: str
    task: UUID | None = None
    opinion: Text = ""
    media: Annotated[list[MediaRef], Meta(max_length=20)] = []
    org: str | None = None
    worker: UUID | None = None
    standard: int | None = None
    limit: Limit | None = None
    verdict: str | None = None
    reason: Text | None = None
    amendment: Amendment | None = None
