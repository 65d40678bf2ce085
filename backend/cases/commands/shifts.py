"""交班: several cases' open ends go to a colleague at once."""

from typing import cast

from backend.cases.commands import alarming
from backend.cases.commands.preparing import Ready, doing_for, flow_of, prepare
from backend.cases.commands.telling import Change, tell
from backend.cases.rules import shifts
from backend.cases.rules.doing import Impossible
from backend.cases.structs import Case, HandOver
from backend.core.actor import Actor
from offline.handlers import Done, Handler, Order, Rejection, refuse
from offline.wire import Reason
from offline.work import Work


def _hand_over(work: Work, order: Order, ready: Ready) -> Done:
    payload: HandOver = order.payload
    author = cast(Actor, order.author)
    if not author.may("case.hand_over"):
        raise refuse("forbidden", "您当前的岗位不能交班", "post")
    ground = ready.grounds[author.county]
    orgs = ground.roster.staff.get(payload.to)
    if orgs is None or payload.to == author.user:
        raise refuse("unknown_person", "请选择一名在岗的同事", "payload.to")
    faults: list[Reason] = []
    changes: list[Change] = []
    for place, id_ in enumerate(dict.fromkeys(payload.cases)):
        field = f"payload.cases[{place}]"
        case: Case | None = work.get("case", id_)
        if case is None or case.county != author.county:
            faults.append(Reason("not_found", "没有找到这个案件,或您无权查看", field))
            continue
        doing = doing_for(order, case, ground, ready, flow_of(case, ground))
        case = alarming.catch_up(work, case, doing, ground, ready)
        mine = orgs & {author.org}
        try:
            after = shifts.hand_over(case, payload.to, mine, payload.note, doing, field)
        except Impossible as impossible:
            faults.append(impossible.reason)
        else:
            changes.append(Change(before=case, after=after, late=order.moment.late))
    if faults:
        raise Rejection(*faults)
    for change in changes:
        tell(work, change, ground, ready, "case.handed_over")
    first = changes[0].after
    return Done("case", first.id, first.version, first.number)


HANDLER = Handler(
    "case.hand_over",
    1,
    HandOver,
    lambda p: [("case", id_) for id_ in p.cases],
    prepare,
    _hand_over,
)
