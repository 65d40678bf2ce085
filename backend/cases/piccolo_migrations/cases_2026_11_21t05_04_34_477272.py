"""Filters of an export are sealed; its file is found by its id; when it was first fetched."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt, Bytea, Integer, Timestamptz
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-21T05:04:34:477272"
VERSION = "1.38.0"
DESCRIPTION = "exports: sealed filters"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="cases", description=DESCRIPTION)
    table = {"table_class_name": "CaseExport", "tablename": "case_export", "schema": None}
    for name in ("filters", "file", "seen_at"):
        manager.drop_column(column_name=name, db_column_name=name, **table)
    for name, kind, default in (("sealed", Bytea, b""), ("fetched_at", Timestamptz, None)):
        manager.add_column(
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params={
                "default": default,
                "null": default is None,
                "primary_key": False,
                "unique": False,
                "index": False,
                "index_method": IndexMethod.btree,
                "choices": None,
                "db_column_name": None,
                "secret": False,
            },
            **table,
        )
    manager.alter_column(
        column_name="size",
        db_column_name="size",
        params={},
        old_params={},
        column_class=BigInt,
        old_column_class=Integer,
        **table,
    )
    return manager
