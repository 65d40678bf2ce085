"""Many hands: giving a case to orgs, taking it back, signing for it, answering, doing it again."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import clocks
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.rules.parties import WORKING
from backend.cases.structs import ActOnCase, Assignment, Case, Target
from backend.catalogue.flow import Limit
from backend.catalogue.rules import recommend
from backend.core.ids import derived_id
from offline.wire import Reason


def wanted(case: Case, order: ActOnCase, doing: Doing) -> list[Target]:
    """To whom an act gives the case: its targets, else its org, else the matrix's as the main one.
    Raises Impossible when nobody is named.
    """
    if order.targets:
        return order.targets
    org = order.org or matrix_org(case, doing)
    if org is None:
        raise Impossible(Reason("required", "请选择处置部门", "payload.org"))
    return [Target(org, limit=order.limit)]


def matrix_org(case: Case, doing: Doing) -> str | None:
    """The org that the dispatch matrix names for the case."""
    rule = recommend(doing.catalogue.matrix, case.category, case.area_path)
    return rule.org if rule else None


def assign(case: Case, targets: list[Target], doing: Doing, opinion: str) -> Case:
    """One assignment for each target, each with its own words, limit and clock. By rule, the giver
    is the org that holds the closing right. Raises Impossible `already_assigned`.
    """
    rule = recommend(doing.catalogue.matrix, case.category, case.area_path)
    there = {(each.org, each.kind) for each in case.assignments if each.state == "open"}
    for place, target in enumerate(targets):
        if (target.org, target.kind) in there:
            name = doing.org_names.get(target.org, target.org)
            field = f"payload.targets[{place}].org"
            raise Impossible(Reason("already_assigned", f"{name}已在办理这个案件", field))
        there.add((target.org, target.kind))
        limit = target.limit or (rule.limit if rule else None) or standard_limit(case, doing)
        assignment = Assignment(
            id=derived_id("assignment", doing.command, target.kind, target.org),
            org=target.org,
            post=None,
            kind=target.kind,
            state="open",
            requirement=target.requirement.strip()
            or opinion.strip()
            or (rule.standard if rule else ""),
            limit=None if target.kind == "copy" else limit,
            assigned_at=doing.at,
            by_org=doing.org or case.closing_org,
            by_user=doing.user,
            by_post=doing.post,
            media=target.media,
        )
        case = replace(case, assignments=[*case.assignments, assignment])
        case = clocks.start_assignment(case, assignment, doing)
    return case


def withdraw(case: Case, assignment: UUID | None, doing: Doing) -> Case:
    """The giver takes one open assignment back. Raises Impossible."""
    field = "payload.assignment"
    given = next((a for a in case.assignments if a.id == assignment), None)
    if given is None or given.state != "open":
        raise Impossible(Reason("not_open", "这项派遣不存在或已结束", field))
    if given.by_org != doing.org:
        raise Impossible(Reason("not_giver", "只能撤回本单位作出的派遣", field))
    return _end(case, "withdrawn", doing, lambda each: each.id == assignment)


def sign(case: Case, assignment: UUID | None, doing: Doing) -> Case:
    """签收: the actor holds what their org was given, or the one named. Raises Impossible."""
    mine = [
        each
        for each in case.assignments
        if each.state == "open" and each.org == doing.org and assignment in (None, each.id)
    ]
    free = {each.id for each in mine if each.holder is None}
    if not free:
        code, why = ("already_signed", "已有人签收") if mine else ("not_open", "没有待签收的任务")
        raise Impossible(Reason(code, why, "payload.assignment"))
    return _changed(
        case, lambda each: each.id in free, lambda each: replace(each, holder=doing.user)
    )


def answer(case: Case, doing: Doing) -> Case:
    """The actor's org has done its part: all its open working assignments are answered."""
    return _end(
        case, "answered", doing, lambda each: each.org == doing.org and each.kind in WORKING
    )


def settle(case: Case, doing: Doing) -> Case:
    """What is still open is withdrawn."""
    return _end(case, "withdrawn", doing, lambda _: True)


def give_back(case: Case, assignment: UUID, doing: Doing) -> Case:
    """A granted return: the assignment counts as wrongly given."""
    return _end(case, "returned", doing, lambda each: each.id == assignment)


def reopen(case: Case, doing: Doing) -> Case:
    """Rework: what was answered is open again with a fresh clock, and has failed a check. Of what
    an org did more than once in one way, only the last is to be done again.
    """
    last = {(a.org, a.kind): a.id for a in case.assignments if _answered(a) or a.state == "open"}
    again = [each for each in case.assignments if _answered(each) and each.id in last.values()]
    case = _changed(
        case,
        lambda each: each in again,
        lambda each: replace(
            each, state="open", answered_at=None, failed_checks=each.failed_checks + 1
        ),
    )
    for each in again:
        case = clocks.start_assignment(case, each, doing)
    return replace(case, failed_checks=case.failed_checks + 1)


def fail(case: Case) -> Case:
    """A failed check with new dispatch: what was answered counts as returned."""
    failed = _changed(
        case,
        _answered,
        lambda each: replace(each, state="returned", failed_checks=each.failed_checks + 1),
    )
    return replace(failed, failed_checks=case.failed_checks + 1)


def restore(case: Case, ids: Sequence[UUID], doing: Doing) -> Case:
    """What a merge withdrew is open again with fresh clocks."""
    case = _changed(
        case,
        lambda each: each.id in ids,
        lambda each: replace(each, state="open", answered_at=None),
    )
    for each in case.assignments:
        if each.id in ids:
            case = clocks.start_assignment(case, each, doing)
    return case


def standard_limit(case: Case, doing: Doing) -> Limit | None:
    """The limit of the filing condition chosen."""
    standards = doing.category.standards if doing.category else []
    return next((s.limit for s in standards if s.number == case.standard), None)


def _answered(each: Assignment) -> bool:
    return each.state == "answered" and each.kind in WORKING


def _end(case: Case, state: str, doing: Doing, which: Callable[[Assignment], bool]) -> Case:
    """End the open ones among these in one way, and stop their clocks."""
    ending = {a.id for a in case.assignments if a.state == "open" and which(a)}
    case = _changed(
        case,
        lambda each: each.id in ending,
        lambda each: replace(each, state=state, answered_at=doing.at),
    )
    for id_ in ending:
        case = clocks.stop_assignment(case, id_, doing.at)
    return case


def _changed(
    case: Case, which: Callable[[Assignment], bool], how: Callable[[Assignment], Assignment]
) -> Case:
    return replace(
        case, assignments=[how(each) if which(each) else each for each in case.assignments]
    )
