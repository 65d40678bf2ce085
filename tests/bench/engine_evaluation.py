"""Part of `engine`: the evaluation of a month over all areas, and the cases behind a figure, by a
district-wide leader over the generated city, beside a bare read of the same sums, each equal to a
direct count of the ledger in the same run.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from backend.cases.ground import ground_of
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.windows import drilling, marking, queries
from backend.windows.queries import Asked
from backend.windows.rules.periods import Period, city_day, earlier, period_of
from offline.ports import Connection
from tests.bench.engine_city import COUNTY
from tests.bench.figures import Figure, percentile

ROUNDS = 40
DIRECT = """
select split_part(facts->>'area_path', '/', 2) as town, count(*) as n from journal
where kind = 'case' and verb = 'case.acted' and facts->>'ending' = 'closed'
    and facts->>'action' = 'close' and occurred_at >= $1 and occurred_at < $2
group by 1
"""
"""Cases closed, by town, from the ledger itself."""
FLOOR = """
select place, sum(closed), sum(close_due), sum(handle_due), sum(handled_on_time)
from indicator_tally where unit = 'month' and kind = 'area' and depth = 2 and at >= $1 and at < $2
    and settled < $2 group by place
"""
BARE_DRILL = """
select thing, case_id, at from indicator_mark where measure = 32 and at >= $1 and at < $2
order by at desc, thing desc limit 30
"""


async def prepare() -> float:
    """Count everything from the ledger; gives the seconds it took. The pool must be open."""
    begun = time.perf_counter()
    async with database.repeatable() as conn:
        await conn.execute("set local work_mem = '512MB'; set local maintenance_work_mem = '1GB'")
        await marking.rebuild(conn)
    async with database.connection() as conn:
        for table in ("indicator_mark", "indicator_tally"):
            await conn.execute(f"vacuum analyze {table}")
    return time.perf_counter() - begun


async def measure(actor: Actor) -> list[Figure]:
    """The evaluation and the drill, warm, for the last whole month."""
    now = utc_now()
    period = earlier(period_of("month", city_day(now)), 1)
    asked = Asked(subject="area", period="month", day=period.start, by="close_on_time_rate")
    async with database.connection() as conn:
        ground = await ground_of(conn, COUNTY, now)

    async def evaluate() -> Any:
        async with database.snapshot() as conn:
            return await queries.evaluate(conn, actor, ground, asked, now)

    async def drill(after: str | None = None, limit: int = 30) -> Any:
        async with database.snapshot() as conn:
            return await drilling.drill(
                conn, actor, ground, asked, "", "closed", "over", after, limit, now
            )

    async with database.connection() as conn:
        await _assert_true(conn, period, await evaluate(), drill)
        floors = (
            await _p95(lambda: conn.fetch(FLOOR, period.start, period.end)),
            await _p95(lambda: conn.fetch(BARE_DRILL, period.since, period.until)),
        )
    return [
        Figure("engine", "evaluation_p95_ms", await _p95(evaluate), floors[0], "ms"),
        Figure("engine", "drill_p95_ms", await _p95(drill), floors[1], "ms"),
    ]


async def _assert_true(
    conn: Connection, period: Period, evaluation: Any, drill: Callable[..., Awaitable[Any]]
) -> None:
    """What is answered is what the ledger says."""
    rows = await conn.fetch(DIRECT, *_span(period))
    direct = {row["town"]: row["n"] for row in rows}
    at = [each.code for each in evaluation.indicators].index("closed")
    told = {row.key.split("/")[-1]: row.values[at] for row in evaluation.rows if row.values[at]}
    assert told == direct, "the evaluation differs from the ledger"
    listed, after, total = 0, None, evaluation.total.values[at]
    while True:
        page = await drill(after, 100)
        assert page.total == total == sum(direct.values())
        listed += len(page.items)
        after = page.next
        if after is None:
            break
    assert listed == total, "the list differs from its figure"


def _span(period: Period) -> tuple[datetime, datetime]:
    return period.since, period.until


async def _p95(call: Callable[[], Awaitable[Any]]) -> float:
    await call()
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - begun) * 1000)
    return percentile(taken, 0.95)
