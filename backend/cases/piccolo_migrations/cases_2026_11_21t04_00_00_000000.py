"""The indexes by which a case's parties and its next alarm are found."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T04:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes for parties and alarms"

_STATEMENTS = (
    "CREATE INDEX case_file_parts ON case_file USING gin (parts)",
    "CREATE INDEX case_file_labels ON case_file USING gin (labels)",
    "CREATE INDEX case_file_alarm ON case_file (alarm_at) WHERE alarm_at IS NOT NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cases", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
