"""What Piccolo's columns cannot say: prefix search on paths, one appointment and identity each."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "prefix index and natural keys"

_FORWARDS = (
    "CREATE INDEX area_path_prefix ON area (path text_pattern_ops)",
    'CREATE UNIQUE INDEX appointment_key ON appointment ("user", post, valid_from)',
    "CREATE UNIQUE INDEX identity_key ON identity (provider, subject)",
    "ALTER TABLE area ADD CONSTRAINT area_validity CHECK (valid_to IS NULL OR valid_to >= valid_from)",
    "ALTER TABLE appointment ADD CONSTRAINT appointment_validity"
    " CHECK (valid_to IS NULL OR valid_to >= valid_from)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(
        migration_id=ID, app_name="directory", description=DESCRIPTION
    )

    async def run() -> None:
        for statement in _FORWARDS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
