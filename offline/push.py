"""Applying commands: receipts, locks, decisions in memory, set-based writes, one commit."""

import contextlib
import logging
from collections.abc import Sequence

import asyncpg

from offline import receipts
from offline.batch import Batch, Ports, Sender
from offline.reading import read
from offline.receipts import Arrival
from offline.wire import Item, Outcome, Reason

log = logging.getLogger("xunge.push")

ATTEMPTS = 3
"""Tries of a whole batch that met a deadlock or a twin of itself."""


class TryAgain(Exception):
    """Raised by a domain when the same batch will succeed in a new transaction."""


_COLLISIONS = (
    TryAgain,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
)


async def push(items: Sequence[Item], sender: Sender, ports: Ports) -> list[Outcome]:
    """Apply commands in order and answer each. When this returns, what it says is on disk.

    A collision with another transaction is tried again whole; any other database error rolls
    back and the commands are replayed one by one, so that one of them cannot stop the rest.
    """
    arrivals = [read(item, sender.user) for item in items]
    whole = [arrival for arrival in arrivals if isinstance(arrival, Arrival)]
    # Two items may share an id (a repeat, a clash), so answers are matched by position.
    answers = iter(await _apply_all(whole, sender, ports))
    return [next(answers) if isinstance(a, Arrival) else a for a in arrivals]


async def _apply_all(arrivals: list[Arrival], sender: Sender, ports: Ports) -> list[Outcome]:
    for _ in range(ATTEMPTS):
        try:
            return await _commit(arrivals, sender, ports)
        except _COLLISIONS as collision:
            log.info("push_collision", extra={"error": type(collision).__name__})
        except asyncpg.PostgresConnectionError:
            raise
        except Exception:
            log.exception("push_failed")
            break
    if len(arrivals) == 1:
        return [await _set_aside(arrivals[0], ports)]
    return [(await _apply_all([arrival], sender, ports))[0] for arrival in arrivals]


async def _set_aside(arrival: Arrival, ports: Ports) -> Outcome:
    """A command that fails by our own fault is kept and held, for us to mend and take up again."""
    async with ports.transaction() as conn:
        await receipts.keep(conn, ports.cipher, [(arrival, "held", [])], ports.now())
    reason = Reason("internal", "系统暂时无法处理,内容已保存,稍后会自动重试")
    return Outcome(arrival.command.id, "held", reasons=[reason])


async def _commit(arrivals: list[Arrival], sender: Sender, ports: Ports) -> list[Outcome]:
    async with ports.transaction() as conn:
        batch = Batch(conn, sender, ports)
        outcomes = await batch.apply(arrivals)
        await batch.finish()
    if batch.work.touched:
        with contextlib.suppress(Exception):  # the live signal may be lost; devices also poll
            await ports.publish(batch.work.touched)
    return outcomes
