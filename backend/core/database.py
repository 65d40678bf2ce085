"""The one PostgreSQL pool. Piccolo tables and the write path's plain SQL share its transactions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from offline.ports import Connection, Unavailable


class _Engine(PostgresEngine):
    """Piccolo's engine, without its connection at import time to ask for the server's version
    (`xunge doctor` and /ready check that, with a clear answer).
    """

    async def check_version(self) -> None:
        return None


class _PooledConnection(asyncpg.Connection):
    """asyncpg asks the server to forget settings and locks each time a connection is given back.
    Nothing here leaves any, and a push is spared a round trip.
    """

    def get_reset_query(self) -> str:
        return ""


ENGINE = _Engine(config={}, extensions=())
"""Piccolo binds tables to an engine at import; `configure` says later where it points."""

CONNECT_SECONDS = 10.0
"""How long a server may take to answer before it counts as away."""

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,  # its disk, memory or connections are used up
    asyncpg.ReadOnlySQLTransactionError,  # it has become a standby
)


def config_of(url: str) -> dict[str, Any]:
    """Arguments for asyncpg from a DATABASE_URL; a unix socket folder may come as `?host=/dir`."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    config: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "host": query.get("host", [parts.hostname or "localhost"])[0],
        "database": parts.path.lstrip("/") or "postgres",
        "user": unquote(parts.username or "postgres"),
    }
    if parts.password:
        config["password"] = unquote(parts.password)
    if parts.port:
        config["port"] = parts.port
    return config


def configure(url: str) -> None:
    """Point the engine at a database; call before the pool is opened."""
    ENGINE.config = config_of(url)


async def open_pool(size: int = 10) -> None:
    """Open the pool. Raises what asyncpg raises when the server cannot be reached."""
    await ENGINE.start_connection_pool(
        min_size=1, max_size=size, connection_class=_PooledConnection
    )


async def close_pool() -> None:
    """Close the pool, waiting for what runs."""
    await ENGINE.close_connection_pool()


@asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """One READ COMMITTED transaction that Piccolo queries inside it join, as does a nested one.

    Piccolo's own forgets its connection when the rollback fails, and so empties the pool each time
    the server goes away.
    """
    outer = ENGINE.current_transaction.get()
    if outer is not None:
        yield cast(Connection, outer.connection)
        return
    async with _lent() as pooled, pooled.transaction():
        joined = ENGINE.transaction()
        joined.connection = pooled
        token = ENGINE.current_transaction.set(joined)
        try:
            yield cast(Connection, pooled)
        finally:
            ENGINE.current_transaction.reset(token)


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """A pooled connection outside any transaction, for reads of one statement."""
    async with _lent() as pooled:
        yield cast(Connection, pooled)


@asynccontextmanager
async def snapshot() -> AsyncIterator[Connection]:
    """A REPEATABLE READ, read-only transaction: everything read in it is of one instant."""
    async with _lent() as pooled, pooled.transaction(isolation="repeatable_read", readonly=True):
        yield cast(Connection, pooled)


@asynccontextmanager
async def repeatable() -> AsyncIterator[Connection]:
    """A REPEATABLE READ transaction that may write: for readers that keep their own place."""
    async with _lent() as pooled, pooled.transaction(isolation="repeatable_read"):
        yield cast(Connection, pooled)


@asynccontextmanager
async def _lent() -> AsyncIterator[Any]:
    """A pooled connection. Raises Unavailable when there is none, or when it breaks in use."""
    assert ENGINE.pool is not None, "open_pool first"
    try:
        pooled = await ENGINE.pool.acquire()
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Unavailable from error
    try:
        yield pooled
    except _AWAY as error:
        raise Unavailable from error
    except Exception as error:
        if _is_lost(pooled):
            raise Unavailable from error
        raise
    finally:
        await ENGINE.pool.release(pooled)


def _is_lost(pooled: Any) -> bool:
    try:
        return bool(pooled.is_closed())
    except asyncpg.InterfaceError:  # it broke, and the pool has taken it back already
        return True


@asynccontextmanager
async def apart() -> AsyncIterator[Connection]:
    """A connection outside the pool to the configured database, for what must not wait for it."""
    own = await ENGINE.get_new_connection()
    try:
        yield cast(Connection, own)
    finally:
        await own.close()


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of its own, outside the pool (migrations, probes, listeners)."""
    return await asyncpg.connect(**config_of(url))
