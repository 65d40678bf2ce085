"""Brings a database to the tables this version needs; safe to run by every process that starts."""

import io
import os
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

from asyncpg import UndefinedTableError
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.conf.apps import Finder

import offline
from backend.core.database import configure, connect
from offline.ports import Connection

_LOCK = 0x78756E67  # "xung": one starter at a time
_RAW = Path(offline.__file__).parent / "migrations"


async def migrate(url: str) -> None:
    """Apply what is missing: the write path's SQL first, then each domain's tables.

    Raises RuntimeError with Piccolo's message when a domain's migration fails, and what asyncpg
    raises for the write path's; each migration is a transaction, so none is half applied.
    """
    configure(url)
    guard = await connect(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _apply_raw(guard)
        await _apply_domains()
    finally:
        await guard.close()


async def _apply_raw(connection: Any) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration ("
        " name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    done = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migration")}
    for script in sorted(_RAW.glob("*.sql")):
        if script.name not in done:
            async with connection.transaction():
                await connection.execute(script.read_text(encoding="utf-8"))
                await connection.execute(
                    "INSERT INTO schema_migration (name) VALUES ($1)", script.name
                )


async def _apply_domains() -> None:
    os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")
    said = io.StringIO()
    with redirect_stdout(said):
        result = await run_forwards("all")
    if not result.success:
        raise RuntimeError(result.message or said.getvalue())


async def pending(connection: Connection) -> frozenset[str]:
    """The migrations this version brings that the database has not seen, by name."""
    try:
        rows = await connection.fetch(
            "SELECT name FROM schema_migration UNION ALL SELECT name FROM migration"
        )
    except UndefinedTableError:
        return _known()
    return _known() - {row["name"] for row in rows}


@cache
def _known() -> frozenset[str]:
    domains = BaseMigrationManager()
    return frozenset(script.name for script in _RAW.glob("*.sql")).union(
        *(
            domains.get_migration_ids(
                domains.get_migration_modules(app.resolved_migrations_folder_path)
            )
            for app in Finder().get_app_configs()
        )
    )
