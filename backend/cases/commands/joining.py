"""Joining duplicates and taking them apart again: commands over two cases."""

from collections.abc import Callable, Iterable
from typing import cast
from uuid import UUID

from backend.cases.commands import alarming
from backend.cases.commands.preparing import Ready, doing_for, flow_of, prepare
from backend.cases.commands.telling import Change, tell
from backend.cases.rules import joining
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import Case, MergeCases, SplitCase
from backend.core.actor import Actor
from offline.handlers import Done, Handler, Order, Rejection, refuse
from offline.work import Work

Two = MergeCases | SplitCase
Rule = Callable[[Case, Case, str, Doing, Doing], tuple[Case, Case]]


def _targets(payload: Two) -> Iterable[tuple[str, UUID]]:
    return [("case", payload.case), ("case", payload.merged)]


def _both(work: Work, order: Order, ready: Ready, rule: Rule, verb: str) -> Done:
    """Apply a rule over the case that is kept and the one that is joined to it."""
    payload: Two = order.payload
    author = cast(Actor, order.author)
    if not author.may("case.merge"):
        raise refuse("forbidden", "您当前的岗位不能合并或拆分案件", "post")
    kept = _found(work, author, payload.case, "payload.case")
    merged = _found(work, author, payload.merged, "payload.merged")
    ground = ready.grounds[author.county]
    doing, other = (
        doing_for(order, each, ground, ready, flow_of(each, ground)) for each in (kept, merged)
    )
    kept = alarming.catch_up(work, kept, doing, ground, ready)
    merged = alarming.catch_up(work, merged, other, ground, ready)
    try:
        after, gone = rule(kept, merged, payload.reason, doing, other)
    except Impossible as impossible:
        raise Rejection(impossible.reason) from impossible
    for before, now in ((merged, gone), (kept, after)):
        change = Change(before=before, after=now, late=order.moment.late)
        tell(work, change, ground, ready, verb)
    return Done("case", after.id, after.version, after.number)


def _found(work: Work, author: Actor, id_: UUID, field: str) -> Case:
    case: Case | None = work.get("case", id_)
    if case is None or not author.covers(case.area_path):
        raise refuse("not_found", "没有找到这个案件,或您无权查看", field)
    return case


def _merge(work: Work, order: Order, ready: Ready) -> Done:
    return _both(work, order, ready, joining.merge, "case.merged")


def _split(work: Work, order: Order, ready: Ready) -> Done:
    payload: SplitCase = order.payload
    if not payload.reason.strip():
        raise refuse("required", "请填写拆分理由", "payload.reason")
    return _both(work, order, ready, joining.split, "case.split")


HANDLERS = (
    Handler("case.merge", 1, MergeCases, _targets, prepare, _merge),
    Handler("case.split", 1, SplitCase, _targets, prepare, _split),
)
