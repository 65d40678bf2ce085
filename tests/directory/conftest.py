"""A small city in the test's database, and the application with a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from backend.app.asgi import create_app
from backend.app.holding import holding_of
from backend.core.crypto import Keyring
from backend.core.ids import derived_id
from backend.core.limits import Limiter
from backend.core.settings import Settings
from backend.directory.passwords import Passwords
from backend.directory.queries import password_identity
from backend.directory.sessions import Sessions

PASSWORD = "Qiao-tou-9527"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

CITY = """
insert into area (id, code, name, kind, level, parent, county, path, valid_from) values
  (gen_random_uuid(), 'K', '瓯海区', 'administrative', 1, null, 'K', 'K', '2020-01-01'),
  (gen_random_uuid(), 'T', '娄桥街道', 'administrative', 2, 'K', 'K', 'K/T', '2020-01-01'),
  (gen_random_uuid(), 'G1', '第一网格', 'responsibility', 4, 'T', 'K', 'K/T/G1', '2020-01-01'),
  (gen_random_uuid(), 'G2', '第二网格', 'responsibility', 4, 'T', 'K', 'K/T/G2', '2020-01-01');
insert into org (id, code, name, kind, area, county)
  values (gen_random_uuid(), 'O', '指挥中心', 'centre', 'K', 'K');
insert into role (id, code, name, permissions) values
  (gen_random_uuid(), 'grid_worker', '网格员', '{case.report,task.answer}'),
  (gen_random_uuid(), 'handler', '处置员', '{case.handle}'),
  (gen_random_uuid(), 'guard', '安全管理员', '{admin.security}');
insert into post (id, code, name, org, role, areas, county) values
  ($1, 'P1', '网格员岗', 'O', 'grid_worker', '{G2,G1}', 'K'),
  ($2, 'P2', '处置岗', 'O', 'handler', '{K}', 'K'),
  (gen_random_uuid(), 'P-guard', '安全岗', 'O', 'guard', '{K}', 'K');
"""


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Town:
    """Ids in the small city."""

    worker_post = derived_id("post", "P1")
    handler_post = derived_id("post", "P2")
    wang = derived_id("user", "wang")
    li = derived_id("user", "li")


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def passwords(settings: Settings) -> Passwords:
    return Passwords(Keyring(settings.secret), CHEAP)


@pytest.fixture
async def town(
    connection: "asyncpg.Connection[asyncpg.Record]", passwords: Passwords
) -> type[Town]:
    """One district, two grids, two posts; 王 holds both of them, 李 the first."""
    for statement in CITY.split(";\n"):
        takes = [Town.worker_post, Town.handler_post] if "$1" in statement else []
        if statement.strip():
            await connection.execute(statement, *takes)
    await user(connection, passwords, "wang", "王小明", {"P1": "2025-01-01", "P2": "2026-01-01"})
    await user(connection, passwords, "li", "李大海", {"P1": "2025-01-01"})
    return Town


async def user(
    connection: "asyncpg.Connection[asyncpg.Record]",
    passwords: Passwords,
    code: str,
    name: str,
    posts: dict[str, str],
) -> UUID:
    """Add a user with the tests' password and appointments from a date on."""
    id_, identity = derived_id("user", code), password_identity(code)
    await connection.execute(
        "insert into app_user (id, code, name, county) values ($1, $2, $3, 'K')", id_, code, name
    )
    await connection.execute(
        "insert into identity (id, user_id, provider, subject, secret) "
        "values ($1, $2, 'password', $3, $4)",
        identity,
        id_,
        code,
        await passwords.sealed(PASSWORD, identity),
    )
    for post, since in posts.items():
        await connection.execute(
            'insert into appointment (id, "user", post, valid_from) '
            "values (gen_random_uuid(), $1, $2, $3::text::date)",
            code,
            post,
            since,
        )
    return id_


@pytest.fixture
async def app(
    settings: Settings, clock: Hands, passwords: Passwords, town: type[Town]
) -> AsyncIterator[Litestar]:
    """The whole application over the small city, by the test's clock and a quick hash."""
    made = create_app(settings)
    made.state.sessions = Sessions(
        made.state.keyring, passwords, Limiter(made.state.redis), holding_of, clock
    )
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        # A fixture is set up and torn down by different tasks; a lifespan wants one.
        async with made.lifespan():
            up.set()
            await down.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(live())
        await up.wait()
        yield made
        down.set()


@pytest.fixture
async def web(app: Litestar) -> AsyncIterator[AsyncClient]:
    """Calls the application in the test's own event loop, so that both share its pool."""
    transport = ASGITransport(app=app)  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://xunge.test") as client:
        yield client
