"""Lists and maps of cases."""

from backend.cases.finding.conditions import Search, conditions, looked_up
from backend.cases.finding.paging import read_place, write_place
from backend.cases.views import CaseList, CaseRow, MapPoints
from backend.core.scope import Parameters
from offline.ports import Connection

PAGE = 30
MAP_POINTS = 10_000

_ROW = ", ".join(f"c.{name}" for name in CaseRow.__struct_fields__)
_POINT = (
    "c.id, (c.longitude * 1e6)::int, (c.latitude * 1e6)::int, "
    "extract(epoch from c.yellow_at)::bigint, extract(epoch from c.due_at)::bigint"
)
"""A `MapPoint`: plain numbers, which take a third of the time of instants to read and write."""


async def find_cases(conn: Connection, search: Search, after: str | None, limit: int) -> CaseList:
    """A page of cases, newest first. Raises Problem 400 `bad_cursor`."""
    sql = Parameters()
    where = conditions(await looked_up(conn, search), sql)
    if after is not None:
        place = read_place(after)
        where += f" and (c.reported_at, c.id) < ({sql(place.at)}, {sql(place.id)})"
    rows = await conn.fetch(
        f"select {_ROW} from case_file c where {where} "  # noqa: S608
        f"order by c.reported_at desc, c.id desc limit {sql(limit + 1)}",
        *sql.values,
    )
    items = [CaseRow(**row) for row in rows[:limit]]
    more = len(rows) > limit
    return CaseList(items, write_place(items[-1].reported_at, items[-1].id) if more else None)


async def map_cases(conn: Connection, search: Search) -> MapPoints:
    """The newest cases as points."""
    sql = Parameters()
    where = conditions(await looked_up(conn, search), sql)
    rows = await conn.fetch(
        f"select {_POINT} from case_file c where {where} "  # noqa: S608
        f"order by c.reported_at desc, c.id desc limit {sql(MAP_POINTS + 1)}",
        *sql.values,
    )
    return MapPoints([tuple(row) for row in rows[:MAP_POINTS]], len(rows) > MAP_POINTS)
