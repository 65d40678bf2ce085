"""How somebody stands to a case: the words by which flows and lists speak of its parties.

Twin: shared-schemas/rules/parties.ts, by the vectors in parties.json.
"""

from collections.abc import Iterable

from backend.cases.structs import Case, Directive
from backend.catalogue.flow import Party
from backend.core.actor import Actor

WORKING = ("main", "assist", "help")
"""Assignments that closing waits for."""


def parts(case: Case) -> set[str]:  # noqa: C901 - one line for each way to have a part
    """Every standing in a case as `party:holder`: an org's code, a user's id for `raiser` and
    `owner`, and for `answerer` the org or `county`. Also the index by which cases are found.
    """
    found = {f"raiser:{case.reports[0].user}"}
    found |= {f"owner:{user}" for user in case.owners}
    involved = set(case.former_closers)
    if case.closing_org is not None:
        involved.add(case.closing_org)
        found.add(f"closer:{case.closing_org}")
    for each in case.assignments:
        involved.add(each.org)
        if each.by_org is not None:
            involved.add(each.by_org)
        if each.state != "open":
            continue
        if each.kind in WORKING:
            found.add(f"assignee:{each.org}")
        if each.kind in {"main", "copy"}:
            found.add(f"{'main' if each.kind == 'main' else 'copied'}:{each.org}")
        if each.by_org is not None:
            found.add(f"assigner:{each.by_org}")
    for request in case.requests:
        involved.add(request.org)
        if request.state == "open":
            found |= {f"asker:{request.org}", f"answerer:{request.answerer_org or 'county'}"}
    if any(_waits(directive, case) for directive in case.directives):
        found |= {f"directed:{org}" for org in _working(case)}
    return found | {f"involved:{org}" for org in involved}


def holder(actor: Actor, party: Party) -> set[str]:
    """The entries of `parts` by which the actor is a party."""
    match party:
        case "raiser" | "owner":
            return {f"{party}:{actor.user}"}
        case "answerer":
            return {f"answerer:{actor.org}", "answerer:county"}
        case _:
            return {f"{party}:{actor.org}"}


def is_party(case: Case, actor: Actor, wanted: Iterable[Party]) -> bool:
    """Whether the actor stands to the case in any of the ways named."""
    there = parts(case)
    return any(holder(actor, party) & there for party in wanted)


def open_parts(case: Case) -> int:
    """How many assignments closing still waits for."""
    return sum(each.state == "open" and each.kind in WORKING for each in case.assignments)


def _waits(directive: Directive, case: Case) -> bool:
    """Whether somebody is to answer it; an end answers all that was said before it."""
    said_since = case.ended_at is None or directive.at >= case.ended_at
    return directive.answered_at is None and directive.due_at is not None and said_since


def _working(case: Case) -> set[str]:
    """Who is to answer a directive: those at work on the case, else who may close it."""
    at_work = {a.org for a in case.assignments if a.state == "open" and a.kind in WORKING}
    return at_work or ({case.closing_org} if case.closing_org else set())
