"""The checker can fail: the service is broken on purpose in five ways, and each is caught.

Each fault has a scene in which it shows, played by two or three devices. The sound service is taken
through all of them first, and comes out clean.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest

from backend.app.demo import PASSWORD
from backend.core.settings import Settings
from tests.chaos.broken import BREAKS
from tests.chaos.checker import Checker, Findings
from tests.chaos.diary import read_diaries
from tests.chaos.network import Network
from tests.chaos.people import ModelUser, Person, Rumours
from tests.chaos.run import people_of
from tests.chaos.site import Service, free_port
from tests.conftest import Servers

SEED = 330304
TWIN = """
insert into receipt (command, digest, device, device_seq, author, post, type, outcome, received_at,
    epoch)
values ($1::text::uuid, '', $2, 1, $2, $2, '', '', now(), '')
"""
BLOCKED = "select exists (select from pg_locks where not granted)"
NOBODY = UUID(int=0)


class _TakenBack(Exception):
    """Ends a transaction that was only to be in somebody's way."""


class Scene:
    """A service, a calm network, and devices that do what a scene says."""

    def __init__(self, service: Service, folder: Path, workers: list[Person], desks: list[Person]):
        self.service = service
        self.workers = workers
        self.desks = desks
        self.network = Network(SEED, service.port, share=0)
        self.folder = folder / "diaries"
        self.users: list[ModelUser] = []
        self.folder.mkdir()

    async def device(self, person: Person) -> ModelUser:
        """Somebody's phone, signed in and up to date."""
        name = f"{person.code}-{len(self.users)}"
        port = (await self.network.line(name)).port
        user = ModelUser(name, SEED, port, [person], self.folder, Rumours(), PASSWORD)
        user.device.patience_s = 60
        self.users.append(user)
        await user.device.sign_in(person.code, PASSWORD)
        await user.device.pull()
        return user

    async def die(self) -> None:
        """The web process is killed and comes up again."""
        self.service.kill("web")
        await self.service.start_web()

    async def end(self) -> Findings:
        for user in self.users:
            await user.come_home()
        for user in self.users:
            await user.last_word()
        async with self.service.sql() as conn:
            objects = self.service.settings.data / "objects"
            findings = await Checker(conn, objects, read_diaries(self.folder)).check()
        await self.network.close()
        return findings


async def killed_after_an_answer(scene: Scene) -> None:
    worker = await scene.device(scene.workers[0])
    worker.report()
    await worker.device.push()
    await scene.die()


async def sent_twice(scene: Scene) -> None:
    worker, desk = await scene.device(scene.workers[0]), await scene.device(scene.desks[0])
    case = worker.report()
    await worker.device.push()
    act = desk.act(case, {"action": "note", "opinion": "已联系"})
    for _ in range(2):  # the first answer was lost on its way
        act.state = "queued"
        await desk.device.push()


async def killed_after_an_upload(scene: Scene) -> None:
    worker = await scene.device(scene.workers[0])
    worker.report()
    await worker.device.push()
    await worker.device.upload()
    await scene.die()


async def a_late_committer(scene: Scene) -> None:
    """One push waits before its commit while another passes it and a third device pulls."""
    one, other = await scene.device(scene.workers[0]), await scene.device(scene.workers[0])
    one.report()
    other.report()
    (late,) = one.device.disk.items
    async with scene.service.sql() as conn, scene.service.sql() as watcher:
        with suppress(_TakenBack):
            async with conn.transaction():
                await conn.execute(TWIN, late, NOBODY)
                task = asyncio.ensure_future(one.device.push())
                while not await watcher.fetchval(BLOCKED):
                    await asyncio.sleep(0.02)
                await other.device.push()
                await other.device.pull()
                raise _TakenBack
    await task


async def a_case_ends(scene: Scene) -> None:
    worker, desk = await scene.device(scene.workers[0]), await scene.device(scene.desks[0])
    mate = await scene.device(scene.workers[0])
    case = worker.report()
    await worker.device.push()
    await mate.device.pull()
    desk.act(case, {"action": "refuse", "reason": "不在范围"})
    await desk.device.push()


SCENES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "receipts_apart": killed_after_an_answer,
    "repeats_not_recognised": sent_twice,
    "uploads_acknowledged_early": killed_after_an_upload,
    "cursor_by_number": a_late_committer,
    "tombstones_unsent": a_case_ends,
}


@asynccontextmanager
async def staged(servers: Servers, url: str, folder: Path, fault: str) -> AsyncIterator[Scene]:
    """A scene on a service with a fault, or a sound one when none is named."""
    settings = Settings(
        database_url=url,
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=folder,
        host="127.0.0.1",
        port=free_port(),
    )
    service = Service(settings, folder, ("tests.chaos.broken",), {"XUNGE_BROKEN": fault})
    await service.start_web()
    try:
        workers, desks = await people_of(service)
        yield Scene(service, folder, workers, [d for d in desks if d.code == "sl01"])
    finally:
        service.stop()


async def test_a_sound_service_passes(servers: Servers, city_url: str, tmp_path: Path) -> None:
    async with staged(servers, city_url, tmp_path, "") as scene:
        for play in SCENES.values():
            await play(scene)
        found = await scene.end()
    assert found.clean, found
    assert found.operations == 8


CAUGHT = {
    "receipts_apart": "lost",
    "repeats_not_recognised": "doubled",
    "uploads_acknowledged_early": "lost",
    "cursor_by_number": "unexplained",
    "tombstones_unsent": "unexplained",
}


@pytest.mark.parametrize("fault", BREAKS)
async def test_a_broken_service_is_caught(
    servers: Servers, city_url: str, tmp_path: Path, fault: str
) -> None:
    async with staged(servers, city_url, tmp_path, fault) as scene:
        await SCENES[fault](scene)
        found = await scene.end()
    assert getattr(found, CAUGHT[fault]), found
