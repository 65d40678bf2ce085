"""A restored backup is noticed, so that devices push again what it has forgotten."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from backend.app import embedded
from backend.core.database import config_of, connect
from backend.core.migrations import migrate
from offline import epoch
from offline.pull import pull
from offline.push import push
from offline.wire import PullRequest
from tests.offline.toy import SENDER, World, Write


async def test_the_epoch_stays_while_the_cluster_does(world: World) -> None:
    async with world.transaction() as conn:
        before = await epoch.latest(conn)
        assert await epoch.current(conn) == before


async def test_a_restored_backup_is_noticed_by_epoch() -> None:
    """A cold copy has the same identity and timeline as its original, so only a device can tell:
    its cursor has seen transactions that the restored server never made.
    """
    folder = Path(tempfile.mkdtemp(prefix="xunge-epoch-"))
    try:
        with embedded.postgres(folder / "live") as url:
            await migrate(url)
            plain = await connect(url)
            await plain.execute(
                "create table note (id uuid primary key, version int, place text, text text)"
            )
            async with plain.transaction():
                await epoch.current(plain)
            await plain.close()
        subprocess.run(["cp", "-a", folder / "live", folder / "backup"], check=True)
        with embedded.postgres(folder / "live") as url:
            async with asyncpg.create_pool(**config_of(url), min_size=1, max_size=4) as pool:
                world = World(pool)
                for _ in range(5):
                    await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
                held = await pull(PullRequest(), ["a"], world.pulling)
                assert len(held.documents) == 5
        with embedded.postgres(folder / "backup") as url:
            async with asyncpg.create_pool(**config_of(url), min_size=1, max_size=4) as pool:
                world = World(pool)
                request = PullRequest(held.cursor, held.epoch, ["a"])
                answer = await pull(request, ["a"], world.pulling)
                assert answer.epoch != held.epoch
                assert answer.reset
                assert answer.fresh == ["a"]
                assert answer.documents == []
    finally:
        shutil.rmtree(folder)


async def test_a_cursor_of_another_epoch_gets_everything_anew(world: World) -> None:
    await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    held = await pull(PullRequest(), ["a"], world.pulling)
    answer = await pull(PullRequest(held.cursor, "0-other", ["a"]), ["a"], world.pulling)
    assert answer.reset
    assert len(answer.documents) == 1


async def test_a_ledger_from_a_logical_dump_is_refused_not_read_wrongly(world: World) -> None:
    """Its rows carry transaction numbers that this cluster has yet to reach."""
    await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    await world.pool.execute(
        "insert into journal (xid, occurred_at, received_at, verb) "
        "values ('99999999', now(), now(), 'restored')"
    )
    async with world.transaction() as conn:
        with pytest.raises(epoch.ForeignLedger, match="pg_dump"):
            await epoch.current(conn)
