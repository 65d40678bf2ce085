"""A case's tasks: what its open tasks say becomes tasks in inboxes, and goes when they go."""

from collections.abc import Sequence
from uuid import UUID

from backend.cases.rules import clocks
from backend.cases.structs import Case, OpenTask
from backend.tasks import commands
from backend.tasks.structs import Task
from offline.work import Work

TITLES = {"verify": "核实", "check": "核查", "recollect": "补采"}


def follow(
    work: Work,
    before: Sequence[OpenTask],
    after: Case,
    answered: UUID | None,
    verdict: str | None,
    category_name: str,
) -> None:
    """Open, answer, hand on and void tasks so that inboxes agree with the case. `before`: its open
    tasks before the command; `answered`: the one that the command answers, with `verdict`.
    """
    were = {task.id: task for task in before}
    are = {task.id: task for task in after.tasks}
    for id_ in were.keys() - are.keys():
        if id_ == answered:
            commands.answer(work, id_, after.changed_at, verdict)
        else:
            commands.void(work, id_, after.changed_at)
    for id_, task in are.items():
        if id_ not in were:
            commands.open_task(work, _task(task, after, category_name))
        elif task.user is not None and task.user != were[id_].user:
            commands.hand_on(work, id_, task.user)


def _task(task: OpenTask, case: Case, category_name: str) -> Task:
    return Task(
        id=task.id,
        version=1,
        kind=task.kind,
        subject_kind="case",
        subject=case.id,
        title=f"{TITLES[task.kind]}:{category_name}",
        county=case.county,
        area_path=case.area_path,
        user=task.user,
        org=task.org,
        state="open",
        opened_at=case.changed_at,
        yellow_at=clocks.instants(case.clocks)[0] if task.due_at else None,
        due_at=task.due_at,
    )
