"""The web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from backend.app.failures import HANDLERS
from backend.app.logs import configure_logs
from backend.app.pwa import app_handler
from backend.app.request_log import RequestLog
from backend.app.routes import ROUTES
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.limits import Limiter
from backend.core.queue import Queue, open_redis
from backend.core.settings import Settings, load_settings
from backend.directory.access import DEPENDENCIES, public, undeclared
from backend.directory.passwords import Passwords
from backend.directory.sessions import Sessions

MAX_BODY_BYTES = 16 * 1024 * 1024


def create_app(settings: Settings) -> Litestar:
    """Build the application; its pools open and close with it.

    State holds `settings`, `redis`, `queue`, `keyring` and `sessions`; the database is
    `backend.core.database`. Raises RuntimeError when a route does not say who may call it.
    """
    redis = open_redis(settings.redis_url)
    keyring = Keyring(settings.secret)

    @asynccontextmanager
    async def pools(_: Litestar) -> AsyncIterator[None]:
        database.configure(settings.database_url)
        await database.open_pool()
        try:
            yield
        finally:
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
                "sessions": Sessions(keyring, Passwords(keyring), Limiter(redis)),
            }
        ),
        dependencies=DEPENDENCIES,
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            title="巡格 Xunge",
            version="0.1.0",
            openapi_router=Router("/schema", route_handlers=[], guards=[public]),
            render_plugins=[JsonRenderPlugin(path="/")],
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
    )
    if open_routes := list(undeclared(app)):
        raise RuntimeError(f"routes without a guard of backend.directory.access: {open_routes}")
    # Outside routing, so that unknown paths are logged and counted like any other.
    app.asgi_handler = RequestLog(app.asgi_handler)
    return app


def application() -> Litestar:
    """What the server calls in each web process."""
    settings = load_settings()
    configure_logs(production=settings.production)
    return create_app(settings)
