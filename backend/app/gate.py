"""How many pushes a process takes on: those it can answer soon. Whoever comes beyond is told at
once to come back, before anything is parsed, looked up or logged, since work that is started and
then given up helps nobody.
"""

import asyncio
import random
from collections.abc import Callable
from math import ceil
from time import perf_counter

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from backend.app.failures import Failure
from backend.app.metrics import REQUESTS

PUSH = "/api/sync/push"
PUSH_BYTES = 8_000
"""What a push costs besides its bytes, as so many bytes more (`make bench ONLY=push`)."""
MEMORY = 0.95
"""How much of what was known of the pace is kept at each push: some twenty pushes count."""
FIRST_PACE = 1e-6
"""Seconds a byte, until it has been measured."""
FIRST_BYTES = 20 * PUSH_BYTES
"""What this guess weighs, so that a first push to a cold house does not shut the door."""
WORTH = 8
"""How many times what it costs itself a push may wait beyond patience: who brings a month's work
over a slow line would have to send it all again.
"""
SILENCE_S = 30
"""How long the next piece of a body may take to come."""
SPREAD_S = 3
"""Over how long those who are refused at the same moment come back."""

AnyMessage = HTTPReceiveMessage | WebSocketReceiveMessage

_REFUSAL = msgspec.json.encode(Failure("busy", "服务正忙,内容仍在本机,稍后会自动重发"))
_TOO_LARGE = msgspec.json.encode(Failure("too_large", "内容太大"))
_SILENT = msgspec.json.encode(Failure("silent", "网络中断,内容仍在本机,稍后会自动重发"))
_log = structlog.get_logger("gate")


class Line:
    """The work that was let in and is not finished, and how quickly it gets done."""

    def __init__(self, patience_s: float, clock: Callable[[], float] = perf_counter) -> None:
        """patience_s: how long a small one may have to wait before it is refused."""
        self._patience_s = patience_s
        self._clock = clock
        self._backlog = 0
        self._seconds, self._done = FIRST_PACE * FIRST_BYTES, float(FIRST_BYTES)
        self._since = 0.0

    @property
    def wait_s(self) -> float:
        """How long until all that was let in is finished."""
        return self._backlog * self._pace

    @property
    def _pace(self) -> float:
        return self._seconds / self._done

    def is_long_for(self, size: int) -> bool:
        """Whether one of this size would have to wait too long. An empty line is for nobody."""
        patience_s = self._patience_s + WORTH * size * self._pace
        return self._backlog > 0 and self.wait_s > patience_s

    def enter(self, size: int) -> None:
        """Let one in."""
        if self._backlog == 0:
            self._since = self._clock()
        self._backlog += size

    def leave(self, size: int) -> None:
        """One is finished."""
        now = self._clock()
        self._backlog -= size
        self._seconds = self._seconds * MEMORY + now - self._since
        self._done = self._done * MEMORY + size
        self._since = now


class Gate:
    """Wraps the whole application; sees to pushes only. `at_once` are worked on, the others wait in
    line with their bodies read, so that a slow phone keeps nobody else waiting.
    """

    def __init__(self, app: ASGIApp, at_once: int, patience_s: float, max_bytes: int) -> None:
        self._app = app
        self._slots = asyncio.Semaphore(at_once)
        self._line = Line(patience_s)
        self._max_bytes = max_bytes
        self._refusing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != ScopeType.HTTP or scope["path"].rstrip("/") != PUSH:
            await self._app(scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(SILENCE_S) as silence:
                message = await receive()
                while message["type"] == "http.request":
                    body += message["body"]
                    if not message["more_body"] or len(body) > self._max_bytes:
                        break
                    silence.reschedule(asyncio.get_running_loop().time() + SILENCE_S)
                    message = await receive()
        except TimeoutError:
            await _answer(send, 408, _SILENT)
            return
        if len(body) > self._max_bytes:
            await _answer(send, 413, _TOO_LARGE)
            return
        size = len(body) + PUSH_BYTES
        if self._line.is_long_for(size):
            await self._refuse(send)
            return
        self._refusing = False
        self._line.enter(size)
        try:
            async with self._slots:
                await self._app(scope, _again(bytes(body), message, receive), send)
        finally:
            self._line.leave(size)

    async def _refuse(self, send: Send) -> None:
        if not self._refusing:  # one line for each time, not for each phone
            self._refusing = True
            _log.warning("refusing", wait_s=round(self._line.wait_s, 2))
        REQUESTS.labels("POST", PUSH, 503).observe(0)
        wait = ceil(self._line.wait_s) + random.randint(0, SPREAD_S)  # noqa: S311
        await _answer(send, 503, _REFUSAL, (b"retry-after", str(wait).encode()))


async def _answer(send: Send, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _again(body: bytes, last: AnyMessage, receive: Receive) -> Receive:
    """The body that was read, then whatever still comes."""
    pending: list[AnyMessage] = [last]
    if last["type"] == "http.request":
        more = last["more_body"]
        pending = [{"type": "http.request", "body": body, "more_body": more}]

    async def replayed() -> AnyMessage:
        return pending.pop() if pending else await receive()

    return replayed
