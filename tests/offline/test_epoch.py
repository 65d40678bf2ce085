"""A restored backup is noticed, so that devices push again what it has forgotten."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from click.testing import CliRunner
from msgspec import Struct

from backend.app import embedded
from backend.app.cli import xunge
from backend.core.database import config_of, connect
from backend.core.migrations import migrate
from backend.core.settings import Settings
from offline import epoch
from offline import pull as pulling
from offline.pull import pull
from offline.push import push
from offline.wire import Item, PullRequest
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


async def test_a_restored_server_that_has_passed_the_lost_transactions_is_noticed(
    world: World,
) -> None:
    """Numbers have been used again, so only the line of the ledger that a device saw can tell."""
    await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    held = await pull(PullRequest(), ["a"], world.pulling)
    async with world.transaction() as conn:
        await conn.execute("alter table journal disable trigger journal_append_only")
        await conn.execute("update journal set received_at = received_at + interval '1 hour'")
    request = PullRequest(held.cursor, held.epoch, ["a"])
    answers = [await pull(request, ["a"], world.pulling) for _ in range(2)]
    assert [answer.reset for answer in answers] == ["epoch", "epoch"]
    assert held.epoch != answers[0].epoch == answers[1].epoch, "one epoch, whoever asks"
    claimed = PullRequest(held.cursor, answers[0].epoch, ["a"])  # the cursor's own is sealed in it
    assert (await pull(claimed, ["a"], world.pulling)).epoch == answers[0].epoch


async def test_a_pull_that_a_restore_cuts_in_two_starts_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE", 1)
    await push([world.item(Write(uuid4(), "a")) for _ in range(3)], SENDER, world.pushing)
    first = await pull(PullRequest(), ["a"], world.pulling)
    async with world.transaction() as conn:
        await epoch.begin(conn, "restored")
    with pytest.raises(pulling.PageError):
        await pull(PullRequest(page=first.page), ["a"], world.pulling)


def test_an_operator_begins_an_epoch(settings: Settings) -> None:
    """After a restore, before anybody is let in."""
    environ = settings.environ()
    started = [CliRunner().invoke(xunge, ["epoch", "begin"], env=environ) for _ in range(2)]
    assert [each.exit_code for each in started] == [0, 0], started
    names = [each.output.split()[-1] for each in started]
    assert names[0] != names[1]


async def test_a_cursor_without_its_epoch_says_nothing(world: World) -> None:
    await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    held = await pull(PullRequest(), ["a"], world.pulling)
    answer = await pull(PullRequest(held.cursor, None, ["a"]), ["a"], world.pulling)
    assert (answer.reset, answer.fresh) == ("epoch", ["a"])


async def test_a_device_that_lost_its_cursor_still_hears_of_a_new_epoch(world: World) -> None:
    assert (await pull(PullRequest(None, "0-other"), ["a"], world.pulling)).reset == "epoch"
    assert (await pull(PullRequest(), ["a"], world.pulling)).reset is None


class Lost(Struct):
    """A cold copy of a database that lived on for an hour after the copy was made."""

    folder: Path
    before: list[Item]
    after: list[Item]
    held: Item


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    """Before: two accepted. After: a rejected one, its correction, and what waited for it. held:
    waits for the second of `before`, and came before the copy.
    """
    folder = Path(tempfile.mkdtemp(prefix="xunge-restore-"))
    yield asyncio.run(_live(folder))
    shutil.rmtree(folder)


async def _live(folder: Path) -> Lost:
    with embedded.postgres(folder / "live") as url:
        await migrate(url)
        plain = await connect(url)
        await plain.execute(
            "create table note (id uuid primary key, version int, place text, text text)"
        )
        async with plain.transaction():
            await epoch.current(plain)
        await plain.close()
        async with asyncpg.create_pool(**config_of(url), min_size=1, max_size=4) as pool:
            world = World(pool)
            before = [world.item(Write(uuid4(), "a")) for _ in range(2)]
            held = world.item(Write(uuid4(), "a"), after=[_id(before[1])])
            assert [o.outcome for o in await push([before[0], held], SENDER, world.pushing)] == [
                "accepted",
                "held",
            ]
    subprocess.run(["cp", "-a", folder / "live", folder / "backup"], check=True)
    with embedded.postgres(folder / "live") as url:
        async with asyncpg.create_pool(**config_of(url), min_size=1, max_size=4) as pool:
            world = World(pool)
            wrong = world.item(Write(uuid4(), "a", "refuse me"))
            right = world.item(Write(uuid4(), "a"), corrects=_id(wrong))
            last = world.item(Write(uuid4(), "a"), after=[_id(wrong)])
            outcomes = await push([before[1], wrong, right, last], SENDER, world.pushing)
            assert [o.outcome for o in outcomes] == ["accepted", "rejected", "accepted", "accepted"]
    return Lost(folder, before, [right, last], held)


def _id(item: Item) -> UUID:
    return UUID(msgspec.json.decode(item.body)["id"])


async def test_what_a_restored_server_forgot_is_applied_again_and_what_it_knows_is_repeated(
    lost: Lost,
) -> None:
    """A device pushes again all that was accepted, not what was rejected: what waited for that one
    goes on by its correction alone.
    """
    with embedded.postgres(lost.folder / "backup") as url:
        async with asyncpg.create_pool(**config_of(url), min_size=1, max_size=4) as pool:
            world = World(pool)
            async with world.transaction() as conn:
                world.life = epoch.Life(await epoch.current(conn))
            items = [*lost.before, *lost.after]
            outcomes = await push(items, SENDER, world.pushing)
            assert [o.outcome for o in outcomes] == [
                "repeated",
                "accepted",
                "accepted",
                "accepted",
            ]
            [freed] = await push([lost.held], SENDER, world.pushing)
            assert freed.outcome == "repeated", "what was held in the copy went on by itself"
            assert await pool.fetchval("select count(*) from kept_command") == 0
            assert await pool.fetchval("select count(*) from note") == 5
            again = await push(items, SENDER, world.pushing)
            assert {o.outcome for o in again} == {"repeated"}


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
