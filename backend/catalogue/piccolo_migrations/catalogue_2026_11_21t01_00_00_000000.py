"""What Piccolo's columns cannot say: the natural keys within a county."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "natural keys within a county"

_KEYS = {
    "category": "county, code",
    "standard": "county, category, number",
    "calendar": "county, code",
    "calendar_day": "county, calendar, day",
    "dispatch_rule": "county, category, area",
    "flow": "county, code, flow_version",
    "setting": "county, code",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(
        migration_id=ID, app_name="catalogue", description=DESCRIPTION
    )

    async def run() -> None:
        for table, columns in _KEYS.items():
            await Table.raw(f"CREATE UNIQUE INDEX {table}_key ON {table} ({columns})")

    manager.add_raw(run)
    return manager
