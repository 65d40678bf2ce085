"""交班: what somebody holds on a case goes to a colleague."""

from collections.abc import Collection
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import stepping
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import Case
from offline.wire import Reason


def hand_over(
    case: Case, to: UUID, orgs: Collection[str], note: str, doing: Doing, field: str
) -> Case:
    """The case with the actor's tasks, signed assignments and requests in the colleague's hands:
    tasks when the colleague works in the case's grid too, the rest within their orgs. Raises
    Impossible when nothing can go over.
    """
    works_here = any(fit.user == to for fit in doing.workers)
    tasks = [
        replace(task, user=to) if task.user == doing.user and works_here else task
        for task in case.tasks
    ]
    assignments = [
        replace(each, holder=to)
        if each.holder == doing.user and each.state == "open" and each.org in orgs
        else each
        for each in case.assignments
    ]
    requests = [
        replace(each, keeper=to)
        if each.keeper == doing.user and each.state == "open" and each.org in orgs
        else each
        for each in case.requests
    ]
    if (tasks, assignments, requests) == (case.tasks, case.assignments, case.requests):
        message = f"案件 {case.number} 上没有可以交给对方的事项"
        raise Impossible(Reason("nothing_to_hand_over", message, field))
    after = stepping.begin(case, "hand_over", doing, opinion=note.strip(), answers={"to": str(to)})
    return replace(after, tasks=tasks, assignments=assignments, requests=requests)
