"""The clock's work: cases ring when their time comes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.cases.commands.alarming import ALARM
from backend.cases.structs import AlarmCase
from backend.core import database
from backend.core.ids import derived_id
from offline.batch import Ports
from offline.ports import Connection
from offline.push import RuleCommand, apply_rules

TURN = 0x616C61726D
"""Names the lock by which workers take turns at ringing."""
BATCH = 500
AT_ONCE = 2
"""Batches under way together: while the database writes one, the next is decided."""

_DUE = """
select id, version, alarm_at from case_file
where alarm_at <= $1 and id <> all($2)
order by urgent desc, alarm_at, id limit $3
"""


async def any_due(now: datetime) -> bool:
    """Whether any case's alarm has come."""
    async with database.connection() as conn:
        found: bool = await conn.fetchval(
            "select exists (select from case_file where alarm_at <= $1)", now
        )
    return found


async def ring_due(writing: Ports) -> int:
    """Ring every case whose alarm has come, the most urgent first, until none is left; says how
    many rang. At once 0 when another worker is at it: when that one dies, so does its lock.

    The lock saves work and keeps the order; that each alarm rings once rests on the write path.
    """
    async with database.connection() as conn:
        if not await conn.fetchval("select pg_try_advisory_lock($1)", TURN):
            return 0
        try:
            return await _ring(conn, writing)
        finally:
            await conn.execute("select pg_advisory_unlock($1)", TURN)


async def due(conn: Connection, now: datetime, but: Sequence[UUID] = ()) -> dict[UUID, RuleCommand]:
    """What rings the cases whose alarm has come, the most urgent first, as many as are taken
    together; by case.

    A command's id derives from the alarm and the version of the case that set it, so that whoever
    gives it, and how often, it rings once.
    """
    return {
        row["id"]: RuleCommand(
            id=derived_id(ALARM, row["id"], row["version"], row["alarm_at"].isoformat()),
            type=ALARM,
            occurred_at=row["alarm_at"],
            payload=AlarmCase(row["id"], row["alarm_at"]),
        )
        for row in await conn.fetch(_DUE, now, list(but), BATCH * AT_ONCE)
    }


async def _ring(conn: Connection, writing: Ports) -> int:
    rung = 0
    stuck: list[UUID] = []  # failed by our own fault, kept, and taken up again with the held ones
    while commands := await due(conn, writing.now(), stuck):
        held = await _held(conn, [command.id for command in commands.values()])
        fresh = [command for command in commands.values() if command.id not in held]
        accepted = await _apply(fresh, writing)
        rung += len(accepted)
        stuck += [case for case, command in commands.items() if command.id not in accepted]
    return rung


async def _apply(commands: Sequence[RuleCommand], writing: Ports) -> set[UUID]:
    """Which of the commands were accepted. All batches are done with when this raises."""
    batches = [commands[start : start + BATCH] for start in range(0, len(commands), BATCH)]
    answers = await asyncio.gather(
        *(apply_rules(batch, writing) for batch in batches), return_exceptions=True
    )
    accepted: set[UUID] = set()
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        accepted |= {each.id for each in answer if each.id and each.outcome == "accepted"}
    return accepted


async def _held(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    rows = await conn.fetch(
        "select id from kept_command where id = any($1) and outcome = 'held'", ids
    )
    return {row["id"] for row in rows}
