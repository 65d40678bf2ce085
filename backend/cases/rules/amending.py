"""What may be set right: the report, the filing condition, and with it the whole limit."""

from msgspec.structs import replace

from backend.cases.rules import clocks
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.rules.sensitive import is_sensitive
from backend.cases.structs import ActOnCase, Case
from backend.catalogue.flow import Limit
from backend.catalogue.settings import value_of
from backend.catalogue.structs import Category
from offline.wire import Reason


def choose_standard(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """Filing: the chosen condition's limit starts the whole clock. Raises Impossible."""
    limit = _limit(doing.category, order.standard)
    return clocks.set_whole(replace(case, standard=order.standard), limit, doing)


def correct(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """立案修正: another subclass needs a condition of its own. The whole limit is that of the new
    condition, counted from filing on. Raises Impossible.
    """
    after = amend(case, order, doing)
    moved = after.category != case.category
    if order.standard is None and not (moved and case.standard is not None):
        return after
    category = doing.catalogue.categories.get(after.category)
    limit = _limit(category, order.standard)
    return clocks.set_whole(replace(after, standard=order.standard), limit, doing)


def amend(case: Case, order: ActOnCase, doing: Doing) -> Case:
    """What the act corrects of the report; new words may show that the case is sensitive, and with
    another position it lies in that one's grid.
    """
    amendment = order.amendment
    if amendment is None:
        return case
    grid, area_path = doing.place or (case.grid, case.area_path)
    after = replace(
        case,
        grid=grid,
        area_path=area_path,
        description=case.description if amendment.description is None else amendment.description,
        category=amendment.category or case.category,
        address=case.address if amendment.address is None else amendment.address,
        position=amendment.position or case.position,
    )
    keywords = value_of(doing.catalogue.settings, "sensitive_keywords")
    words = f"{after.title} {after.description}"
    return replace(after, sensitive=after.sensitive or is_sensitive(words, keywords))


def _limit(category: Category | None, number: int | None) -> Limit:
    """The limit of a subclass's filing condition. Raises Impossible."""
    standards = category.standards if category else []
    for standard in standards:
        if standard.number == number:
            return standard.limit
    raise Impossible(Reason("required", "请选择立案条件", "payload.standard"))
