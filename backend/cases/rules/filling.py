"""The forms of a report and of an action: whether they are filled as they must be, what is kept."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules.checks import Known
from backend.cases.rules.context import context
from backend.cases.rules.doing import Doing
from backend.cases.structs import ActOnCase, Case, MediaRef, ReportCase
from backend.catalogue.flow import Action
from backend.catalogue.form import FormRef
from backend.catalogue.forms import checking
from backend.catalogue.forms.kinds import References
from backend.catalogue.structs import Category
from backend.core.clock import CITY_ZONE
from offline.wire import Reason


def act_faults(
    action: Action, order: ActOnCase, case: Case, doing: Doing, known: Known
) -> list[Reason]:
    """Everything wrong with the answers to an action's further questions."""
    if not action.items:
        return []
    references = _references(order.media, doing, known.staff)
    return checking.faults(action.items, order.answers, _scope(case, doing), references)


def kept_act(action: Action, order: ActOnCase, case: Case, doing: Doing) -> ActOnCase:
    """The act with its answers as they are stored: none that was not asked for."""
    if not action.items:
        return order
    answers = checking.clean(action.items, order.answers, _scope(case, doing))
    return replace(order, answers=answers)


def filled_report(
    report: ReportCase, category: Category, doing: Doing, staff: Collection[UUID]
) -> tuple[ReportCase, list[Reason]]:
    """The report with its category's form as it is stored, and everything wrong with it. Filled by
    an older version it stays with that; without a version it is the newest.
    """
    if not category.form:
        return replace(report, form=None, answers={}), []
    forms = doing.catalogue
    form = forms.newest_forms.get(category.form)
    if report.form is not None:
        form = forms.forms.get((report.form.code, report.form.version))
    if form is None or form.code != category.form:
        message = "这个小类的表单已更换,请重新选择小类后填写"
        return report, [Reason("unknown_form", message, "payload.form")]
    scope = {
        "now": doing.occurred_at.astimezone(CITY_ZONE).isoformat(),
        "category": report.category,
        "source": report.source,
        "self_handled": report.self_handled,
        "urgent": report.urgent,
    }
    references = _references(report.media, doing, staff)
    faults = checking.faults(form.items, report.answers, scope, references)
    answers = checking.clean(form.items, report.answers, scope)
    return replace(report, form=FormRef(form.code, form.version), answers=answers), faults


def _scope(case: Case, doing: Doing) -> dict[str, Any]:
    return {**context(case, doing), "now": doing.occurred_at.astimezone(CITY_ZONE).isoformat()}


def _references(media: Sequence[MediaRef], doing: Doing, staff: Collection[UUID]) -> References:
    return References(
        media={str(each.id) for each in media if each.role == "form"},
        orgs=doing.parents.keys(),
        people={str(user) for user in staff},
    )
