"""A case in memory, as stored and as sent to devices: one aggregate, codes for foreign names."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.catalogue.flow import DirectiveKind, Ending, Limit, RequestKind, Source, Stage
from backend.catalogue.form import Answers, FormRef
from backend.core.position import Position

MediaRole = Literal["near", "far", "reference", "before", "after", "evidence", "audio", "form"]
AssignmentKind = Literal["main", "assist", "copy", "help"]
Supervision = Literal["near", "supervised", "overdue", "circulated"]
"""待督办 by itself when the limit is near, 已督办 by a directive, 超期未办 when its answer is late,
通报 by a leader's word. None of them is a stage.
"""
CallBackState = Literal["wanted", "done", "unwanted"]
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
    form: FormRef | None = None
    answers: Answers = {}
    joined_from: UUID | None = None  # the case it came from by merging


class Assignment(Struct, frozen=True):
    """An org's part in a case. `by_*` is who gave it; `holder` has signed for it (签收)."""

    id: UUID
    org: str
    post: UUID | None
    kind: AssignmentKind
    state: Literal["open", "answered", "withdrawn", "returned"]
    requirement: str
    limit: Limit | None
    assigned_at: datetime
    answered_at: datetime | None = None
    by_org: str | None = None
    by_user: UUID | None = None
    by_post: UUID | None = None
    holder: UUID | None = None
    media: list[MediaRef] = []
    failed_checks: int = 0


class Word(Struct, frozen=True):
    """One level's word on a request."""

    level: int
    verdict: Literal["granted", "refused", "passed_up"]
    user: UUID
    post: UUID
    org: str
    at: datetime
    opinion: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """申请: what a party asks of those above. It stands at `level` of the flow's rule until
    somebody there grants, refuses or passes it up; `words` is the whole chain.
    """

    id: UUID
    kind: RequestKind
    state: Literal["open", "granted", "refused", "withdrawn"] = "open"
    level: int = 0
    answerer_org: str | None = None  # whose people answer at this level; None: the county's
    user: UUID
    post: UUID
    org: str
    keeper: UUID  # who follows it: the asker, or to whom the shift was handed over
    asked_at: datetime
    reason: str
    media: list[MediaRef] = []
    assignment: UUID | None = None
    limit: Limit | None = None  # extension: the time asked for, from the old deadline on
    old_due_at: datetime | None = None
    new_due_at: datetime | None = None
    until: datetime | None = None  # suspension: resumes by itself
    targets: list["Target"] = []  # help: from whom
    words: list[Word] = []
    ended_at: datetime | None = None


class Target(Struct, frozen=True):
    """One of several orgs a case is given to, each with its own words, limit and attachments."""

    org: str
    kind: AssignmentKind = "main"
    requirement: Text = ""
    limit: Limit | None = None
    media: Annotated[list[MediaRef], Meta(max_length=20)] = []


class Signature(Struct, frozen=True):
    """Whose word a directive is, when somebody writes it for them: 批示人, 部门, 职务, 时间."""

    name: ShortText
    org: ShortText
    title: ShortText
    at: Annotated[datetime, Meta(tz=True)]


class Directive(Struct, frozen=True, kw_only=True):
    """督办, 批示, 催办: words from above that stay on the case, with when an answer is due."""

    id: UUID
    kind: DirectiveKind
    user: UUID
    post: UUID
    org: str
    signature: Signature | None = None
    at: datetime
    content: str
    media: list[MediaRef] = []
    due_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: UUID | None = None
    answer: str = ""


class CallBack(Struct, frozen=True):
    """回访 of the reporters, and what they said."""

    state: CallBackState
    satisfied: bool | None = None
    reason: str | None = None
    at: datetime | None = None
    user: UUID | None = None


class Alarm(Struct, frozen=True):
    """When the case does something by itself next: a timer of its state, a directive's answer, the
    end of a suspension.
    """

    at: datetime
    code: str
    subject: UUID | None = None


class Span(Struct, frozen=True):
    """A stretch during which a clock ran; `until` is null while it runs."""

    since: datetime
    until: datetime | None = None


class Clock(Struct, frozen=True):
    """Limit, spans and instants of the case (owner null) or of an assignment, in working time.
    While it is paused its last span has an end, and `yellow_at` and `due_at` are as if it ran again
    now; `paused` says so. A stopped clock never runs again.
    """

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
    paused: bool = False
    bundle: str | None = None
    extra: list[Limit] = []  # granted on top of the limit, each from the deadline before it


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
    assignment: UUID | None = None
    request: UUID | None = None
    directive: UUID | None = None
    orgs: list[str] = []  # given to, withdrawn from, moved to
    answers: Answers = {}


class OpenTask(Struct, frozen=True):
    """A task on this case that somebody must still answer."""

    id: UUID
    kind: str
    user: UUID | None
    org: str | None
    due_at: datetime | None
    not_before: datetime | None = None  # 同时段核查: the instant it is for


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
    severity: int = 0  # place in catalogue.flow.Severity
    reported_at: datetime
    ended_at: datetime | None = None
    retired_at: datetime | None = None  # left its reporters' devices
    changed_at: datetime
    reports: list[Report]
    assignments: list[Assignment] = []
    clocks: list[Clock] = []
    steps: list[Step] = []
    tasks: list[OpenTask] = []
    title: str = ""
    closing_org: str | None = None  # who holds the closing right
    former_closers: list[str] = []  # gave it up or down, and may still look
    owners: list[UUID] = []  # 包案领导
    labels: list[str] = []
    sensitive: bool = False
    suspended_until: datetime | None = None
    supervision: Supervision | None = None
    requests: list[Request] = []
    directives: list[Directive] = []
    call_back: CallBack | None = None
    failed_checks: int = 0
    merged_into: UUID | None = None
    merged_state: str | None = None  # the state it left by merging, to come back to
    entered_at: datetime | None = None  # this state; null: it stands where it was reported
    fired: list[str] = []  # timers that have run since the state was entered
    alarm: Alarm | None = None  # the next of them


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
    title: ShortText = ""
    form: FormRef | None = None
    answers: Answers = {}


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
    targets: Annotated[list[Target], Meta(max_length=50)] | None = None
    closing_org: str | None = None
    assignment: UUID | None = None
    request: UUID | None = None
    directive: UUID | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    signature: Signature | None = None
    people: Annotated[list[UUID], Meta(max_length=20)] | None = None
    labels: Annotated[list[str], Meta(max_length=20)] | None = None
    answers: Answers = {}


class MergeCases(Struct, frozen=True):
    """Payload of `case.merge` (type_version 1): `merged` is joined into `case`, both open."""

    case: UUID
    merged: UUID
    reason: Text = ""


class SplitCase(Struct, frozen=True):
    """Payload of `case.split` (type_version 1): `merged` leaves the case it was joined into and
    goes on where it stood.
    """

    case: UUID
    merged: UUID
    reason: Text


class HandOver(Struct, frozen=True):
    """Payload of `case.hand_over` (type_version 1): at a shift's end, what the author holds on
    these cases (tasks, signed assignments, requests followed) goes to a colleague.
    """

    to: UUID
    cases: Annotated[list[UUID], Meta(min_length=1, max_length=200)]
    note: Text = ""


class AlarmCase(Struct, frozen=True):
    """Payload of the rule command `case.alarm` (type_version 1): what was due at `at` happens."""

    case: UUID
    at: datetime
