"""How much of one kind of work a process takes on at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.core.errors import Problem


class Gate:
    """Lets `at_once` in and keeps `in_line` waiting; whoever comes beyond is told at once to come
    back, since work that is started and then given up helps nobody.
    """

    def __init__(self, at_once: int, in_line: int) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._room = at_once + in_line

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """One piece of work. Raises Problem 503 `busy` with retry_after."""
        if self._room == 0:
            raise Problem(503, "busy", "服务正忙,内容仍在本机,稍后会自动重发", retry_after=3)
        self._room -= 1
        try:
            async with self._slots:
                yield
        finally:
            self._room += 1
