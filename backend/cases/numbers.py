"""Case numbers, `county-yyyymmdd-nnnnnn`: a sequence per county and day, so that nobody waits."""

from datetime import date

import asyncpg

from backend.core import database
from offline.ports import Connection
from offline.push import TryAgain

_made: set[str] = set()


async def take(conn: Connection, county: str, day: date, count: int) -> list[str]:
    """Numbers of a county's day (its own time zone), gaps allowed.

    Raises TryAgain when the day's sequence, though made once, is not there: after a restore.
    """
    name = f"case_number_{int(county)}_{day:%Y%m%d}"
    if name not in _made:
        await _make(name)
        _made.add(name)
    try:
        rows = await conn.fetch(
            "select nextval($1::regclass) as n from generate_series(1, $2)", name, count
        )
    except asyncpg.UndefinedTableError as error:
        _made.discard(name)
        raise TryAgain from error
    return [f"{county}-{day:%Y%m%d}-{row['n']:06d}" for row in rows]


async def _make(name: str) -> None:
    """Make the day's sequence outside the caller's transaction, where a twin cannot block it, and
    outside the pool, which may be full of callers that wait for it.
    """
    async with database.apart() as other:
        await other.execute(f"create sequence if not exists {name}")
