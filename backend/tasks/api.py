"""The inbox over HTTP, for those who work online."""

from litestar import get
from litestar.di import NamedDependency

from backend.core import database
from backend.core.actor import Actor
from backend.directory.access import signed_in
from backend.tasks.queries import inbox
from backend.tasks.structs import Task


@get("/api/tasks", guards=[signed_in], tags=["tasks"])
async def my_tasks(actor: NamedDependency[Actor]) -> list[Task]:
    """My open tasks, the most pressing first."""
    async with database.connection() as conn:
        return await inbox(conn, actor)
