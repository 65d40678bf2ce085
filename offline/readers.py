"""Background readers of the journal: each row once, in order, with retries and dead letters."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from asyncpg import DeadlockDetectedError, SerializationError
from msgspec import Struct

from offline.ports import Connection, Transactions

log = logging.getLogger("xunge.readers")

PAGE = 500
ATTEMPTS = 8
"""Tries of one row before it waits for a person."""


class Reader(Struct, frozen=True):
    """Who learns what happened. `handle` writes in the transaction it is given, or raises."""

    name: str
    handle: Callable[[Connection, Sequence[Any]], Awaitable[None]]


async def start(conn: Connection, name: str) -> None:
    """Register a reader; it begins with the first row ever written."""
    await conn.execute(
        "insert into journal_reader (name, cursor) values ($1, '1:1:') on conflict do nothing",
        name,
    )


async def read_page(reader: Reader, snapshot: Transactions) -> int:
    """Handle one page; returns how many rows it had. Readers of one name take turns by row lock.

    `snapshot` opens a REPEATABLE READ transaction that may write. A page that fails is handled
    row by row, and a row that fails alone goes to the dead-letter list, so that it holds up
    nobody behind it.
    """
    async with snapshot() as conn:
        place = await conn.fetchrow(
            "select cursor::text, target::text, after_seq from journal_reader "
            "where name = $1 for update skip locked",
            reader.name,
        )
        if place is None:
            return 0
        target = place["target"] or await conn.fetchval("select pg_current_snapshot()::text")
        rows = await conn.fetch(
            """
            select * from journal
            where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
              and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
              and pg_visible_in_snapshot(xid, $2::text::pg_snapshot) and seq > $3
            order by seq limit $4
            """,
            place["cursor"],
            target,
            place["after_seq"],
            PAGE,
        )
        if rows:
            await _handle(conn, reader, rows)
        whole = len(rows) < PAGE
        await conn.execute(
            "update journal_reader set cursor = $2::text::pg_snapshot, "
            "target = $3::text::pg_snapshot, after_seq = $4 where name = $1",
            reader.name,
            target if whole else place["cursor"],
            None if whole else target,
            0 if whole else rows[-1]["seq"],
        )
    return len(rows)


async def retry(reader: Reader, snapshot: Transactions) -> int:
    """Try the dead letters that are due again; returns how many succeeded. Takes turns with
    `read_page`, so that a reader is never at work twice.
    """
    async with snapshot() as conn:
        turn = await conn.fetchval(
            "update journal_reader set cursor = cursor where name = "
            "(select name from journal_reader where name = $1 for update skip locked) "
            "returning name",
            reader.name,
        )
        if turn is None:
            return 0
        due = await conn.fetch(
            "select id, seq, attempts from dead_letter where reader = $1 and next_try_at <= now() "
            "order by seq limit 100",
            reader.name,
        )
        succeeded = 0
        for letter in due:
            row = await conn.fetchrow("select * from journal where seq = $1", letter["seq"])
            error = await _try(conn, reader, [row])
            if error is None:
                await conn.execute("delete from dead_letter where id = $1", letter["id"])
                succeeded += 1
            else:
                await _bury(conn, reader.name, letter["seq"], error, letter["attempts"] + 1)
    return succeeded


async def _handle(conn: Connection, reader: Reader, rows: Sequence[Any]) -> None:
    if await _try(conn, reader, rows) is None:
        return
    for row in rows:
        error = await _try(conn, reader, [row])
        if error is not None:
            await _bury(conn, reader.name, row["seq"], error, 1)


async def _try(conn: Connection, reader: Reader, rows: Sequence[Any]) -> str | None:
    await conn.execute("savepoint page")
    try:
        await reader.handle(conn, rows)
    except (SerializationError, DeadlockDetectedError):
        raise  # no fault of the rows: all of it again, in a new transaction
    except Exception as error:  # noqa: BLE001 - whatever a reader raises is for the list
        await conn.execute("rollback to savepoint page")
        log.warning("reader_failed", extra={"reader": reader.name, "seq": rows[0]["seq"]})
        return f"{type(error).__name__}: {error}"[:500]
    await conn.execute("release savepoint page")
    return None


async def _bury(conn: Connection, reader: str, seq: int, error: str, attempts: int) -> None:
    wait = timedelta(seconds=2**attempts) if attempts < ATTEMPTS else None
    await conn.execute(
        "insert into dead_letter (reader, seq, error, attempts, next_try_at) "
        "values ($1, $2, $3, $4, now() + $5::interval) on conflict (reader, seq) do update "
        "set error = excluded.error, attempts = excluded.attempts, "
        "next_try_at = excluded.next_try_at",
        reader,
        seq,
        error,
        attempts,
        wait,
    )
