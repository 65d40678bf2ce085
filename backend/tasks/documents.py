"""A task as the write path holds it and devices get it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.core.setwise import Rows
from backend.tasks.structs import Task
from backend.tasks.tables import Task as TaskTable
from offline.ports import Connection
from offline.work import Change, Kind

_rows = Rows(TaskTable)


def task_of(row: Any) -> Task:
    """A row as a struct."""
    return msgspec.convert(dict(row), Task)


async def load(conn: Connection, ids: Sequence[UUID], lock: bool) -> Mapping[UUID, Task]:  # noqa: FBT001
    """Tasks by id; with `lock`, FOR UPDATE in id order."""
    rows = await conn.fetch(
        f"select * from task where id = any($1) order by id {'for update' if lock else ''}",  # noqa: S608
        ids,
    )
    return {row["id"]: task_of(row) for row in rows}


async def _save(conn: Connection, changes: Sequence[Change]) -> None:
    rows = [tuple(getattr(c.after, name) for name in _rows.columns) for c in changes]
    await _rows.insert(conn, [r for r, c in zip(rows, changes, strict=True) if c.before is None])
    await _rows.upsert(
        conn, [r for r, c in zip(rows, changes, strict=True) if c.before is not None]
    )


def buckets(task: Task) -> frozenset[str]:
    """An open task is with its holder; an answered one leaves the device."""
    if task.state != "open":
        return frozenset()
    holders = {f"user:{task.user}"} if task.user else set()
    return frozenset(holders | ({f"org:{task.org}/tasks"} if task.org else set()))


KIND = Kind("task", load, _save, lambda task: task, buckets)
