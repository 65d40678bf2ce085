"""The worker keeps files of large buckets, and forgets what left long ago."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from backend.app import replicas
from backend.app.worker import PERIODIC
from backend.core import database
from backend.core.clock import utc_now
from backend.core.queue import Queue, Tools
from backend.core.settings import Settings
from offline import tombstones
from tests.cases.city import City


@pytest.fixture
def tools(settings: Settings, redis: Redis, tmp_path: Path) -> Tools:
    return Tools(msgspec.structs.replace(settings, data=tmp_path), redis, Queue(redis))


async def test_the_citys_reference_data_become_a_file(city: City, tools: Tools) -> None:
    for _ in range(2):
        await replicas.file(tools)
    async with database.connection() as conn:
        rows = await conn.fetch("select * from bucket_snapshot")
    assert [row["bucket"] for row in rows] == ["reference:330304"]
    assert rows[0]["documents"] > 900
    stored = tools.settings.data / "objects" / "snapshots" / str(rows[0]["id"])
    assert stored.stat().st_size > rows[0]["bytes"]


async def test_what_left_a_month_ago_is_forgotten(city: City, tools: Tools) -> None:
    case = await city.report("wg001")
    await city.act("sl01", case, "refuse", reason="不在范围")
    count = "select count(*) from bucket_member where removed"
    await replicas.mark(tools)
    async with database.transaction() as conn:
        await replicas.forget(tools)
        assert await conn.fetchval(count) > 0
        await conn.execute(
            "update moment set taken_at = $1 where taken_at > '1970-01-01'",
            utc_now() - tombstones.KEPT - timedelta(minutes=1),
        )
    await replicas.forget(tools)
    async with database.connection() as conn:
        assert await conn.fetchval(count) == 0


def test_the_worker_does_all_of_it() -> None:
    assert set(replicas.PERIODIC) <= set(PERIODIC)
