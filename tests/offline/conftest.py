from collections.abc import AsyncIterator

import asyncpg
import pytest

from backend.core.database import config_of
from offline import epoch
from tests.offline.toy import World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with asyncpg.create_pool(**config_of(database_url), min_size=1, max_size=8) as pool:
        await pool.execute(
            "create table note (id uuid primary key, version int, place text, "
            "text text check (text <> 'unforeseen'))"
        )
        async with pool.acquire() as conn, conn.transaction():
            await epoch.current(conn)
        yield World(pool)
