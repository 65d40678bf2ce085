"""Sign-in, sessions and devices over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from msgspec.structs import replace

from backend.core.clock import CITY_ZONE, utc_now
from backend.core.database import connection
from backend.directory import queries
from backend.directory.access import (
    COOKIE,
    Caller,
    CallerSession,
    account,
    from_browser,
    ip_of,
    leaving,
    permission,
    public,
    signed_in,
)
from backend.directory.devices import of_county, own
from backend.directory.rules import SESSION_LIFE
from backend.directory.sessions import Opened, Sessions
from backend.directory.structs import (
    ChangePassword,
    DeviceList,
    DeviceView,
    PersonView,
    RenameDevice,
    SessionView,
    SignIn,
    SwitchPost,
)

AnyRequest = Request[Any, Any, State]
Ours = NamedDependency[SkipValidation[Sessions]]


class SessionController(Controller):
    """The caller's own session. A browser gets its token in a cookie no script can read, any other
    client in the answer's `token`; both replace what they held.
    """

    path = "/api"
    tags = ("session",)

    @post("/session", guards=[public])
    async def sign_in(
        self, data: JSONBody[SignIn], request: AnyRequest, sessions: Ours
    ) -> Response[SessionView]:
        """Sign in by name and password."""
        return _answer(request, await sessions.sign_in(data, ip_of(request)), 201)

    @get("/session", guards=[account])
    async def show(self, acting: CallerSession, sessions: Ours) -> SessionView:
        """Whose session it is, and what it may do."""
        return await sessions.view(acting)

    @post("/session/post", guards=[account], status_code=200)
    async def switch(
        self,
        data: JSONBody[SwitchPost],
        request: AnyRequest,
        actor: Caller,
        sessions: Ours,
    ) -> Response[SessionView]:
        """Act as another of one's posts."""
        return _answer(request, await sessions.switch(actor, data.post), 200)

    @post("/session/password", guards=[account], status_code=200)
    async def change_password(
        self,
        data: JSONBody[ChangePassword],
        request: AnyRequest,
        actor: Caller,
        sessions: Ours,
    ) -> Response[SessionView]:
        """Change one's password, which ends every other session."""
        return _answer(request, await sessions.change_password(actor, data), 200)

    @delete("/session", guards=[leaving])
    async def sign_out(self, actor: Caller, sessions: Ours) -> Response[None]:
        """End this session; confirms that the device has wiped itself when that was ordered."""
        await sessions.sign_out(actor, everywhere=False)
        return _gone()

    @delete("/sessions", guards=[account])
    async def sign_out_everywhere(self, actor: Caller, sessions: Ours) -> Response[None]:
        """End all of one's sessions."""
        await sessions.sign_out(actor, everywhere=True)
        return _gone()


class DeviceController(Controller):
    """The caller's own devices."""

    path = "/api/devices"
    tags = ("session",)

    @get(guards=[signed_in])
    async def devices(self, actor: Caller) -> list[DeviceView]:
        """The devices bound to the caller."""
        async with connection() as conn:
            return await queries.devices_of(conn, actor)

    @patch("/{device:uuid}", guards=[signed_in], status_code=204)
    async def rename(
        self, device: FromPath[UUID], data: JSONBody[RenameDevice], actor: Caller, sessions: Ours
    ) -> None:
        """Call a device something else."""
        await sessions.rename(actor, device, own(actor.user), data.name)

    @post("/{device:uuid}/wipe", guards=[signed_in], status_code=204)
    async def wipe(self, device: FromPath[UUID], actor: Caller, sessions: Ours) -> None:
        """Tell a device to wipe others' data; what was not sent stays on it, sealed."""
        await sessions.order_wipe(actor, device, own(actor.user))

    @delete("/{device:uuid}", guards=[signed_in])
    async def revoke(self, device: FromPath[UUID], actor: Caller, sessions: Ours) -> None:
        """Stop a device for good; it is told to wipe itself."""
        await sessions.revoke(actor, device, own(actor.user))


class CountyDeviceController(Controller):
    """All devices of the caller's county."""

    path = "/api/admin/devices"
    guards = (permission("admin.security"),)
    tags = ("admin",)

    @get()
    async def devices(
        self,
        actor: Caller,
        q: Annotated[str, QueryParameter(max_length=128)] = "",
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
    ) -> DeviceList:
        """A page of those whose name, platform or user holds every word of `q`."""
        async with connection() as conn:
            return await queries.county_devices(conn, actor, q, page)

    @patch("/{device:uuid}", status_code=204)
    async def rename(
        self, device: FromPath[UUID], data: JSONBody[RenameDevice], actor: Caller, sessions: Ours
    ) -> None:
        """Call a device something else."""
        await sessions.rename(actor, device, of_county(actor.county), data.name)

    @post("/{device:uuid}/wipe", status_code=204)
    async def wipe(self, device: FromPath[UUID], actor: Caller, sessions: Ours) -> None:
        """Tell a device to wipe others' data."""
        await sessions.order_wipe(actor, device, of_county(actor.county))

    @delete("/{device:uuid}")
    async def revoke(self, device: FromPath[UUID], actor: Caller, sessions: Ours) -> None:
        """Stop a device for good; it is told to wipe itself."""
        await sessions.revoke(actor, device, of_county(actor.county))


class PeopleController(Controller):
    """Colleagues to choose from."""

    path = "/api/people"
    guards = [signed_in]
    tags = ("people",)

    @get("/colleagues")
    async def colleagues(self, actor: Caller) -> list[PersonView]:
        """To whom the caller may hand over at the end of a shift."""
        async with connection() as conn:
            return await queries.colleagues_of(conn, actor, utc_now().astimezone(CITY_ZONE).date())

    @get("/owners")
    async def owners(self, actor: Caller) -> list[PersonView]:
        """Leaders who may own a case."""
        async with connection() as conn:
            return await queries.people_with(
                conn, actor.county, "case.own", utc_now().astimezone(CITY_ZONE).date()
            )


def _answer(request: AnyRequest, opened: Opened, status: int) -> Response[SessionView]:
    view = opened.view if from_browser(request) else replace(opened.view, token=opened.token)
    cookie = Cookie(
        COOKIE,
        value=opened.token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.app.state.settings.production,
    )
    return Response(view, status_code=status, cookies=[cookie])


def _gone() -> Response[None]:
    response: Response[None] = Response(None, status_code=204)
    response.delete_cookie(COOKIE)
    # Photos are cached for good, but not for the phone's next user.
    response.set_header("Clear-Site-Data", '"cache"')
    return response
