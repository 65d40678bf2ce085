"""One line and one measurement for every request, whatever becomes of it."""

import re
from time import perf_counter
from typing import TYPE_CHECKING

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from backend.app.metrics import REQUESTS
from backend.core.actor import Actor
from backend.core.ids import new_id

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

_GIVEN_ID = re.compile(rb"[0-9A-Za-z-]{8,64}")
_log: "BoundLogger" = structlog.get_logger("request")


class RequestLog:
    """Wraps the whole application, so that unknown paths are counted too.

    Gives each request an id (a proxy's `X-Request-Id` is kept), puts it in `scope["state"]`
    as `request_id`, on every log line written meanwhile and in the answer. Sign-in puts the
    `actor` beside it. Query strings and bodies are never written: they may hold personal data.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        method = scope["method"]
        request_id = _id_of(scope)
        scope["state"]["request_id"] = request_id
        status = 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders.from_message(message)["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_noting)
            finally:
                seconds = perf_counter() - started
                route = scope.get("path_template") or "unknown"
                actor = scope["state"].get("actor")
                REQUESTS.labels(method, route, status).observe(seconds)
                _log.info(
                    "request",
                    actor=f"{actor.user}@{actor.post}" if isinstance(actor, Actor) else None,
                    method=method,
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 1),
                )


def _id_of(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _GIVEN_ID.fullmatch(given) else str(new_id())
