"""What a flow's conditions may speak of: one flat set of names for a case and the act upon it,
`backend.catalogue.flow.CONDITION_NAMES`.

Twin: shared-schemas/rules/context.ts, by the vectors in actions.json.
"""

from collections.abc import Mapping
from typing import Any

from backend.cases.rules import hierarchy, parties
from backend.cases.rules.doing import Doing
from backend.cases.structs import ActOnCase, Case
from backend.catalogue.form import Answers
from backend.catalogue.structs import Category


def context(case: Case, doing: Doing, act: ActOnCase | None = None) -> dict[str, Any]:
    """The names and their values; before an act its own are empty. The case's win over answers."""
    return of_case(case, doing.category, len(doing.workers), doing.parents, act)


def of_case(
    case: Case,
    category: Category | None,
    workers: int,
    parents: Mapping[str, str | None],
    act: ActOnCase | None = None,
) -> dict[str, Any]:
    """As `context`, for whoever only asks what might be done."""
    first = case.reports[0]
    roles = [media.role for media in act.media] if act else []
    return {
        **flat(first.answers),
        **(flat(act.answers) if act else {}),
        "open_parts": parties.open_parts(case),
        "open_requests": sum(request.state == "open" for request in case.requests),
        "workers": workers,
        "level": hierarchy.depth(case.closing_org, parents),
        "closing_org": case.closing_org or "",
        "state": case.state,
        "source": first.source,
        "category": case.category,
        "check": category.check if category else "",
        "auto_dispatch": category is not None and category.auto_dispatch,
        "self_handled": first.self_handled,
        "urgent": case.urgent,
        "sensitive": case.sensitive,
        "suspended": case.suspended,
        "supervision": case.supervision or "",
        "severity": case.severity,
        "failed_checks": case.failed_checks,
        "call_back": case.call_back.state if case.call_back else "",
        "verdict": (act.verdict or "") if act else "",
        "after_photos": roles.count("after"),
        "evidence_photos": roles.count("evidence"),
    }


def flat(answers: Answers) -> Answers:
    """Answers by their own names, groups opened; a repeat stays a list."""
    found: Answers = {}
    for name, value in answers.items():
        if isinstance(value, dict) and not {"longitude", "latitude"} <= value.keys():
            found |= flat(value)
        else:
            found[name] = value
    return found
