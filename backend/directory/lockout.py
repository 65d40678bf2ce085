"""Tries at a sign-in name, kept in the database: a restart or a lost Redis forgives nothing."""

from datetime import UTC, datetime
from math import ceil

from backend.core.crypto import Keyring
from backend.core.errors import Problem
from backend.directory.rules import FAILURES_FORGOTTEN, Attempts, attempted, locked_for, subject_of
from offline.ports import Connection


def key_of(keyring: Keyring, name: str) -> str:
    """What tries at a name are kept under; not the name, as people type passwords there."""
    return keyring.index("sign-in", subject_of(name)).hex()


async def admit(conn: Connection, key: str, now: datetime) -> None:
    """Let one try in and count it as failed until `forgive`; within a transaction.

    Unknown names are counted alike. Raises Problem 429 `sign_in_locked` with retry_after.
    """
    # In one statement: a success elsewhere may forget the name between two.
    row = await conn.fetchrow(
        "insert into sign_in_attempts as a (name, failures, locked_until, changed_at) "
        "values ($1, 0, null, 0) on conflict (name) do update set failures = a.failures "
        "returning failures, locked_until, changed_at",
        key,
    )
    changed_at = datetime.fromtimestamp(row["changed_at"], UTC)
    before = Attempts(row["failures"], row["locked_until"], changed_at)
    if wait := locked_for(before, now):
        seconds = ceil(wait.total_seconds())
        raise Problem(
            429,
            "sign_in_locked",
            f"密码输错次数太多，请 {seconds} 秒后再试；忘记密码请联系管理员",
            retry_after=seconds,
        )
    after = attempted(before, now)
    await conn.execute(
        "update sign_in_attempts set failures = $2, locked_until = $3, changed_at = $4 "
        "where name = $1",
        key,
        after.failures,
        after.locked_until,
        int(now.timestamp()),
    )


async def forgive(conn: Connection, key: str) -> None:
    """Forget the tries at a name, after a success or a reset."""
    await conn.execute("delete from sign_in_attempts where name = $1", key)


async def sweep(conn: Connection, now: datetime) -> None:
    """Drop what no longer counts."""
    await conn.execute(
        "delete from sign_in_attempts where changed_at < $1",
        int((now - FAILURES_FORGOTTEN).timestamp()),
    )
