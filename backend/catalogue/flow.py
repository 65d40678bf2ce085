"""A flow as data: states, actions and boxes. A city loads it; a phone offers actions by it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from backend.catalogue.form import Expression, Item

LimitUnit = Literal["work_minute", "work_hour", "work_day", "urgent_hour", "urgent_day"]
"""work_* count working time only; urgent_* run through nights and holidays."""

Stage = Literal["reported", "accepted", "filed", "dispatched", "handled", "checked", "closed"]
Ending = Literal[
    "closed", "refused", "cancelled", "not_filed", "void", "archived", "merged"
]  # merged: joined into another case
Source = Literal["worker", "supervisor", "hotline", "leader", "media", "public", "peer"]
Party = Literal[
    "main",  # org of an open main assignment
    "assignee",  # org of an open main, assist or help assignment
    "copied",  # org with an open copy
    "assigner",  # org that made an assignment which is still open
    "closer",  # org that holds the closing right
    "raiser",  # the user who reported first
    "asker",  # org that asked an open request
    "answerer",  # may answer an open request at the level where it stands
    "directed",  # org of a party that an unanswered directive speaks to
    "owner",  # a leader who owns the case
    "involved",  # org with any part in the case, now or before
]
"""How somebody stands to a case. Derived by `backend.cases.rules.parties` and its twin."""

RequestKind = Literal["extension", "return", "suspension", "void", "help"]
DirectiveKind = Literal["supervise", "instruct", "urge"]
Severity = Literal["general", "serious", "major", "extreme"]
"""事件等级: 一般, 较大, 重大, 特别重大. A case keeps the place in this order, from 0."""
Effect = Literal[
    "choose_standard",  # input.standard sets the filing condition and the whole limit
    "correct",  # 立案修正: input.amendment, and input.standard when given; the whole limit follows
    "assign",  # input.targets, else input.org (default: the matrix) as the one main assignment
    "withdraw_assignment",  # input.assignment, made by the actor's org
    "sign_assignment",  # 签收: the actor holds the org's open assignment
    "answer_assignment",  # the actor's org's open assignments are answered
    "reopen_assignments",  # rework: answered main, assist and help assignments are open again
    "return_assignment",  # a failed check: answered assignments count as returned
    "settle_assignments",  # forced closure: open assignments are withdrawn
    "report_up",  # the closing right moves to the parent of the org that holds it
    "hand_down",  # the closing right moves to input.org, a child of the org that holds it
    "ask",  # a request of the action's `request` kind
    "answer_request",  # input.request, input.verdict: granted, refused, passed_up
    "withdraw_request",  # input.request
    "resume",  # ends a suspension
    "direct",  # a directive of the action's `directive` kind
    "answer_directive",  # input.directive
    "circulate",  # 通报
    "release",  # 解除督办
    "open_verify_task",  # to the worker of the case's grid, or input.worker
    "open_check_task",  # likewise
    "open_recollect_task",  # to the worker who reported
    "void_tasks",  # open tasks are void
    "amend_report",  # input may amend description, category, position, media
    "set_owners",  # input.people
    "set_labels",  # input.labels
    "set_urgent",  # input.verdict: on, off
    "set_severity",  # input.verdict: one of Severity
    "call_back",  # input.verdict: satisfied, unsatisfied, unreached
]
CONDITION_NAMES = frozenset(
    {
        "open_parts",  # assignments that closing waits for
        "open_requests",
        "workers",  # how many may verify and check in the case's grid
        "level",  # depth of the org that holds the closing right; 0: the root
        "closing_org",
        "state",
        "source",
        "category",
        "check",  # the category's: task, photo, same_period
        "auto_dispatch",
        "self_handled",
        "urgent",
        "sensitive",
        "suspended",
        "supervision",
        "severity",
        "failed_checks",
        "call_back",
        "verdict",
        "after_photos",
        "evidence_photos",
    }
)
"""What every condition of a flow may speak of besides the form's and the action's answers;
`backend.cases.rules.context` gives the values.
"""
Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", max_length=32)]


class Limit(Struct, frozen=True):
    """A span of working or natural time."""

    value: Annotated[int, Meta(ge=1, le=100_000)]
    unit: LimitUnit


class Choice(Struct, frozen=True):
    """One allowed value. `reasons` are what may be chosen as its reason; empty: none is asked."""

    code: Code
    name: str
    reasons: list[str] = []


InputName = Literal[
    "opinion",
    "media",
    "org",
    "worker",
    "standard",
    "verdict",
    "limit",
    "reason",
    "amendment",
    "targets",
    "closing_org",
    "assignment",
    "request",
    "directive",
    "until",
    "signature",
    "people",
    "labels",
]
Relation = Literal["parent", "children", "descendants", "siblings"]


class Input(Struct, frozen=True):
    """Something an action asks for. `name` says which editor and which check."""

    name: InputName
    label: str
    required: bool = False
    choices: list[Choice] = []
    media_role: Literal["near", "far", "reference", "before", "after", "evidence"] | None = None
    minimum: int = 0  # photos needed
    within: list[Relation] = []  # orgs to choose from, seen from the actor's; none: all


class Branch(Struct, frozen=True):
    """Where an action leads when `when` holds after its effects; the first that fits. `to` null:
    the state stays.
    """

    when: Expression = ""
    to: Code | None = None
    effects: list[Effect] = []


class Action(Struct, frozen=True):
    """A permitted move. `task` means: answers an open task of that kind, by its holder."""

    code: Code
    name: str
    states: list[Code]  # where it may start; an ended state only when `after_end`
    to: Code | None = None  # None: the state stays
    to_by_verdict: dict[str, Code] = {}  # verdict choice -> state, instead of `to`
    branches: list[Branch] = []  # looked at before `to`
    permission: str | None = None
    party: list[Party] = []  # any of them; none: the post's areas and categories cover the case
    task: Literal["verify", "check", "recollect"] | None = None
    when: Expression = ""  # offered only when it holds
    inputs: list[Input] = []
    items: list[Item] = []  # further questions, answered in `answers`
    effects: list[Effect] = []
    effects_by_verdict: dict[str, list[Effect]] = {}
    request: RequestKind | None = None
    directive: DirectiveKind | None = None
    after_end: bool = False
    tone: Literal["primary", "default", "danger"] = "default"


class Timer(Struct, frozen=True):
    """What a state does by itself after a while. `at`: when the case's lamp turns yellow or red, or
    a limit after entering. Once for each stay in the state.
    """

    code: Code
    name: str
    at: Literal["yellow", "due"] | Limit
    effect: Literal["watch", "escalate", "open_check_task"]
    to: Code | None = None
    when: Expression = ""


class State(Struct, frozen=True):
    """Where a case stands. `entry` runs by itself when the state is entered and one answer fits.

    timing: `standard` starts the state's own clock; `paused` also pauses the whole clock while the
    state lasts; `bundled` shares one clock among the states of one `bundle`: its limit is that of
    the first entered, and it runs on where it stood.
    """

    code: Code
    name: str
    stage: Stage
    ending: Ending | None = None
    limit: Limit | None = None  # the stage's own clock
    assignment_clock: bool = False  # the stage's time is that of its open assignments
    timing: Literal["standard", "paused", "bundled"] = "standard"
    bundle: Code | None = None
    entry: Literal["open_check_task", "dispatch"] | None = None
    entry_when: Expression = ""
    entry_to: Code | None = None  # the state after `entry` succeeded
    timers: list[Timer] = []


class Level(Struct, frozen=True):
    """Who answers a request: those with `permission` in the org that `of` names."""

    name: str
    permission: str
    of: Literal["county", "assigner", "closer", "superior"] = "county"
    up_to: Limit | None = None  # may grant no more than this at once; None: anything


class RequestRule(Struct, frozen=True):
    """How a request is answered. Without levels it takes effect at once."""

    kind: RequestKind
    name: str
    levels: list[Level]
    to: Code | None = None  # the state after it is granted; None: stays


class Box(Struct, frozen=True):
    """A list with a live count, shown to posts with `permission`. All given conditions hold; no
    states means any.
    """

    code: Code
    name: str
    states: list[Code]
    permission: str
    party: Party | None = None
    supervision: Literal["near", "supervised", "overdue", "circulated"] | None = None
    call_back: Literal["wanted", "done", "unwanted"] | None = None
    suspended: bool | None = None


class Flow(Struct, frozen=True):
    """The whole of it. `initial` and `initial_self_handled` are where a new report stands."""

    code: Code
    name: str
    version: int
    initial: Code
    initial_self_handled: Code
    states: list[State]
    actions: list[Action]
    boxes: list[Box]
    requests: list[RequestRule] = []
    closer: Literal["centre", "raiser"] = "centre"  # whose org first holds the closing right
    yellow_ratio: float = 0.8  # a lamp is yellow from this share of the limit on
