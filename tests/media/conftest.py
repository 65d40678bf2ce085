"""Two colleagues with live sessions, and a server process to upload to."""

import asyncio
import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256 as digest
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from backend.core.database import connect
from backend.core.ids import derived_id, new_id
from backend.core.position import Position
from backend.core.settings import Settings
from backend.media.structs import Link
from tests.conftest import TEMPLATE, Servers
from tests.media.photos import LATITUDE, LONGITUDE, sha256

ROOT = Path(__file__).parents[2]
NAMES = {"worker": "林晓玥", "colleague": "陈喆"}


class Person(msgspec.Struct, frozen=True):
    user: UUID
    token: str
    name: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"}


async def _people(url: str) -> dict[str, Person]:
    connection = await connect(url)
    now = datetime.now(UTC)
    try:
        await connection.execute(
            "INSERT INTO area (id, code, name, kind, level, county, path, valid_from) VALUES"
            " ($1, '330304', '瓯海区', 'administrative', 1, '330304', '330304', '2020-01-01')",
            derived_id("area", "330304"),
        )
        await connection.execute(
            "INSERT INTO role (id, code, name, permissions) VALUES ($1, 'worker', '网格员', '{}')",
            derived_id("role", "worker"),
        )
        people = {}
        for code, name in NAMES.items():
            person = Person(derived_id("user", code), f"token-of-{code}", name)
            post = derived_id("post", code)
            await connection.execute(
                "INSERT INTO app_user (id, code, name, county) VALUES ($1, $2, $3, '330304')",
                person.user, code, name,
            )  # fmt: skip
            await connection.execute(
                "INSERT INTO post (id, code, name, org, role, areas, county)"
                " VALUES ($1, $2, '网格员', 'centre', 'worker', '{330304}', '330304')",
                post, code,
            )  # fmt: skip
            await connection.execute(
                'INSERT INTO appointment (id, "user", post, valid_from) VALUES ($1, $2, $3, $4)',
                derived_id("appointment", code), code, code, date(2020, 1, 1),
            )  # fmt: skip
            await connection.execute(
                "INSERT INTO session (id, token, user_id, post_id, created_at, expires_at)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                new_id(), digest(person.token.encode()).digest(), person.user, post, now,
                now + timedelta(days=1),
            )  # fmt: skip
            people[code] = person
        return people
    finally:
        await connection.close()


@pytest.fixture
def people(database_url: str) -> dict[str, Person]:
    return asyncio.run(_people(database_url))


@pytest.fixture
def worker(people: dict[str, Person]) -> Person:
    return people["worker"]


@pytest.fixture
def colleague(people: dict[str, Person]) -> Person:
    return people["colleague"]


class Server:
    """The web service as a process of its own, and its worker when asked for."""

    def __init__(self, settings: Settings, people: dict[str, Person]) -> None:
        self.settings = settings
        self.port = settings.port
        self.worker = people["worker"]
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *command: str) -> None:
        self._started.append(
            subprocess.Popen(
                [sys.executable, "-m", "backend.app", *command],
                cwd=ROOT,
                env=os.environ | self.settings.environ(),
                start_new_session=True,
            )
        )

    def start_web(self) -> None:
        self.start("web")
        until(self._ready)

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self, number: int = signal.SIGKILL) -> None:
        for process in self._started:
            os.killpg(process.pid, number)
            process.wait(20)
        self._started.clear()


@pytest.fixture(scope="module")
def server(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, with the two colleagues, for a file of tests: starting one takes seconds."""
    url = servers.database("media_server")
    execute(servers.postgres, f"CREATE DATABASE media_server TEMPLATE {TEMPLATE}")
    made = Server(
        Settings(
            database_url=url,
            redis_url=servers.redis,
            environment="development",
            secret=bytes(range(32)),
            data=tmp_path_factory.mktemp("data"),
            host="127.0.0.1",
            port=_free_port(),
        ),
        asyncio.run(_people(url)),
    )
    try:
        made.start_web()
        yield made
    finally:
        made.kill()
        execute(servers.postgres, "DROP DATABASE media_server WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    async def run() -> None:
        connection = await connect(url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def metadata(**pairs: object) -> str:
    return ",".join(
        f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in pairs.items()
    )


def claim(user: UUID, media: UUID, data: bytes, **changed: object) -> Link:
    """What a command by this user says of these bytes, as photos.py makes them."""
    return replace(
        Link(
            media=media,
            uploader=user,
            sha256=sha256(data),
            owner_kind="trial",
            owner=derived_id("owner", media),
            role="near",
            taken_at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
            place="瓯海区梧田街道南湖路喆园口",
            position=Position(LONGITUDE, LATITUDE, 8),
        ),
        **changed,
    )


class Tus:
    """Speaks tus to the application, for what an honest client never sends."""

    def __init__(self, client: AsyncTestClient[Litestar]) -> None:
        self.client = client

    async def create(
        self, person: Person, data: bytes, media: UUID, *, kind: str = "photo", declared: str = ""
    ) -> httpx.Response:
        return await self.client.post(
            "/api/uploads",
            headers=person.headers
            | {
                "Upload-Length": str(len(data)),
                "Upload-Metadata": metadata(
                    id=media, kind=kind, sha256=declared or sha256(data), name="照片.jpg"
                ),
            },
        )

    async def patch(
        self, person: Person, media: UUID, data: bytes, offset: int = 0
    ) -> httpx.Response:
        return await self.client.patch(
            f"/api/uploads/{media}",
            content=data,
            headers=person.headers
            | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
        )

    async def head(self, person: Person, media: UUID) -> httpx.Response:
        return await self.client.head(f"/api/uploads/{media}", headers=person.headers)

    async def upload(
        self, person: Person, data: bytes, media: UUID, *, kind: str = "photo"
    ) -> httpx.Response:
        created = await self.create(person, data, media, kind=kind)
        assert created.status_code == 201, created.text
        return await self.patch(person, media, data)


@pytest.fixture
def tus(people: dict[str, Person], client: AsyncTestClient[Litestar]) -> Tus:
    return Tus(client)
