"""申请: asked by a party, answered at the first level that may, passed up by one that may not."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from backend.cases.rules import assigning, clocks, entering
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.rules.parties import WORKING
from backend.cases.structs import ActOnCase, Assignment, Case, Clock, Request, Target, Word
from backend.catalogue.flow import Action, Flow, Level, RequestKind, RequestRule
from backend.catalogue.worktime import HORIZON
from backend.core.ids import derived_id
from offline.wire import Reason

VERDICTS: dict[str, Literal["granted", "refused", "passed_up"]] = {
    "granted": "granted",
    "refused": "refused",
    "passed_up": "passed_up",
}


def ask(case: Case, action: Action, order: ActOnCase, doing: Doing) -> Case:
    """A request of the action's kind, standing at the first level where somebody answers; without
    one it takes effect at once. Raises Impossible, and NoWorkingTime or OverflowError for a limit
    without end.
    """
    assert action.request is not None
    assert doing.user is not None
    assert doing.post is not None
    assert doing.org is not None
    kind = action.request
    part = _part(case, kind, order, doing)
    if any(
        each.state == "open" and (each.kind, each.assignment) == (kind, part.id if part else None)
        for each in case.requests
    ):
        raise Impossible(Reason("already_asked", "已有同样的申请在等待答复", "payload.action"))
    reason = (order.reason or order.opinion).strip()
    if not reason:
        raise Impossible(Reason("required", "请填写申请理由", "payload.reason"))
    request = Request(
        id=derived_id("request", doing.command),
        kind=kind,
        user=doing.user,
        post=doing.post,
        org=doing.org,
        keeper=doing.user,
        asked_at=doing.at,
        reason=reason,
        media=order.media,
        assignment=part.id if part else None,
    )
    request = _wish(case, request, order, doing)
    level = _next_level(case, request, _rule(doing.flow, kind), 0, doing)
    if level is None:
        return _grant(replace(case, requests=[*case.requests, request]), request, doing)
    return replace(case, requests=[*case.requests, _standing(case, request, level, doing)])


def answer(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """Granted, refused or passed up by somebody of the level where it stands, other than who asked.
    Raises Impossible.
    """
    assert doing.user is not None
    assert doing.post is not None
    assert doing.org is not None
    request = _open(case, order, lambda each: each.answerer_org in (None, doing.org))
    rule = _rule(doing.flow, request.kind)
    assert rule is not None  # else it was granted when it was asked
    level = rule.levels[request.level]
    if request.user == doing.user:
        raise Impossible(Reason("own_request", "不能答复自己提出的申请", "payload.request"))
    if request.answerer_org not in (None, doing.org) or level.permission not in doing.permissions:
        raise Impossible(Reason("forbidden", f"这项申请由“{level.name}”答复", "payload.request"))
    verdict = VERDICTS.get(order.verdict or "")
    if verdict is None:
        raise Impossible(Reason("required", "请选择是否同意", "payload.verdict"))
    word = Word(
        level=request.level,
        verdict=verdict,
        user=doing.user,
        post=doing.post,
        org=doing.org,
        at=doing.at,
        opinion=order.opinion.strip() or (order.reason or "").strip(),
    )
    request = replace(request, words=[*request.words, word])
    if verdict == "refused":
        return _put(case, replace(request, state="refused", ended_at=doing.at))
    if verdict == "granted":
        if _beyond(case, request, level, doing):
            raise Impossible(Reason("beyond_level", "超出本级权限,请转报上一级", "payload.verdict"))
        return _grant(case, request, doing)
    higher = _next_level(case, request, rule, request.level + 1, doing)
    if higher is None:
        raise Impossible(Reason("last_level", "已是最后一级,请同意或不同意", "payload.verdict"))
    return _put(case, _standing(case, request, higher, doing))


def withdraw(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """The org that asked takes an open request back. Raises Impossible."""
    request = _open(case, order, lambda each: each.org == doing.org)
    if request.org != doing.org:
        raise Impossible(Reason("not_asker", "只能撤回本单位的申请", "payload.request"))
    return _put(case, replace(request, state="withdrawn", ended_at=doing.at))


def resume(case: Case, doing: Doing) -> Case:
    """The suspension ends: clocks go on with what time was left. Raises Impossible."""
    if not case.suspended:
        raise Impossible(Reason("not_suspended", "案件没有挂账", "payload.action"))
    return clocks.regulate(replace(case, suspended=False, suspended_until=None), doing)


def settle(case: Case, at: datetime) -> Case:
    """Open requests about assignments that have ended are withdrawn: nothing hangs on them."""
    ended = {each.id for each in case.assignments if each.state != "open"}
    return replace(
        case,
        requests=[
            replace(each, state="withdrawn", ended_at=at)
            if each.state == "open" and each.assignment in ended and each.kind != "void"
            else each
            for each in case.requests
        ],
    )


def _rule(flow: Flow, kind: RequestKind) -> RequestRule | None:
    return next((rule for rule in flow.requests if rule.kind == kind), None)


def _part(case: Case, kind: RequestKind, order: ActOnCase, doing: Doing) -> Assignment | None:
    """The assignment a request speaks of: the one named, else the asker's own. None when the asker
    has none (whoever handles their own event). Raises Impossible.
    """
    mine = [
        each
        for each in case.assignments
        if each.org == doing.org and each.state == "open" and each.kind in WORKING
    ]
    if order.assignment is not None:
        mine = [each for each in mine if each.id == order.assignment]
    if not mine and (order.assignment is not None or kind == "return"):
        raise Impossible(
            Reason("unknown_assignment", "本单位没有这项在办的派遣", "payload.assignment")
        )
    return min(mine, key=lambda each: WORKING.index(each.kind), default=None)


def _wish(case: Case, request: Request, order: ActOnCase, doing: Doing) -> Request:
    """The request with what its kind asks for. Raises Impossible."""
    match request.kind:
        case "extension":
            if order.limit is None:
                raise Impossible(Reason("required", "请填写延长多久", "payload.limit"))
            timed = _timed(case, request)
            if timed is None:
                raise Impossible(Reason("no_clock", "没有正在计时的时限可以延长", "payload.limit"))
            working = clocks.calendar_of(timed, doing.catalogue)
            new = working.due(timed.due_at, order.limit)
            if new <= doing.at:
                raise Impossible(
                    Reason("in_the_past", "延长后的期限已过,请延长更多", "payload.limit")
                )
            return replace(request, limit=order.limit, old_due_at=timed.due_at, new_due_at=new)
        case "suspension":
            if case.suspended:
                raise Impossible(Reason("already_suspended", "案件已经挂账", "payload.action"))
            still_to_come(order.until, doing.at, "payload.until")
            return replace(request, until=order.until)
        case "help":
            return replace(request, targets=_helpers(order, doing))
        case _:
            return request


def _helpers(order: ActOnCase, doing: Doing) -> list[Target]:
    """Whose help is asked for. A limit that cannot be counted now could never be granted."""
    if not order.targets:
        raise Impossible(Reason("required", "请选择协助单位", "payload.targets"))
    for target in order.targets:
        if target.limit is not None:
            doing.catalogue.working.due(doing.at, target.limit)
    return [replace(target, kind="help") for target in order.targets]


def still_to_come(instant: datetime | None, at: datetime, field: str) -> None:
    """Raises Impossible `in_the_past` unless an instant is still to come, `too_far` when it is
    further away than calendars reach.
    """
    if instant is not None and instant <= at:
        raise Impossible(Reason("in_the_past", "时间已过,请选择以后的时间", field))
    if instant is not None and instant > at + HORIZON:
        raise Impossible(Reason("too_far", "时间太远,请选择十年以内的时间", field))


def _next_level(
    case: Case, request: Request, rule: RequestRule | None, first: int, doing: Doing
) -> int | None:
    """The first level from `first` on at which there is somebody; None when none is left.

    Nobody is above the root, and who works on their own account has no assigner.
    """
    for place, level in enumerate(rule.levels if rule else []):
        if place >= first and (
            level.of == "county" or _org(case, request, level, doing) is not None
        ):
            return place
    return None


def _org(case: Case, request: Request, level: Level, doing: Doing) -> str | None:
    """Whose people answer at a level; None: the county's, or nobody."""
    match level.of:
        case "county":
            return None
        case "assigner":
            part = next((a for a in case.assignments if a.id == request.assignment), None)
            return part.by_org if part and part.by_org != request.org else None
        case "closer":
            return case.closing_org
        case "superior":
            return doing.parents.get(request.org)


def _standing(case: Case, request: Request, place: int, doing: Doing) -> Request:
    rule = _rule(doing.flow, request.kind)
    assert rule is not None
    org = _org(case, request, rule.levels[place], doing)
    return replace(request, level=place, answerer_org=org)


def _open(case: Case, order: ActOnCase, mine: Callable[[Request], bool]) -> Request:
    """The open request that is named, else the only one that is the actor's. Raises Impossible."""
    field = "payload.request"
    if order.request is not None:
        named = next((each for each in case.requests if each.id == order.request), None)
        if named is None or named.state != "open":
            raise Impossible(Reason("not_open", "这项申请不存在或已办结", field))
        return named
    fitting = [each for each in case.requests if each.state == "open" and mine(each)]
    if len(fitting) != 1:
        raise Impossible(Reason("required", "请选择申请", field))
    return fitting[0]


def _beyond(case: Case, request: Request, level: Level, doing: Doing) -> bool:
    """Whether more is asked for than the level may grant."""
    if level.up_to is None:
        return False
    if request.kind == "extension":
        assert request.limit is not None
        assert request.old_due_at is not None
        timed = _timed(case, request)
        working = clocks.calendar_of(timed, doing.catalogue) if timed else doing.catalogue.working
        start = request.old_due_at
        return working.due(start, request.limit) > working.due(start, level.up_to)
    if request.kind == "suspension":
        return request.until is None or request.until > doing.catalogue.working.due(
            doing.at, level.up_to
        )
    return False


def _grant(case: Case, request: Request, doing: Doing) -> Case:
    """What was asked for happens."""
    request = replace(request, state="granted", ended_at=doing.at)
    rule = _rule(doing.flow, request.kind)
    to = rule.to if rule else None
    match request.kind:
        case "extension":
            case, request = _extended(case, request, doing)
        case "return":
            assert request.assignment is not None
            case = assigning.give_back(case, request.assignment, doing)
        case "suspension":
            case = replace(case, suspended=True, suspended_until=request.until)
            case = clocks.regulate(case, doing)
        case "void":
            to = to or next(s.code for s in doing.flow.states if s.ending == "void")
        case "help":
            case = assigning.assign(case, request.targets, doing, request.reason)
    case = _put(case, request)
    return entering.enter(case, to, doing) if to not in (None, case.state) else case


def _extended(case: Case, request: Request, doing: Doing) -> tuple[Case, Request]:
    """The asker's clock and the whole one have more time, each from its own old deadline on."""
    assert request.limit is not None
    timed = _timed(case, request)
    whole = next((c for c in case.clocks if c.name == clocks.WHOLE and c.stopped_at is None), None)
    for clock in {c.id: c for c in (timed, whole) if c is not None}.values():
        case = clocks.extend(case, clock, request.limit, doing)
    if timed is not None:
        new = next(c for c in case.clocks if c.id == timed.id)
        request = replace(request, old_due_at=timed.due_at, new_due_at=new.due_at)
    return case, request


def _timed(case: Case, request: Request) -> Clock | None:
    """The clock whose deadline a request is about: its assignment's, else that of the state, else
    the whole one.
    """
    running = [c for c in case.clocks if c.stopped_at is None]
    own = [c for c in running if c.owner is not None and c.owner == request.assignment]
    stage = [c for c in running if c.owner is None and c.name != clocks.WHOLE and not c.paused]
    whole = [c for c in running if c.name == clocks.WHOLE]
    return next(iter([*own, *stage, *whole]), None)


def _put(case: Case, request: Request) -> Case:
    if all(each.id != request.id for each in case.requests):
        return replace(case, requests=[*case.requests, request])
    return replace(
        case, requests=[request if each.id == request.id else each for each in case.requests]
    )
