"""Which life of the database this is. A restore or failover must be noticed, or rows are lost."""

import secrets

from offline.ports import Connection


class Life:
    """The epoch as a process knows it: read at start and again with every pull."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch


_IDENTITY = """
select (select system_identifier from pg_control_system()) as system_identifier,
       (select timeline_id from pg_control_checkpoint()) as timeline
"""


async def current(conn: Connection) -> str:
    """The epoch now, opening a new one when the cluster or its timeline is another.

    Called at start: concurrent starters are put in line by the table lock.
    """
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


async def begin(conn: Connection, reason: str) -> str:
    """Open a new epoch, for example when a device shows a cursor from a future that was undone."""
    row = await conn.fetchrow(
        "insert into epoch (system_identifier, timeline, salt, reason) "  # noqa: S608
        f"select i.system_identifier, i.timeline, $1, $2 from ({_IDENTITY}) i returning *",
        secrets.token_hex(4),
        reason,
    )
    return _name(row)


async def latest(conn: Connection) -> str:
    """The epoch of this moment, as opened by whichever process noticed."""
    return _name(await conn.fetchrow("select * from epoch order by number desc limit 1"))


def _name(row: object) -> str:
    return f"{row['number']}-{row['salt']}"  # type: ignore[index]
