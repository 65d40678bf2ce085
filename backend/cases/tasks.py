"""A case's tasks: what its open tasks say becomes tasks in inboxes, and goes when they go."""

from backend.cases.rules import clocks
from backend.cases.structs import ActOnCase, Case, OpenTask
from backend.tasks import commands
from backend.tasks.structs import Task
from offline.work import Work

TITLES = {"verify": "核实", "check": "核查", "recollect": "补采"}


def follow(work: Work, before: Case, after: Case, act: ActOnCase, category_name: str) -> None:
    """Open, answer and void tasks so that inboxes agree with the case."""
    were = {task.id: task for task in before.tasks}
    are = {task.id: task for task in after.tasks}
    for id_ in were.keys() - are.keys():
        if id_ == act.task:
            commands.answer(work, id_, after.changed_at, act.verdict)
        else:
            commands.void(work, id_, after.changed_at)
    for id_, task in are.items():
        if id_ not in were:
            commands.open_task(work, _task(task, after, category_name))


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
