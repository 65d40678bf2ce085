"""What an action makes of a case: the next state, its clocks, assignments and tasks."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import clocks
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import ActOnCase, Assignment, Case, OpenTask, Step
from backend.catalogue.flow import Action, Effect, Limit, State
from backend.catalogue.rules import recommend, state_of
from backend.core.ids import derived_id
from offline.wire import Reason

TASK_OF: dict[Effect, str] = {
    "open_verify_task": "verify",
    "open_check_task": "check",
    "open_recollect_task": "recollect",
}


def act(case: Case, action: Action, order: ActOnCase, doing: Doing) -> Case:
    """The case after a permitted action with complete input. Raises Impossible."""
    target = action.to_by_verdict.get(order.verdict or "", action.to) or case.state
    state = state_of(doing.flow, target)
    after = _step(case, action.code, target, order, doing)
    if action.task is not None:
        after = replace(after, tasks=[t for t in after.tasks if t.id != order.task])
    for effect in (*action.effects, *action.effects_by_verdict.get(order.verdict or "", ())):
        after = _effect(after, effect, order, doing)
    if target != case.state:
        after = _enter(after, state, doing)
    return after


def late_evidence(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """The case with an outrun act's opinion and photos in its timeline; nothing else changes."""
    after = _step(case, order.action, case.state, order, doing)
    late = replace(after.steps[-1], late=True)
    return replace(after, changed_at=case.changed_at, steps=[*after.steps[:-1], late])


def _step(case: Case, code: str, target: str, order: ActOnCase, doing: Doing) -> Case:
    step = Step(
        id=doing.command,
        action=code,
        from_state=case.state,
        to_state=target,
        user=doing.user,
        post=doing.post,
        org=doing.org,
        occurred_at=doing.occurred_at,
        received_at=doing.received_at,
        opinion=order.opinion.strip() or (order.reason or ""),
        verdict=order.verdict,
        media=order.media,
    )
    return replace(case, version=case.version + 1, changed_at=doing.at, steps=[*case.steps, step])


def _effect(case: Case, effect: Effect, order: ActOnCase, doing: Doing) -> Case:  # noqa: PLR0911
    """One of the closed list of things an action may do."""
    match effect:
        case "choose_standard":
            return _choose_standard(case, order, doing)
        case "assign":
            return replace(case, assignments=[*case.assignments, _assignment(case, order, doing)])
        case "answer_assignment":
            return _settle(case, "answered", doing.at)
        case "return_assignment":
            *earlier, last = case.assignments
            return replace(case, assignments=[*earlier, replace(last, state="returned")])
        case "open_verify_task" | "open_check_task":
            return _open_task(case, TASK_OF[effect], _worker(order, doing), doing)
        case "open_recollect_task":
            return _open_task(case, TASK_OF[effect], case.reports[0].user, doing)
        case "void_tasks":
            return replace(case, tasks=[])
        case "amend_report":
            return _amend(case, order)
        case _:
            raise NotImplementedError(effect)


def _enter(case: Case, state: State, doing: Doing) -> Case:
    """Stop the clocks of the state left, start those of the state entered, end what has ended."""
    ended = state.ending is not None
    after = replace(
        case,
        state=state.code,
        stage=state.stage,
        ending=state.ending,
        ended_at=doing.at if ended else None,
        clocks=clocks.stop(case.clocks, doing.at, keep_whole=not ended),
    )
    if ended:
        return _settle(replace(after, tasks=[]), "withdrawn", doing.at)
    limit, owner = state.limit, None
    if state.assignment_clock:
        current = next(a for a in reversed(after.assignments) if a.state == "open")
        limit, owner = current.limit or limit, current.id
    if limit is not None:
        clock = clocks.start(
            derived_id("clock", doing.command, state.code),
            state.code,
            limit,
            doing.at,
            doing.catalogue.working,
            doing.flow.yellow_ratio,
            owner,
        )
        after = replace(after, clocks=[*after.clocks, clock])
        after = replace(
            after, tasks=[replace(t, due_at=t.due_at or clock.due_at) for t in after.tasks]
        )
    if state.entry is not None and state.entry_to is not None and len(doing.workers) == 1:
        return _by_rule(after, state, doing)
    return after


def _by_rule(case: Case, state: State, doing: Doing) -> Case:
    """What a state does by itself when exactly one worker fits."""
    assert state.entry is not None
    assert state.entry_to is not None
    step = Step(
        id=derived_id("entry", doing.command, state.code),
        action=state.entry,
        from_state=state.code,
        to_state=state.entry_to,
        user=None,
        post=None,
        org=None,
        occurred_at=doing.at,
        received_at=doing.received_at,
    )
    opened = _open_task(case, "check", doing.workers[0].user, doing)
    moved = replace(opened, steps=[*opened.steps, step])
    return _enter(moved, state_of(doing.flow, state.entry_to), doing)


def _choose_standard(case: Case, order: ActOnCase, doing: Doing) -> Case:
    standards = doing.category.standards if doing.category else []
    chosen = next((s for s in standards if s.number == order.standard), None)
    if chosen is None:
        raise Impossible(Reason("required", "请选择立案条件", "payload.standard"))
    whole = clocks.start(
        derived_id("clock", doing.command, clocks.WHOLE),
        clocks.WHOLE,
        chosen.limit,
        doing.at,
        doing.catalogue.working,
        doing.flow.yellow_ratio,
    )
    return replace(case, standard=chosen.number, clocks=[*case.clocks, whole])


def _assignment(case: Case, order: ActOnCase, doing: Doing) -> Assignment:
    rule = recommend(doing.catalogue.matrix, case.category, case.area_path)
    org = order.org or (rule.org if rule else None)
    if org is None:
        raise Impossible(Reason("required", "请选择处置部门", "payload.org"))
    return Assignment(
        id=derived_id("assignment", doing.command),
        org=org,
        post=None,
        kind="main",
        state="open",
        requirement=order.opinion.strip() or (rule.standard if rule else ""),
        limit=order.limit or (rule.limit if rule else None) or _standard_limit(case, doing),
        assigned_at=doing.at,
    )


def _standard_limit(case: Case, doing: Doing) -> Limit | None:
    standards = doing.category.standards if doing.category else []
    return next((s.limit for s in standards if s.number == case.standard), None)


def _settle(case: Case, state: str, at: datetime) -> Case:
    """End the open assignments in one way: answered, returned or withdrawn."""
    return replace(
        case,
        assignments=[
            replace(a, state=state, answered_at=at) if a.state == "open" else a
            for a in case.assignments
        ],
    )


def _worker(order: ActOnCase, doing: Doing) -> UUID:
    if order.worker is not None:
        return order.worker
    if len(doing.workers) == 1:
        return doing.workers[0].user
    message = "有多名网格员可派,请选择一名" if doing.workers else "该网格没有网格员,请选择人员"
    raise Impossible(Reason("required", message, "payload.worker"))


def _open_task(case: Case, kind: str, user: UUID, doing: Doing) -> Case:
    task = OpenTask(derived_id("task", doing.command, kind), kind, user, None, None)
    return replace(case, tasks=[*case.tasks, task])


def _amend(case: Case, order: ActOnCase) -> Case:
    amendment = order.amendment
    if amendment is None:
        return case
    return replace(
        case,
        description=case.description if amendment.description is None else amendment.description,
        category=amendment.category or case.category,
        address=case.address if amendment.address is None else amendment.address,
        position=amendment.position or case.position,
    )
