"""Signing in, being kept out, signing out."""

import asyncio
import base64
import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import AsyncClient, Response
from litestar import Litestar

from backend.app.logs import configure_logs
from backend.core.database import connect
from backend.directory.lockout import admit, forgive
from backend.directory.passwords import Passwords
from backend.directory.sessions import sweep
from tests.directory.conftest import PASSWORD, Hands, Town

Web = AsyncClient
Database = Any
WRONG = "Canary-pass-0451"


async def sign_in(
    web: Web,
    name: str = "wang",
    password: str = PASSWORD,
    *,
    device: UUID | None = None,
    key: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    web.cookies.clear()
    answer = await web.post(
        "/api/session",
        json={
            "name": name,
            "password": password,
            "device": {"id": str(device or uuid4()), "name": "手机", "public_key": key},
        },
        headers=headers,
    )
    web.cookies.clear()
    return answer


async def token(web: Web, name: str = "wang", device: UUID | None = None) -> dict[str, str]:
    answer = await sign_in(web, name, device=device)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def new_key(curve: ec.EllipticCurve | None = None) -> str:
    public = ec.generate_private_key(curve or ec.SECP256R1()).public_key()
    return base64.b64encode(
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


async def verbs(connection: Database) -> list[str]:
    rows = await connection.fetch("select verb from journal order by seq")
    return [row["verb"] for row in rows]


async def test_a_session_tells_its_owner_who_and_what_they_are(
    web: Web, town: type[Town], connection: Database
) -> None:
    device = uuid4()
    answer = await sign_in(web, " WANG ", device=device)
    assert answer.status_code == 201
    view = answer.json()
    assert view["user"] == str(town.wang)
    assert view["name"] == "王小明"
    assert view["post"] == str(town.worker_post)
    assert [post["role_name"] for post in view["posts"]] == ["网格员", "处置员"]
    assert view["areas"] == ["K/T/G1", "K/T/G2"]
    assert view["permissions"] == ["case.report", "task.answer"]
    assert view["buckets"] == [
        "reference:K",
        f"user:{town.wang}",
        "grid:G1/cases",
        "grid:G2/cases",
    ]
    assert view["device"] == str(device)
    held = {"Authorization": f"Bearer {view['token']}"}
    assert (await web.get("/api/session", headers=held)).json() == view | {"token": None}
    assert await verbs(connection) == ["device_registered", "signed_in"]


async def test_a_browser_keeps_its_token_where_no_script_can_read_it(web: Web) -> None:
    answer = await sign_in(web, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.json()["token"] is None
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("xunge_session=")
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    web.cookies.update(answer.cookies)
    assert (await web.get("/api/session")).status_code == 200


async def test_without_a_session_nothing_but_the_door_is_open(web: Web) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": "xunge_session=x"}):
        answer = await web.get("/api/session", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_an_unknown_name_is_answered_like_a_wrong_password(
    web: Web, connection: Database
) -> None:
    known = [await sign_in(web, "wang", WRONG) for _ in range(4)]
    unknown = [await sign_in(web, "nobody", WRONG) for _ in range(4)]
    assert [answer.status_code for answer in known] == [401, 401, 401, 429]
    for one, other in zip(known, unknown, strict=True):
        assert (one.status_code, one.json()) == (other.status_code, other.json())
    await connection.execute("update app_user set active = false where code = 'li'")
    gone = await sign_in(web, "li")
    assert (gone.status_code, gone.json()) == (401, known[0].json())


async def test_failures_lock_a_name_for_longer_and_longer(web: Web, clock: Hands) -> None:
    for _ in range(3):
        assert (await sign_in(web, password=WRONG)).status_code == 401
    waits = []
    for _ in range(4):
        locked = await sign_in(web)
        assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
        waits.append(int(locked.headers["retry-after"]))
        clock.move(seconds=waits[-1])
        assert (await sign_in(web, password=WRONG)).status_code == 401
    assert waits == [1, 2, 4, 8]
    assert (await sign_in(web, "li")).status_code == 201
    clock.move(seconds=16)
    assert (await sign_in(web)).status_code == 201
    assert (await sign_in(web, password=WRONG)).status_code == 401
    assert (await sign_in(web)).status_code == 201


async def test_one_address_cannot_try_without_end(web: Web) -> None:
    answers = [await sign_in(web, f"name{number}", WRONG) for number in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [401] * 60
    assert answers[60].json()["code"] == "too_many_requests"
    assert 1 <= int(answers[60].headers["retry-after"]) <= 60


async def test_a_password_shows_in_no_log_answer_or_ledger(
    web: Web, connection: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as lines:
        answers = [
            await sign_in(web, password=WRONG),
            await sign_in(web, name=WRONG, password=WRONG),
            await web.post("/api/session", json={"name": "wang", "password": WRONG, "device": 1}),
            await web.post("/api/session", json={"name": WRONG * 20, "password": WRONG}),
        ]
    assert {answer.status_code for answer in answers} == {400, 401}
    journal = await connection.fetch("select row_to_json(j)::text from journal j")
    tries = await connection.fetch("select row_to_json(t)::text from sign_in_attempts t")
    assert journal
    assert tries
    said = str(lines) + caplog.text + str(journal) + str(tries)
    said += "".join(answer.text for answer in answers)
    assert WRONG.casefold() not in said.casefold()


async def test_a_fault_of_ours_shows_no_password_either(
    web: Web, connection: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await connection.execute("drop table device cascade")
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    for production in (False, True):
        configure_logs(production=production)
        try:
            answer = await sign_in(web)
        finally:
            root.handlers, root.level = handlers, level
            structlog.reset_defaults()
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        said = capsys.readouterr().err
        assert "UndefinedTableError" in said
        assert PASSWORD not in said + answer.text


async def test_signing_out_ends_this_session_only(web: Web, connection: Database) -> None:
    here, there = await token(web), await token(web)
    answer = await web.delete("/api/session", headers=here)
    assert answer.status_code == 204
    assert (await web.get("/api/session", headers=here)).status_code == 401
    assert (await web.get("/api/session", headers=there)).status_code == 200
    assert (await verbs(connection))[-1] == "signed_out"


async def test_signing_out_everywhere_ends_every_session_of_the_user(web: Web) -> None:
    here, there, other = await token(web), await token(web), await token(web, "li")
    assert (await web.get("/api/session", headers=there)).status_code == 200
    assert (await web.delete("/api/sessions", headers=here)).status_code == 204
    for ended in (here, there):
        assert (await web.get("/api/session", headers=ended)).status_code == 401
    assert (await web.get("/api/session", headers=other)).status_code == 200


async def test_an_unused_session_ends_and_a_used_one_goes_on(web: Web, clock: Hands) -> None:
    used, unused = await token(web), await token(web)
    for _ in range(3):
        clock.move(days=6)
        assert (await web.get("/api/session", headers=used)).status_code == 200
    assert (await web.get("/api/session", headers=unused)).status_code == 401
    for _ in range(9):
        clock.move(days=8)
        last = await web.get("/api/session", headers=used)
    assert last.status_code == 401


async def test_switching_post_changes_rights(
    web: Web, town: type[Town], connection: Database, clock: Hands
) -> None:
    device = uuid4()
    before = await token(web, device=device)
    answer = await web.post(
        "/api/session/post", json={"post": str(town.handler_post)}, headers=before
    )
    assert answer.status_code == 200
    view = answer.json()
    assert view["permissions"] == ["case.handle"]
    assert view["areas"] == ["K"]
    assert view["buckets"][2:] == ["org:O/cases"]
    after = {"Authorization": f"Bearer {view['token']}"}
    assert (await web.get("/api/session", headers=after)).json()["post"] == str(town.handler_post)
    clock.move(seconds=61)
    assert (await web.get("/api/session", headers=before)).status_code == 401
    again = await sign_in(web, device=device)
    assert again.json()["post"] == str(town.handler_post), "the post last acted as"
    assert "switched_post" in await verbs(connection)


async def test_nobody_acts_as_a_post_they_do_not_hold(
    web: Web, town: type[Town], connection: Database, clock: Hands
) -> None:
    li = await token(web, "li")
    answer = await web.post("/api/session/post", json={"post": str(town.handler_post)}, headers=li)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_post")
    await connection.execute("update appointment set valid_to = '2026-11-21' where \"user\" = 'li'")
    clock.move(seconds=6)
    assert (await web.get("/api/session", headers=li)).status_code == 200, "the last day counts"
    clock.move(days=1)
    assert (await web.get("/api/session", headers=li)).status_code == 401
    assert (await sign_in(web, "li")).json()["code"] == "no_post"


async def test_changing_the_password_ends_the_other_sessions(
    web: Web, connection: Database
) -> None:
    await connection.execute("update identity set must_change = true")
    here, there = await token(web), await token(web)
    assert (await web.get("/api/session", headers=here)).json()["must_change_password"]
    blocked = await web.get("/api/devices", headers=here)
    assert (blocked.status_code, blocked.json()["code"]) == (403, "password_must_change")

    async def change(old: str, new: str) -> Response:
        return await web.post("/api/session/password", json={"old": old, "new": new}, headers=here)

    assert (await change(WRONG, "Lou-qiao-2026")).json()["code"] == "wrong_password"
    assert (await change(PASSWORD, "short")).json()["code"] == "weak_password"
    assert (await change(PASSWORD, PASSWORD)).json()["code"] == "weak_password"
    changed = await change(PASSWORD, "Lou-qiao-2026")
    assert changed.status_code == 200
    assert not changed.json()["must_change_password"]
    fresh = {"Authorization": f"Bearer {changed.json()['token']}"}
    assert (await web.get("/api/devices", headers=fresh)).status_code == 200
    for ended in (here, there):
        assert (await web.get("/api/session", headers=ended)).status_code == 401
    assert (await sign_in(web)).status_code == 401
    assert (await sign_in(web, password="Lou-qiao-2026")).status_code == 201


async def test_a_revoked_device_is_out_and_stays_out(web: Web, connection: Database) -> None:
    lost, kept = uuid4(), uuid4()
    on_lost, on_kept = await token(web, device=lost), await token(web, device=kept)
    listed = (await web.get("/api/devices", headers=on_kept)).json()
    assert {device["id"]: device["this"] for device in listed} == {
        str(lost): False,
        str(kept): True,
    }
    li = await token(web, "li")
    assert (await web.delete(f"/api/devices/{lost}", headers=li)).status_code == 404
    assert (await web.delete(f"/api/devices/{lost}", headers=on_kept)).status_code == 204
    assert (await web.get("/api/session", headers=on_lost)).status_code == 401
    refused = await sign_in(web, device=lost)
    assert (refused.status_code, refused.json()["code"]) == (403, "device_revoked")
    assert "device_revoked" in await verbs(connection)


async def test_a_shared_device_serves_one_user_at_a_time(web: Web) -> None:
    shared, key = uuid4(), new_key()
    first = await sign_in(web, device=shared, key=key)
    second = await sign_in(web, "li", device=shared, key=key)
    assert second.status_code == 201
    wang = {"Authorization": f"Bearer {first.json()['token']}"}
    assert (await web.get("/api/session", headers=wang)).status_code == 401
    for key_ in (new_key(), None):
        taken = await sign_in(web, device=shared, key=key_)
        assert (taken.status_code, taken.json()["code"]) == (409, "device_taken")


@pytest.mark.parametrize("key", ["=", "AAAA", new_key(ec.SECP384R1())])
async def test_only_a_p256_key_signs_commands(web: Web, key: str) -> None:
    refused = await sign_in(web, key=key)
    assert (refused.status_code, refused.json()["code"]) == (400, "device_key")


async def test_no_text_breaks_the_door(web: Web) -> None:
    for name in ("\u0000", "ﷺ" * 64, "'; drop table app_user; --", "😀"):
        assert (await sign_in(web, name)).status_code == 401
    answer = await web.post(
        "/api/session",
        json={
            "name": "wang",
            "password": PASSWORD,
            "device": {"id": str(uuid4()), "name": "a\u0000b"},
        },
    )
    assert answer.status_code == 201


async def test_another_sites_page_cannot_act_by_the_cookie(web: Web) -> None:
    answer = await sign_in(web)
    web.cookies.update(answer.cookies)
    host = str(web.base_url.host)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://elsewhere.example"},
        {},
    ):
        refused = await web.delete("/api/session", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    assert (await web.get("/api/session")).status_code == 200
    allowed = await web.delete("/api/session", headers={"Origin": f"http://{host}"})
    assert allowed.status_code == 204


async def test_a_stored_password_is_sealed_and_grows_with_the_cost(
    web: Web, app: Litestar, connection: Database
) -> None:
    secret = "select secret from identity where subject = 'wang'"
    before: bytes = await connection.fetchval(secret)
    assert b"argon2" not in before
    await token(web)
    assert await connection.fetchval(secret) == before
    dearer = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    app.state.sessions._passwords = Passwords(app.state.keyring, dearer)
    await token(web)
    assert await connection.fetchval(secret) != before
    await token(web)


async def test_what_is_over_is_swept(web: Web, connection: Database, clock: Hands) -> None:
    await token(web)
    await sign_in(web, "nobody", WRONG)
    clock.move(hours=23)
    await sweep(connection, clock())
    counts = "select (select count(*) from session), (select count(*) from sign_in_attempts)"
    assert tuple(await connection.fetchrow(counts)) == (1, 1)
    clock.move(days=14)
    await sweep(connection, clock())
    assert tuple(await connection.fetchrow(counts)) == (0, 0)


async def test_a_key_that_comes_later_speaks_for_nobody_before(
    web: Web, connection: Database, town: type[Town]
) -> None:
    device = uuid4()
    await sign_in(web, device=device)
    assert (await sign_in(web, "li", device=device, key=new_key())).status_code == 201
    users = await connection.fetchval("select users from device where id = $1", device)
    assert users == [town.li]


async def test_a_try_while_another_at_the_name_succeeds_is_let_in(
    connection: Database, database_url: str
) -> None:
    """The success forgets the name under the feet of the other, which had found it counted."""
    now, other = Hands().now, await connect(database_url)
    await admit(connection, "wang", now)
    success = connection.transaction()
    await success.start()
    await forgive(connection, "wang")
    waiting = asyncio.ensure_future(admit(other, "wang", now))
    while not await connection.fetchval("select exists (select from pg_locks where not granted)"):
        await asyncio.sleep(0.01)
    await success.commit()
    await waiting
    await other.close()
