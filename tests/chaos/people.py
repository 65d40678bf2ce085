"""What the people of a run do with their devices, by dice of their own."""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.chaos.diary import Diary
from tests.chaos.model import MONTH_S, Device, Item, NoAnswer, SignedOut, new_disk, settle, uuid7

CATEGORY = "C0101"
ROLES = ("near", "far", "reference")
SKEWS_S = (0.0, 0.0, 0.3, -4.0, 3600.0, -MONTH_S, MONTH_S)
"""How wrong clocks are; two in seven by a month."""
KINDS = ("registered", "floating", "apart")
ACTS: tuple[dict[str, Any], ...] = (
    {"action": "accept"},
    {"action": "accept"},
    {"action": "refuse", "reason": "不在范围"},
    {"action": "file", "standard": 1},
    {"action": "dispatch"},
    {"action": "note", "opinion": "已与报告人核对"},
    {"action": "note", "opinion": "请尽快"},
)


EDITS = 0.3
"""How much of what is recorded by those who hold people is about one of them."""
FEW = 3
"""So many of each grid's people are edited, so that hands meet."""


def fields_of(dice: random.Random) -> dict[str, str]:
    """What somebody says of a person: one field or both."""
    said = {"ethnicity": f"{dice.randint(1, 56):02}", "kind": dice.choice(KINDS)}
    return dict(dice.sample(sorted(said.items()), dice.randint(1, 2)))


class Person(Struct, frozen=True):
    """Who signs in, and where their grids are (longitude, latitude; WGS-84)."""

    code: str
    desk: bool
    points: tuple[tuple[float, float], ...]


class Rumours:
    """What people tell each other by phone: cases, and the commands that made or changed them."""

    def __init__(self) -> None:
        self._heard: list[tuple[str, str]] = []

    def tell(self, case: str, command: str) -> None:
        self._heard = [*self._heard[-39:], (case, command)]

    def choose(self, dice: random.Random) -> tuple[str, str] | None:
        return dice.choice(self._heard) if self._heard else None


class ModelUser:
    """Somebody with a third-party device, killed and opened again now and then."""

    def __init__(
        self, name: str, seed: object, port: int, people: Sequence[Person], folder: Path,
        rumours: Rumours, password: str,
    ) -> None:  # fmt: skip
        self.name = name
        self.dice = random.Random(f"{seed} device {name}")
        self.people = people
        self.person = people[0]
        self.diary = Diary(folder / f"{name}.jsonl")
        self._port = port
        self._rumours = rumours
        self._password = password
        self._disk = new_disk(self.dice, self.dice.choice(SKEWS_S))
        self.device = self._open()

    def _open(self) -> Device:
        return Device(self._disk, self._port, self.diary, self.dice)

    async def live(self, over: asyncio.Event) -> None:
        while not over.is_set():
            with contextlib.suppress(NoAnswer, SignedOut):
                await self._step()
            await asyncio.sleep(self.dice.uniform(0, 0.4))

    async def _step(self) -> None:
        if self._disk.token is None:
            await self._sign_in()
            return
        deeds: dict[Callable[[], Awaitable[object]], int] = {
            self._record: 5,
            self._correct: 1,
            self.device.push: 6,
            self.device.upload: 6,
            self.device.pull: 3,
            self._kill: 1,
            self._hand_on: 1 if len(self.people) > 1 else 0,
        }
        (deed,) = self.dice.choices(list(deeds), list(deeds.values()))
        if self.dice.random() < 0.1 and deed != self._kill:
            await self._interrupted(deed)
        else:
            await deed()

    async def _interrupted(self, deed: Callable[[], Awaitable[object]]) -> None:
        """The app is killed while it is at work."""
        task = asyncio.ensure_future(deed())
        await asyncio.wait([task], timeout=self.dice.uniform(0.001, 0.4))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, NoAnswer, SignedOut):
            await task
        await self._kill()

    async def _sign_in(self) -> None:
        await self.device.sign_in(self.person.code, self._password)

    async def _kill(self) -> None:
        """What was in memory is gone; the disk stays."""
        await self.device.close()
        self.device = self._open()

    async def _hand_on(self) -> None:
        """A shared device: somebody signs out and another one in."""
        self.person = self.dice.choice(self.people)
        if self.dice.random() < 0.7:
            with contextlib.suppress(NoAnswer):
                await self.device.sign_out()
        self._disk.token = None
        await self._sign_in()

    async def _record(self) -> None:
        people = sorted(id_ for kind, id_ in self._disk.documents if kind == "person")
        if people and self.dice.random() < EDITS:
            self.device.edit(self.dice.choice(people[:FEW]), fields_of(self.dice))
        elif not self.person.desk:
            # One in six forgets a photo and is told so.
            self.report(ROLES if self.dice.random() < 0.84 else ROLES[:2])
        elif (told := self._rumours.choose(self.dice)) is not None:
            case, command = told
            after = [command] if self.dice.random() < 0.5 else []
            self.act(case, self.dice.choice(ACTS), after)

    def report(self, roles: Sequence[str] = ROLES) -> str:
        """Record a report; gives its case."""
        dice = self.dice
        now = self.device.now().timestamp()
        longitude, latitude = dice.choice(self.person.points)
        case = uuid7(dice, now)
        photos = [self.device.photograph() for _ in roles]
        payload = {
            "case": case,
            "report": uuid7(dice, now),
            "category": CATEGORY,
            "description": f"井盖破损,第 {self._disk.seq + 1} 件",
            "position": {"longitude": longitude, "latitude": latitude, "accuracy_m": 8.0},
            "media": [
                {"id": photo.id, "role": role, "sha256": photo.sha256, "size": len(photo.data)}
                for photo, role in zip(photos, roles, strict=True)
            ],
        }
        item = self.device.record("case.report", payload, photos)
        self._rumours.tell(case, item.id)
        return case

    def act(self, case: str, deed: dict[str, Any], after: Sequence[str] = ()) -> Item:
        """Record an act on a case."""
        photos = [self.device.photograph()] if self.dice.random() < 0.2 else []
        media = [
            {"id": p.id, "role": "evidence", "sha256": p.sha256, "size": len(p.data)}
            for p in photos
        ]
        payload = {"case": case, "opinion": "意见", "media": media} | deed
        item = self.device.record("case.act", payload, photos, after)
        self._rumours.tell(case, item.id)
        return item

    async def _correct(self) -> None:
        """Put a new command in place of one that was rejected for a photo."""
        for item in list(self._disk.items.values()):
            missing = any(r.get("code") == "photo_missing" for r in item.reasons)
            mine = item.author == self._disk.user
            if item.state == "rejected" and missing and mine and not item.replaced:
                self._retake(item.id, item.body)
                return

    def _retake(self, rejected: str, body: str) -> None:
        payload = json.loads(body)["payload"]
        have = {media["role"] for media in payload["media"]}
        photos = []
        for role in ROLES:
            if role not in have:
                photo = self.device.photograph()
                photos.append(photo)
                payload["media"].append(
                    {"id": photo.id, "role": role, "sha256": photo.sha256, "size": len(photo.data)}
                )
        item = self.device.record("case.report", payload, photos, corrects=rejected)
        # The photos of the rejected one go on with the new.
        for photo in self._disk.photos.values():
            if photo.command == rejected:
                photo.command = item.id

    # The end, on a healed network

    def unsettled(self) -> int:
        """Items and photos that may still move."""
        return self.device.unsettled()

    async def come_home(self) -> None:
        """Whoever recorded something here signs in once more and has it sent."""
        await self._kill()
        self.device.patience_s = 60.0
        unsent = [photo.author for photo in self._disk.photos.values() if not photo.sent]
        held = [item.author for item in self._disk.items.values() if item.state == "held"]
        if {*unsent, *held} - {self._disk.user}:
            for person in self.people:
                await self._as(person)
        await self._as(self.person)

    async def _as(self, person: Person) -> None:
        await self.device.sign_in(person.code, self._password)
        await settle(self.device)

    async def last_word(self, _: Sequence[str] = ()) -> None:
        if self._disk.token is None:
            await self._sign_in()
        await settle(self.device)
        self.device.say_what_is_held()
        await self.device.close()
        self.diary.close()
