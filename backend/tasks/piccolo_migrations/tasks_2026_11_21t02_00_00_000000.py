"""The inbox's indexes: open tasks by holder."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "open tasks by holder"

_STATEMENTS = (
    "CREATE INDEX task_user_open ON task (\"user\") WHERE state = 'open'",
    "CREATE INDEX task_org_open ON task (org) WHERE state = 'open' AND org IS NOT NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="tasks", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
