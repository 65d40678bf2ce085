"""A flow as data: states, actions and boxes. A city loads it; a phone offers actions by it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

LimitUnit = Literal["work_minute", "work_hour", "work_day", "urgent_hour", "urgent_day"]
"""work_* count working time only; urgent_* run through nights and holidays."""

Stage = Literal["reported", "accepted", "filed", "dispatched", "handled", "checked", "closed"]
Ending = Literal["closed", "refused", "cancelled", "not_filed", "void", "archived"]
Effect = Literal[
    "choose_standard",  # input.standard sets the filing condition and the whole limit
    "assign",  # input.org (default: the matrix) becomes the main assignment
    "answer_assignment",  # the main assignment is answered
    "return_assignment",  # a failed check: the answered assignment counts as returned
    "open_verify_task",  # to the worker of the case's grid, or input.worker
    "open_check_task",  # likewise
    "open_recollect_task",  # to the worker who reported
    "void_tasks",  # open tasks are void
    "amend_report",  # input may amend description, category, position, media
]
Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", max_length=32)]


class Limit(Struct, frozen=True):
    """A span of working or natural time."""

    value: Annotated[int, Meta(ge=1, le=100_000)]
    unit: LimitUnit


class Choice(Struct, frozen=True):
    """One allowed value."""

    code: Code
    name: str


class Input(Struct, frozen=True):
    """Something an action asks for. `kind` says which editor and which check."""

    name: Literal[
        "opinion", "media", "org", "worker", "standard", "verdict", "limit", "reason", "amendment"
    ]
    label: str
    required: bool = False
    choices: list[Choice] = []
    media_role: Literal["near", "far", "reference", "before", "after", "evidence"] | None = None
    minimum: int = 0  # photos needed


class Action(Struct, frozen=True):
    """A permitted move. `task` means: answers an open task of that kind, by its holder."""

    code: Code
    name: str
    states: list[Code]  # where it may start
    to: Code | None = None  # None: the state stays
    to_by_verdict: dict[str, Code] = {}  # verdict choice -> state, instead of `to`
    permission: str | None = None
    assignee: bool = False  # only the org of the open main assignment
    task: Literal["verify", "check", "recollect"] | None = None
    inputs: list[Input] = []
    effects: list[Effect] = []
    effects_by_verdict: dict[str, list[Effect]] = {}
    tone: Literal["primary", "default", "danger"] = "default"


class State(Struct, frozen=True):
    """Where a case stands. `entry` runs by itself when the state is entered and one worker fits."""

    code: Code
    name: str
    stage: Stage
    ending: Ending | None = None
    limit: Limit | None = None  # the stage's own clock
    assignment_clock: bool = False  # the clock's limit is the assignment's
    entry: Literal["open_check_task"] | None = None
    entry_to: Code | None = None  # the state after `entry` succeeded


class Box(Struct, frozen=True):
    """A list with a live count, shown to posts with `permission`."""

    code: Code
    name: str
    states: list[Code]
    permission: str


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
    yellow_ratio: float = 0.8  # a lamp is yellow from this share of the limit on
