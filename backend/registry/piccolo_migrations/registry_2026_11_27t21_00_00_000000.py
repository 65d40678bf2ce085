"""What people and rooms are found by."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-27T21:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what people and rooms are found by"

_STATEMENTS = (
    "CREATE UNIQUE INDEX registry_write_version ON registry_write (entity, version)",
    "CREATE INDEX person_room ON person (room)",
    "CREATE INDEX person_area ON person (county, area_path text_pattern_ops)",
    "CREATE INDEX person_number ON person (number_blind) WHERE number_blind IS NOT NULL",
    "CREATE INDEX person_phone ON person (phone_blind) WHERE phone_blind IS NOT NULL",
    "CREATE INDEX person_name ON person USING gin (name_parts)",
    "CREATE INDEX person_disputed ON person (county) WHERE cardinality(disputed) > 0",
    "CREATE INDEX room_area ON room (county, area_path text_pattern_ops)",
    "CREATE INDEX room_disputed ON room (county) WHERE cardinality(disputed) > 0",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="registry", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
