"""Applying commands: receipts, locks, decisions in memory, set-based writes, one commit."""

import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from offline import kept, receipts
from offline.batch import Batch, Ports, Sender, again
from offline.kept import Kept
from offline.ports import Unavailable
from offline.reading import BY_RULE, take
from offline.receipts import Arrival
from offline.wire import Command, Item, Outcome, Reason, Receipt

log = logging.getLogger("xunge.push")

ATTEMPTS = 3
"""Tries of a whole batch that met a deadlock or a twin of itself."""
ATTEMPTS_ALONE = 10
"""Tries of a single command: rivals may be in its way more than once, but not for ever."""


class TryAgain(Exception):
    """Raised by a domain when the same batch will succeed in a new transaction."""


class RuleCommand(Struct, frozen=True):
    """A command that no person gives. `id` derives from its cause, and so does all the rest, so
    that it happens once; `occurred_at` is when the cause held.
    """

    id: UUID
    type: str
    occurred_at: datetime
    payload: Struct


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
    arrivals = [take(item, sender.user, ports.unseal) for item in items]
    whole = [arrival for arrival in arrivals if isinstance(arrival, Arrival)]
    # Two items may share an id (a repeat, a clash), so answers are matched by position.
    answers = iter(await _apply_all(whole, sender, ports))
    return [next(answers) if isinstance(a, Arrival) else a for a in arrivals]


async def apply_rules(commands: Sequence[RuleCommand], ports: Ports) -> list[Outcome]:
    """Apply what follows from a rule. The same cause again gives `repeated`."""
    bodies = [
        Command(
            id=each.id,
            device=BY_RULE,
            device_seq=1,
            user=BY_RULE,
            post=BY_RULE,
            type=each.type,
            occurred_at=each.occurred_at,
            clock_offset_ms=0,
            payload=msgspec.Raw(msgspec.json.encode(each.payload)),
        )
        for each in commands
    ]
    items = [Item(msgspec.json.encode(body).decode()) for body in bodies]
    return await push(items, Sender(BY_RULE), ports)


async def retry_held(ports: Ports, command: UUID | None = None) -> list[Outcome]:
    """Take up again the kept commands whose next try has come, or the one named, each by itself:
    what they waited for may have come, a person may have decided, or our own fault be mended.
    """
    async with ports.transaction() as conn:
        due = await kept.take_due(conn, ports.cipher, ports.now(), command)
    outcomes: list[Outcome] = []
    for held in due:
        arrival = again(held)
        if isinstance(arrival, Arrival):
            outcomes += await _apply_all([arrival], Sender(held.sender), ports)
    if outcomes:
        async with ports.transaction() as conn:
            await kept.drop(conn, [outcome.id for outcome in outcomes if outcome.id])
    return outcomes


async def _apply_all(arrivals: list[Arrival], sender: Sender, ports: Ports) -> list[Outcome]:
    alone = len(arrivals) == 1
    taken = 0
    for _ in range(ATTEMPTS_ALONE if alone else ATTEMPTS):
        try:
            return await _commit(arrivals, sender, ports)
        except _COLLISIONS as collision:
            log.info("push_collision", extra={"error": type(collision).__name__})
            taken += _is_taken(collision)
            if alone and taken == ATTEMPTS:
                return [await _refuse(arrivals[0], sender, ports)]
        except Unavailable:
            raise
        except Exception:
            log.exception("push_failed")
            break
    if alone:
        return [await _by_itself(arrivals[0], sender, ports)]
    return [(await _apply_all([arrival], sender, ports))[0] for arrival in arrivals]


def _is_taken(collision: Exception) -> bool:
    """Whether a row has the id already: made by a twin of the command, which the next try will
    find, or else by another command. A receipt of the same id is always a twin's.
    """
    constraint = getattr(collision, "constraint_name", None) or ""
    return constraint.endswith("_pkey") and constraint != "receipt_pkey"


async def _refuse(arrival: Arrival, sender: Sender, ports: Ports) -> Outcome:
    """A command that would make anew what is there by its id; unless a twin was refused first."""
    now, command = ports.now(), arrival.command
    reason = Reason("exists", "内容里的编号已被使用,请重新填写后提交", "payload")
    receipt = Receipt(command.id, arrival.digest.hex(), now, ports.life.epoch)
    outcome = Outcome(command.id, "rejected", receipt, [reason])
    try:
        async with ports.transaction() as conn:
            await receipts.store(conn, [(arrival, outcome)], now)
            await kept.keep(conn, ports.cipher, [Kept(arrival, "rejected", [reason])], now)
    except asyncpg.UniqueViolationError:
        return (await _commit([arrival], sender, ports))[0]
    return outcome


async def _by_itself(arrival: Arrival, sender: Sender, ports: Ports) -> Outcome:
    """What failed may have been another that waited for it: that stays held for the worker."""
    try:
        return (await _commit([arrival], sender, ports, wake=False))[0]
    except Unavailable:
        raise
    except Exception:
        log.exception("push_failed_alone")
        return await _set_aside(arrival, ports)


async def _set_aside(arrival: Arrival, ports: Ports) -> Outcome:
    """A command that fails by our own fault is kept and held, for us to mend and take up again."""
    reason = Reason("internal", "系统暂时无法处理,内容已保存,稍后会自动重试")
    async with ports.transaction() as conn:
        await kept.keep(conn, ports.cipher, [Kept(arrival, "held", [reason])], ports.now())
    return Outcome(arrival.command.id, "held", reasons=[reason])


async def _commit(
    arrivals: list[Arrival], sender: Sender, ports: Ports, *, wake: bool = True
) -> list[Outcome]:
    async with ports.transaction() as conn:
        batch = Batch(conn, sender, ports)
        outcomes = await batch.apply(arrivals, wake=wake)
        await batch.finish()
    if batch.work.touched:
        with contextlib.suppress(Exception):  # the live signal may be lost; devices also poll
            await ports.publish(batch.work.touched)
    return outcomes
