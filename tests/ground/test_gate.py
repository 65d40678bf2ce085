"""Overload: refused before work is started, and only as many as cannot be served soon."""

import asyncio
from typing import Any

import msgspec
import pytest

from backend.app.gate import PUSH, PUSH_BYTES, WORTH, Gate, Line


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_line_is_as_long_as_what_can_be_done_in_time() -> None:
    clock = Clock()
    line = Line(1.0, clock)
    line.enter(1000)
    for _ in range(200):  # 100,000 a second, one after another
        clock.now += 0.01
        line.enter(1000)
        line.leave(1000)
    assert not line.is_long_for(0)
    let_in = 0
    while not line.is_long_for(0):
        line.enter(1000)
        let_in += 1
    assert 95 <= let_in <= 105, "a second's work"
    assert not line.is_long_for(10_000), "who brings much may wait longer"


def test_when_work_gets_slower_fewer_are_let_in_and_an_empty_line_lets_anyone_in() -> None:
    clock = Clock()
    line = Line(1.0, clock)
    line.enter(1000)
    for _ in range(200):
        clock.now += 2.0
        line.enter(1000)
        line.leave(1000)
    assert line.is_long_for(0)
    line.leave(1000)
    assert not line.is_long_for(0)


def test_one_slow_push_shuts_nobody_out() -> None:
    clock = Clock()
    line = Line(0.8, clock)
    for _ in range(8):
        line.enter(PUSH_BYTES)
    clock.now += 1.0  # the first to come finds a cold house
    line.leave(PUSH_BYTES)
    assert not line.is_long_for(PUSH_BYTES)


async def _call(gate: Gate, body: list[bytes], path: str = PUSH) -> list[Any]:
    said: list[Any] = []
    left = list(body)

    async def receive() -> Any:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def send(message: Any) -> None:
        said.append(message)

    scope: Any = {"type": "http", "path": path, "method": "POST"}
    await gate(scope, receive, send)
    assert left == [], "a body not read to its end would break the connection"
    return said


async def test_a_refusal_reads_the_body_and_starts_nothing() -> None:
    started = 0
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal started
        started += 1
        message = await receive()
        assert (message["body"], message["more_body"]) == (b"abc", False)
        await go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    gate = Gate(app, at_once=1, patience_s=0, max_bytes=100)
    tasks = [asyncio.create_task(_call(gate, [b"ab", b"c"])) for _ in range(WORTH + 4)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    refused = [task.result() for task in tasks if task.done()]
    assert (len(refused), started) == (3, 1)
    start, answer = refused[0]
    assert start["status"] == 503
    assert int(dict(start["headers"])[b"retry-after"]) >= 1
    assert msgspec.json.decode(answer["body"])["code"] == "busy"
    go.set()
    await asyncio.gather(*tasks)
    assert started == len(tasks) - 3
    assert (await _call(gate, [b"abc"]))[0]["status"] == 200


async def test_a_body_beyond_the_limit_is_refused_before_anything_is_started() -> None:
    async def app(*_: Any) -> None:
        raise AssertionError("never called")

    gate = Gate(app, at_once=1, patience_s=1, max_bytes=20)
    assert (await _call(gate, [b"x" * 30]))[0]["status"] == 413
    assert (await _call(gate, [b"x" * 15, b"x" * 15], f"{PUSH}/"))[0]["status"] == 413


async def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.app.gate.SILENCE_S", 0)
    said: list[Any] = []

    async def app(*_: Any) -> None:
        raise AssertionError("never called")

    async def silent() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        said.append(message)

    scope: Any = {"type": "http", "path": PUSH, "method": "POST"}
    await Gate(app, at_once=1, patience_s=1, max_bytes=20)(scope, silent, send)
    assert said[0]["status"] == 408
