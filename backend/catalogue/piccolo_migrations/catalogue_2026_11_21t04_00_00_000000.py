"""Stored flows say `party` where they said `assignee`."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T04:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "assignee becomes party"

_STATEMENT = """
update flow set definition = jsonb_set(definition, array['actions'], (
    select jsonb_agg(case when action ? 'assignee'
        then (action - 'assignee') || case when (action ->> 'assignee')::boolean
            then jsonb_build_object('party', jsonb_build_array('main')) else jsonb_build_object() end
        else action end order by place)
    from jsonb_array_elements(definition -> 'actions') with ordinality as a (action, place)))
where definition::text like '%"assignee"%'
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="catalogue", description=DESCRIPTION)

    async def run() -> None:
        await Table.raw(_STATEMENT)

    manager.add_raw(run)
    return manager
