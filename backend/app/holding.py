"""What a county lets its devices hold, from its settings."""

import msgspec

from backend.catalogue.settings import value_of
from backend.directory.structs import Holding
from offline.ports import Connection

_CODES = ("device_people", "device_days", "device_limit", "device_pin")


async def holding_of(conn: Connection, county: str) -> Holding:
    """As the county set it, else the defaults."""
    rows = await conn.fetch(
        "select code, value::text as value from setting where county = $1 and code = any($2)",
        county,
        _CODES,
    )
    settings = {row["code"]: msgspec.json.decode(row["value"]) for row in rows}
    people, days, limit, pin = (value_of(settings, code) for code in _CODES)
    return Holding(people=people, days=days, limit=limit, pin=pin == "required")
