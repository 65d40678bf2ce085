"""Which life of the database this is. A restore or failover must be noticed, or rows are lost."""

import secrets

from offline.ports import Connection


class ForeignLedger(Exception):
    """The rows were written under transaction numbers that this cluster has yet to reach: they came
    by a logical dump. Readers and devices find rows by those numbers, so nothing may run on it.
    """

    def __init__(self) -> None:
        super().__init__(
            "账本的事务号超过本数据库集群:数据是用 pg_dump 恢复的。"
            "请改用物理备份恢复,或停库后用 pg_resetwal -x 把事务号调到账本之上"
        )


class Life:
    """The epoch as a process knows it: read at start and again with every pull."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch


_IDENTITY = """
select (select system_identifier from pg_control_system()) as system_identifier,
       ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int as timeline
"""
"""The timeline is that of the log being written: the control file names the former one until the
first checkpoint after a promotion, and a start in between would not notice the restore.
"""


async def current(conn: Connection) -> str:
    """The epoch now, opening a new one when the cluster or its timeline is another.

    Called at start: concurrent starters are put in line by the table lock. Raises ForeignLedger.
    """
    await refuse_foreign(conn)
    await conn.execute("lock table epoch in share row exclusive mode")
    identity = await conn.fetchrow(_IDENTITY)
    last = await conn.fetchrow("select * from epoch order by number desc limit 1")
    if (
        last is not None
        and last["system_identifier"] == identity["system_identifier"]
        and last["timeline"] == identity["timeline"]
    ):
        return _name(last)
    return await begin(conn, "first start" if last is None else "another cluster or timeline")


async def refuse_foreign(conn: Connection) -> None:
    """Raises ForeignLedger when the ledger is ahead of the cluster's own transaction numbers."""
    ahead = await conn.fetchval(
        "select xid >= pg_snapshot_xmax(pg_current_snapshot()) from journal "
        "where xid is distinct from pg_current_xact_id_if_assigned() order by xid desc limit 1"
    )
    if ahead:
        raise ForeignLedger


async def begin(conn: Connection, reason: str) -> str:
    """Open a new epoch: every device starts anew and pushes again what it was told is safe."""
    row = await conn.fetchrow(
        "insert into epoch (system_identifier, timeline, salt, reason) "  # noqa: S608
        f"select i.system_identifier, i.timeline, $1, $2 from ({_IDENTITY}) i returning *",
        secrets.token_hex(4),
        reason,
    )
    return _name(row)


async def follow(conn: Connection, former: str, reason: str) -> str:
    """Open the epoch after `former`, unless somebody has: many notice at once."""
    await conn.execute("lock table epoch in share row exclusive mode")
    last = await latest(conn)
    return last if last != former else await begin(conn, reason)


async def latest(conn: Connection) -> str:
    """The epoch of this moment, as opened by whichever process noticed."""
    return _name(await conn.fetchrow("select * from epoch order by number desc limit 1"))


def _name(row: object) -> str:
    return f"{row['number']}-{row['salt']}"  # type: ignore[index]
