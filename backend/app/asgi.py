"""The web application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig

from backend.app.description import Description
from backend.app.failures import HANDLERS
from backend.app.gate import Gate
from backend.app.holding import holding_of
from backend.app.inflate import Inflate
from backend.app.live import Ear, Live
from backend.app.logs import configure_logs
from backend.app.pwa import app_handler
from backend.app.request_log import RequestLog
from backend.app.routes import ROUTES
from backend.app.sync import ear_of
from backend.app.writing import filing, pulling, pushing
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.limits import Limiter
from backend.core.queue import Queue, open_redis
from backend.core.settings import Settings, load_settings
from backend.directory.access import DEPENDENCIES, public, undeclared
from backend.directory.passwords import Passwords
from backend.directory.sessions import Sessions
from offline import epoch

MAX_BODY_BYTES = 16 * 1024 * 1024
PUSH_BYTES = 2 * 1024 * 1024
"""Of a push, held in memory before anybody asks who sends it; more is left to the limit above."""
PUSHES_AT_ONCE = 8
"""Fewer than the pool has connections, so that reading goes on while everybody pushes."""
PATIENCE_S = 0.8
"""How long a push may wait to be begun: accepted ones are answered within 2 s."""


def create_app(settings: Settings) -> Litestar:
    """Build the application; its pools open and close with it.

    State holds `settings`, `redis`, `queue`, `keyring`, `live`, `sessions`, and once
    started the sync ports `pushing`, `pulling` and `filing`; the database is
    `backend.core.database`. Raises RuntimeError when a route does not say who may call it.
    """
    redis = open_redis(settings.redis_url)
    keyring = Keyring(settings.secret)

    async def ears(sessions: Sequence[UUID]) -> dict[UUID, Ear]:
        actors = await app.state.sessions.actors(sessions)
        return {session: ear_of(actor) for session, actor in actors.items()}

    live = Live(redis, ears)

    @asynccontextmanager
    async def pools(app: Litestar) -> AsyncIterator[None]:
        database.configure(settings.database_url)
        await database.open_pool()
        async with database.transaction() as conn:
            life = epoch.Life(await epoch.current(conn))
        app.state.pushing = pushing(keyring, life, live.touch)
        app.state.pulling = pulling(keyring, life)
        app.state.filing = filing(keyring, settings)
        await live.start()
        try:
            yield
        finally:
            await live.stop()
            await database.close_pool()
            await redis.aclose()

    app = Litestar(
        route_handlers=[*ROUTES, app_handler()],
        lifespan=[pools],
        state=State(
            {
                "settings": settings,
                "redis": redis,
                "queue": Queue(redis),
                "keyring": keyring,
                "live": live,
                "sessions": Sessions(keyring, Passwords(keyring), Limiter(redis), holding_of),
            }
        ),
        dependencies=DEPENDENCIES,
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            title="巡格 Xunge",
            version="0.1.0",
            openapi_router=Router("/schema", route_handlers=[], guards=[public]),
            render_plugins=[Description()],
        ),
        compression_config=CompressionConfig(
            backend="gzip",
            gzip_compress_level=5,
            minimum_size=1000,
            exclude=["^/api/media"],
            exclude_opt_key="exclude_from_compression",
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
    )
    if open_routes := list(undeclared(app)):
        raise RuntimeError(f"routes without a guard of backend.directory.access: {open_routes}")
    # Outside routing, so that unknown paths are logged and counted like any other.
    logged = RequestLog(Inflate(app.asgi_handler, MAX_BODY_BYTES))
    app.asgi_handler = Gate(logged, PUSHES_AT_ONCE, PATIENCE_S, PUSH_BYTES)
    return app


def application() -> Litestar:
    """What the server calls in each web process."""
    settings = load_settings()
    configure_logs(production=settings.production)
    return create_app(settings)
