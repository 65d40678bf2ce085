"""Part of `engine`: 10,000 cases whose time comes at one second, each told by a rule through the
full write path, beside bare writes of as many cases, ledger lines and receipts in as many commits.
"""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.cases import jobs
from backend.core import database
from tests.bench.figures import Figure
from tests.cases.city import City
from tests.jobs.test_alarms import complaints, rung

DUE = 10_000
FLOOR = (
    "update case_file set version = version + 1, supervision = 'near' where id = any($1)",
    (
        "insert into journal (occurred_at, received_at, verb, facts, entity) "
        "select now(), now(), 'case.ruled', f.facts, e.id from unnest($1::uuid[]) e (id), "
        "(select facts from journal where verb = 'case.ruled' order by seq desc limit 1) f"
    ),
    (
        "insert into receipt (command, digest, device, device_seq, author, post, type, outcome, "
        "received_at, epoch) select gen_random_uuid(), '\\x00', id, 1, id, id, 'bench', "
        "'accepted', now(), '' from unnest($1::uuid[]) e (id)"
    ),
)


async def measure() -> list[Figure]:
    """Make the cases, move the clock past their instant, and let the worker's code ring them."""
    city = await City.open()
    before = set(await rung())
    made = await complaints(city, DUE)
    city.now += timedelta(days=30)
    async with database.connection() as conn:
        await conn.execute("analyze case_file")
    begun = time.perf_counter()
    await jobs.ring_due(city.ports)
    taken = time.perf_counter() - begun
    told = [case for case in await rung() if case not in before]
    assert sorted(told) == sorted(made), "each once, and nothing else"
    return [Figure("engine", "clocks_s", taken, await _floor(made), f"s for {DUE} due at once")]


async def _floor(cases: list[UUID]) -> float:
    begun = time.perf_counter()
    for page in range(0, len(cases), 500):
        async with database.transaction() as conn:
            bare: Any = conn
            for statement in FLOOR:
                await bare.execute(statement, cases[page : page + 500])
    return time.perf_counter() - begun
