"""People at work all at once, each command sent more than once, over connections that are cut."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
from asyncpg import SerializationError
from msgspec import Struct

from backend.cases.structs import ActOnCase, ReportCase
from backend.core import database
from backend.directory.rules import buckets_of
from offline import readers
from offline.ports import Unavailable
from offline.push import retry_held
from offline.wire import Command, Item, Outcome
from tests.cases.city import CATEGORY, City, photo
from tests.offline.phone import Phone

WORKERS = ("wg001", "wg002", "wg003")
DESKS = ("sl01", "zb01", "pq01")
FINAL = ("accepted", "repeated", "rejected")


class Sent(Struct):
    """One command with whoever sends it, and every answer it got."""

    user: str
    item: Item
    command: Command
    answers: list[Outcome]

    @property
    def settled(self) -> bool:
        return any(answer.outcome in FINAL for answer in self.answers)


class Storm:
    """Made from a seed: the same commands in the same order, whatever the weather does to them."""

    def __init__(self, city: City, seed: int) -> None:
        self.city = city
        self.random = random.Random(seed)
        self.sent: list[Sent] = []
        self.cut = 0
        self.over = False

    async def prepare(self, cases: int) -> None:
        """Reports, and for each case acts of several desks that cannot all be taken."""
        for number in range(cases):
            worker = WORKERS[number % len(WORKERS)]
            case = uuid4()
            report = ReportCase(
                case=case,
                report=uuid4(),
                category=CATEGORY,
                description=f"第 {number} 件",
                position=await self.city.point_of(worker),
                media=[photo("near"), photo("far"), photo("reference")],
            )
            last = await self._add(worker, "case.report", report, [])
            for action, given in self._course():
                desk = self.random.choice(DESKS[:2] if action != "dispatch" else DESKS[1:])
                act = ActOnCase(case=case, action=action, opinion=f"意见 {number}", **given)
                # Half of them wait for the step before, the others run against it.
                after = [last] if self.random.random() < 0.5 else []
                last = await self._add(desk, "case.act", act, after)

    def _course(self) -> list[tuple[str, dict[str, Any]]]:
        main: list[tuple[str, dict[str, Any]]] = [
            ("accept", {}),
            ("file", {"standard": 1}),
            ("dispatch", {}),
        ]
        rival = ("refuse", {"reason": "不在范围"})
        length = self.random.randint(0, 3)
        course = main[:length]
        if self.random.random() < 0.4:
            course.insert(self.random.randint(0, length), rival)
        return course

    async def _add(self, user: str, type_: str, payload: object, after: Sequence[UUID]) -> UUID:
        item = await self.city.command(user, type_, payload, after=after)
        command = msgspec.json.decode(item.body, type=Command)
        self.sent.append(Sent(user, item, command, []))
        return command.id

    async def rage(self) -> None:
        """Everybody sends, the reader reads, phones pull, and connections are cut meanwhile."""
        pushers = [
            asyncio.create_task(self._push(user, random.Random(f"{user}{copy}{len(self.sent)}")))
            for user in (*WORKERS, *DESKS)
            for copy in range(2)
        ]
        phone = Phone(self.city)
        others = [
            asyncio.create_task(self._until_over(act))
            for act in (self._cut_one, self._read, partial(self._pull, phone), self._retry)
        ]
        try:
            await asyncio.gather(*pushers)
        finally:
            self.over = True
            await asyncio.gather(*others)
        await self._calm(phone)

    async def _push(self, user: str, dice: random.Random) -> None:
        mine = [sent for sent in self.sent if sent.user == user]
        dice.shuffle(mine)
        queue = mine + dice.choices(mine, k=len(mine) // 2)
        while queue:
            size = dice.randint(1, 9)
            chunk, queue = queue[:size], queue[size:]
            try:
                outcomes = await self.city.send(user, *(sent.item for sent in chunk))
            except Unavailable:
                queue += chunk
                await asyncio.sleep(0)
                continue
            for sent, outcome in zip(chunk, outcomes, strict=True):
                assert outcome.id == sent.command.id
                sent.answers.append(outcome)

    async def _until_over(self, act: Callable[[], Awaitable[None]]) -> None:
        while not self.over:
            with contextlib.suppress(Unavailable, SerializationError):
                await act()
            await asyncio.sleep(0.02)

    async def _cut_one(self) -> None:
        async with database.apart() as killer:
            pid = await killer.fetchval(
                "select pid from pg_stat_activity where datname = current_database() "
                "and pid <> pg_backend_pid() and backend_type = 'client backend' "
                "and state <> 'idle' order by md5(pid::text || $1) limit 1",
                str(self.cut),
            )
            if pid is not None and await killer.fetchval("select pg_terminate_backend($1)", pid):
                self.cut += 1

    async def _read(self) -> None:
        async with database.transaction() as conn:
            await readers.start(conn, "witness")
        await readers.read_page(readers.Reader("witness", _witness), database.repeatable)

    async def _pull(self, phone: Phone) -> None:
        await phone.pull(buckets_of(await self.city.actor(WORKERS[0])))

    async def _retry(self) -> None:
        await retry_held(self.city.ports)

    async def _calm(self, phone: Phone) -> None:
        """The storm is over: what was held is taken up, readers and phones catch up."""
        self.city.now += timedelta(days=2)
        for _ in range(6):
            await retry_held(self.city.ports)
            self.city.now += timedelta(days=2)
        reader = readers.Reader("witness", _witness)
        while await readers.read_page(reader, database.repeatable):
            pass
        fresh = Phone(self.city)
        for each in (phone, fresh):
            await self._pull(each)
        assert phone.documents == fresh.documents, "a phone that pulled all along has the same"


async def _witness(conn: Any, rows: Sequence[Any]) -> None:
    await conn.executemany("insert into witness values ($1)", [(row["seq"],) for row in rows])
