"""What a load balancer asks: is the process alive, and can it serve."""

from litestar import Response, get
from litestar.datastructures import State
from msgspec import Struct
from redis.exceptions import RedisError

from backend.core.database import connection
from backend.core.migrations import pending
from backend.directory.access import public


class Health(Struct, frozen=True):
    """The process runs."""

    status: str = "ok"


class Readiness(Struct, frozen=True):
    """Each part is `ok` or says in one word what is wrong."""

    database: str
    redis: str
    migrations: str


@get("/health", guards=[public])
async def health() -> Health:
    """Answer as long as the process lives, whatever it depends on."""
    return Health()


@get("/ready", guards=[public])
async def ready(state: State) -> Response[Readiness]:
    """200 when the database, Redis and the tables are there, else 503 naming what is not."""
    database, migrations = await _database()
    parts = Readiness(database, await _redis(state), migrations)
    well = (parts.database, parts.redis, parts.migrations) == ("ok", "ok", "ok")
    return Response(parts, status_code=200 if well else 503)


async def _database() -> tuple[str, str]:
    try:
        async with connection() as probe:
            missing = await pending(probe)
    except Exception:  # noqa: BLE001 - whatever it is, this process cannot serve
        return "unreachable", "unknown"
    return "ok", "pending" if missing else "ok"


async def _redis(state: State) -> str:
    try:
        await state.redis.ping()
    except (RedisError, OSError):
        return "unreachable"
    return "ok"
