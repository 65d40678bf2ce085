"""What a hostile caller tries over HTTP: no fault of ours, and nothing that is not theirs."""

import asyncio
import base64
import gzip
from uuid import uuid4

import httpx
import pytest

from backend.core.database import connect
from tests.api.serving import Phone, Server, photo
from tests.api.test_over_http import CATEGORY, CLERK, grid_point, handler_of, report

JSON = {"Content-Type": "application/json"}
DEEP = b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@pytest.mark.parametrize("path", ["/api/session", "/api/sync/push", "/api/sync/pull"])
async def test_a_body_nested_without_end_is_a_bad_request(city_server: Server, path: str) -> None:
    async with Phone.of(city_server, CLERK) as clerk:
        answer = await clerk.client.post(path, content=DEEP, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_body_that_swells_without_end_is_too_large(city_server: Server) -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024))
    async with Phone.of(city_server, CLERK) as clerk:
        headers = JSON | {"Content-Encoding": "gzip"}
        answer = await clerk.client.post("/api/sync/push", content=bomb, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/api/session", "/api/sync/push"])
async def test_a_body_cut_short_is_no_fault_of_ours(city_server: Server, path: str) -> None:
    id_ = f"cut-{uuid4()}"
    async with Phone.of(city_server, CLERK) as clerk:
        headers = JSON | {
            "Authorization": clerk.client.headers["Authorization"],
            "Content-Length": "90",
            "X-Request-Id": id_,
        }
        url = httpx.URL(city_server.url)
        _, writer = await asyncio.open_connection(url.host, url.port)
        lines = [f"POST {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join([*lines, "", "{"]).encode())
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            while id_ not in (said := city_server.log.read_text()):
                await asyncio.sleep(0.02)
    (line,) = [line for line in said.splitlines() if id_ in line]
    assert "status=400" in line


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-14:00", "2026-11-20T00:00:00"])
async def test_a_place_in_a_list_of_somebodys_own_making_is_refused(
    city_server: Server, at: str
) -> None:
    place = f'{{"reported_at":"{at}","id":"{uuid4()}"}}'
    after = base64.urlsafe_b64encode(place.encode()).decode()
    async with Phone.of(city_server, CLERK) as clerk:
        answer = await clerk.client.get("/api/cases", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def _colleagues(server: Server) -> tuple[str, str, str]:
    """A grid with two of its workers."""
    conn = await connect(server.settings.database_url)
    try:
        row = await conn.fetchrow(
            'with served as (select unnest(p.areas) as grid, a."user" from post p '
            "join appointment a on a.post = p.code where p.role = 'grid_worker') "
            'select grid, min("user") as one, max("user") as two from served '
            "group by grid having count(*) > 1 order by 1 limit 1"
        )
        assert row is not None
        return row["grid"], row["one"], row["two"]
    finally:
        await conn.close()


async def test_what_a_phone_holds_its_user_may_open_and_nobody_elsewhere(
    city_server: Server,
) -> None:
    grid, one, two = await _colleagues(city_server)
    place = await grid_point(city_server, grid)
    near = photo("near")
    async with Phone.of(city_server, one) as reporter, Phone.of(city_server, two) as colleague:
        media = [near, photo("far"), photo("reference")]
        case = await report(reporter, city_server, position=place, media=media)
        held = {h.id for page in await colleague.pull() for h in page.documents}
        assert case in held
        assert (await colleague.client.get(f"/api/cases/{case}")).status_code == 200
        seen = await colleague.client.get(f"/api/media/{near['id']}/thumb")
        assert seen.json()["code"] == "media_awaited"
    where: dict[str, str | float] = {
        "category": CATEGORY,
        "longitude": place["longitude"],
        "latitude": place["latitude"],
    }
    for stranger in (await handler_of(city_server, await _an_org(city_server)), "xt01"):
        async with Phone.of(city_server, stranger) as phone:
            assert (await phone.client.get(f"/api/cases/{case}")).status_code == 404
            answer = await phone.client.get(f"/api/media/{near['id']}/thumb")
            assert answer.json()["code"] == "not_found"
            assert (await phone.client.get("/api/cases/similar", params=where)).status_code == 403


async def _an_org(server: Server) -> str:
    conn = await connect(server.settings.database_url)
    try:
        org: str = await conn.fetchval("select min(org) from post where role = 'handler'")
        return org
    finally:
        await conn.close()


async def test_a_short_number_is_masked_too(city_server: Server) -> None:
    grid, _, _ = await _colleagues(city_server)
    place = await grid_point(city_server, grid)
    async with Phone.of(city_server, CLERK) as clerk:
        case = await report(
            clerk,
            city_server,
            position=place,
            source="hotline",
            media=[],
            reporter={"name": "王", "phone": "86012345"},
        )
        assert (await clerk.get(f"/api/cases/{case}"))["reporter"]["phone"] == "******45"
