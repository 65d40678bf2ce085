"""The indexes by which marks are drilled and tallies are summed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T05:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes for marks and tallies"

_STATEMENTS = (
    "CREATE INDEX indicator_mark_case ON indicator_mark (case_id)",
    "CREATE INDEX indicator_mark_measure ON indicator_mark (measure, at, thing)",
    "CREATE INDEX indicator_mark_place ON indicator_mark (place text_pattern_ops, measure, at)",
    "CREATE INDEX indicator_mark_org ON indicator_mark (org, measure, at) WHERE org IS NOT NULL",
    "CREATE INDEX indicator_mark_person ON indicator_mark (person, measure, at) "
    "WHERE person IS NOT NULL",
    "CREATE UNIQUE INDEX indicator_tally_subject ON indicator_tally "
    "(unit, kind, depth, at, place, key, settled)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="windows", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
