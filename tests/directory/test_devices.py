"""Phones that are lost, handed on, or to be emptied."""

import base64
import json
import os
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import AsyncClient, Response
from litestar import Litestar

from backend.directory.passwords import Passwords
from tests.directory.conftest import PASSWORD, Hands, Town, user
from tests.directory.test_sign_in import new_key, verbs

Web = AsyncClient


def data_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


async def enter(
    web: Web, name: str, device: UUID, data_key: str | None = None, called: str = "手机"
) -> Response:
    described = {"id": str(device), "name": called, "data_key": data_key}
    body = {"name": name, "password": PASSWORD, "device": described}
    answer = await web.post("/api/session", json=body)
    web.cookies.clear()
    return answer


def holding(answer: Response) -> dict[str, str]:
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_a_forgotten_pin_costs_nothing_the_data_key_comes_back_at_sign_in(
    web: Web, connection: Any
) -> None:
    device, key = uuid4(), data_key()
    first = await enter(web, "wang", device, key)
    assert first.json()["data_key"] == key
    assert (await web.get("/api/session", headers=holding(first))).json()["data_key"] is None
    assert (await enter(web, "wang", device)).json()["data_key"] == key
    stored: bytes = await connection.fetchval("select data_key from device")
    assert base64.b64decode(key) not in stored
    other = data_key()
    assert (await enter(web, "wang", device, other)).json()["data_key"] == other
    assert (await enter(web, "wang", device)).json()["data_key"] == other
    assert (await enter(web, "wang", uuid4())).json()["data_key"] is None, "of that device only"


async def test_the_next_user_of_a_phone_gets_no_key_and_leaves_none(web: Web) -> None:
    device = uuid4()
    await enter(web, "wang", device, data_key())
    assert (await enter(web, "li", device)).json()["data_key"] is None
    assert (await enter(web, "wang", device)).json()["data_key"] is None


@pytest.mark.parametrize("key", ["=", "AAAA", base64.b64encode(bytes(31)).decode()])
async def test_a_data_key_has_32_bytes(web: Web, key: str) -> None:
    answer = await enter(web, "wang", uuid4(), key)
    assert (answer.status_code, answer.json()["field"]) == (400, "device.data_key")


async def test_a_city_decides_what_its_devices_hold(web: Web, connection: Any) -> None:
    session = holding(await enter(web, "wang", uuid4()))
    view = (await web.get("/api/session", headers=session)).json()
    assert view["holding"] == {"people": "masked", "days": 7, "limit": 50_000, "pin": False}
    for code, value in (
        ("device_people", '"nothing"'),
        ("device_days", "3"),
        ("device_limit", "2000"),
        ("device_pin", '"required"'),
    ):
        await connection.execute(
            "insert into setting (id, county, code, value) "
            "values (gen_random_uuid(), 'K', $1, $2::jsonb)",
            code,
            value,
        )
    view = (await web.get("/api/session", headers=session)).json()
    assert view["holding"] == {"people": "nothing", "days": 3, "limit": 2000, "pin": True}


async def test_a_device_told_to_wipe_itself_does_nothing_else_until_it_says_it_has(
    web: Web, connection: Any, clock: Hands
) -> None:
    lost, here = uuid4(), uuid4()
    on_lost = holding(await enter(web, "wang", lost, data_key()))
    mine = holding(await enter(web, "wang", here))
    assert (await web.post(f"/api/devices/{lost}/wipe", headers=mine)).status_code == 204
    assert await connection.fetchval("select data_key from device where id = $1", lost) is None
    for answer in (
        await web.get("/api/session", headers=on_lost),
        await web.post("/api/sync/push", json={"commands": []}, headers=on_lost),
        await web.delete("/api/sessions", headers=on_lost),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "wipe")
    # Signing in again does not lift the order, nor leave a new key behind.
    on_lost = holding(again := await enter(web, "wang", lost, data_key()))
    assert again.json()["data_key"] is None
    assert (await web.get("/api/session", headers=on_lost)).json()["code"] == "wipe"
    clock.move(minutes=5)
    assert (await web.delete("/api/session", headers=on_lost)).status_code == 204
    listed = {d["id"]: d for d in (await web.get("/api/devices", headers=mine)).json()}
    assert listed[str(lost)]["wiped_at"] == "2026-11-21T01:05:00Z"
    assert not listed[str(lost)]["revoked"]
    assert "device_wiped" in await verbs(connection)
    on_lost = holding(await enter(web, "wang", lost))
    assert (await web.get("/api/session", headers=on_lost)).status_code == 200


async def test_a_device_stopped_for_good_still_learns_that_it_has_to_wipe_itself(web: Web) -> None:
    lost = uuid4()
    on_lost = holding(await enter(web, "wang", lost))
    mine = holding(await enter(web, "wang", uuid4()))
    assert (await web.delete(f"/api/devices/{lost}", headers=mine)).status_code == 204
    assert (await web.get("/api/session", headers=on_lost)).json()["code"] == "wipe"
    assert (await web.delete("/api/session", headers=on_lost)).status_code == 204
    assert (await web.get("/api/session", headers=on_lost)).json()["code"] == "unauthenticated"
    assert (await enter(web, "wang", lost)).json()["code"] == "device_revoked"


async def test_a_name_given_by_people_stays_when_the_device_calls_itself_something_else(
    web: Web,
) -> None:
    device = uuid4()
    session = holding(await enter(web, "wang", device, called="Android · Chrome 140"))
    session = holding(await enter(web, "wang", device, called="Android · Chrome 141"))
    [seen] = (await web.get("/api/devices", headers=session)).json()
    assert seen["name"] == seen["platform"] == "Android · Chrome 141"
    renamed = await web.patch(f"/api/devices/{device}", json={"name": "值班手机"}, headers=session)
    assert renamed.status_code == 204
    session = holding(await enter(web, "wang", device, called="Android · Chrome 142"))
    [seen] = (await web.get("/api/devices", headers=session)).json()
    assert (seen["name"], seen["platform"]) == ("值班手机", "Android · Chrome 142")


async def test_others_devices_are_out_of_reach(web: Web) -> None:
    device = uuid4()
    await enter(web, "wang", device)
    li = holding(await enter(web, "li", uuid4()))
    path = f"/api/devices/{device}"
    assert (await web.post(f"{path}/wipe", headers=li)).status_code == 404
    assert (await web.patch(path, json={"name": "x"}, headers=li)).status_code == 404
    assert (await web.get("/api/admin/devices", headers=li)).status_code == 403
    assert (await web.post(f"/api/admin/devices/{device}/wipe", headers=li)).status_code == 403


async def test_the_security_officer_finds_every_device_of_the_county_and_stops_it(
    web: Web, connection: Any, passwords: Passwords, town: type[Town], clock: Hands
) -> None:
    await user(connection, passwords, "zhao", "赵安", {"P-guard": "2025-01-01"})
    lost = uuid4()
    on_lost = holding(await enter(web, "wang", lost, called="HUAWEI 100%"))
    clock.move(minutes=1)
    officer = holding(await enter(web, "zhao", uuid4(), called="Windows"))

    async def found(q: str) -> list[str]:
        answer = await web.get("/api/admin/devices", params={"q": q}, headers=officer)
        listed = answer.json()
        assert listed["total"] == len(listed["devices"])
        return [f"{each['user_name']} {each['platform']}" for each in listed["devices"]]

    assert await found("") == ["赵安 Windows", "王小明 HUAWEI 100%"]
    assert await found("小明 huawei") == ["王小明 HUAWEI 100%"]
    assert await found("0%") == ["王小明 HUAWEI 100%"]
    assert await found("li") == []
    path = f"/api/admin/devices/{lost}"
    assert (await web.patch(path, json={"name": "失窃"}, headers=officer)).status_code == 204
    assert (await web.post(f"{path}/wipe", headers=officer)).status_code == 204
    assert (await web.get("/api/session", headers=on_lost)).json()["code"] == "wipe"
    assert (await web.delete(path, headers=officer)).status_code == 204
    assert await found("失窃") == ["王小明 HUAWEI 100%"]
    await connection.execute("update app_user set county = 'L' where code = 'wang'")
    assert await found("失窃") == [], "another county's"
    assert (await web.delete(path, headers=officer)).status_code == 404


async def test_a_device_of_the_lost_hour_registers_itself_again_and_its_commands_are_believed(
    web: Web, app: Litestar, connection: Any, town: type[Town]
) -> None:
    """The restored database does not know it: held, kept by the device, and taken after sign-in."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    device = {"id": str(uuid4()), "name": "手机", "public_key": base64.b64encode(public).decode()}
    command = {
        "id": str(uuid4()),
        "device": device["id"],
        "device_seq": 1,
        "user": str(town.wang),
        "post": str(town.worker_post),
        "type": "note.fold",
        "occurred_at": "2026-11-21T01:00:00Z",
        "clock_offset_ms": 0,
        "payload": {},
    }
    text = json.dumps(command)
    r, s = decode_dss_signature(private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()

    async def push(session: dict[str, str]) -> tuple[str, str]:
        body = {"commands": [{"body": text, "signature": signature}]}
        answer = await web.post("/api/sync/push", json=body, headers=session)
        [outcome] = answer.json()["outcomes"]
        return outcome["outcome"], outcome["reasons"][0]["code"]

    sign_in = {"name": "wang", "password": PASSWORD, "device": device}
    assert (await web.post("/api/session", json=sign_in)).status_code == 201
    await connection.execute("delete from session")
    await connection.execute("delete from device")
    web.cookies.clear()
    other = holding(await enter(web, "wang", uuid4()))
    assert await push(other) == ("held", "unknown_device")
    session = holding(await web.post("/api/session", json=sign_in))
    web.cookies.clear()
    assert await push(session) == ("held", "unknown_type"), "believed, and judged like any other"
    users = await connection.fetchval("select users from device where public_key = $1", public)
    assert users == [town.wang]


async def test_a_phone_that_asks_for_a_key_is_not_taken_over_by_a_data_key(web: Web) -> None:
    """Whoever knows a device's id but not its signing key gets nothing of it."""
    device, signing = uuid4(), new_key()
    described = {"id": str(device), "name": "x", "public_key": signing, "data_key": data_key()}
    body = {"name": "wang", "password": PASSWORD, "device": described}
    assert (await web.post("/api/session", json=body)).status_code == 201
    web.cookies.clear()
    assert (await enter(web, "wang", device)).json()["code"] == "device_taken"
