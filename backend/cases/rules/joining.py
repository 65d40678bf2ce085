"""Duplicates: one case joined into another, and taken apart again; both keep their histories."""

from typing import Any

from msgspec.structs import replace

from backend.cases.rules import alarms, assigning, clocks, stepping
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.rules.entering import checker, enter, open_task
from backend.cases.structs import Case, Clock
from offline.wire import Reason

MERGED = "merged"
"""The state and ending, in every flow, of a case that was joined into another."""


def merge(case: Case, merged: Case, reason: str, doing: Doing, other: Doing) -> tuple[Case, Case]:
    """`case` with the reports of `merged`, which ends. `other` is the doing as of `merged`.

    Raises Impossible.
    """
    if case.id == merged.id:
        raise Impossible(Reason("same_case", "不能与自身合并", "payload.merged"))
    for each, field in ((case, "payload.case"), (merged, "payload.merged")):
        if each.ending is not None:
            raise Impossible(Reason("ended", f"案件 {each.number} 已办结,不能合并", field))
    joined = [replace(report, joined_from=merged.id) for report in merged.reports]
    kept = _begun(case, "merge", reason, doing, merged)
    gone = _begun(merged, "merge", reason, other, case)
    gone = replace(enter(gone, MERGED, other), merged_into=case.id, merged_state=merged.state)
    return (
        _landed(replace(kept, reports=[*kept.reports, *joined]), case, doing),
        _landed(gone, merged, other),
    )


def split(case: Case, merged: Case, reason: str, doing: Doing, other: Doing) -> tuple[Case, Case]:
    """`merged` leaves `case` with its reports and goes on where it stood: its state's clock begins
    anew, the whole one goes on, and what the merge withdrew is open again. Raises Impossible.
    """
    if merged.merged_into != case.id or merged.merged_state is None:
        raise Impossible(Reason("not_merged", "这个案件没有并入该案件", "payload.merged"))
    if case.merged_into is not None:
        message = f"案件 {case.number} 已并入其他案件,请先拆分"
        raise Impossible(Reason("merged_elsewhere", message, "payload.case"))
    left = [report for report in case.reports if report.joined_from != merged.id]
    back = _begun(merged, "split", reason, other, case)
    withdrawn = [
        each.id
        for each in back.assignments
        if each.state == "withdrawn" and each.answered_at == merged.ended_at
    ]
    state = merged.merged_state
    back = replace(
        back,
        merged_into=None,
        merged_state=None,
        ended_at=None,
        retired_at=None,
        clocks=[_paused(clock, merged) for clock in back.clocks],
    )
    back = assigning.restore(back, withdrawn, other)
    back = _with_task(enter(back, state, other), state, other)
    kept = _begun(case, "split", reason, doing, merged)
    return _landed(replace(kept, reports=left), case, doing), _landed(back, merged, other)


def _paused(clock: Clock, merged: Case) -> Clock:
    """The whole clock, which the merge stopped, as if it had paused: it goes on with the state."""
    stopped = clock.name == clocks.WHOLE and clock.stopped_at == merged.ended_at
    return replace(clock, stopped_at=None, paused=True) if stopped else clock


def _with_task(case: Case, code: str, doing: Doing) -> Case:
    """Its state's task again, which the merge made void, when somebody must answer one in it."""
    kinds = {a.task for a in doing.flow.actions if a.task and code in a.states}
    if case.state != code or case.tasks:
        return case
    for kind in sorted(kinds):
        idle = min(doing.workers, key=lambda fit: fit.open_tasks, default=None)
        fitting = checker(case, doing) or (idle.user if idle else None)
        user = case.reports[0].user if kind == "recollect" else fitting
        if user is None:
            message = "该网格没有网格员,请先安排人员"
            raise Impossible(Reason("no_worker", message, "payload.merged"))
        case = open_task(case, kind, user, doing)
    return case


def _begun(case: Case, action: str, reason: str, doing: Doing, other: Case) -> Case:
    said: dict[str, Any] = {"case": str(other.id), "number": other.number}
    return stepping.begin(case, action, doing, opinion=reason.strip(), answers=said)


def _landed(case: Case, before: Case, doing: Doing) -> Case:
    """With where it led in the timeline, and its next alarm."""
    after = stepping.land(case, len(before.steps))
    return replace(after, alarm=alarms.next_alarm(after, doing.flow, doing.catalogue))
