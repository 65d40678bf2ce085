"""How long the service remembers what left a bucket, and by which cursors it can tell."""

from datetime import datetime, timedelta

from offline.ports import Connection, Transactions

KEPT = timedelta(days=30)
"""How long a device may stay away and still be told what left meanwhile."""
AT_ONCE = 5_000
"""Rows deleted in one transaction."""


async def mark(conn: Connection, now: datetime) -> None:
    """Note which snapshot it is: a snapshot itself has no time. Run each hour."""
    await conn.execute(
        "insert into moment (taken_at, snapshot) values ($1, pg_current_snapshot()) "
        "on conflict do nothing",
        now,
    )


async def forget(transaction: Transactions, now: datetime) -> None:
    """Delete tombstones older than KEPT.

    The oldest moment is the horizon: cursors that may not have seen all it has are refused from
    now on, and files of buckets taken before it are retired, before anything is deleted.
    """
    async with transaction() as conn:
        horizon: str | None = await conn.fetchval(
            "select snapshot::text from moment where taken_at <= $1 order by taken_at desc limit 1",
            now - KEPT,
        )
        if horizon is None:
            return
        await conn.execute(
            "delete from moment where taken_at < (select max(taken_at) from moment "
            "where taken_at <= $1)",
            now - KEPT,
        )
        await conn.execute(
            "update bucket_snapshot set retired_at = $2 where retired_at is null "
            "and pg_snapshot_xmin(snapshot) < pg_snapshot_xmax($1::text::pg_snapshot)",
            horizon,
            now,
        )
    while True:
        async with transaction() as conn:
            deleted = await conn.fetch(
                """
                with old as (
                    select entity, bucket from bucket_member
                    where removed and xid < pg_snapshot_xmax($1::text::pg_snapshot)
                      and pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
                    order by xid limit $2 for update skip locked
                )
                delete from bucket_member b using old
                where b.entity = old.entity and b.bucket = old.bucket returning 1
                """,
                horizon,
                AT_ONCE,
            )
        if len(deleted) < AT_ONCE:
            return
