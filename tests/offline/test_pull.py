"""A device that pulls ends up with exactly what its buckets hold, whatever happened meanwhile."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from offline import epoch
from offline import pull as pulling
from offline.push import push
from offline.wire import PullRequest
from offline.work import Face
from tests.offline.toy import NOTE, SENDER, Note, World, Write

PLACES = ["", "a", "b", "a+b", "c"]


class Phone:
    """What PROTOCOL asks of a device: members per bucket, documents while a bucket holds them."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.epoch: str | None = None
        self.members: dict[str, set[UUID]] = {}
        self.documents: dict[UUID, Note] = {}

    async def pull(self, world: World, buckets: list[str], between: Any = None) -> None:
        page: str | None = None
        named: dict[str, set[UUID]] = {}
        while True:
            request = PullRequest(self.cursor, self.epoch, list(self.members), page)
            answer = await pulling.pull(request, buckets, world.pulling)
            for bucket in set(self.members) - set(answer.buckets):
                del self.members[bucket]
            for member in answer.members:
                ids = self.members.setdefault(member.bucket, set())
                named.setdefault(member.bucket, set()).add(member.id)
                (ids.discard if member.removed else ids.add)(member.id)
            for held in answer.documents:
                note = msgspec.json.decode(held.document, type=Note)
                assert note.version == held.version
                self.documents[held.id] = note
            if answer.page is None:
                for bucket in answer.buckets:
                    self.members.setdefault(bucket, set())
                for bucket in answer.fresh:
                    self.members[bucket] &= named.get(bucket, set())
                self.cursor, self.epoch = answer.cursor, answer.epoch
                break
            page = answer.page
            if between is not None:
                await between()
        alive = set().union(*self.members.values()) if self.members else set()
        self.documents = {i: n for i, n in self.documents.items() if i in alive}


async def truth(world: World, buckets: list[str]) -> dict[UUID, Note]:
    rows = await world.pool.fetch("select * from note")
    notes = [Note(**row) for row in rows]
    return {n.id: n for n in notes if set(n.place.split("+")) & set(buckets)}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_every_document_is_rebuilt_after_random_commands_and_none_changed_without_its_bucket_rows(  # noqa: E501
    world: World, data: st.DataObject
) -> None:
    await world.pool.execute("truncate note")
    await world.pool.execute("truncate bucket_member")
    ids = [uuid4() for _ in range(4)]
    phone = Phone()
    step = st.tuples(
        st.lists(
            st.tuples(
                st.sampled_from(ids), st.sampled_from(PLACES), st.sampled_from(["x", "refuse me"])
            ),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from([["a"], ["b"], ["a", "b"], ["a", "b", "c"], []]),
    )
    for writes, buckets in data.draw(st.lists(step, min_size=1, max_size=6)):
        await push([world.item(Write(*write)) for write in writes], SENDER, world.pushing)
        await phone.pull(world, buckets)
        assert phone.documents == await truth(world, buckets)


async def test_writes_between_the_pages_of_a_pull_are_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE", 2)
    ids = [uuid4() for _ in range(7)]
    await push([world.item(Write(i, "a")) for i in ids], SENDER, world.pushing)
    left = iter(ids)

    async def between() -> None:
        target = next(left)
        await push([world.item(Write(target, "b", "moved"))], SENDER, world.pushing)

    phone = Phone()
    await phone.pull(world, ["a", "b"], between)
    await phone.pull(world, ["a", "b"])
    assert phone.documents == await truth(world, ["a", "b"])


async def test_a_write_that_was_open_during_a_pull_comes_with_the_next(world: World) -> None:
    phone = Phone()
    async with world.pool.acquire() as conn:
        slow = conn.transaction()
        await slow.start()
        late = Note(uuid4(), 1, "a", "slow")
        await conn.execute(
            "insert into bucket_member (entity, bucket, kind, version) values ($1, 'a', 'note', 1)",
            late.id,
        )
        await conn.execute("insert into note values ($1, 1, 'a', 'slow')", late.id)
        await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
        await phone.pull(world, ["a"])
        assert len(phone.documents) == 1
        await slow.commit()
    await phone.pull(world, ["a"])
    assert late.id in phone.documents


@pytest.mark.parametrize("cursor", ["nonsense", "1:2", "9:1:"])
async def test_a_cursor_that_is_not_ours_is_refused(world: World, cursor: str) -> None:
    async with world.transaction() as conn:
        life = await epoch.latest(conn)
    with pytest.raises(pulling.CursorError):
        await pulling.pull(PullRequest(cursor, life, ["a"]), ["a"], world.pulling)
    with pytest.raises(pulling.CursorError):
        await pulling.pull(PullRequest(page="%%%"), ["a"], world.pulling)


async def test_one_aggregate_shows_each_bucket_its_own_face(world: World) -> None:
    """Who may see only part of it never gets the rest, and both hear of one change."""
    length = Face("note.length", lambda note: {"length": len(note.text)}, _at_a_glance)
    kinds = {"note": replace(NOTE, faces=(length,))}
    pushing, pulling_ = replace(world.pushing, kinds=kinds), replace(world.pulling, kinds=kinds)
    note = uuid4()
    await push([world.item(Write(note, "a", "four"))], SENDER, pushing)
    await push([world.item(Write(note, "b", "fifth"))], SENDER, pushing)
    whole = await pulling.pull(PullRequest(), ["b"], pulling_)
    part = await pulling.pull(PullRequest(), ["a/glance", "b/glance"], pulling_)
    assert [(h.kind, h.id, h.version) for h in whole.documents] == [("note", note, 2)]
    assert [(h.kind, h.id, h.version) for h in part.documents] == [("note.length", note, 2)]
    assert bytes(part.documents[0].document) == b'{"length":5}'
    assert [(m.bucket, m.kind) for m in part.members] == [("b/glance", "note.length")]


def _at_a_glance(note: Note) -> frozenset[str]:
    return frozenset({f"{note.place}/glance"})
