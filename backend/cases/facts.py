"""What the ledger says of a change of a case: enough to recompute every state, limit and figure.

Places, orgs and posts are those of the time of the act, so that a redrawn grid moves nothing in the
past. Codes and ids only: no description, opinion or person's name.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.cases.structs import Assignment, Case, Clock, Directive, OpenTask, Request


class PartFact(Struct, frozen=True, omit_defaults=True):
    """An assignment as it stands after the act, when the act made or changed it."""

    id: UUID
    org: str
    kind: str
    state: str
    by_org: str | None = None
    by_user: UUID | None = None
    by_post: UUID | None = None
    failed_checks: int = 0


class ClockFact(Struct, frozen=True, omit_defaults=True):
    """A clock started, moved, paused or stopped by the act."""

    id: UUID
    name: str
    owner: UUID | None
    due_at: datetime
    stopped_at: datetime | None = None
    paused: bool = False


class TaskFact(Struct, frozen=True, omit_defaults=True):
    """A task opened or gone by the act; `answered` tells an answer from a task made void."""

    id: UUID
    kind: str
    user: UUID | None
    org: str | None
    due_at: datetime | None
    state: str  # open, answered, void


class RequestFact(Struct, frozen=True, omit_defaults=True):
    """A request asked, passed up or ended by the act."""

    id: UUID
    kind: str
    state: str
    org: str
    user: UUID
    level: int
    assignment: UUID | None = None
    old_due_at: datetime | None = None
    new_due_at: datetime | None = None


class DirectiveFact(Struct, frozen=True, omit_defaults=True):
    """A directive given or answered by the act."""

    id: UUID
    kind: str
    org: str
    due_at: datetime | None
    answered_at: datetime | None = None


class CallBackFact(Struct, frozen=True, omit_defaults=True):
    """A call-back wished, done or not needed."""

    state: str
    satisfied: bool | None = None
    reason: str | None = None


class CaseFact(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The facts of verbs `case.reported`, `case.acted`, `case.ruled` (by rule), `case.merged`,
    `case.split`, `case.handed_over` and `case.late_evidence`.
    """

    # where the case stands after the act
    number: str
    flow: str
    flow_version: int
    state: str
    stage: str
    ending: str | None = None
    category: str
    standard: int | None = None
    source: str  # of the first report
    grid: str
    area_path: str
    closing_org: str | None = None
    urgent: bool = False
    severity: int = 0
    suspended: bool = False
    supervision: str | None = None
    failed_checks: int = 0
    merged_into: UUID | None = None
    owners: list[UUID] = []
    labels: list[str] = []
    # the act
    step: UUID
    action: str
    from_state: str | None = None
    by_org: str | None = None
    verdict: str | None = None
    task: UUID | None = None
    late: bool = False
    report: UUID | None = None
    reported_by: UUID | None = None
    self_handled: bool = False
    call_back_wish: bool = False
    reporter: dict[str, str] | None = None  # the sealed value's id and digest
    media: list[UUID] = []
    orgs: list[str] = []
    workers: list[UUID] = []  # who worked in the grid at that time
    # what the act changed
    parts: list[PartFact] = []
    clocks: list[ClockFact] = []
    tasks: list[TaskFact] = []
    requests: list[RequestFact] = []
    directives: list[DirectiveFact] = []
    call_back: CallBackFact | None = None


def change(before: Case | None, after: Case, answered: UUID | None) -> dict[str, Any]:
    """The fields of CaseFact that say where a case stands and what a change did to its parts.

    answered: the task that the act answered; others that have gone were made void.
    """
    return {
        "number": after.number,
        "flow": after.flow,
        "flow_version": after.flow_version,
        "state": after.state,
        "stage": after.stage,
        "ending": after.ending,
        "category": after.category,
        "standard": after.standard,
        "source": after.reports[0].source,
        "grid": after.grid,
        "area_path": after.area_path,
        "closing_org": after.closing_org,
        "urgent": after.urgent,
        "severity": after.severity,
        "suspended": after.suspended,
        "supervision": after.supervision,
        "failed_checks": after.failed_checks,
        "merged_into": after.merged_into,
        "owners": after.owners,
        "labels": after.labels,
        "parts": _changed(before.assignments if before else [], after.assignments, _part),
        "clocks": _changed(before.clocks if before else [], after.clocks, _clock),
        "tasks": [
            *_changed(before.tasks if before else [], after.tasks, _task),
            *_gone(before.tasks if before else [], after.tasks, answered),
        ],
        "requests": _changed(before.requests if before else [], after.requests, _request),
        "directives": _changed(before.directives if before else [], after.directives, _directive),
        "call_back": CallBackFact(
            after.call_back.state, after.call_back.satisfied, after.call_back.reason
        )
        if after.call_back and after.call_back != (before.call_back if before else None)
        else None,
    }


def as_facts(fact: CaseFact) -> dict[str, Any]:
    """As the ledger keeps it."""
    facts: dict[str, Any] = msgspec.to_builtins(fact)
    return facts


T = TypeVar("T", Assignment, Clock, OpenTask, Request, Directive)
F = TypeVar("F")


def _changed(before: Iterable[T], after: Iterable[T], fact: Callable[[T], F]) -> list[F]:
    were = {each.id: fact(each) for each in before}
    return [is_ for each in after if (is_ := fact(each)) != were.get(each.id)]


def _gone(
    before: Sequence[OpenTask], after: Sequence[OpenTask], answered: UUID | None
) -> list[TaskFact]:
    there = {task.id for task in after}
    return [
        msgspec.structs.replace(_task(task), state="answered" if task.id == answered else "void")
        for task in before
        if task.id not in there
    ]


def _part(each: Assignment) -> PartFact:
    return PartFact(
        each.id,
        each.org,
        each.kind,
        each.state,
        each.by_org,
        each.by_user,
        each.by_post,
        each.failed_checks,
    )


def _clock(each: Clock) -> ClockFact:
    return ClockFact(each.id, each.name, each.owner, each.due_at, each.stopped_at, each.paused)


def _task(each: OpenTask) -> TaskFact:
    return TaskFact(each.id, each.kind, each.user, each.org, each.due_at, "open")


def _request(each: Request) -> RequestFact:
    return RequestFact(
        each.id,
        each.kind,
        each.state,
        each.org,
        each.user,
        each.level,
        each.assignment,
        each.old_due_at,
        each.new_due_at,
    )


def _directive(each: Directive) -> DirectiveFact:
    return DirectiveFact(each.id, each.kind, each.org, each.due_at, each.answered_at)
