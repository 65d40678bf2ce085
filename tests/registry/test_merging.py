"""Whatever the order in which what several people said arrives, everyone ends up with the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import Struct
from msgspec.structs import replace

from backend.registry.documents import person_document, person_full
from backend.registry.rules import merging
from backend.registry.structs import Place, Record, Source, Value, Write
from offline.work import encode

START = datetime(2026, 11, 27, tzinfo=UTC)
FIELDS = ("phone", "sex", "domicile")
VALUES: tuple[Value, ...] = ("10000000001", "10000000002", "10000000003", None)
PERSON = UUID(int=7)


class Said(Struct, frozen=True):
    """A command as its author's device made it; nothing in it says when it arrives."""

    id: UUID
    device: int
    base: int
    after: tuple[UUID, ...]
    minute: int
    source: Source
    values: dict[str, Value]


class Server:
    """The record as the write path keeps it: a command waits for those it stands on."""

    def __init__(self) -> None:
        first = Said(UUID(int=1), 0, 0, (), 0, "record", {"name": "某人", "phone": VALUES[0]})
        self.writes: list[Write] = []
        self.held: list[Said] = []
        self.take(first)

    @property
    def version(self) -> int:
        return len(self.writes)

    def take(self, said: Said) -> None:
        self.held.append(said)
        there = {write.command for write in self.writes}
        while free := [each for each in self.held if there.issuperset(each.after)]:
            for each in free:
                self.held.remove(each)
                self._apply(each)
                there.add(each.id)

    def _apply(self, said: Said) -> None:
        at = START + timedelta(minutes=said.minute)
        write = Write(
            command=said.id,
            version=self.version + 1,
            base=said.base,
            after=list(said.after),
            at=at,
            received_at=START + timedelta(days=self.version),
            user=UUID(int=said.device),
            post=None,
            source=said.source,
            values=said.values,
        )
        self.writes.append(write)

    def documents(self) -> tuple[bytes, bytes]:
        """What devices get, apart from the version."""
        record = Record(
            id=PERSON,
            version=0,
            county="330304",
            grid="g",
            places=[Place(1, "330304/g")],
            writes=self.writes,
        )
        return encode(person_document(record)), encode(person_full(record))


class Device:
    """Somebody who edits what they last pulled and what they have not sent yet."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.base = 1
        self.unsent: list[Said] = []
        self.unpulled: list[Said] = []

    def pull(self, server: Server) -> None:
        self.base = server.version
        there = {write.command for write in server.writes}
        self.unpulled = [each for each in self.unpulled if each.id not in there]

    def say(self, id_: int, minute: int, source: Source, values: dict[str, Value]) -> Said:
        after = tuple(each.id for each in self.unpulled)
        said = Said(UUID(int=id_), self.number, self.base, after, minute, source, values)
        self.unsent.append(said)
        self.unpulled.append(said)
        return said


edits = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES), min_size=1, max_size=2)
steps = st.tuples(
    st.integers(0, 2),  # device
    st.integers(0, 3),  # minutes: clocks agree and disagree
    st.sampled_from(["edit", "edit", "settle"]),
    edits,
    st.booleans(),  # pulls before
)


@settings(max_examples=150, deadline=None)
@given(
    rounds=st.lists(
        st.tuples(st.lists(steps, max_size=4), st.randoms(use_true_random=False)),
        min_size=1,
        max_size=4,
    )
)
def test_every_order_of_arrival_gives_the_same_documents(
    rounds: list[tuple[list[Any], Any]],
) -> None:
    """A round is what comes between two pulls; within it every permutation is tried."""
    servers, devices, ids = [Server()], [Device(n) for n in range(3)], 1
    for said, dice in rounds:
        for device, minute, source, values, pulls in said:
            ids += 1
            if pulls:
                devices[device].pull(servers[0])
            devices[device].say(ids, minute, source, values)
        sending = [each for device in devices for each in device.unsent if dice.random() < 0.8]
        for device in devices:
            device.unsent = [each for each in device.unsent if each not in sending]
        servers = [
            _after(server, order)
            for server in servers[:2]  # two histories are enough to go on with
            for order in permutations(sending)
        ]
        assert len({server.documents() for server in servers if not server.held}) <= 1
        assert len({server.version for server in servers}) == 1


def _after(server: Server, order: Sequence[Said]) -> Server:
    reached = Server()
    reached.writes, reached.held = list(server.writes), list(server.held)
    for said in order:
        reached.take(said)
    return reached


class Partitions(RuleBasedStateMachine):
    """Three devices and a server that hear of each other whenever they like. A plain model keeps,
    for each field, which words nobody who knew of them has replaced.
    """

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.devices = [Device(n) for n in range(3)]
        self.ids = 1
        self.seen: dict[UUID, frozenset[UUID]] = {UUID(int=1): frozenset()}
        self.said: dict[UUID, Said] = {}

    @initialize()
    def start(self) -> None:
        for device in self.devices:
            device.pull(self.server)

    @rule(device=st.integers(0, 2), minute=st.integers(0, 3), values=edits)
    def edit(self, device: int, minute: int, values: dict[str, Value]) -> None:
        self._say(device, minute, "edit", values)

    @rule(device=st.integers(0, 2), minute=st.integers(0, 3), values=edits)
    def settle(self, device: int, minute: int, values: dict[str, Value]) -> None:
        self._say(device, minute, "settle", values)

    def _say(self, number: int, minute: int, source: Source, values: dict[str, Value]) -> None:
        self.ids += 1
        device = self.devices[number]
        pulled = {write.command for write in self.server.writes[: device.base]}
        own = {each.id for each in device.unpulled}
        known = pulled | own | {seen for each in own for seen in self.seen[each]}
        said = device.say(self.ids, minute, source, values)
        self.seen[said.id] = frozenset(known)
        self.said[said.id] = said

    @rule(device=st.integers(0, 2), last_first=st.booleans())
    def send(self, device: int, last_first: bool) -> None:
        if self.devices[device].unsent:
            said = self.devices[device].unsent.pop(-1 if last_first else 0)
            self.server.take(said)

    @rule(device=st.integers(0, 2))
    def pull(self, device: int) -> None:
        self.devices[device].pull(self.server)

    @invariant()
    def nothing_said_is_lost(self) -> None:
        """A word stands until somebody who knew of it says another, or settles."""
        there = {write.command for write in self.server.writes}
        standing = merging.standing(self.server.writes)
        for id_ in there - {UUID(int=1)}:
            said = self.said[id_]
            for field in said.values:
                heirs = [
                    other
                    for other in there - {id_, UUID(int=1)}
                    if field in self.said[other].values and id_ in self.seen[other]
                ]
                stands = id_ in {write.command for write in standing[field]}
                assert stands or heirs, "replaced by nobody who knew of it"
                settled = [other for other in heirs if self.said[other].source == "settle"]
                own = [other for other in heirs if self.said[other].device == said.device]
                assert not (stands and (settled or own)), "outlived a word that replaces it"

    def teardown(self) -> None:
        """The partition heals: everything is sent, everyone pulls, and nobody is left waiting."""
        for device in self.devices:
            for said in reversed(device.unsent):
                self.server.take(said)
        assert not self.server.held
        assert self.server.version == self.ids
        for device in self.devices:
            device.pull(self.server)
            assert not device.unpulled


TestPartitions = Partitions.TestCase
TestPartitions.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def _write(number: int, base: int, value: str, source: Source = "edit", minute: int = 0) -> Write:
    return Write(
        command=UUID(int=number),
        version=number,
        base=base,
        after=[],
        at=START + timedelta(minutes=minute),
        received_at=START,
        user=UUID(int=number),
        post=None,
        source=source,
        values={"phone": value},
    )


def test_the_same_value_twice_is_no_dispute() -> None:
    there = merging.standing([_write(1, 0, "a"), _write(2, 1, "b"), _write(3, 1, "b")])
    assert merging.disputes(there) == []


def test_three_ways_apart_the_latest_word_is_shown_whatever_came_first() -> None:
    writes = [
        _write(1, 0, "a"),
        _write(2, 1, "b", minute=5),
        _write(3, 1, "c", minute=9),
        _write(4, 1, "d", minute=1),
    ]
    there = merging.standing(writes)
    (dispute,) = merging.disputes(there)
    assert [each.value for each in dispute.candidates] == ["d", "b", "c"]
    assert merging.shown(there) == {"phone": "c"}


def test_an_edit_that_was_under_way_while_a_dispute_was_settled_opens_it_again() -> None:
    dispute = [_write(1, 0, "a"), _write(2, 1, "b"), _write(3, 1, "c")]
    settled = [*dispute, _write(4, 3, "b", "settle")]
    assert merging.disputes(merging.standing(settled)) == []
    (again,) = merging.disputes(merging.standing([*settled, _write(5, 3, "d")]))
    assert {each.value for each in again.candidates} == {"b", "d"}
    earlier = [
        *dispute,
        replace(_write(5, 3, "d"), version=4),
        replace(_write(4, 3, "b", "settle"), version=5),
    ]
    (alike,) = merging.disputes(merging.standing(earlier))
    assert alike == again
