"""Devices, a server and partitions in any order: in the end every command has the one fate that its
dependencies give it, and all replicas are what the server has.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    multiple,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct

from backend.core.database import config_of
from offline import epoch, pull
from offline.push import push, retry_held
from offline.wire import Item, Outcome
from tests.offline.phone import Phone, assert_exact
from tests.offline.toy import SENDER, World, Write

DEVICES, NOTES = 3, 4
REFUSED = "refuse me"
devices = st.integers(0, DEVICES - 1)


class Sent(Struct, eq=False):
    """One command as its author's device keeps it, with every answer that arrived."""

    id: UUID
    item: Item
    note: UUID
    text: str
    after: list[UUID]
    corrects: UUID | None
    answers: list[Outcome]

    @property
    def open(self) -> bool:
        return not any(answer.receipt for answer in self.answers)


class _Cut(Exception):
    """A pull ends between two pages."""


class Sync(RuleBasedStateMachine):
    """Three devices that hold overlapping buckets; nothing of an example is seen by the next."""

    sent: "Bundle[Sent]" = Bundle("sent")
    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.pool = self.runner.run(self._open())
        self.world = World(self.pool)
        self.places = {name: f"{name}-{uuid4()}" for name in "abc"}
        self.notes = [uuid4() for _ in range(NOTES)]
        self.queues: list[list[Sent]] = [[] for _ in range(DEVICES)]
        self.online = [True] * DEVICES
        self.phones = [Phone(self.world) for _ in range(DEVICES)]
        self.buckets = [["a", "b"], ["b", "c"], ["a", "b"]]

    async def _open(self) -> "asyncpg.Pool[asyncpg.Record]":
        return await asyncpg.create_pool(**config_of(self.url), min_size=1, max_size=3)

    # What devices do

    @rule(
        target=sent,
        device=devices,
        note=st.integers(0, NOTES - 1),
        places=st.sets(st.sampled_from("abc")),
        text=st.sampled_from(["x", "y", "z", REFUSED]),
        after=st.lists(sent, max_size=2),
    )
    def record(
        self, device: int, note: int, places: set[str], text: str, after: list[Sent]
    ) -> Sent:
        place = "+".join(sorted(self.places[name] for name in places))
        return self._write(device, self.notes[note], place, text, [each.id for each in after])

    @rule(target=sent, device=devices, wrong=sent)
    def correct(self, device: int, wrong: Sent) -> Any:
        if not any(answer.outcome == "rejected" for answer in wrong.answers):
            return multiple()
        return self._write(device, wrong.note, self.places["b"], "mended", wrong.after, wrong.id)

    def _write(
        self,
        device: int,
        note: UUID,
        place: str,
        text: str,
        after: list[UUID],
        corrects: UUID | None = None,
    ) -> Sent:
        item = self.world.item(Write(note, place, text), after=after, corrects=corrects)
        id_ = UUID(msgspec.json.decode(item.body)["id"])
        made = Sent(id_, item, note, text, after, corrects, [])
        self.queues[device].append(made)
        return made

    @rule(device=devices, dice=st.randoms(use_true_random=False), lost=st.booleans())
    def send(self, device: int, dice: Any, lost: bool) -> None:
        """Part of what is open, in any order, and what was answered before among it."""
        if not self.online[device]:
            return
        mine = list(self.queues[device])
        dice.shuffle(mine)
        self._push([each for each in mine if each.open or dice.random() < 0.3][:5], lost=lost)

    def _push(self, batch: list[Sent], *, lost: bool) -> None:
        items = [each.item for each in batch]
        outcomes = self.runner.run(push(items, SENDER, self.world.pushing))
        for each, outcome in zip(batch, outcomes, strict=True):
            assert outcome.id == each.id
            if not lost:
                each.answers.append(outcome)

    @rule(device=devices, cut=st.booleans())
    def fetch(self, device: int, cut: bool) -> None:
        if self.online[device]:
            with suppress(_Cut):
                self._pull(device, cut=cut)

    def _pull(self, device: int, *, cut: bool) -> None:
        async def between() -> None:
            if cut:
                raise _Cut

        names = [self.places[name] for name in self.buckets[device]]
        self.runner.run(self.phones[device].pull(names, between))

    @rule(device=devices, names=st.sets(st.sampled_from("abc"), min_size=1))
    def move(self, device: int, names: set[str]) -> None:
        """Another grid."""
        self.buckets[device] = sorted(names)

    @rule(device=devices)
    def part(self, device: int) -> None:
        self.online[device] = not self.online[device]

    @rule()
    def try_again(self) -> None:
        """The worker takes up what is held."""
        self.world.now += timedelta(days=2)
        self.runner.run(retry_held(self.world.pushing))

    # The end

    def teardown(self) -> None:
        try:
            self._come_together()
        finally:
            self.runner.run(self.pool.close())
            self.runner.close()

    def _come_together(self) -> None:
        every = [each for queue in self.queues for each in queue]
        for start in range(0, len(every), 5):
            self._push(every[start : start + 5], lost=False)
        for _ in range(3):
            self.try_again()
        for device in range(DEVICES):
            self._pull(device, cut=False)
            self.runner.run(assert_exact(self.phones[device], self.world))
        self.runner.run(self._each_has_its_fate(every))

    async def _each_has_its_fate(self, every: list[Sent]) -> None:
        rows = await self.pool.fetch(
            "select command, outcome from receipt where command = any($1)", [s.id for s in every]
        )
        told = {row["command"]: row["outcome"] for row in rows}
        assert told == fates(every)
        held = await self.pool.fetch("select id from kept_command where outcome = 'held'")
        assert {s.id for s in every} - told.keys() <= {row["id"] for row in held}
        for each in every:
            said = {answer.outcome for answer in each.answers if answer.receipt}
            kinds = {"accepted": {"accepted", "repeated"}, "rejected": {"rejected"}}
            assert said <= kinds.get(told.get(each.id, ""), set())
        lines = await self.pool.fetch(
            "select entity, array_agg(version order by version) as versions, "
            "array_agg(command) as commands from journal where entity = any($1) group by 1",
            self.notes,
        )
        for line in lines:
            assert line["versions"] == list(range(1, len(line["versions"]) + 1))
        applied = [command for line in lines for command in line["commands"]]
        assert sorted(applied) == sorted(c for c, outcome in told.items() if outcome == "accepted")


def fates(every: list[Sent]) -> dict[UUID, str]:
    """What becomes of each, whatever the order: no more than dependencies decide it. What waits for
    ever is missing.
    """
    fate: dict[UUID, str] = {}
    settled: set[UUID] = set()
    while True:
        ready = [s for s in every if s.id not in fate and settled.issuperset(s.after)]
        if not ready:
            return fate
        for each in ready:
            fate[each.id] = "rejected" if each.text == REFUSED else "accepted"
            if fate[each.id] == "accepted":
                settled |= {each.id} | ({each.corrects} if each.corrects else set())


def test_all_replicas_converge(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def prepare() -> None:
        conn = await asyncpg.connect(**config_of(database_url))
        await conn.execute(
            "create table note (id uuid primary key, version int, place text, text text)"
        )
        async with conn.transaction():
            await epoch.current(conn)
        await conn.close()

    asyncio.run(prepare())
    monkeypatch.setattr(Sync, "url", database_url)
    monkeypatch.setattr(pull, "PAGE", 2)
    run_state_machine_as_test(
        Sync,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
