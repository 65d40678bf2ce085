"""Whether an act may be done, and what comes of it: all checks in order, without a database."""

from collections.abc import Sequence

from backend.cases.rules import acting, checks, filling, parties
from backend.cases.rules.context import context
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import ActOnCase, Case
from backend.catalogue.flow import Action
from backend.catalogue.worktime import NoWorkingTime
from backend.core.actor import Actor
from offline.handlers import Rejection, refuse
from offline.wire import Reason


class Outrun(Exception):
    """The case has moved on since the act would have been right."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def decide(
    case: Case,
    action: Action,
    order: ActOnCase,
    actor: Actor,
    doing: Doing,
    known: checks.Known,
    also: Sequence[Reason] = (),
) -> Case:
    """The case after the act. order: as `checks.asked` left it; also: faults found elsewhere.

    Raises Rejection with every fault, or Outrun.
    """
    passed = _passed(action, order, case, doing, actor)
    if passed is not None:
        raise Outrun(passed)
    if not checks.may_act(action, case, actor, doing.flow) or _anothers(order, case, actor):
        raise refuse("forbidden", "您当前的岗位不能对这个案件做这个操作", "payload.action")
    if not checks.fits_now(action, context(case, doing)):
        raise refuse("not_yet", f"现在还不能“{action.name}”", "payload.action")
    faults = [
        *also,
        *checks.faults(action, order, case, doing, known),
        *filling.act_faults(action, order, case, doing, known),
    ]
    if faults:
        raise Rejection(*faults)
    try:
        return acting.act(case, action, filling.kept_act(action, order, case, doing), doing)
    except Impossible as impossible:
        raise Rejection(impossible.reason) from impossible
    except (NoWorkingTime, OverflowError) as error:
        field = _limit_field(order)
        if field is None:
            raise
        raise refuse("limit_too_long", "时限太长,请缩短后再提交", field) from error


def _passed(
    action: Action, order: ActOnCase, case: Case, doing: Doing, actor: Actor
) -> Reason | None:
    """Why the case has outrun an act that would have been right before; None when it has not."""
    task_gone = action.task is not None and not any(
        task.id == order.task and task.kind == action.task for task in case.tasks
    )
    if not checks.fits_state(action, case) or task_gone:
        name = next(s.name for s in doing.flow.states if s.code == case.state)
        return Reason("stage_passed", f"案件已是“{name}”,不能再做这个操作", "payload.action")
    had_part = f"involved:{actor.org}" in parties.parts(case) and (
        action.permission is None or actor.may(action.permission)
    )
    if action.party and had_part and not checks.may_act(action, case, actor, doing.flow):
        return Reason("part_ended", "这一步现在不由本单位办理", "payload.action")
    return None


def _anothers(order: ActOnCase, case: Case, actor: Actor) -> bool:
    """Whether the task that is answered is somebody else's."""
    task = next((task for task in case.tasks if task.id == order.task), None)
    return task is not None and task.user != actor.user and task.org != actor.org


def _limit_field(order: ActOnCase) -> str | None:
    """The field of a limit that a person gave, or of the request that asks for one."""
    if order.limit is not None:
        return "payload.limit"
    targets = enumerate(order.targets or [])
    asked = "payload.request" if order.request is not None else None
    return next((f"payload.targets[{place}].limit" for place, t in targets if t.limit), asked)
