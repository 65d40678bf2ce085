"""Acting on a case: one action of its flow."""

from typing import cast

from backend.cases.commands import alarming
from backend.cases.commands.preparing import (
    Ready,
    doing_for,
    flow_of,
    media_faults,
    move_faults,
    prepare,
)
from backend.cases.commands.telling import Change, tell
from backend.cases.ground import labels_at
from backend.cases.rules import acting, checks, deciding, filling
from backend.cases.rules.deciding import Outrun
from backend.cases.structs import ActOnCase, Case
from backend.catalogue.rules import action_of
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
    case = alarming.catch_up(work, case, doing, ground, ready)
    labels = labels_at(ground, case.area_path, order.moment.judged_at)
    known = checks.Known(ground.roster.staff, labels)
    faults = media_faults(acting.brought(payload), ready)
    if payload.amendment is not None:
        faults += move_faults(order, ready)
    verb, reasons = "case.acted", list[Reason]()
    try:
        after = deciding.decide(case, action, payload, author, doing, known, faults)
    except Outrun as outrun:
        # What an outrun act brought joins the timeline as late evidence (design section 4), when
        # its author has a part in the case.
        brings = payload.opinion.strip() or payload.media
        if faults or not brings or not _took_part(work, case, author, payload):
            raise Rejection(outrun.reason) from outrun
        payload = filling.kept_act(action, payload, case, doing)
        after = acting.late_evidence(case, payload, doing)
        kept = f"{outrun.reason.message};您填写的意见和照片已作为迟到证据保存在案件中"
        verb, reasons = "case.late_evidence", [Reason(outrun.reason.code, kept, "payload.action")]
    change = Change(
        before=case,
        after=after,
        answered=None if reasons else payload.task,
        late=order.moment.late,
    )
    tell(work, change, ground, ready, verb)
    return Done("case", after.id, after.version, after.number, reasons)


def _took_part(work: Work, case: Case, author: Actor, payload: ActOnCase) -> bool:
    task = work.get("task", payload.task) if payload.task else None
    return (
        (task is not None and task.subject == case.id and task.user == author.user)
        or any(step.user == author.user for step in case.steps)
        or any(each.org == author.org for each in case.assignments)
        or (author.may("case.browse") and author.covers(case.area_path))
    )


HANDLER = Handler("case.act", 1, ActOnCase, lambda p: [("case", p.case)], prepare, _act)
