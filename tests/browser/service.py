"""The real service for browser tests: web and worker processes on the demo city."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import httpx
import msgspec
from msgspec import Struct

from backend.cases.structs import Case
from backend.core.database import connect
from backend.core.settings import Settings
from backend.media.rules import original_key

START_SECONDS = 30

SOLE_WORKERS = """
with served as (
    select u.code as "user", area.code as grid, area.longitude, area.latitude,
        count(*) over (partition by area.code) as here,
        (select count(*) from appointment o where o."user" = u.code) as posts
    from appointment h
    join app_user u on u.code = h."user"
    join post p on p.code = h.post
    join role r on r.code = p.role and 'task.answer' = any(r.permissions)
    join area on area.code = any(p.areas) and area.kind = 'responsibility'
)
select distinct on ("user") "user", grid, longitude, latitude from served
where here = 1 and posts = 1 order by "user", grid
"""


class Worker(Struct, frozen=True):
    """A grid worker who is the only one in a grid, and a point in it (WGS-84)."""

    user: str
    grid: str
    longitude: float
    latitude: float


class Service(Struct, frozen=True):
    """A running installation, and what it keeps, looked at from beside it."""

    settings: Settings

    @property
    def address(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    async def rows(self, sql: str, *args: object) -> "list[asyncpg.Record]":
        own = await connect(self.settings.database_url)
        try:
            return await own.fetch(sql, *args)
        finally:
            await own.close()

    async def sole_workers(self) -> list[Worker]:
        """Workers whose tasks come by themselves."""
        return [Worker(*row) for row in await self.rows(SOLE_WORKERS)]

    async def case(self, number: str) -> Case:
        (row,) = await self.rows("select document from case_file where number = $1", number)
        return msgspec.json.decode(row["document"], type=Case)

    async def reported_by(self, user: str) -> list[Case]:
        """Cases a user reported, in the order of their numbers."""
        found = await self.rows(
            "select c.document from report r join case_file c on c.id = r.case_id "
            'join app_user u on u.id = r."user" where u.code = $1 order by c.number',
            user,
        )
        return [msgspec.json.decode(row["document"], type=Case) for row in found]

    async def handler_of(self, org: str) -> str:
        """A user who handles for an org."""
        (row,) = await self.rows(
            'select min(a."user") as code from appointment a join post p on p.code = a.post '
            "where p.org = $1 and p.role = 'handler'",
            org,
        )
        assert row["code"], f"nobody handles for {org}"
        return str(row["code"])

    def stored_digest(self, sha256: str) -> str:
        """The digest of the bytes that the object store gives for a digest."""
        path = self.settings.data / "objects" / original_key(sha256)
        return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def running(settings: Settings, *names: str) -> Iterator[Service]:
    """The named processes of the Procfile, else all of them, until the block ends."""
    environ = os.environ | settings.environ() | {"XUNGE_LOG_LEVEL": "WARNING"}
    processes = [
        subprocess.Popen([sys.executable, "-m", "backend.app", name], env=environ)
        for name in names or ("web", "worker")
    ]
    service = Service(settings)
    try:
        _wait_for(service.address)
        yield service
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(START_SECONDS)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=5) as client:
        while time.monotonic() < deadline:
            try:
                if client.get(f"{address}/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)  # not listening yet
    raise AssertionError("the web service did not come up")
