"""A network of our own between devices and the service, which fails in every way we know of.

Each device has a line: a port to which it talks, with dice of its own, so that a seed gives the
n-th request of a device the same fate whatever the others do.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable

from msgspec import Struct

CUTS_ON_THE_WAY_IN = (
    "cut_before_request",
    "cut_in_request_line",
    "cut_in_request_headers",
    "cut_in_request_body",
)
CUTS_ON_THE_WAY_OUT = (
    "cut_before_answer",
    "cut_in_status_line",
    "cut_in_answer_headers",
    "cut_in_answer_body",
    "cut_at_last_byte",
)
HALF_OPEN = ("half_open_before_request", "half_open_before_answer")
DELAYS = ("delayed_request", "delayed_answer", "dribbled_answer", "reordered")
COPIES = ("doubled_at_once", "replayed_later")
ANSWERS = (
    "500_instead",
    "500_after",
    "503_instead",
    "503_after",
    "503_with_retry_after",
    "portal_instead",
    "portal_after",
)
FAULTS = (*CUTS_ON_THE_WAY_IN, *CUTS_ON_THE_WAY_OUT, *HALF_OPEN, *DELAYS, *COPIES, *ANSWERS)
"""Every class of fault. `…_after`: the service has done the work, and its answer is replaced."""

SILENCE_S = 6.0
"""How long a half-open connection says nothing before the system gives it up."""
LIMIT = 1 << 24


def _answer(status: str, kind: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


SAID = {
    "500": _answer("500 Internal Server Error", "text/plain", b"oops"),
    "503": _answer("503 Service Unavailable", "text/html", b"<h1>busy</h1>"),
    "503_with": _answer("503 Service Unavailable", "text/html", b"busy", "Retry-After: 1\r\n"),
    "portal": _answer("200 OK", "text/html; charset=utf-8", b"<html>Please sign in</html>" * 20),
}


class Request(Struct):
    """One request as it came. `body` may still be on its way when a cut falls into it."""

    head: bytes
    body: bytes = b""

    @property
    def length(self) -> int:
        return int(header(self.head, b"content-length") or 0)

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()


def header(head: bytes, name: bytes) -> bytes | None:
    """A header's value, or None."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


class Cut(Exception):
    """The connection ends here, in the middle of something."""


class Network:
    """All lines of a run. `counts` says how often each fault was met."""

    def __init__(self, seed: object, upstream: Callable[[], int], *, share: float = 0.4) -> None:
        self._seed = seed
        self.upstream = upstream
        self.share = share
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        """5xx that the service itself gave, other than a 503 that says when to come back."""
        self.requests = 0
        self.healed = False
        self._lines: list[Line] = []
        self.passed = asyncio.Event()

    async def line(self, name: str) -> "Line":
        """A new device's way to the service."""
        number = len(self._lines)
        line = Line(self, random.Random(f"{self._seed} line {name}"), number)
        await line.open()
        self._lines.append(line)
        return line

    def heal(self) -> None:
        """From here on all goes through."""
        self.healed = True
        for line in self._lines:
            line.drop()

    async def close(self) -> None:
        for line in self._lines:
            await line.close()

    def tell_passed(self) -> None:
        """Wake whoever waits to be overtaken."""
        self.requests += 1
        self.passed.set()
        self.passed = asyncio.Event()


class Line:
    """One device's port, and what becomes of its requests."""

    def __init__(self, network: Network, dice: random.Random, number: int) -> None:
        self.network = network
        self.port = 0
        self._dice = dice
        self._deck: list[str] = []
        # Tries to sign in are counted by address, so every device has its own.
        self._address = f"127.{1 + number // 250}.0.{1 + number % 250}"
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LIMIT)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """End every connection that is open now."""
        for task in self._tasks:
            task.cancel()

    def _deal(self) -> str:
        if self.network.healed or self._dice.random() >= self.network.share:
            return "none"
        if not self._deck:
            self._deck = list(FAULTS)
            self._dice.shuffle(self._deck)
        return self._deck.pop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._carry(Request(head), self._deal(), reader, writer)
        except (Cut, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            if self._dice.random() < 0.5:
                writer.transport.abort()
            else:
                writer.close()

    def _met(self, fault: str) -> None:
        self.network.counts[fault] += 1

    async def _carry(
        self,
        request: Request,
        fault: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if fault == "cut_in_request_body" and request.length < 2:
            fault = "cut_in_request_headers"
        if fault in CUTS_ON_THE_WAY_IN:
            await self._cut_request(request, fault, reader)
        if fault == "half_open_before_request":
            self._met(fault)
            await asyncio.sleep(SILENCE_S)
            raise Cut
        request.body = await reader.readexactly(request.length)
        if fault in {"delayed_request", "reordered"}:
            await self._hold_up(fault)
        if fault.endswith(("_instead", "_with_retry_after")):
            self._met(fault)
            writer.write(SAID[fault.removesuffix("_instead").removesuffix("_retry_after")])
            await writer.drain()
            return
        if fault == "replayed_later":
            self._replay(request, self._dice.uniform(0.2, 3))
        if fault == "doubled_at_once":
            self._met(fault)
            twin = asyncio.create_task(self._swallow(request))
            self._tasks.add(twin)
            twin.add_done_callback(self._tasks.discard)
        await self._fetch(request, fault, writer)

    async def _cut_request(
        self, request: Request, fault: str, reader: asyncio.StreamReader
    ) -> None:
        head, dice = request.head, self._dice
        end_of_line = head.index(b"\r\n")
        if fault == "cut_before_request":
            sent = b""
        elif fault == "cut_in_request_line":
            sent = head[: dice.randrange(1, end_of_line)]
        elif fault == "cut_in_request_headers":
            sent = head[: dice.randrange(end_of_line + 2, len(head))]
        else:
            sent = head + await reader.readexactly(dice.randrange(1, request.length))
        self._met(fault)
        if sent:
            _, upstream = await self._connect()
            upstream.write(sent)
            with contextlib.suppress(OSError):
                await upstream.drain()
            upstream.close()
        raise Cut

    async def _hold_up(self, fault: str) -> None:
        if fault == "delayed_request":
            self._met(fault)
            await asyncio.sleep(self._dice.uniform(0.05, 1.5))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.network.passed.wait(), 2)
            self._met(fault)

    def _replay(self, request: Request, after: float) -> None:
        async def again() -> None:
            await asyncio.sleep(after)
            self._met("replayed_later")
            await self._swallow(request)

        task = asyncio.create_task(again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            "127.0.0.1",
            self.network.upstream(),
            local_addr=(self._address, 0),
            limit=LIMIT,
        )

    async def _swallow(self, request: Request) -> None:
        """Send a copy whose answer nobody hears."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            upstream_reader, upstream = await self._connect()
            try:
                upstream.write(request.head + request.body)
                head = await upstream_reader.readuntil(b"\r\n\r\n")
                self._judge(request, head)
                async for _ in _body(request, head, upstream_reader):
                    pass
            finally:
                upstream.close()

    async def _fetch(self, request: Request, fault: str, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await self._connect()
        try:
            upstream.write(request.head + request.body)
            head = await upstream_reader.readuntil(b"\r\n\r\n")
            self._judge(request, head)
            self.network.tell_passed()
            await self._deliver(request, fault, head, upstream_reader, writer)
        finally:
            upstream.close()

    def _judge(self, request: Request, head: bytes) -> None:
        status = head.split(b" ", 2)[1]
        sound = status == b"503" and header(head, b"retry-after") is not None
        if status.startswith(b"5") and not sound:
            self.network.wrong.append(f"{status.decode()} to {request.line}")

    async def _deliver(
        self,
        request: Request,
        fault: str,
        head: bytes,
        upstream: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if fault.endswith("_after") and fault != "503_with_retry_after":
            self._met(fault)
            writer.write(SAID[fault.removesuffix("_after")])
            await writer.drain()
            return
        if fault == "half_open_before_answer":
            self._met(fault)
            await asyncio.sleep(SILENCE_S)
            raise Cut
        if fault == "delayed_answer":
            self._met(fault)
            await asyncio.sleep(self._dice.uniform(0.05, 1.5))
        if fault in CUTS_ON_THE_WAY_OUT or fault == "dribbled_answer":
            answer = head + b"".join([part async for part in _body(request, head, upstream)])
            await self._mangle(answer, len(head), fault, writer)
            return
        writer.write(head)
        async for part in _body(request, head, upstream):
            writer.write(part)
            await writer.drain()
        await writer.drain()
        if b"connection: close" in head.lower():
            raise Cut

    async def _mangle(
        self, answer: bytes, head: int, fault: str, writer: asyncio.StreamWriter
    ) -> None:
        self._met(fault)
        dice, end_of_line = self._dice, answer.index(b"\r\n")
        if fault == "dribbled_answer":
            step = max(1, len(answer) // dice.randint(2, 12))
            for start in range(0, len(answer), step):
                writer.write(answer[start : start + step])
                await writer.drain()
                await asyncio.sleep(0.01)
            return
        places = {
            "cut_before_answer": 0,
            "cut_in_status_line": dice.randrange(1, end_of_line),
            "cut_in_answer_headers": dice.randrange(end_of_line + 2, head),
            "cut_in_answer_body": dice.randint(head, max(head, len(answer) - 2)),
            "cut_at_last_byte": len(answer) - 1,
        }
        writer.write(answer[: places[fault]])
        with contextlib.suppress(OSError):
            await writer.drain()
        raise Cut


async def _body(
    request: Request, head: bytes, upstream: asyncio.StreamReader
) -> AsyncIterator[bytes]:
    """The answer's body as it comes on the wire, chunk marks and all."""
    status = head.split(b" ", 2)[1]
    if request.head.startswith(b"HEAD ") or status in {b"204", b"304"}:
        return
    if (header(head, b"transfer-encoding") or b"").lower() == b"chunked":
        size = 1
        while size:
            mark = await upstream.readuntil(b"\r\n")
            size = int(mark.split(b";")[0], 16)
            yield mark + await upstream.readexactly(size + 2)
    elif (length := header(head, b"content-length")) is not None:
        yield await upstream.readexactly(int(length))
    else:
        while part := await upstream.read(65536):
            yield part
