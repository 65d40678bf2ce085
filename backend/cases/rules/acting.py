"""What an action makes of a case: its effects, where it leads, and the line in the timeline."""

from typing import get_args
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import (
    alarms,
    amending,
    assigning,
    directives,
    hierarchy,
    requests,
    stepping,
)
from backend.cases.rules.context import context
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.rules.entering import checker, enter, open_task, rule_step
from backend.cases.structs import ActOnCase, CallBack, Case, MediaRef, Step
from backend.catalogue.expressions import holds
from backend.catalogue.flow import Action, Branch, Effect, Severity
from offline.wire import Reason

FAILED_AGAIN = "failed_again"
"""The rule's line in the timeline when a check has failed for the second time or more."""


def act(case: Case, action: Action, order: ActOnCase, doing: Doing) -> Case:
    """The case after a permitted action with complete input. Raises Impossible."""
    after = _step(case, order, doing)
    if action.task is not None:
        after = replace(after, tasks=[task for task in after.tasks if task.id != order.task])
    for effect in (*action.effects, *action.effects_by_verdict.get(order.verdict or "", ())):
        after = _effect(after, effect, action, order, doing)
    branch = _branch(after, action, order, doing)
    if branch is not None:
        for effect in branch.effects:
            after = _effect(after, effect, action, order, doing)
        target = branch.to
    else:
        target = action.to_by_verdict.get(order.verdict or "", action.to)
    if target is not None and target != after.state:
        after = enter(after, target, doing)
    after = _told(case, requests.settle(after, doing.at), doing)
    return replace(after, alarm=alarms.next_alarm(after, doing.flow, doing.catalogue))


def late_evidence(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """The case with an outrun act's opinion and photos in its timeline; nothing else changes."""
    after = _step(case, order, doing)
    late = replace(after.steps[-1], late=True)
    return replace(after, changed_at=case.changed_at, steps=[*after.steps[:-1], late])


def _branch(case: Case, action: Action, order: ActOnCase, doing: Doing) -> Branch | None:
    """The first of the action's branches that fits the case as it stands after the effects."""
    if not action.branches:
        return None
    known = context(case, doing, order)
    return next((b for b in action.branches if b.when == "" or holds(b.when, known)), None)


def _step(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """The case with the act in its timeline, leading nowhere yet."""
    return stepping.begin(
        case,
        order.action,
        doing,
        opinion=order.opinion.strip() or (order.reason or ""),
        verdict=order.verdict,
        media=brought(order),
        assignment=order.assignment,
        request=order.request,
        directive=order.directive,
        answers=order.answers,
    )


def _told(before: Case, after: Case, doing: Doing) -> Case:
    """The act's line says where it led, to which orgs, and what it asked or directed; a check that
    failed again has a line of its own, which tells the orgs that failed it.
    """
    if after.failed_checks > max(before.failed_checks, 1):
        were = {each.id: each.failed_checks for each in before.assignments}
        failing = [a.org for a in after.assignments if a.failed_checks > were.get(a.id, 0)]
        after = rule_step(after, FAILED_AGAIN, after.state, doing, failing)
    step = after.steps[len(before.steps)]
    asked = after.requests[len(before.requests) :]
    directed = after.directives[len(before.directives) :]
    return stepping.land(
        after,
        len(before.steps),
        orgs=_orgs(before, after, step),
        request=step.request or (asked[0].id if asked else None),
        directive=step.directive or (directed[0].id if directed else None),
    )


def _orgs(before: Case, after: Case, step: Step) -> list[str]:
    """To whom the act gave the case, from whom it took it, or to whom the closing right moved."""
    were = {each.id: each.state for each in before.assignments}
    found = [
        each.org
        for each in after.assignments
        if (each.id not in were and each.by_user == step.user)
        or (each.id == step.assignment and were.get(each.id) != each.state)
    ]
    if after.closing_org != before.closing_org and after.closing_org is not None:
        found.append(after.closing_org)
    return list(dict.fromkeys(found))


def _effect(  # noqa: C901, PLR0911, PLR0912 - one line for each of a closed list
    case: Case, effect: Effect, action: Action, order: ActOnCase, doing: Doing
) -> Case:
    """One of the things an action may do."""
    match effect:
        case "choose_standard":
            return amending.choose_standard(case, order, doing)
        case "correct":
            return amending.correct(case, order, doing)
        case "amend_report":
            return amending.amend(case, order, doing)
        case "assign":
            targets = assigning.wanted(case, order, doing)
            given = assigning.assign(case, targets, doing, order.opinion)
            return hierarchy.hand_along(given, order.closing_org, doing)
        case "withdraw_assignment":
            return assigning.withdraw(case, order.assignment, doing)
        case "sign_assignment":
            return assigning.sign(case, order.assignment, doing)
        case "answer_assignment":
            return assigning.answer(case, doing)
        case "reopen_assignments":
            return assigning.reopen(case, doing)
        case "return_assignment":
            return assigning.fail(case)
        case "settle_assignments":
            return assigning.settle(case, doing)
        case "report_up":
            return hierarchy.report_up(case, order.closing_org, doing)
        case "hand_down":
            named = "org" if order.org is not None else "closing_org"
            return hierarchy.hand_down(case, getattr(order, named), doing, f"payload.{named}")
        case "ask":
            return requests.ask(case, action, order, doing)
        case "answer_request":
            return requests.answer(case, order, doing)
        case "withdraw_request":
            return requests.withdraw(case, order, doing)
        case "resume":
            return requests.resume(case, doing)
        case "direct":
            return directives.direct(case, action, order, doing)
        case "answer_directive":
            return directives.answer(case, order, doing)
        case "circulate":
            return directives.circulate(case)
        case "release":
            return directives.release(case)
        case "open_verify_task":
            return open_task(case, "verify", _worker(order, doing, _only(doing)), doing)
        case "open_check_task":
            return open_task(case, "check", _worker(order, doing, checker(case, doing)), doing)
        case "open_recollect_task":
            return open_task(case, "recollect", case.reports[0].user, doing)
        case "void_tasks":
            return replace(case, tasks=[])
        case "set_owners":
            people = case.owners if order.people is None else order.people
            return replace(case, owners=list(dict.fromkeys(people)))
        case "set_labels":
            labels = case.labels if order.labels is None else order.labels
            return replace(case, labels=sorted(set(labels)))
        case "set_urgent":
            return replace(case, urgent=order.verdict == "on")
        case "set_severity":
            return replace(case, severity=get_args(Severity).index(order.verdict))
        case "call_back":
            return _call_back(case, order, doing)


def _only(doing: Doing) -> UUID | None:
    return doing.workers[0].user if len(doing.workers) == 1 else None


def _worker(order: ActOnCase, doing: Doing, fitting: UUID | None) -> UUID:
    """Who is named, else the one that fits."""
    found = order.worker or fitting
    if found is None:
        message = "有多名网格员可派,请选择一名" if doing.workers else "该网格没有网格员,请选择人员"
        raise Impossible(Reason("required", message, "payload.worker"))
    return found


def _call_back(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """Who could not be reached is to be called again."""
    if order.verdict == "unreached":
        done = CallBack("wanted", None, order.reason, doing.at, doing.user)
    else:
        satisfied = order.verdict == "satisfied"
        done = CallBack("done", satisfied, order.reason, doing.at, doing.user)
    return replace(case, call_back=done)


def brought(order: ActOnCase) -> list[MediaRef]:
    """Every photo and recording that an act names, for the act itself or for one of its targets."""
    named = [*order.media, *(media for target in order.targets or [] for media in target.media)]
    return list({media.id: media for media in named}.values())
