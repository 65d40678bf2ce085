"""Every route says who may call it, and holds its callers to it."""

from typing import Any

import pytest
from litestar import Litestar, get

from backend.app.asgi import create_app
from backend.core.settings import Settings
from backend.directory.access import Caller, permission, public, undeclared
from tests.directory.test_sign_in import Web, token


@get("/trial/checked", guards=[permission("case.close", "case.handle")])
async def checked(actor: Caller) -> str:
    return str(actor.post)


@get("/trial/forgotten")
async def forgotten() -> None: ...


@get("/trial/open", guards=[public])
async def open_to_all() -> None: ...


def test_every_route_says_who_may_call_it(settings: Settings) -> None:
    assert list(undeclared(create_app(settings))) == []


def test_an_application_with_a_forgotten_route_does_not_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Litestar([open_to_all, forgotten], openapi_config=None)
    assert ["/trial/forgotten" in route for route in undeclared(app)] == [True]
    monkeypatch.setattr("backend.app.asgi.ROUTES", (forgotten,))
    with pytest.raises(RuntimeError, match="/trial/forgotten"):
        create_app(settings)


async def test_a_refused_access_is_kept_in_the_ledger(
    web: Web, app: Litestar, town: Any, connection: Any
) -> None:
    app.register(checked)
    worker = await token(web)
    refused = await web.get("/trial/checked", headers=worker)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    row = await connection.fetchrow("select * from journal order by seq desc limit 1")
    assert row["verb"] == "access_refused"
    assert (row["author"], row["post"]) == (town.wang, town.worker_post)
    assert "/trial/checked" in row["facts"]
    switched = await web.post(
        "/api/session/post", json={"post": str(town.handler_post)}, headers=worker
    )
    handler = {"Authorization": f"Bearer {switched.json()['token']}"}
    allowed = await web.get("/trial/checked", headers=handler)
    assert allowed.text == str(town.handler_post)
