"""A device that pulls has exactly what its buckets hold, whatever happens between its pages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from offline import feed
from offline import pull as pulling
from offline.pull import pull
from offline.push import push
from offline.wire import PullRequest
from offline.work import Face, encode
from tests.offline.phone import Phone, assert_exact
from tests.offline.toy import NOTE, SENDER, Note, World, Write

PLACES = ["", "a", "b", "a+b", "c", "a+c"]
GRANTS = [["a"], ["b"], ["a", "b"], ["a", "b", "c"], []]
VECTORS = Path(pulling.__file__).parent / "vectors"


async def write(world: World, *writes: tuple[UUID, str, str]) -> None:
    await push([world.item(Write(*each)) for each in writes], SENDER, world.pushing)


class OpenWrites(AsyncExitStack):
    """Transactions that have written and not yet committed: their numbers are low when they do."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.waiting: list[Callable[[], Awaitable[None]]] = []

    async def begin(self, place: str) -> None:
        conn = await self.enter_async_context(self.world.pool.acquire())
        slow = conn.transaction()
        await slow.start()
        id_ = uuid4()
        await conn.execute("insert into note values ($1, 1, $2, 'slow')", id_, place)
        await conn.execute(
            "insert into bucket_member (entity, bucket, kind, version) "
            "select $1, p, 'note', 1 from unnest($2::text[]) p where p <> ''",
            id_,
            place.split("+"),
        )
        self.waiting.append(slow.commit)

    async def commit(self, which: int) -> None:
        if self.waiting:
            await self.waiting.pop(which % len(self.waiting))()

    async def commit_all(self) -> None:
        while self.waiting:
            await self.commit(0)


OPERATION: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(
        st.just("write"),
        st.lists(
            st.tuples(
                st.integers(0, 5), st.sampled_from(PLACES), st.sampled_from(["x", "refuse me"])
            ),
            min_size=1,
            max_size=4,
        ),
    ),
    st.tuples(st.just("begin"), st.sampled_from(PLACES)),
    st.tuples(st.just("commit"), st.integers(0, 3)),
    st.tuples(st.just("grant"), st.sampled_from(GRANTS)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_commits_anywhere_between_pages_never_leave_a_device_different(
    world: World, data: st.DataObject
) -> None:
    """Writes, removals, moves, grants and late commits of early numbers, between any two pages."""
    await world.pool.execute("truncate note, bucket_member")
    ids = [uuid4() for _ in range(6)]
    grants: list[str] = ["a", "b"]
    phone = Phone(world)
    # A pull ends when the world is quieter than a page is long, as it is for a real page of 500.
    pages = pulling.PAGE
    pulling.PAGE = data.draw(st.integers(1, 3))
    try:
        async with OpenWrites(world) as slow:

            async def act() -> None:
                for what, with_ in data.draw(st.lists(OPERATION, max_size=3)):
                    if what == "write":
                        await write(world, *((ids[n], place, text) for n, place, text in with_))
                    elif what == "begin" and len(slow.waiting) < 3:
                        await slow.begin(with_)
                    elif what == "commit":
                        await slow.commit(with_)
                    elif what == "grant":
                        grants[:] = with_

            turns = 0

            async def between() -> None:
                nonlocal turns
                turns += 1
                if turns < 12:
                    await act()

            for _ in range(data.draw(st.integers(1, 4))):
                turns = 0
                await act()
                await phone.pull(grants, between)
                await assert_exact(phone, world)
            await slow.commit_all()
            await phone.pull(grants)
            await assert_exact(phone, world)
            assert set(phone.members) == set(grants)
    finally:
        pulling.PAGE = pages


async def test_a_pull_while_everybody_writes_is_exact_at_its_cursor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real concurrency: two phones that began at different times agree with each other's checksum
    and with the server once the writers rest.
    """
    monkeypatch.setattr(pulling, "PAGE", 7)
    ids = [uuid4() for _ in range(60)]
    await write(world, *((i, "a", "first") for i in ids))
    done = asyncio.Event()

    async def writer(mine: list[UUID]) -> None:
        for n, id_ in enumerate(mine * 2):
            await write(world, (id_, PLACES[n % len(PLACES)], str(n)))

    async def reader(phone: Phone) -> None:
        while not done.is_set():
            await phone.pull(["a", "b", "c"])  # each compares its checksums

    phones = [Phone(world), Phone(world)]
    async with asyncio.TaskGroup() as readers:
        for phone in phones:
            readers.create_task(reader(phone))
        async with asyncio.TaskGroup() as writers:
            for n in range(3):
                writers.create_task(writer(ids[n::3]))
        done.set()
    for phone in phones:
        await phone.pull(["a", "b", "c"])
        await assert_exact(phone, world)


async def test_what_leaves_a_fresh_bucket_between_pages_is_gone_after_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE", 2)
    ids = [uuid4() for _ in range(5)]
    await write(world, *((i, "a", "x") for i in ids))
    phone = Phone(world)
    leaving = iter(ids)

    async def between() -> None:
        if (id_ := next(leaving, None)) is not None:
            await write(world, (id_, "", "gone"))

    await phone.pull(["a"], between)
    assert any(member.removed for page in phone.pages for member in page.members)
    await assert_exact(phone, world)


async def test_a_bucket_taken_away_and_given_back_between_pages_comes_whole_with_the_next_pull(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE", 2)
    await write(world, *((uuid4(), "a+b", "x") for _ in range(6)))
    grants = ["a", "b"]
    phone = Phone(world)

    async def between() -> None:
        grants[:] = ["a"] if len(grants) == 2 else ["a", "b"]

    await phone.pull(grants, between)
    assert set(phone.members) == {"a"}
    await assert_exact(phone, world)
    await phone.pull(["a", "b"])
    assert phone.pages[0].fresh == ["b"]
    await assert_exact(phone, world)


async def test_a_write_that_was_open_during_a_pull_comes_with_the_next(world: World) -> None:
    phone = Phone(world)
    async with OpenWrites(world) as slow:
        await slow.begin("a")
        await write(world, (uuid4(), "a", "x"))
        await phone.pull(["a"])
        assert len(phone.documents) == 1
        await slow.commit_all()
    await phone.pull(["a"])
    assert len(phone.documents) == 2


async def test_one_page_needs_no_second_look(world: World) -> None:
    await write(world, *((uuid4(), "a", "x") for _ in range(3)))
    phone = Phone(world)
    await phone.pull(["a"])
    [page] = phone.pages
    assert page.page is None
    assert len(page.members) == 3


async def test_a_page_of_long_documents_is_cut_by_bytes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE_BYTES", 1_500)
    await write(world, *((uuid4(), "a", "字" * 300) for _ in range(5)))
    phone = Phone(world)
    await phone.pull(["a"])
    assert [len(page.documents) for page in phone.pages] == [2, 2, 1]
    await assert_exact(phone, world)


async def test_a_checksum_tells_a_missing_a_surplus_and_an_old_member(world: World) -> None:
    ids = [uuid4() for _ in range(3)]
    await write(world, *((i, "a", "x") for i in ids))
    phone = Phone(world)
    await phone.pull(["a"])
    assert phone.pages[-1].checksums is not None
    for wrong in (
        {ids[0]: 1, ids[1]: 1},
        {ids[0]: 1, ids[1]: 1, ids[2]: 2},
        {uuid4(): 1} | dict.fromkeys(ids, 1),
    ):
        phone.members["a"] = wrong
        with pytest.raises(AssertionError):
            await phone.pull(["a"])
    phone.buckets.remove("a")
    await phone.pull(["a"])  # named no more, it comes fresh
    await assert_exact(phone, world)


@pytest.mark.parametrize(
    "vector",
    msgspec.json.decode((VECTORS / "checksums.json").read_bytes()),
    ids=lambda v: v["name"],
)
async def test_checksums_are_those_of_the_vectors(world: World, vector: dict[str, Any]) -> None:
    await world.pool.executemany(
        "insert into bucket_member (bucket, kind, entity, version, removed) "
        "values ('a', 'note', $1, $2, $3)",
        [(m["id"], m["version"], m.get("removed", False)) for m in vector["members"]],
    )
    async with world.snapshot() as conn:
        assert await feed.checksums(conn, ["a"]) == {"a": vector["checksum"]}


async def test_documents_are_the_same_bytes_for_every_holder(world: World) -> None:
    id_ = uuid4()
    await write(world, (id_, "a+b", "x"))
    phones = [Phone(world), Phone(world)]
    await phones[0].pull(["a"])
    await phones[1].pull(["b"])
    one, other = (bytes(phone.documents[id_].document) for phone in phones)
    assert one == other == encode(phones[0].notes[id_])


@pytest.mark.parametrize("cursor", ["nonsense", "1:2", "9:1:", "%%%", "é"])
async def test_a_cursor_that_is_not_ours_is_refused(world: World, cursor: str) -> None:
    answer = await pull(PullRequest(), ["a"], world.pulling)
    with pytest.raises(pulling.CursorError):
        await pull(PullRequest(cursor, answer.epoch, ["a"]), ["a"], world.pulling)
    with pytest.raises(pulling.PageError):
        await pull(PullRequest(page=cursor), ["a"], world.pulling)
    with pytest.raises(pulling.PageError):
        await pull(PullRequest(page=answer.cursor), ["a"], world.pulling)


async def test_one_aggregate_shows_each_bucket_its_own_face(world: World) -> None:
    """Who may see only part of it never gets the rest, and both hear of one change."""
    length = Face("note.length", lambda note: {"length": len(note.text)}, _at_a_glance)
    kinds = {"note": replace(NOTE, faces=(length,), stored=_stored)}
    pushing, pulling_ = replace(world.pushing, kinds=kinds), replace(world.pulling, kinds=kinds)
    note = uuid4()
    await push([world.item(Write(note, "a", "four"))], SENDER, pushing)
    await push([world.item(Write(note, "b", "fifth"))], SENDER, pushing)
    whole = await pull(PullRequest(), ["b"], pulling_)
    part = await pull(PullRequest(), ["a/glance", "b/glance"], pulling_)
    assert [(h.kind, h.id, h.version) for h in whole.documents] == [("note", note, 2)]
    assert [(h.kind, h.id, h.version) for h in part.documents] == [("note.length", note, 2)]
    assert bytes(part.documents[0].document) == b'{"length":5}'
    assert [(m.bucket, m.kind) for m in part.members] == [("b/glance", "note.length")]


async def _stored(conn: Any, ids: Sequence[UUID]) -> dict[UUID, tuple[int, bytes]]:
    notes = await NOTE.load(conn, ids, False)
    return {id_: (note.version, encode(note)) for id_, note in notes.items()}


def _at_a_glance(note: Note) -> frozenset[str]:
    return frozenset({f"{note.place}/glance"})
