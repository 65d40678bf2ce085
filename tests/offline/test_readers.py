"""Readers of the journal: each row once, whatever else runs in the database at the time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from asyncpg import SerializationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline import journal, readers
from tests.offline.toy import World


def entry(entity: UUID, version: int, verb: str = "done") -> journal.Entry:
    now = datetime.now(UTC)
    return journal.Entry(
        occurred_at=now,
        received_at=now,
        verb=verb,
        kind="note",
        entity=entity,
        version=version,
    )


async def drain(world: World, reader: readers.Reader) -> None:
    while await readers.read_page(reader, world.snapshot):
        pass


def collecting(name: str) -> tuple[readers.Reader, list[tuple[UUID, int]]]:
    seen: list[tuple[UUID, int]] = []

    async def handle(_: Any, rows: Sequence[Any]) -> None:
        seen.extend((row["entity"], row["version"]) for row in rows)

    return readers.Reader(name, handle), seen


async def test_interleaved_transactions_never_lose_or_reorder_a_row_for_a_reader_even_with_a_long_one_open(  # noqa: E501
    world: World,
) -> None:
    reader, seen = collecting("interleaved")
    async with world.transaction() as conn:
        await readers.start(conn, reader.name)
    entities = [uuid4() for _ in range(4)]
    written: list[tuple[UUID, int]] = []
    async with world.pool.acquire() as elsewhere:
        long = elsewhere.transaction()
        await long.start()
        await elsewhere.execute("create temp table held (x int)")  # takes an xid and keeps it
        for turn in range(5):
            connections = [await world.pool.acquire() for _ in entities]
            open_ones = [conn.transaction() for conn in connections]
            for one in open_ones:
                await one.start()
            # Sequence numbers are drawn in one order, commits come in the opposite one,
            # and the reader looks in between.
            for conn, entity in zip(connections, entities, strict=True):
                await journal.append(conn, [entry(entity, turn)])
            for conn, one, entity in reversed(
                list(zip(connections, open_ones, entities, strict=True))
            ):
                await one.commit()
                written.append((entity, turn))
                await world.pool.release(conn)
                await drain(world, reader)
                assert set(seen) == set(written), "a committed row must be seen at once"
        await long.rollback()
    await drain(world, reader)
    assert sorted(seen) == sorted(written), "each row once"
    for entity in entities:
        assert [v for e, v in seen if e == entity] == list(range(5)), "in order of version"


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    plan=st.lists(
        st.tuples(st.sampled_from(["write", "commit", "rollback", "read"]), st.integers(0, 3)),
        max_size=40,
    )
)
async def test_any_interleaving_gives_every_committed_row_exactly_once(
    world: World, plan: list[tuple[str, int]]
) -> None:
    reader, seen = collecting(f"any-{uuid4()}")
    async with world.transaction() as conn:
        await readers.start(conn, reader.name)
    await drain(world, reader)
    seen.clear()
    running: dict[int, tuple[Any, Any, list[tuple[UUID, int]]]] = {}
    committed: list[tuple[UUID, int]] = []
    for act, slot in [*plan, *[("commit", slot) for slot in range(4)]]:
        if act == "read":
            await drain(world, reader)
            assert sorted(seen) == sorted(committed)
        elif act == "write":
            if slot not in running:
                conn = await world.pool.acquire()
                transaction = conn.transaction()
                await transaction.start()
                running[slot] = (conn, transaction, [])
            conn, _, rows = running[slot]
            row = (uuid4(), len(rows))
            await journal.append(conn, [entry(*row)])
            rows.append(row)
        elif slot in running:
            conn, transaction, rows = running.pop(slot)
            await (transaction.commit() if act == "commit" else transaction.rollback())
            await world.pool.release(conn)
            committed += rows if act == "commit" else []
    await drain(world, reader)
    assert sorted(seen) == sorted(committed)


async def test_a_page_longer_than_one_is_read_to_its_end_without_gap_or_double(
    world: World, monkeypatch: Any
) -> None:
    monkeypatch.setattr(readers, "PAGE", 3)
    reader, seen = collecting("pages")
    entity = uuid4()
    async with world.transaction() as conn:
        await readers.start(conn, reader.name)
        await journal.append(conn, [entry(entity, v) for v in range(10)])
    assert await readers.read_page(reader, world.snapshot) == 3
    async with world.transaction() as conn:
        await journal.append(conn, [entry(entity, v) for v in range(10, 14)])
    await drain(world, reader)
    assert [v for _, v in seen] == list(range(14))


async def test_a_row_that_fails_is_put_aside_retried_and_visible_and_holds_up_nobody(
    world: World,
) -> None:
    done: list[int] = []
    broken = True

    async def handle(_: Any, rows: Sequence[Any]) -> None:
        for row in rows:
            if broken and row["verb"] == "bad":
                raise ValueError("no such thing")
            done.append(row["version"])

    reader = readers.Reader("failing", handle)
    async with world.transaction() as conn:
        await readers.start(conn, reader.name)
        await journal.append(
            conn, [entry(uuid4(), v, "bad" if v == 2 else "good") for v in range(4)]
        )
    await drain(world, reader)
    letter = await world.pool.fetchrow("select * from dead_letter")
    assert letter is not None
    assert letter["error"] == "ValueError: no such thing"
    assert letter["attempts"] == 1
    done.clear()
    broken = False
    await world.pool.execute("update dead_letter set next_try_at = now()")
    assert await readers.retry(reader, world.snapshot) == 1
    assert done == [2]
    assert await world.pool.fetchval("select count(*) from dead_letter") == 0


async def test_a_conflict_between_workers_is_tried_again_whole_and_buries_nothing(
    world: World,
) -> None:
    async def handle(_: Any, __: Sequence[Any]) -> None:
        raise SerializationError("could not serialize access")

    reader = readers.Reader("conflicting", handle)
    async with world.transaction() as conn:
        await readers.start(conn, reader.name)
        await journal.append(conn, [entry(uuid4(), 1)])
    with pytest.raises(SerializationError):
        await readers.read_page(reader, world.snapshot)
    assert await world.pool.fetchval("select count(*) from dead_letter") == 0
    seen_by, seen = collecting("conflicting")
    await drain(world, seen_by)
    assert len(seen) == 1
