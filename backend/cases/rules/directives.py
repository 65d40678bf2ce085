"""督办, 批示, 催办: words from above, the answers they wait for, and what they make of a case."""

from msgspec.structs import replace

from backend.cases.rules.doing import Doing, Impossible
from backend.cases.rules.requests import still_to_come
from backend.cases.structs import ActOnCase, Case, Directive, Supervision
from backend.catalogue.flow import Action
from backend.core.ids import derived_id
from offline.wire import Reason


def direct(case: Case, action: Action, order: ActOnCase, doing: Doing) -> Case:
    """A directive of the action's kind. Its answer is due at `until`, else after `limit` by the
    standard calendar. Where a case may be supervised is for the action's states to say. Raises
    Impossible.
    """
    assert action.directive is not None
    assert doing.user is not None
    assert doing.post is not None
    assert doing.org is not None
    content = order.opinion.strip() or (order.reason or "").strip()
    if not content:
        raise Impossible(Reason("required", "请填写内容", "payload.opinion"))
    still_to_come(order.until, doing.at, "payload.until")
    due_at = order.until
    if due_at is None and order.limit is not None:
        due_at = doing.catalogue.working.due(doing.at, order.limit)
    directive = Directive(
        id=derived_id("directive", doing.command),
        kind=action.directive,
        user=doing.user,
        post=doing.post,
        org=doing.org,
        signature=order.signature,
        at=doing.at,
        content=content,
        media=order.media,
        due_at=due_at,
    )
    after = replace(case, directives=[*case.directives, directive])
    return supervised(after, "supervised") if action.directive == "supervise" else after


def answer(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """A directed party answers the directive named, else the only one that waits. Raises
    Impossible.
    """
    field = "payload.directive"
    waiting = [d for d in case.directives if d.answered_at is None and d.due_at is not None]
    if order.directive is not None:
        waiting = [each for each in waiting if each.id == order.directive]
        if not waiting:
            raise Impossible(Reason("not_open", "这条督办或批示已经答复,或不需要答复", field))
    if len(waiting) != 1:
        raise Impossible(Reason("required", "请选择要答复的督办或批示", field))
    words = order.opinion.strip() or (order.reason or "").strip()
    if not words:
        raise Impossible(Reason("required", "请填写答复", "payload.opinion"))
    answered = replace(waiting[0], answered_at=doing.at, answered_by=doing.user, answer=words)
    return replace(
        case,
        directives=[answered if each.id == answered.id else each for each in case.directives],
    )


def circulate(case: Case) -> Case:
    """通报 of a supervised case. Raises Impossible."""
    _must_be_supervised(case)
    return supervised(case, "circulated")


def release(case: Case) -> Case:
    """解除督办. Raises Impossible."""
    _must_be_supervised(case)
    return supervised(case, None)


def supervised(case: Case, supervision: Supervision | None) -> Case:
    """The case under this supervision; `near` is only a warning."""
    return replace(case, supervision=supervision, supervised=supervision not in (None, "near"))


def _must_be_supervised(case: Case) -> None:
    if case.supervision is None:
        raise Impossible(Reason("not_supervised", "案件没有督办", "payload.action"))
