"""Who may call a route. Every handler names one of these guards; `undeclared` finds those that
do not, and the application refuses to start with one.

    @get("/api/cases", guards=[permission("case.browse")])
    async def cases(actor: Caller) -> CaseList: ...
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation
from litestar.routes import HTTPRoute

from backend.core.actor import Actor
from backend.core.errors import Problem
from backend.directory.actors import Acting, unauthenticated
from backend.directory.sessions import Sessions

COOKIE = "xunge_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

Caller = NamedDependency[SkipValidation[Actor]]
"""A handler's parameter `actor`: who calls it."""
CallerSession = NamedDependency[SkipValidation[Acting]]
"""A handler's parameter `acting`: the session that calls it."""

AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]


class Access:
    """A guard: finds the session, refuses forged and unpermitted requests, and puts `acting` and
    `actor` into the connection's state for dependencies and the request log.

    session: whether one is needed. permissions: any one of them will do; empty, every post will.
    settled: whether a password that must be changed has to be changed first. leaving: whether a
    device that was ordered to wipe itself may call it too.
    """

    def __init__(
        self,
        *,
        session: bool = True,
        permissions: tuple[str, ...] = (),
        settled: bool = True,
        leaving: bool = False,
    ) -> None:
        self.session = session
        self.permissions = permissions
        self.settled = settled
        self.leaving = leaving

    async def __call__(self, connection: AnyConnection, _: BaseRouteHandler) -> None:
        """Let the request through or raise a Problem."""
        bearer = _bearer(connection)
        if bearer is None and connection.scope.get("method") not in SAFE_METHODS:
            self._refuse_forged(connection)
        if not self.session:
            return
        sessions: Sessions = connection.app.state.sessions
        token = bearer or connection.cookies.get(COOKIE)
        if token is None:
            raise unauthenticated()
        acting = await sessions.acting(token, ip_of(connection))
        state = connection.scope["state"]
        state["acting"], state["actor"] = acting, acting.actor
        if acting.wiping and not self.leaving:
            raise Problem(401, "wipe", "管理员或您本人要求清除这台设备上的资料,未发送的内容会保留")
        if self.settled and acting.must_change_password:
            raise Problem(403, "password_must_change", "请先修改初始密码再继续使用")
        if self.permissions and not any(map(acting.actor.may, self.permissions)):
            route = str(connection.scope.get("path_template"))
            await sessions.refuse(acting.actor, self.permissions, route)

    def _refuse_forged(self, connection: AnyConnection) -> None:
        """Raise Problem 403 `cross_site` for a change that another site's page has a browser make.
        Browsers name the page; who names none is a program, and has no business with a cookie.
        """
        site = connection.headers.get("sec-fetch-site")
        origin = connection.headers.get("origin")
        if site is not None:
            own = site in {"same-origin", "none"}
        elif origin is not None:
            own = urlsplit(origin).netloc == connection.headers.get("host")
        else:
            own = not (self.session and COOKIE in connection.cookies)
        if not own:
            raise Problem(403, "cross_site", "请求不是从本系统的页面发出的，请在本系统内操作")


public = Access(session=False)
"""Anyone may call it."""

signed_in = Access()
"""Any post may call it."""

account = Access(settled=False)
"""Any post may call it, even before a password that must be changed has been."""

leaving = Access(settled=False, leaving=True)
"""The same, and even on a device that was ordered to wipe itself."""


def permission(*any_of: str) -> Access:
    """Posts that hold one of the permissions may call it; others get 403, kept in the ledger."""
    return Access(permissions=any_of)


def undeclared(app: Litestar) -> Iterator[str]:
    """The routes that do not say who may call them."""
    for route in app.routes:
        handlers = route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]
        for handler in handlers:
            made_by_framework = handler.fn.__module__ == HTTPRoute.__module__  # answers to OPTIONS
            if made_by_framework or any(isinstance(g, Access) for g in handler.resolve_guards()):
                continue
            yield f"{route.path} ({handler})"


def ip_of(connection: AnyConnection) -> str | None:
    """The caller's address, as the server in front tells it."""
    return connection.client.host if connection.client else None


def from_browser(connection: AnyConnection) -> bool:
    """Whether a page sent it: browsers add these headers and pages cannot take them away."""
    return "sec-fetch-site" in connection.headers or "origin" in connection.headers


def _provide_actor(request: AnyRequest) -> Actor:
    actor: Actor = request.scope["state"]["actor"]
    return actor


def _provide_acting(request: AnyRequest) -> Acting:
    acting: Acting = request.scope["state"]["acting"]
    return acting


def _provide_sessions(state: State) -> Sessions:
    sessions: Sessions = state.sessions
    return sessions


DEPENDENCIES = {
    "actor": Provide(_provide_actor, sync_to_thread=False),
    "acting": Provide(_provide_acting, sync_to_thread=False),
    "sessions": Provide(_provide_sessions, sync_to_thread=False),
}
"""For the application: what handlers may ask for by name."""


def _bearer(connection: AnyConnection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
