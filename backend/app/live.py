"""The live signal: which buckets were touched, through Redis to every web process and its pages.

It only saves time. Losing it loses nothing, because devices also pull by themselves.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from uuid import UUID

import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.directory.actors import REMEMBERED
from offline.ports import Unavailable

CHANNEL = "xunge:buckets"
ANY_CASE = "cases"
COALESCE_S = 0.05
HEARTBEAT_S = 20
MELT_S = 0.2
"""How long a page is left in peace after it was told something: what it hears meanwhile is one."""
WATCH_S = REMEMBERED.total_seconds()
"""How often it is looked whether streams may go on: the most by which one outlives its rights."""
STREAMS = 5
"""Streams of one session in one process; with one more the oldest ends."""
RECONNECT_S = 1

_log = logging.getLogger("xunge.live")
_names = msgspec.json.Decoder(list[str])


async def announce(redis: Redis, buckets: Iterable[str]) -> None:
    """Tell every web process which buckets were touched. Raises RedisError."""
    await redis.publish(CHANNEL, msgspec.json.encode(sorted(buckets)))


class Ear(Struct, frozen=True):
    """What a session may hear of: some buckets, and with `cases` that any case has changed."""

    buckets: frozenset[str]
    cases: bool


Ears = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Ear]]]
"""What sessions may hear now; those that are over are missing. Raises Unavailable."""


class Live:
    """One subscription a process, fanned out to its listeners."""

    def __init__(self, redis: Redis, ears: Ears) -> None:
        self._redis = redis
        self._ears = ears
        self._touched: set[str] = set()
        self._listeners: dict[Listener, None] = {}
        self._numbers = itertools.count()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to publish and to listen."""
        self._tasks = [
            asyncio.create_task(each())
            for each in (self._send, self._receive, self._watch, self._beat)
        ]

    async def stop(self) -> None:
        """End all that; streams end with their listeners."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.close()

    async def touch(self, buckets: set[str]) -> None:
        """Say that these buckets have changed; sent with what else comes within 50 ms."""
        self._touched |= buckets

    @contextlib.contextmanager
    def listening(self, session: UUID, ear: Ear) -> Iterator["Listener"]:
        """A listener, until its session is over or may hear something else."""
        own = [each for each in self._listeners if each.session == session]
        if len(own) >= STREAMS:  # the oldest is most likely a line that was cut unnoticed
            self._end(own[0])
        listener = Listener(session, ear, next(self._numbers))
        self._listeners[listener] = None
        try:
            yield listener
        finally:
            self._end(listener)

    def _end(self, listener: "Listener") -> None:
        self._listeners.pop(listener, None)
        listener.close()

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

    async def _watch(self) -> None:
        """End the streams of sessions that are over, or whose rights are others now."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self._look()
            except Unavailable:
                continue  # the next round will tell
            except Exception:  # noqa: BLE001 - logged whole; it must go on looking
                _log.exception("live streams were not looked after, next try in %s s", WATCH_S)

    async def _beat(self) -> None:
        """A sign of life for each listener in its turn: one timer for all, not one for each."""
        for second in itertools.count():
            await asyncio.sleep(1)
            for listener in self._listeners:
                if (listener.number - second) % HEARTBEAT_S == 0:
                    listener.beat()

    async def _look(self) -> None:
        if not self._listeners:
            return
        listeners = list(self._listeners)
        ears = await self._ears(list({each.session for each in listeners}))
        for listener in listeners:
            ear = ears.get(listener.session)
            if ear is None or listener.moved:
                self._end(listener)
            elif ear != listener.ear:
                # It ends with the next look, when every process knows the new rights: its device
                # opens another and pulls.
                listener.moved = True

    def _deliver(self, touched: frozenset[str]) -> None:
        for listener in self._listeners:
            listener.hear(touched)


class Listener:
    """One page's ear. Signals that come faster than they are read melt into one.

    Desks hold no cases but look at them online: they hear ANY_CASE, whichever it was.
    """

    def __init__(self, session: UUID, ear: Ear, number: int) -> None:
        self.session = session
        self.ear = ear
        self.number = number
        self.moved = False
        """Whether the rights it was opened with are over: from then on it hears nothing."""
        self._heard: set[str] = set()
        self._wake = asyncio.Event()
        self._open = True

    def hear(self, touched: frozenset[str]) -> None:
        """Note what concerns this page."""
        mine = touched & self.ear.buckets
        if self.ear.cases and any(bucket.endswith("/cases") for bucket in touched):
            mine |= {ANY_CASE}
        if mine and not self.moved:
            self._heard |= mine
            self._wake.set()

    def beat(self) -> None:
        """Say that the line is alive, if there is nothing else to say."""
        self._wake.set()

    def close(self) -> None:
        """End the stream."""
        self._open = False
        self._wake.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events: `change` with the buckets, a comment when there is nothing to say."""
        yield b": connected\n\n"
        while self._open:
            await self._wake.wait()
            self._wake.clear()
            heard, self._heard = sorted(self._heard), set()
            if heard and self.live:
                yield b"event: change\ndata: " + msgspec.json.encode({"buckets": heard}) + b"\n\n"
                await asyncio.sleep(MELT_S)
            elif self._open:
                yield b": still here\n\n"

    @property
    def live(self) -> bool:
        """Whether it may still say what it heard."""
        return self._open and not self.moved
