"""cases: first page and filters over 100,000 cases for a district-wide actor, over HTTP, beside the
same SQL on a bare connection.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import httpx

from backend.cases.finding.conditions import Search
from backend.cases.finding.filters import Filters
from backend.cases.finding.lists import PAGE, find_cases
from backend.cases.ground import ground_of
from backend.core import database
from backend.core.clock import utc_now
from backend.core.database import connect
from backend.core.settings import Settings
from backend.directory.actors import authors
from tests.bench import stage
from tests.bench.figures import Figure, percentile
from tests.bench.push import BATCH, CATEGORY, _send, pool
from tests.bench.workload import COUNTY, USERS, Hand, settle

CASES = 100_000
ROUNDS = 60
FILTERS: dict[str, Filters] = {
    "box": Filters(box="to_accept"),
    "category": Filters(category="C01"),
    "area": Filters(area="330304108"),
    "lamp": Filters(lamp="red"),
    "text": Filters(q="站前路 177"),
}

MULTIPLY = """
insert into case_file (id, version, number, county, flow, flow_version, state, stage, ending,
    category, grid, area_path, description, address, longitude, latitude, urgent, suspended,
    supervised, severity, source, org, reported_at, changed_at, ended_at, yellow_at, due_at,
    document)
select gen_random_uuid(), c.version, '330304-20260101-' || lpad((100000 + n)::text, 6, '0'),
    c.county, c.flow, c.flow_version,
    case when n % 10 < 7 then 'closed' else c.state end,
    case when n % 10 < 7 then 'closed' else c.stage end,
    case when n % 10 < 7 then 'closed' end,
    (array['C0101','C0102','C0103','E0101','E0102'])[1 + n % 5], a.code, a.path,
    c.description, '站前路 ' || (n % 400) || ' 号门口', a.longitude, a.latitude, false, false,
    false, 0, c.source, c.org, now() - (n || ' minutes')::interval, now(),
    case when n % 10 < 7 then now() end,
    now() + ((n % 200 - 150) || ' minutes')::interval,
    now() + ((n % 200 - 100) || ' minutes')::interval, c.document
from generate_series(1, $1) n
join (select *, row_number() over () as place from case_file) c on c.place = 1 + n % 500
join (select *, row_number() over () as place from area where kind = 'responsibility') a
    on a.place = 1 + n % 942
"""


async def run() -> list[Figure]:
    """Measure the first page and the worst of the filters."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        hands = [Hand(number) for number in range(USERS)]
        await _fill(city, hands)
        floors = await _floor(city, hands[0])
        loop = asyncio.get_running_loop()
        ours = await loop.run_in_executor(None, _measure, city, hands[0].token)
    worst = max(FILTERS, key=lambda name: ours[name])
    return [
        Figure("cases", "first_p95_ms", ours["first"], floors["first"], "ms"),
        Figure("cases", "filtered_p95_ms", ours[worst], floors[worst], f"ms ({worst})"),
    ]


async def _fill(city: Settings, hands: list[Hand]) -> None:
    dice = random.Random(1)
    async with pool(city) as ports:
        async with database.transaction() as conn:
            await settle(conn, hands)
        await _send(ports, hands[0], [hands[0].report(CATEGORY, dice)[1] for _ in range(BATCH)])
        async with database.transaction() as conn:
            await conn.execute(MULTIPLY, CASES - BATCH)
    conn = await connect(city.database_url)
    await conn.execute("vacuum analyze case_file")
    assert await conn.fetchval("select count(*) from case_file") == CASES
    await conn.close()


async def _timed(call: Callable[[], Awaitable[Any]]) -> float:
    await call()
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - begun) * 1000)
    return percentile(taken, 0.95)


class _Tap:
    """A connection that keeps the one query it is asked, for the floor."""

    def __init__(self) -> None:
        self.query: tuple[str, tuple[Any, ...]] = ("", ())

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        self.query = (sql, args)
        return []


async def _floor(city: Settings, hand: Hand) -> dict[str, float]:
    now = utc_now()
    async with pool(city), database.connection() as conn:
        key = (hand.user, hand.post, now)
        actor = (await authors(conn, [key]))[key]
        ground = await ground_of(conn, COUNTY, now)
    bare = await connect(city.database_url)
    floors = {}
    for name, filters in {"first": Filters(), **FILTERS}.items():
        tap = _Tap()
        search = Search(actor, filters, ground, now, lambda phone: phone.encode())
        await find_cases(tap, search, None, PAGE)
        sql, args = tap.query
        floors[name] = await _timed(lambda sql=sql, args=args: bare.fetch(sql, *args))  # type: ignore[misc]
    await bare.close()
    return floors


def _measure(city: Settings, token: str) -> dict[str, float]:
    with stage.web(city, 1) as address:
        return asyncio.run(_ask(address, token))


async def _ask(address: str, token: str) -> dict[str, float]:
    found = {}
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        for name, filters in {"first": Filters(), **FILTERS}.items():
            given = {
                field: value
                for field in Filters.__struct_fields__
                if (value := getattr(filters, field)) is not None
            }
            path = f"/api/cases?{urlencode(given)}"

            async def ask(path: str = path, name: str = name) -> None:
                answer = await client.get(path)
                assert answer.status_code == 200, answer.text
                assert answer.json()["items"], name

            found[name] = await _timed(ask)
    return found
