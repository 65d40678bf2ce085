"""What every request and every failure looks like."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
import structlog
from litestar import Litestar, post
from litestar.params import FromPath, JSONBody
from litestar.testing import AsyncTestClient

from backend.core.errors import Problem
from backend.core.migrations import pending

Client = AsyncTestClient[Litestar]


class Room(msgspec.Struct):
    number: int
    name: str


class Visit(msgspec.Struct):
    rooms: list[Room]


@post("/trial/visits/{number:int}")
async def visit(number: FromPath[int], data: JSONBody[Visit]) -> dict[str, int]:
    if number == 1:
        raise Problem(409, "taken", "这个编号已被使用,请换一个", field="number")
    if number == 2:
        raise Problem(503, "busy", "系统正忙,请稍后再试", retry_after=7)
    return {"number": number // (number - 3)}


@pytest.fixture
def trial(client: Client) -> Client:
    client.app.register(visit)
    return client


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


async def test_a_request_is_one_line_without_its_query(trial: Client, lines: list[Any]) -> None:
    await trial.post("/trial/visits/5?name=王小明", json={"rooms": []})
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["route"] == "/trial/visits/{number}"
    assert line["status"] == 201
    assert line["method"] == "POST"
    assert line["ms"] > 0
    assert line["actor"] is None
    assert "王小明" not in str(line)


async def test_an_unknown_path_is_a_line_too(client: Client, lines: list[Any]) -> None:
    answer = await client.post("/nowhere/at/all")
    assert answer.status_code in (404, 405)
    assert [line["status"] for line in lines if line["event"] == "request"] == [answer.status_code]


async def test_a_request_has_an_id_and_keeps_the_proxys(client: Client) -> None:
    assert UUID((await client.get("/health")).headers["x-request-id"]).version == 7
    given = {"X-Request-Id": "edge-12345678"}
    assert (await client.get("/health", headers=given)).headers["x-request-id"] == "edge-12345678"
    forged = {"X-Request-Id": "no id {injected}"}
    answer = await client.get("/health", headers=forged)
    assert "injected" not in answer.headers["x-request-id"]


async def test_a_problem_answers_its_code_message_and_field(trial: Client) -> None:
    answer = await trial.post("/trial/visits/1", json={"rooms": []})
    assert answer.status_code == 409
    assert answer.json() == {
        "code": "taken",
        "message": "这个编号已被使用,请换一个",
        "field": "number",
    }


async def test_a_busy_service_says_when_to_come_back(trial: Client) -> None:
    answer = await trial.post("/trial/visits/2", json={"rooms": []})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "rooms", "“rooms”缺少这一项,请改正后再提交"),
        ({"rooms": [{"number": 1}]}, "rooms[0].name", "“rooms[0].name”缺少这一项,请改正后再提交"),
        (
            {"rooms": [{"number": "一", "name": "甲"}]},
            "rooms[0].number",
            "“rooms[0].number”类型不对,请改正后再提交",
        ),
    ],
)
async def test_wrong_input_names_the_field(
    trial: Client, body: object, field: str, message: str
) -> None:
    answer = await trial.post("/trial/visits/5", json=body)
    assert answer.status_code == 400
    assert answer.json() == {"code": "invalid", "message": message, "field": field}


async def test_what_is_not_json_is_the_callers_fault(trial: Client) -> None:
    answer = await trial.post(
        "/trial/visits/5", content=b"{", headers={"Content-Type": "text/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["message"].isascii() is False


async def test_a_fault_of_ours_tells_the_caller_only_its_id(
    trial: Client, lines: list[Any]
) -> None:
    answer = await trial.post("/trial/visits/3", json={"rooms": []})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "ZeroDivision" not in answer.text
    [fault] = [line for line in lines if line["event"] == "unexpected"]
    assert isinstance(fault["exc_info"], ZeroDivisionError)


async def test_requests_are_measured_by_route(client: Client) -> None:
    await client.get("/health")
    text = (await client.get("/metrics")).text
    assert 'xunge_request_seconds_count{method="GET",route="/health",status="200"}' in text


async def test_ready_names_what_is_away(client: Client, connection: Any) -> None:
    assert (await client.get("/ready")).json() == {
        "database": "ok",
        "redis": "ok",
        "migrations": "ok",
    }
    await connection.execute("DELETE FROM migration")
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "pending")
    assert await pending(connection)


async def test_the_interface_describes_itself(client: Client) -> None:
    described = (await client.get("/schema/openapi.json")).json()
    assert "/ready" in described["paths"]
    assert "/metrics" not in described["paths"]
