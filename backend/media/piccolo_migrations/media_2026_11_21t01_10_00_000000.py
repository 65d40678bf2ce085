"""What Piccolo's columns cannot say: the sweep looks only at the few that wait for something."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T01:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "partial indexes of what waits"

_FORWARDS = (
    "CREATE INDEX media_uploading ON media (expires_at) WHERE state = 'uploading'",
    "CREATE INDEX media_without_views ON media (stored_at)"
    " WHERE state = 'stored' AND kind = 'photo' AND view_key IS NULL AND refused IS NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(
        migration_id=ID, app_name="media", description=DESCRIPTION
    )

    async def run() -> None:
        for statement in _FORWARDS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
