"""What the worker does with the ledger: reads it for those who learn from it, keeps room in it,
takes held commands up again, and gives the commands that follow from a rule.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from asyncpg import SerializationError

from backend.app.live import announce
from backend.app.writing import pushing
from backend.cases import jobs as cases
from backend.cases import retiring
from backend.cases.finding import tally
from backend.core import database
from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.queue import Periodic, Tools
from backend.windows import marking as indicators
from offline import audit, epoch, journal, readers
from offline.batch import Ports
from offline.push import apply_rules, retry_held

READERS: Sequence[readers.Reader] = (audit.READER,)
"""Whoever learns from the ledger what happened; a room adds its own here."""

FIGURES: Sequence[readers.Reader] = (indicators.READER,)
"""Those that somebody watches: read every 2 s, so that what is shown is at most 5 s behind."""

PAGES_AT_ONCE = 200
"""Pages one reader handles in a round, so that a round has an end."""

_log = logging.getLogger("xunge.ledger")


async def read(_: Tools) -> None:
    """Let every reader go on from where it stands, and try what it could not do before."""
    await _read(READERS)


async def read_figures(_: Tools) -> None:
    """The same for those that somebody watches."""
    await _read(FIGURES)


async def _read(who: Sequence[readers.Reader]) -> None:
    for reader in who:
        try:
            await _drain(reader)
        except SerializationError:  # another worker is at it
            continue
        except Exception:  # noqa: BLE001 - logged whole; one reader stops no other
            _log.exception("reader %s stopped, next try soon", reader.name)


async def _drain(reader: readers.Reader) -> None:
    async with database.transaction() as conn:
        await readers.start(conn, reader.name)
    for _ in range(PAGES_AT_ONCE):
        if not await readers.read_page(reader, database.repeatable):
            break
    await readers.retry(reader, database.repeatable)


async def extend(_: Tools) -> None:
    """Keep partitions ahead of the ledger."""
    async with database.transaction() as conn:
        await journal.extend_partitions(conn)


async def retry(tools: Tools) -> None:
    """Take up held commands again."""
    await retry_held(await ports(tools))


async def retire(tools: Tools) -> None:
    """Take old ended cases off their reporters' devices."""
    writing = await ports(tools)
    while True:
        async with database.connection() as conn:
            commands = await retiring.aged(conn, utc_now())
        outcomes = await apply_rules(commands, writing)
        if not any(outcome.outcome == "accepted" for outcome in outcomes):
            break


async def add_up(_: Tools) -> None:
    """Join the tallies of ended cases that have grown many."""
    async with database.transaction() as conn:
        await tally.add_up(conn)


async def ring(tools: Tools) -> None:
    """Let the cases ring whose time has come."""
    if await cases.any_due(utc_now()):
        await cases.ring_due(await ports(tools))


async def ports(tools: Tools) -> Ports:
    """The write path, for a process that serves no requests."""

    async def publish(buckets: set[str]) -> None:
        await announce(tools.redis, buckets)

    async with database.transaction() as conn:
        life = epoch.Life(await epoch.current(conn))
    return pushing(Keyring(tools.settings.secret), life, publish)


PERIODIC = (
    Periodic("ledger.extend", extend, every=timedelta(hours=1)),
    Periodic("ledger.read", read, every=timedelta(seconds=5)),
    Periodic("windows.read", read_figures, every=timedelta(seconds=2)),
    Periodic("ledger.retry", retry, every=timedelta(seconds=10)),
    Periodic("cases.add_up", add_up, every=timedelta(minutes=5)),
    Periodic("cases.ring", ring, every=timedelta(seconds=1)),
    Periodic("cases.retire", retire, every=timedelta(hours=24)),
)
