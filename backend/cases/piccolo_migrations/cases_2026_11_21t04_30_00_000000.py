"""What lists of requests stand on, and that a user keeps a name once."""


from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T04:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes for requests and kept searches"

_STATEMENTS = (
    "CREATE INDEX case_request_open ON case_request (asked_at DESC) WHERE state = 'open'",
    'CREATE INDEX case_request_user ON case_request ("user", asked_at DESC)',
    "CREATE INDEX case_request_answerers ON case_request USING gin (answerers)",
    'CREATE UNIQUE INDEX saved_search_name ON saved_search ("user", county, name)',
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cases", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
