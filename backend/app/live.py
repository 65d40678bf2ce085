"""The live signal: which buckets were touched, through Redis to every web process and its pages.

It only saves time. Losing it loses nothing, because devices also pull by themselves.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "xunge:buckets"
ANY_CASE = "cases"
COALESCE_S = 0.05
HEARTBEAT_S = 20
RECONNECT_S = 1

_names = msgspec.json.Decoder(list[str])


async def announce(redis: Redis, buckets: Iterable[str]) -> None:
    """Tell every web process which buckets were touched. Raises RedisError."""
    await redis.publish(CHANNEL, msgspec.json.encode(sorted(buckets)))


class Live:
    """One subscription a process, fanned out to its listeners."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._touched: set[str] = set()
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to publish and to listen."""
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]

    async def stop(self) -> None:
        """End both; streams end with their listeners."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.close()

    async def touch(self, buckets: set[str]) -> None:
        """Say that these buckets have changed; sent with what else comes within 50 ms."""
        self._touched |= buckets

    @contextlib.contextmanager
    def listening(self, buckets: Sequence[str], *, cases: bool) -> Iterator["Listener"]:
        """A listener for some buckets, and with `cases` for a word that any case has changed."""
        listener = Listener(frozenset(buckets), cases=cases)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def _send(self) -> None:
        while True:
            await asyncio.sleep(COALESCE_S)
            if self._touched:
                touched, self._touched = self._touched, set()
                with contextlib.suppress(RedisError, OSError):
                    await announce(self._redis, touched)

    async def _receive(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    async for message in subscription.listen():
                        if message["type"] == "message":
                            self._deliver(frozenset(_names.decode(message["data"])))
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_S)

    def _deliver(self, touched: frozenset[str]) -> None:
        for listener in self._listeners:
            listener.hear(touched)


class Listener:
    """One page's ear. Signals that come faster than they are read melt into one.

    Desks hold no cases but look at them online: they hear ANY_CASE, whichever it was.
    """

    def __init__(self, buckets: frozenset[str], *, cases: bool) -> None:
        self._buckets = buckets
        self._cases = cases
        self._heard: set[str] = set()
        self._wake = asyncio.Event()
        self._open = True

    def hear(self, touched: frozenset[str]) -> None:
        """Note what concerns this page."""
        mine = touched & self._buckets
        if self._cases and any(bucket.endswith("/cases") for bucket in touched):
            mine |= {ANY_CASE}
        if mine:
            self._heard |= mine
            self._wake.set()

    def close(self) -> None:
        """End the stream."""
        self._open = False
        self._wake.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events: `change` with the buckets, a comment when there is nothing to say."""
        yield b": connected\n\n"
        while self._open:
            try:
                await asyncio.wait_for(self._wake.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            heard, self._heard = sorted(self._heard), set()
            self._wake.clear()
            if heard:
                yield b"event: change\ndata: " + msgspec.json.encode({"buckets": heard}) + b"\n\n"
