"""Cases of a severity above the general one are few among the newest; overdue cases are found by
their deadline alone, which only open ones have.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-27T20:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "severity among what marks a case, deadlines without asking for open"

_STATEMENTS = (
    "DROP INDEX case_file_marked",
    "CREATE INDEX case_file_marked ON case_file (county, reported_at DESC, id DESC) "
    "WHERE suspended OR sensitive OR supervision IS NOT NULL OR severity > 0",
    "DROP INDEX case_file_open_recent",
    "CREATE INDEX case_file_open_recent ON case_file (county, reported_at DESC, id DESC, due_at, "
    "yellow_at) WHERE ended_at IS NULL OR due_at IS NOT NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cases", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
