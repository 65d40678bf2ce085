"""cases: first page and filters over 100,000 cases for a district-wide actor, over HTTP, beside the
same SQL on a bare connection. `engine` asks more, of a million.
"""

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import msgspec

from backend.cases.finding.filters import Filters
from backend.cases.finding.lists import PAGE, find_cases
from backend.core.database import connect
from backend.core.settings import Settings
from tests.bench import engine_city, stage
from tests.bench.engine import TOKEN, floor_of, search_of, session_of, timed
from tests.bench.figures import Figure

CASES = 100_000
FILTERS: dict[str, Filters] = {
    "first": Filters(),
    "box": Filters(box="to_accept"),
    "category": Filters(category="C01"),
    "area": Filters(area="330304108"),
    "lamp": Filters(lamp="red"),
    "text": Filters(q="站前路 177"),
}


async def run() -> list[Figure]:
    """Measure the first page and the worst of the filters."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        bare = await connect(city.database_url)
        await engine_city.fill(bare, CASES, 1)
        await session_of(bare)
        floors = {}
        for name, filters in FILTERS.items():
            search = await search_of(bare, datetime.now(UTC), filters)
            floors[name] = await floor_of(bare, search, find_cases, None, PAGE)
        await bare.close()
        ours = await asyncio.get_running_loop().run_in_executor(None, _measure, city)
    worst = max(FILTERS, key=lambda name: ours[name])
    return [
        Figure("cases", "first_p95_ms", ours["first"], floors["first"], "ms"),
        Figure("cases", "filtered_p95_ms", ours[worst], floors[worst], f"ms ({worst})"),
    ]


def _measure(city: Settings) -> dict[str, float]:
    with stage.web(city, 1) as address:
        return asyncio.run(_ask(address))


async def _ask(address: str) -> dict[str, float]:
    found = {}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        for name, filters in FILTERS.items():
            path = f"/api/cases?{urlencode(msgspec.to_builtins(filters), doseq=True)}"

            async def ask(path: str = path, name: str = name) -> None:
                answer = await client.get(path)
                assert answer.status_code == 200, answer.text
                assert answer.json()["items"], name

            found[name] = await timed(ask)
    return found
