from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Varchar

ID = "2026-11-21T04:03:57:384820"
VERSION = "1.38.0"
DESCRIPTION = ""


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="catalogue", description=DESCRIPTION
    )

    manager.alter_column(
        table_class_name="Category",
        tablename="category",
        column_name="flow",
        db_column_name="flow",
        params={"default": "city_management"},
        old_params={"default": "simple"},
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager
