"""The web server as its own process, and phones that talk to it over HTTP."""

import asyncio
import gzip
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import msgspec

from backend.app.demo import PASSWORD
from backend.core.settings import Settings
from backend.directory.structs import SessionView
from offline.wire import Item, Outcome, PullRequest, PullResponse, PushRequest, PushResponse

START_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """`xunge web` on a port of its own. `log` holds what it said."""

    def __init__(self, url: str, log: Path, settings: Settings) -> None:
        self.url = url
        self.log = log
        self.settings = settings

    def faults(self) -> list[str]:
        """What it logged as its own fault."""
        return [line for line in self.log.read_text().splitlines() if "unexpected" in line]


@contextmanager
def serving(settings: Settings, folder: Path, *command: str) -> Iterator[Server]:
    """Run `xunge web` until the block ends."""
    settings = msgspec.structs.replace(settings, port=free_port())
    log = folder / f"{'-'.join(command or ('web',))}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.app", *(command or ("web",))],
            env={"PATH": "/usr/bin:/bin"} | settings.environ(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Server(f"http://127.0.0.1:{settings.port}", log, settings)
    finally:
        process.terminate()
        process.wait(START_S)


async def ready(server: Server) -> None:
    """Wait until it answers."""
    async with httpx.AsyncClient(base_url=server.url) as client, asyncio.timeout(START_S):
        while True:
            try:
                if (await client.get("/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


class Phone:
    """A signed-in device."""

    def __init__(self, client: httpx.AsyncClient, view: SessionView) -> None:
        self.client = client
        self.view = view
        self._seq = 0

    @classmethod
    @asynccontextmanager
    async def of(cls, server: Server, name: str) -> AsyncIterator[Self]:
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
            answer = await client.post(
                "/api/session",
                json={
                    "name": name,
                    "password": PASSWORD,
                    "device": {"id": str(uuid4()), "name": "测试机"},
                },
            )
            assert answer.status_code == 201, answer.text
            view = msgspec.json.decode(answer.content, type=SessionView)
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {view.token}"
            yield cls(client, view)

    def command(self, type_: str, payload: object, **envelope: Any) -> Item:
        """A command made now."""
        self._seq += 1
        fields = {
            "id": uuid4(),
            "device": self.view.device,
            "device_seq": self._seq,
            "user": self.view.user,
            "post": self.view.post,
            "type": type_,
            "occurred_at": datetime.now(UTC),
            "clock_offset_ms": 0,
            "payload": payload,
        }
        return Item(msgspec.json.encode(fields | envelope).decode())

    async def try_push(self, *items: Item) -> httpx.Response:
        """As a phone does it: gzipped."""
        body = gzip.compress(msgspec.json.encode(PushRequest(list(items))))
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return await self.client.post("/api/sync/push", content=body, headers=headers)

    async def push(self, *items: Item) -> list[Outcome]:
        answer = await self.try_push(*items)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=PushResponse).outcomes

    async def act(self, case: UUID, action: str, **given: Any) -> Outcome:
        payload = {"case": case, "action": action} | given
        [outcome] = await self.push(self.command("case.act", payload))
        return outcome

    async def pull(self, request: PullRequest | None = None) -> list[PullResponse]:
        """Every page."""
        request = request or PullRequest()
        pages: list[PullResponse] = []
        while not pages or pages[-1].page:
            page = pages[-1].page if pages else None
            body = msgspec.json.encode(msgspec.structs.replace(request, page=page))
            answer = await self.client.post("/api/sync/pull", content=body)
            assert answer.status_code == 200, answer.text
            pages.append(msgspec.json.decode(answer.content, type=PullResponse))
        return pages

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def photo(role: str) -> dict[str, Any]:
    """A photo that some phone took."""
    id_ = uuid4()
    return {"id": id_, "role": role, "sha256": sha256(id_.bytes).hexdigest(), "size": 1000}
