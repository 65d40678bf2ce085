"""Servers and a city for benches: everything durable, as in production."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from rich.console import Console

from backend.app import embedded
from backend.app.demo import load_demo_city
from backend.core import database
from backend.core.database import connect
from backend.core.migrations import migrate
from backend.core.settings import Settings

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def servers() -> Iterator[Settings]:
    """PostgreSQL and Valkey with the demo city in the database `city`."""
    folder = Path(tempfile.mkdtemp(prefix="xunge-bench-"))
    try:
        with (
            embedded.postgres(folder / "postgres") as url,
            embedded.valkey(folder / "valkey") as redis,
        ):
            settings = Settings(
                database_url=url,
                redis_url=redis,
                environment="development",
                secret=bytes(range(32)),
                data=folder,
                host="127.0.0.1",
                port=_free_port(),
            )
            yield settings
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def at(settings: Settings, name: str) -> Settings:
    """The same servers, another database."""
    url = settings.database_url.replace("/postgres?", f"/{name}?")
    return msgspec.structs.replace(settings, database_url=url)


async def make_city(settings: Settings, name: str) -> Settings:
    """A database with the demo city in it."""
    await execute(settings, f"create database {name}")
    given = at(settings, name)
    await migrate(given.database_url)
    database.configure(given.database_url)
    await database.open_pool()
    await load_demo_city(given, Console(quiet=True))
    await database.close_pool()
    return given


async def copy(settings: Settings, source: str, name: str) -> Settings:
    """A copy of a database nobody is connected to."""
    await execute(settings, f"drop database if exists {name} with (force)")
    await execute(settings, f"create database {name} template {source}")
    await execute(settings, "checkpoint")
    return at(settings, name)


async def execute(settings: Settings, statement: str) -> None:
    conn = await connect(settings.database_url)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


async def assert_durable(settings: Settings) -> None:
    """A figure without durability would be a lie."""
    conn = await connect(settings.database_url)
    try:
        for name in DURABLE:
            assert await conn.fetchval(f"show {name}") == "on", name
        unlogged = await conn.fetchval("select count(*) from pg_class where relpersistence = 'u'")
        assert unlogged == 0
    finally:
        await conn.close()


@contextmanager
def web(settings: Settings, workers: int) -> Iterator[str]:
    """The real web service; gives its address."""
    with _started(settings, "backend.app", "web", "--workers", str(workers)):
        yield _answering(settings)


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """The real worker."""
    with _started(settings, "backend.app", "worker"):
        yield


@contextmanager
def bare(settings: Settings, workers: int, folder: Path) -> Iterator[str]:
    """The service with `bare`'s floors; gives its address."""
    with _started(settings, "tests.bench.bare", str(workers), str(folder)):
        yield _answering(settings)


@contextmanager
def _started(settings: Settings, *command: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | settings.environ() | {"XUNGE_LOG_LEVEL": "WARNING"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answering(settings: Settings) -> str:
    address = f"http://{settings.host}:{settings.port}"
    for _ in range(300):
        try:
            if httpx.get(f"{address}/ready").status_code == 200:
                return address
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the web service did not come up")
