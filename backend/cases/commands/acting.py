"""Acting on a case: one action of its flow."""

from typing import cast

from backend.cases.commands.preparing import Ready, doing_for, flow_of, media_faults, prepare
from backend.cases.commands.telling import Change, tell
from backend.cases.ground import Ground, labels_at
from backend.cases.rules import acting, checks, parties
from backend.cases.rules.context import context
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import ActOnCase, Case
from backend.catalogue.flow import Action
from backend.catalogue.rules import action_of
from backend.catalogue.worktime import NoWorkingTime
from backend.core.actor import Actor
from offline.handlers import Done, Handler, Order, Rejection, refuse
from offline.wire import Reason
from offline.work import Work


def _act(work: Work, order: Order, ready: Ready) -> Done:
    payload: ActOnCase = order.payload
    author = cast(Actor, order.author)
    case: Case | None = work.get("case", payload.case)
    if case is None or case.county != author.county:
        raise refuse("not_found", "没有找到这个案件,或您无权查看", "payload.case")
    ground = ready.grounds[author.county]
    flow = flow_of(case, ground)
    action = action_of(flow, payload.action)
    if action is None:
        raise refuse("unknown_action", "这个案件的流程没有这个操作", "payload.action")
    payload = checks.asked(action, payload)
    doing = doing_for(order, case, ground, ready, flow)
    faults = media_faults(acting.brought(payload), ready)
    outrun = _passed(action, payload, case, doing, author)
    if outrun is not None:
        task = work.get("task", payload.task) if payload.task else None
        held = task is not None and task.subject == case.id and task.user == author.user
        may = not faults and (held or _took_part(case, author))
        return _outrun(work, order, payload, case, doing, ground, ready, outrun, may=may)
    if not checks.may_act(action, case, author, flow):
        raise refuse("forbidden", "您当前的岗位不能对这个案件做这个操作", "payload.action")
    if not checks.fits_now(action, context(case, doing)):
        raise refuse("not_yet", f"现在还不能“{action.name}”", "payload.action")
    day = order.moment.judged_at
    known = checks.Known(ground.roster.staff, labels_at(ground, case.area_path, day))
    faults += checks.faults(action, payload, case, doing, known)
    if faults:
        raise Rejection(*faults)
    after = _done(case, action, payload, doing)
    change = Change(before=case, after=after, answered=payload.task, late=order.moment.late)
    tell(work, change, ground, ready, "case.acted")
    return Done("case", after.id, after.version, after.number)


def _done(case: Case, action: Action, payload: ActOnCase, doing: Doing) -> Case:
    """The case after the act. Raises Rejection."""
    try:
        return acting.act(case, action, payload, doing)
    except Impossible as impossible:
        raise Rejection(impossible.reason) from impossible
    except (NoWorkingTime, OverflowError) as error:
        fields = ["payload.limit"] if payload.limit else []
        fields += [
            f"payload.targets[{place}].limit"
            for place, target in enumerate(payload.targets or [])
            if target.limit
        ]
        if not fields:
            raise
        raise refuse("limit_too_long", "时限太长,请缩短后再提交", fields[0]) from error


def _passed(
    action: Action, payload: ActOnCase, case: Case, doing: Doing, author: Actor
) -> Reason | None:
    """Why the case has outrun an act that would have been right before; None when it has not."""
    task_gone = action.task is not None and not any(
        task.id == payload.task and task.kind == action.task for task in case.tasks
    )
    if not checks.fits_state(action, case) or task_gone:
        name = next(s.name for s in doing.flow.states if s.code == case.state)
        return Reason("stage_passed", f"案件已是“{name}”,不能再做这个操作", "payload.action")
    had_part = f"involved:{author.org}" in parties.parts(case) and (
        action.permission is None or author.may(action.permission)
    )
    if action.party and had_part and not checks.may_act(action, case, author, doing.flow):
        return Reason("part_ended", "本单位在这个案件中的任务已结束", "payload.action")
    return None


def _outrun(
    work: Work,
    order: Order,
    payload: ActOnCase,
    case: Case,
    doing: Doing,
    ground: Ground,
    ready: Ready,
    reason: Reason,
    *,
    may: bool,
) -> Done:
    """An act the case has outrun is refused, and what it brought joins the timeline as late
    evidence (design section 4), when its author has a part in the case.
    """
    if not may or not (payload.opinion.strip() or payload.media):
        raise Rejection(reason)
    after = acting.late_evidence(case, payload, doing)
    tell(
        work,
        Change(before=case, after=after, late=order.moment.late),
        ground,
        ready,
        "case.late_evidence",
    )
    kept = "您填写的意见和照片已作为迟到证据保存在案件中"
    reasons = [Reason(reason.code, f"{reason.message};{kept}", reason.field)]
    return Done("case", after.id, after.version, after.number, reasons)


def _took_part(case: Case, author: Actor) -> bool:
    return (
        any(step.user == author.user for step in case.steps)
        or any(each.org == author.org for each in case.assignments)
        or (author.may("case.browse") and author.covers(case.area_path))
    )


HANDLER = Handler("case.act", 1, ActOnCase, lambda p: [("case", p.case)], prepare, _act)
