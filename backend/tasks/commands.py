"""Tasks follow their subject: opened, answered or void in the transaction that says so."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from backend.tasks.structs import Task
from offline.work import Work


def open_task(work: Work, task: Task) -> None:
    """Put a new task into its holder's inbox."""
    work.put("task", task)
    holder = str(task.user or task.post or task.org)
    work.fact(
        "task",
        task,
        "task.opened",
        {"kind": task.kind, "subject": str(task.subject), "holder": holder},
    )


def answer(work: Work, task_id: UUID, at: datetime, verdict: str | None) -> None:
    """Mark a task as answered; it leaves the inbox. It must have been loaded."""
    _close(work, task_id, "answered", at, verdict)


def void(work: Work, task_id: UUID, at: datetime) -> None:
    """Take back a task that its subject has outrun. It must have been loaded."""
    _close(work, task_id, "void", at, None)


def hand_on(work: Work, task_id: UUID, user: UUID) -> None:
    """Another user has to answer an open task. It must have been loaded."""
    task: Task | None = work.get("task", task_id)
    if task is None or task.state != "open":
        return
    moved = replace(task, version=task.version + 1, user=user)
    work.put("task", moved)
    work.fact(
        "task",
        moved,
        "task.handed_on",
        {"subject": str(task.subject), "from": str(task.user), "holder": str(user)},
    )


def _close(work: Work, task_id: UUID, state: str, at: datetime, verdict: str | None) -> None:
    task: Task | None = work.get("task", task_id)
    if task is None or task.state != "open":
        return
    closed = replace(task, version=task.version + 1, state=state, answered_at=at, verdict=verdict)
    work.put("task", closed)
    work.fact("task", closed, f"task.{state}", {"subject": str(task.subject), "verdict": verdict})
