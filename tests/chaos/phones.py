"""People with the real TypeScript client, several phones in a Node process (phones.ts)."""

import asyncio
import base64
import itertools
import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos.model import NoAnswer, picture
from tests.chaos.people import (
    ACTS,
    CATEGORY,
    EDITS,
    FEW,
    ROLES,
    SKEWS_S,
    Person,
    Rumours,
    fields_of,
)

ROOT = Path(__file__).parents[2]
BUNDLE = ("npx", "vite", "build", "-c", "tests/chaos/vite.config.ts", "--logLevel", "warn")
PATIENCE_S = 120.0
DEEPEST = 25
"""Of how many transactions a phone may die in the last."""


class PhoneHost:
    """A Node process with phones in it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._ear = asyncio.create_task(self._listen())
        self.crashes: list[str] = []

    @classmethod
    async def start(cls, folder: Path) -> "PhoneHost":
        """Bundle the client and start it."""
        out = folder / "phones"
        await asyncio.to_thread(
            subprocess.run,
            [*BUNDLE, "--outDir", str(out)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (out / "package.json").write_text('{"type": "module"}')
        with (folder / "phones.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                "node",
                str(out / "phones.js"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                limit=1 << 24,
            )
        return cls(process)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "crash" in said:
                self.crashes.append(said["crash"])
            waiting = self._waiting.pop(said["n"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(said)

    async def ask(self, phone: str, do: str, **more: Any) -> dict[str, Any]:
        """Order something, and wait for the answer. Raises NoAnswer when the client does."""
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        order = {"n": number, "phone": phone, "do": do} | more
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        said: dict[str, Any] = await asyncio.wait_for(waiting, PATIENCE_S)
        if "crash" in said or "error" in said:
            raise NoAnswer(said.get("crash") or said["error"])
        return said

    async def close(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._ear


class PhoneUser:
    """Somebody with a phone of ours, which dies at any transaction."""

    def __init__(
        self, name: str, seed: object, port: int, people: Sequence[Person], folder: Path,
        rumours: Rumours, password: str, host: PhoneHost,
    ) -> None:  # fmt: skip
        self.name = name
        self.dice = random.Random(f"{seed} device {name}")
        self.people = people
        self.person = people[0]
        self._host = host
        self._rumours = rumours
        self._password = password
        self._made = {
            "port": port,
            "skew": int(self.dice.choice(SKEWS_S) * 1000),
            "diary": str(folder / f"{name}.jsonl"),
        }
        self._session = "none"
        self._unsettled = 0

    async def _ask(self, do: str, **more: Any) -> dict[str, Any]:
        said = await self._host.ask(self.name, do, **more)
        self._session = said["session"]
        return said

    async def live(self, over: asyncio.Event) -> None:
        await self._host.ask(self.name, "make", **self._made)
        while not over.is_set():
            try:
                await self._step()
            except NoAnswer:
                self._session = self._session or "none"
            await asyncio.sleep(self.dice.uniform(0, 0.4))

    async def _step(self) -> None:
        if self._session != "active":
            await self._sign_in()
            return
        weights = {"record": 5, "flush": 6, "pull": 3, "kill": 1, "another_tab": 1}
        if len(self.people) > 1:
            weights["hand_on"] = 1
        (deed,) = self.dice.choices(list(weights), list(weights.values()))
        dying: dict[str, Any] = {}
        if deed in {"record", "flush", "pull"} and self.dice.random() < 0.15:
            dying = {"count": self.dice.randrange(DEEPEST), "committed": self.dice.random() < 0.5}
        if deed == "hand_on":
            await self._hand_on()
        elif deed == "record":
            await self._record(dying)
        else:
            await self._ask(deed, **dying)

    async def _sign_in(self) -> None:
        await self._ask("sign_in", name=self.person.code, password=self._password)

    async def _hand_on(self) -> None:
        self.person = self.dice.choice(self.people)
        if self.dice.random() < 0.7:
            await self._ask("sign_out")
        await self._sign_in()

    async def _record(self, dying: dict[str, Any]) -> None:
        if self.dice.random() < EDITS:
            change = {"fields": fields_of(self.dice)}
            await self._ask("edit", payload=change, pick=self.dice.randrange(FEW), **dying)
            return
        if self.person.desk:
            told = self._rumours.choose(self.dice)
            if told is None:
                return
            payload = {"case": told[0], "opinion": "意见"} | self.dice.choice(ACTS)
            photos = self._photos(["evidence"] if self.dice.random() < 0.2 else [])
            after = [told[1]] if self.dice.random() < 0.5 else []
            said = await self._ask("act", payload=payload, photos=photos, after=after, **dying)
            case = told[0]
        else:
            longitude, latitude = self.dice.choice(self.person.points)
            payload = {
                "category": CATEGORY,
                "description": "井盖破损",
                "position": {"longitude": longitude, "latitude": latitude, "accuracy_m": 8.0},
            }
            said = await self._ask("report", payload=payload, photos=self._photos(ROLES), **dying)
            case = said.get("case", "")
        if "command" in said:
            self._rumours.tell(case, said["command"])

    def _photos(self, roles: Sequence[str]) -> list[dict[str, str]]:
        return [
            {"role": role, "bytes": base64.b64encode(picture(self.dice)).decode()} for role in roles
        ]

    # The end, on a healed network

    async def come_home(self) -> None:
        await self._ask("kill")
        for person in self.people:
            self.person = person
            await self._sign_in()
            await self._settle()

    async def _settle(self) -> None:
        left = -1
        while left != self._unsettled:
            left = self._unsettled
            self._unsettled = (await self._ask("settle"))["unsettled"]

    def unsettled(self) -> int:
        """Items that may still move."""
        return self._unsettled

    async def last_word(self, kinds: Sequence[str]) -> None:
        if self._session != "active":
            await self._sign_in()
        await self._ask("last_word", kinds=kinds)
