"""The ledger's seal: what was written is what is there, or the fault is named."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import CliRunner

from backend.app import ledger
from backend.app.commands.audit import command
from backend.cases.structs import Outside
from backend.core import database as core_database
from backend.core.settings import Settings
from offline import audit, sealed
from tests.cases.city import City

NO_TOOLS: Any = None


async def verified() -> audit.Chain:
    async with core_database.snapshot() as conn:
        return [chain async for chain in audit.verify(conn)][-1]


async def behind_the_back(statement: str, *args: object) -> None:
    """What somebody with the whole database in hand may do."""
    async with core_database.transaction() as conn:
        await conn.execute("set local session_replication_role = replica")  # triggers are off
        await conn.execute(statement, *args)


@pytest.fixture
async def lived(city: City) -> City:
    """A city with a sealed ledger of several blocks."""
    hotline = Outside(name="金丝雀", phone="13800001111")
    await city.report("sl01", source="hotline", reporter=hotline, media=[])
    await ledger.read(NO_TOOLS)
    await city.report("wg001")
    await ledger.read(NO_TOOLS)
    return city


async def test_an_untouched_ledger_verifies(lived: City) -> None:
    chain = await verified()
    assert chain.fault is None
    assert chain.blocks >= 2
    async with core_database.connection() as conn:
        assert chain.rows == await conn.fetchval("select count(*) from journal")


async def test_erasing_a_person_leaves_the_chain_valid(lived: City) -> None:
    async with core_database.connection() as conn:
        value = await conn.fetchrow("select id, subject from sealed_value limit 1")
        await conn.execute("delete from subject_key where subject = $1", value["subject"])
        assert await sealed.read(conn, lived.ports.cipher, value["id"]) is None
    assert (await verified()).fault is None


async def test_a_line_can_be_changed_by_nobody_who_asks(lived: City) -> None:
    for table in ("journal", "journal_p0"):
        for statement in ("update {} set verb = 'x'", "delete from {}", "truncate {}"):
            with pytest.raises(Exception, match="append-only"):
                async with core_database.transaction() as conn:
                    await conn.execute(statement.format(table))


async def _change(seq: int) -> None:
    await behind_the_back(
        'update journal set facts = facts || \'{"source": "worker"}\' where seq = $1', seq
    )


async def _remove(seq: int) -> None:
    await behind_the_back("delete from journal where seq = $1", seq)


@pytest.mark.parametrize(("harm", "said"), [(_change, "改动"), (_remove, "不见")])
async def test_a_line_changed_behind_the_triggers_back_is_named(
    lived: City, harm: Callable[[int], Awaitable[None]], said: str
) -> None:
    async with core_database.connection() as conn:
        seq = await conn.fetchval("select rows[1] from audit_block where number = 2")
    await harm(seq)
    fault = (await verified()).fault
    assert fault is not None
    assert (fault.block, fault.row) == (2, seq)
    assert said in fault.what


async def test_a_line_changed_together_with_its_digest_breaks_the_chain(lived: City) -> None:
    async with core_database.connection() as conn:
        seq = await conn.fetchval("select rows[1] from audit_block where number = 1")
        await _change(seq)
        rows = await conn.fetch("select * from journal order by seq")
        digest = audit._digest(audit.canonical(rows[0]))
        await conn.execute(
            "update audit_block set row_digests = $1 || substr(row_digests, 33) where number = 1",
            digest,
        )
    fault = (await verified()).fault
    assert fault is not None
    assert (fault.block, fault.row) == (1, None)


async def test_a_line_put_in_later_as_if_it_had_been_there_is_found(lived: City) -> None:
    await behind_the_back(
        "insert into journal (seq, xid, occurred_at, received_at, verb) "
        "select 9000, min(xid::text::bigint)::text::xid8, now(), now(), 'forged' from journal"
    )
    fault = (await verified()).fault
    assert fault is not None
    assert fault.row == 9000


async def test_a_missing_block_is_named(lived: City) -> None:
    async with core_database.connection() as conn:
        await conn.execute("delete from audit_block where number = 1")
    fault = (await verified()).fault
    assert fault is not None
    assert fault.block == 1


async def test_partitions_stay_ahead_and_are_guarded_like_the_first(database: Settings) -> None:
    async with core_database.connection() as conn:
        await conn.execute("select setval('journal_seq', 15_000_000)")
    await ledger.extend(NO_TOOLS)
    async with core_database.connection() as conn:
        made = await conn.fetch(
            "select inhrelid::regclass::text as name from pg_inherits "
            "where inhparent = 'journal'::regclass order by 1"
        )
        assert [row["name"] for row in made] == [f"journal_p{n}" for n in range(4)]
        await conn.execute(
            "insert into journal (seq, occurred_at, received_at, verb) "
            "values (35000000, now(), now(), 'x')"
        )
        plan = await conn.fetchval(
            "select relname from pg_class where oid = (select tableoid from journal)"
        )
        assert plan == "journal_p3"
    for statement in ("update journal_p3 set verb = 'y'", "truncate journal_p3"):
        with pytest.raises(Exception, match="append-only"):
            async with core_database.transaction() as conn:
                await conn.execute(statement)


def test_the_command_says_whether_the_ledger_is_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.environ().items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(command, ["verify"])
    assert result.exit_code == 0, result.output
    assert "账本完整" in result.output
