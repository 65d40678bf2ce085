"""Real servers for every test: PostgreSQL and Valkey once a session, a database of its own a test.

Take what you need: `settings` (a migrated, empty database and a cleared Valkey), `database` (the
same with the pool open), `redis`, `client` (the whole web application over ASGI).
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import msgspec
import psutil
import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.testing import AsyncTestClient
from redis.asyncio import Redis
from rich.console import Console

from backend.app import embedded
from backend.app.asgi import create_app
from backend.app.demo import load_demo_city
from backend.core import database as core_database
from backend.core.crypto import Keyring
from backend.core.database import connect
from backend.core.migrations import migrate
from backend.core.settings import Settings
from backend.directory.passwords import Passwords

TEMPLATE = "xunge_template"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Eighty passwords at their real cost would take the city a quarter of a minute."""
OURS = "xunge-test-"
_numbers = count(1)


class Servers(msgspec.Struct, frozen=True):
    """Where the session's servers listen."""

    postgres: str
    redis: str

    def database(self, name: str) -> str:
        return self.postgres.replace("/postgres?", f"/{name}?")


async def _execute(url: str, *statements: str) -> None:
    connection = await connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def pytest_configure() -> None:
    """Told to stop, as by `timeout`, end as after Ctrl-C: with the servers stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def own_folder() -> Path:
    """A folder for servers of this process, which a later run may sweep away when we are killed.

    Not pytest's folder, which is closed to others: under root PostgreSQL is a user of its own.
    """
    return Path(tempfile.mkdtemp(prefix=f"{OURS}{os.getpid()}-"))


def sweep() -> None:
    """End the servers of test processes that were killed, and remove their folders."""
    for folder in Path(tempfile.gettempdir()).glob(f"{OURS}*-*"):
        owner = folder.name.removeprefix(OURS).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            embedded.stop_postgres(folder / "postgres")
            embedded.stop_valkey(folder / "valkey")
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL with a migrated template database, and Valkey; one pair a test process."""
    sweep()
    folder = own_folder()
    with embedded.postgres(folder / "postgres") as url, embedded.valkey(folder / "valkey") as redis:
        given = Servers(url, redis)
        # A test's data need not survive a power cut.
        asyncio.run(_execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
        asyncio.run(_execute(url, f"CREATE DATABASE {TEMPLATE}"))
        asyncio.run(migrate(given.database(TEMPLATE)))
        yield given
    shutil.rmtree(folder)


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated database that nobody else sees, gone after the test."""
    name = f"test_{next(_numbers)}"
    asyncio.run(_execute(servers.postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield servers.database(name)
    asyncio.run(_execute(servers.postgres, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    """A client of an emptied Valkey."""
    client: Redis = Redis.from_url(servers.redis)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def settings(servers: Servers, database_url: str, redis: Redis, tmp_path: Path) -> Settings:
    """Settings of a development installation with nothing in it yet."""
    return Settings(
        database_url=database_url,
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=tmp_path,
        host="127.0.0.1",
        port=8321,
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Settings]:
    """The pool of `backend.core.database`, open on the test's database."""
    core_database.configure(settings.database_url)
    await core_database.open_pool()
    yield settings
    await core_database.close_pool()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of its own to the test's database, to look at what was written."""
    own = await connect(database_url)
    yield own
    await own.close()


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """The whole web application, its pools open."""
    async with AsyncTestClient(create_app(settings)) as opened:
        yield opened


@pytest.fixture(scope="session")
def city_template(servers: Servers) -> str:
    """A database with the demo city in it, imported once a test process."""
    name = "xunge_city"
    asyncio.run(_execute(servers.postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    given = Settings(
        database_url=servers.database(name),
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=Path(tempfile.gettempdir()),
        host="127.0.0.1",
        port=8321,
    )

    async def load() -> None:
        core_database.configure(given.database_url)
        await core_database.open_pool()
        await load_demo_city(given, Console(quiet=True), Passwords(Keyring(given.secret), CHEAP))
        await core_database.close_pool()

    asyncio.run(load())
    return name


@pytest.fixture
def city_url(servers: Servers, city_template: str) -> Iterator[str]:
    """The demo city in a database that nobody else sees, gone after the test."""
    name = f"city_{next(_numbers)}"
    asyncio.run(_execute(servers.postgres, f"CREATE DATABASE {name} TEMPLATE {city_template}"))
    yield servers.database(name)
    asyncio.run(_execute(servers.postgres, f"DROP DATABASE {name} WITH (FORCE)"))
