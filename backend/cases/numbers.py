"""Case numbers, `county-yyyymmdd-nnnnnn`: a sequence per county and day, so that nobody waits."""

from datetime import date

from backend.core import database
from offline.ports import Connection

_made: set[str] = set()


async def take(conn: Connection, county: str, day: date, count: int) -> list[str]:
    """Numbers of a county's day (its own time zone), gaps allowed.

    The day's sequence is made outside the caller's transaction, where a twin cannot block it.
    """
    name = f"case_number_{int(county)}_{day:%Y%m%d}"
    if name not in _made:
        async with database.connection() as other:
            await other.execute(f"create sequence if not exists {name}")
        _made.add(name)
    rows = await conn.fetch(
        "select nextval($1::regclass) as n from generate_series(1, $2)", name, count
    )
    return [f"{county}-{day:%Y%m%d}-{row['n']:06d}" for row in rows]

