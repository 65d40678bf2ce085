"""What the worker does by itself, as a process of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from backend.app.live import CHANNEL
from backend.core import database
from backend.core.settings import Settings
from tests.api.serving import serving
from tests.cases.city import City
from tests.conftest import Servers


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.05)


async def count(statement: str) -> int:
    async with database.connection() as conn:
        found: int = await conn.fetchval(statement)
        return found


async def test_it_seals_the_ledger_and_takes_old_cases_off_devices(
    city: City, city_url: str, servers: Servers, redis: Redis, tmp_path: Path
) -> None:
    city.now = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    case = await city.report("wg001")
    await city.act("sl01", case, "refuse", reason="不在范围")
    settings = Settings(
        database_url=city_url,
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=tmp_path,
        host="127.0.0.1",
        port=1,
    )
    async with redis.pubsub() as heard:
        await heard.subscribe(CHANNEL)
        with serving(settings, tmp_path, "worker"):
            await until(lambda: count("select count(*) from journal where verb = 'case.retired'"))
            await until(
                lambda: count(
                    "select count(*) from audit_block where (select max(seq) from journal) "
                    "= any(rows)"
                )
            )

        async def told() -> bool:
            message = await heard.get_message(ignore_subscribe_messages=True, timeout=1)
            return message is not None and bool(
                set(msgspec.json.decode(message["data"])) & city.touched
            )

        await until(told)
    assert (await city.case(case)).retired_at is not None
