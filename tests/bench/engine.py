"""engine: finding among a million cases, by a shift leader of the whole district, over HTTP; what
a month was worth (engine_evaluation); and ten thousand alarms at one second (engine_clocks).

Every answer is compared with a direct count in the same run; the floor is the plain SQL of that
answer on a bare connection. BENCH_CASES makes a smaller city.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from backend.cases.finding import conditions, counts, lists
from backend.cases.finding.boxes import box_of
from backend.cases.finding.conditions import Search
from backend.cases.finding.filters import Filters
from backend.cases.ground import ground_of
from backend.cases.views import CaseList, Counts, MapPoints
from backend.core import database
from backend.core.actor import Actor
from backend.core.crypto import LEDGER, Keyring
from backend.core.database import connect
from backend.core.scope import Parameters
from backend.core.settings import Settings
from backend.directory.actors import authors
from tests.bench import engine_city, engine_clocks, engine_evaluation, stage
from tests.bench.figures import Figure, percentile

CASES = int(os.environ.get("BENCH_CASES", "1000000"))
ROUNDS = 40
LEADER = "zb01"
TOKEN = "bench-engine"
Bare = Any


def _filters(now: datetime) -> dict[str, Filters]:
    """What a clerk asks for in a day, and harder things."""
    month = now - timedelta(days=400)
    return {
        "first": Filters(),
        "box": Filters(box="handling"),
        "ended": Filters(box="ended"),
        "to_call_back": Filters(box="to_call_back"),
        "category": Filters(category="C01"),
        "area": Filters(area="330304108"),
        "grid": Filters(grid="330304001002001"),
        "red": Filters(lamp="red"),
        "one_character": Filters(q="盖"),
        "two_characters": Filters(q="漏水"),
        "rare_words": Filters(q="月落垟街 377"),
        "no_such_words": Filters(q="天外飞仙"),
        "number": Filters(number="0001234"),
        "org": Filters(org="oh-gd"),
        "reported": Filters(reported_since=month, reported_until=month + timedelta(days=30)),
        "ended_then": Filters(ended_since=month, ended_until=month + timedelta(days=30)),
        "label": Filters(label="again"),
        "overdue": Filters(supervision="overdue"),
        "rectangle": Filters(shape="rectangle:120.64,27.96,120.66,27.98"),
        "circle": Filters(shape="circle:120.65,27.97,800"),
        "wide_circle": Filters(shape="circle:120.65,27.97,5000"),
        "combined": Filters(area="330304001", category="C", q="破损", source=["hotline"]),
        "combined_open": Filters(area="330304108", q="夜间", lamp="red"),
    }


async def run() -> list[Figure]:
    """Measure lists, counters and the map."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        conn = await connect(city.database_url)
        begun = time.perf_counter()
        await engine_city.fill(conn, CASES)
        filled_s = time.perf_counter() - begun
        await session_of(conn)
        await conn.close()
        loop = asyncio.get_running_loop()
        with stage.web(city, 1) as address:
            found = await loop.run_in_executor(
                None, lambda: asyncio.run(measure(city, address, filled_s))
            )
        database.configure(city.database_url)
        await database.open_pool()
        counted_s = await engine_evaluation.prepare()
        evaluated = await engine_evaluation.measure(await leader())
        rang = await engine_clocks.measure()
        await database.close_pool()
        reckoned = Figure("engine", "rebuild_s", counted_s, None, "s to count the ledger anew")
        return [*found, reckoned, *evaluated, *rang]


async def leader() -> Actor:
    """The district-wide leader, now."""
    async with database.connection() as conn:
        row = await conn.fetchrow(
            'select u.id as "user", p.id as post from app_user u '
            'join appointment a on a."user" = u.code join post p on p.code = a.post '
            "where u.code = 'ld01'"
        )
        key = (row["user"], row["post"], datetime.now(UTC))
        return (await authors(conn, [key]))[key]


async def session_of(conn: Bare) -> None:
    """Sign the leader in."""
    await conn.execute(
        "insert into session (id, token, user_id, post_id, created_at, expires_at) "
        "select gen_random_uuid(), sha256($1::bytea), u.id, p.id, now(), now() + interval '1 day' "
        'from appointment a join app_user u on u.code = a."user" join post p on p.code = a.post '
        "where u.code = $2 order by p.code desc limit 1",  # as a shift leader
        TOKEN.encode(),
        LEADER,
    )


async def measure(city: Settings, address: str, filled_s: float) -> list[Figure]:
    """Every question asked of the service, checked, and asked of the bare database."""
    now = datetime.now(UTC)
    database.configure(city.database_url)
    await database.open_pool()
    bare = await connect(city.database_url)
    await bare.execute("set plan_cache_mode = force_custom_plan; set jit = off")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    filters = _filters(now)
    ours: dict[str, float] = {}
    floors: dict[str, float] = {}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:

        async def ask(path: str, given: Filters) -> bytes:
            query = msgspec.to_builtins(given)
            answer = await client.get(f"/api/cases{path}?{urlencode(query, doseq=True)}")
            assert answer.status_code == 200, answer.text
            return answer.content

        for name, given in filters.items():
            for tries_left in (2, 1, 0):  # a lamp may change colour between the two
                search = await search_of(bare, datetime.now(UTC), given)
                shown = msgspec.json.decode(await ask("", given), type=CaseList)
                if await _equals_direct(bare, search, shown):
                    break
                assert tries_left, name
            ours[name] = await timed(lambda given=given: ask("", given))  # type: ignore[misc]
            floors[name] = await floor_of(bare, search, lists.find_cases, None, lists.PAGE)
        search = await search_of(bare, now, Filters())
        told = msgspec.json.decode(await ask("/counts", Filters()), type=Counts)
        await _counts_equal_direct(bare, search, told)
        ours["counts"] = await timed(lambda: ask("/counts", Filters()))
        floors["counts"] = await floor_of(bare, search, counts.count_boxes)
        points = msgspec.json.decode(await ask("/map", Filters()), type=MapPoints)
        newest = await bare.fetch(
            "select id from case_file order by reported_at desc, id desc limit $1", lists.MAP_POINTS
        )
        assert [id_ for id_, *_ in points.points] == [row["id"] for row in newest]
        ours["map"] = await timed(lambda: ask("/map", Filters()))
        floors["map"] = await floor_of(bare, search, lists.map_cases)
    await bare.close()
    await database.close_pool()
    worst = max(filters, key=lambda name: ours[name])
    told_all = ", ".join(f"{name} {ours[name]:.0f}" for name in filters)
    return [
        Figure("engine", "fill_s", filled_s, None, f"s for {CASES} cases"),
        Figure("engine", "filter_p95_ms", ours[worst], floors[worst], f"ms ({told_all})"),
        Figure("engine", "counters_p95_ms", ours["counts"], floors["counts"], "ms"),
        Figure("engine", "map_p95_ms", ours["map"], floors["map"], f"ms ({len(newest)} points)"),
    ]


async def search_of(conn: Bare, now: datetime, filters: Filters) -> Search:
    """What the service makes of the leader's question."""
    row = await conn.fetchrow("select user_id, post_id from session limit 1")
    key = (row["user_id"], row["post_id"], now)
    actor = (await authors(conn, [key]))[key]
    ground = await ground_of(conn, actor.county, now)
    blind = Keyring(bytes(range(32))).cipher(LEDGER).blind
    return Search(actor, filters, ground, now, blind)


async def _equals_direct(conn: Bare, search: Search, shown: CaseList) -> bool:
    """The first page is what counting and sorting everything gives, without an index."""
    sql = Parameters()
    where = conditions.conditions(search, sql)
    await conn.execute("set enable_indexscan = off; set enable_bitmapscan = off")
    rows = await conn.fetch(
        f"select c.id, count(*) over () as n from case_file c where {where} "
        f"order by c.reported_at desc, c.id desc limit {sql(lists.PAGE)}",
        *sql.values,
    )
    await conn.execute("reset enable_indexscan; reset enable_bitmapscan")
    more = bool(rows) and rows[0]["n"] > lists.PAGE
    return [row.id for row in shown.items] == [row["id"] for row in rows] and more == bool(
        shown.next
    )


async def _counts_equal_direct(conn: Bare, search: Search, told: Counts) -> None:
    """Each counter is what its list holds, counted one by one."""
    assert told.total == CASES
    for box in told.boxes:
        sql = Parameters()
        assert box_of(box.code, search.actor, search.ground)
        asked = msgspec.structs.replace(search, filters=Filters(box=box.code))
        where = conditions.conditions(asked, sql)
        direct = await conn.fetchval(
            f"select count(*) from case_file c where {where}",
            *sql.values,
        )
        assert box.count == direct, box.code


class _Tap:
    """Notes what is asked of a connection, for the floor."""

    def __init__(self, conn: Bare) -> None:
        self._conn = conn
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        self.asked.append((sql, args))
        return list(await self._conn.fetch(sql, *args))


async def floor_of(bare: Bare, search: Search, question: Callable[..., Any], *rest: Any) -> float:
    """p95 of the statements that answer a question, on a bare connection."""
    tap = _Tap(bare)
    await question(tap, search, *rest)

    async def again() -> None:
        for sql, args in tap.asked:
            await bare.fetch(sql, *args)

    return await timed(again)


async def timed(call: Callable[[], Awaitable[Any]]) -> float:
    """p95 in milliseconds, warm."""
    await call()
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - begun) * 1000)
    return percentile(taken, 0.95)
