"""The floor of the push bench: the very SQL of a run, sent again without our Python."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from backend.core.database import connect

Script = list[tuple[str, tuple[Any, ...], dict[str, Any]]]
"""One transaction: method, arguments, keyword arguments of each call, in order."""

CALLS = frozenset({"fetch", "fetchrow", "fetchval", "execute", "executemany"})


class _Recorder:
    def __init__(self, conn: Any, script: Script) -> None:
        self._conn = conn
        self._script = script

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._conn, name)
        if name not in CALLS and name != "copy_records_to_table":
            return call

        async def recorded(*args: Any, **kwargs: Any) -> Any:
            if "records" in kwargs:
                kwargs["records"] = list(kwargs["records"])
            self._script.append((name, args, kwargs))
            return await call(*args, **kwargs)

        return recorded


def recording(
    transaction: Callable[[], AbstractAsyncContextManager[Any]], scripts: list[Script]
) -> Any:
    """A transaction port that notes what is sent in each transaction."""

    @asynccontextmanager
    async def recorded() -> AsyncIterator[Any]:
        script: Script = []
        async with transaction() as conn:
            yield _Recorder(conn, script)
        scripts.append(script)

    return recorded


async def replay(url: str, scripts: list[Script], clients: int) -> tuple[float, list[float]]:
    """Transactions per second, and seconds each, with as many connections as clients."""
    latencies: list[float] = []
    queue = iter(scripts)

    async def client() -> None:
        conn = await connect(url)
        for script in queue:
            begun = time.perf_counter()
            async with conn.transaction():
                for name, args, kwargs in script:
                    await getattr(conn, name)(*args, **kwargs)
            latencies.append(time.perf_counter() - begun)
        await conn.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(scripts) / (time.perf_counter() - begun), latencies
