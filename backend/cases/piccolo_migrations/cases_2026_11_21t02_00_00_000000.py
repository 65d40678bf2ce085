"""The indexes that lists, maps and the search for similar cases stand on."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes for lists and search"

_STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX case_file_recent ON case_file (county, reported_at DESC, id DESC)",
    "CREATE INDEX case_file_state ON case_file (county, state, reported_at DESC, id DESC)",
    "CREATE INDEX case_file_area ON case_file (area_path text_pattern_ops, reported_at DESC)",
    "CREATE INDEX case_file_org ON case_file (org, state, reported_at DESC)",
    "CREATE INDEX case_file_category ON case_file (county, category, reported_at DESC)",
    "CREATE INDEX case_file_due ON case_file (county, due_at) WHERE ended_at IS NULL",
    "CREATE INDEX case_file_text ON case_file USING gin "
    "((number || ' ' || description || ' ' || address) gin_trgm_ops)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cases", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
