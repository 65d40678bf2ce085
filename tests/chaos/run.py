"""One run: a site, a network, people with devices, disasters, and the checker at the end."""

import asyncio
import random
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from msgspec import Struct, field

from backend.app.demo import PASSWORD
from tests.chaos.checker import Checker, Findings
from tests.chaos.diary import read_diaries
from tests.chaos.model import NoAnswer, SignedOut
from tests.chaos.network import Network
from tests.chaos.people import ModelUser, Person, Rumours
from tests.chaos.phones import PhoneHost, PhoneUser
from tests.chaos.site import Service, Site, new_folder

_BEGUN = time.monotonic()

WHO = """
with served as (
    select u.code, r.permissions,
        array(select a.longitude from area a where a.code = any(p.areas)
            and a.kind = 'responsibility' order by a.code) as longitudes,
        array(select a.latitude from area a where a.code = any(p.areas)
            and a.kind = 'responsibility' order by a.code) as latitudes,
        exists (select from person q where q.grid = any(p.areas)) as registered
    from app_user u join appointment h on h."user" = u.code
    join post p on p.code = h.post join role r on r.code = p.role
    where (select count(*) from appointment o where o."user" = u.code) = 1
)
select code, longitudes, latitudes, not ('case.report' = any(permissions)) as desk from served
where ('case.report' = any(permissions) and 'task.answer' = any(permissions)
       and cardinality(longitudes) > 0 and registered)
   or (permissions && array['case.accept', 'case.file', 'case.dispatch']::varchar[]
       and not 'case.report' = any(permissions))
order by code
"""


class Report(Struct):
    """What a run shows. `weather` and `disasters` say how often each was met."""

    seed: int
    devices: int
    findings: Findings
    weather: Counter[str]
    requests: int
    disasters: Counter[str] = field(default_factory=Counter)
    errors: list[str] = []

    def line(self) -> dict[str, int]:
        """The closing line."""
        return {
            "operations": self.findings.operations,
            "devices": self.devices,
            "lost": len(self.findings.lost),
            "doubled": len(self.findings.doubled),
            "unexplained": len(self.findings.unexplained),
            "seed": self.seed,
        }


class Run:
    """Made from a seed, which decides every choice; how processes interleave it cannot decide."""

    def __init__(self, site: Site, seed: int, *, models: int, phones: int) -> None:
        self.site = site
        self.seed = seed
        self._models = models
        self._phones = phones
        self._dice = random.Random(f"{seed} director")
        self.network = Network(seed, site.port)
        self.users: list[ModelUser | PhoneUser] = []
        self.disasters: Counter[str] = Counter()
        self._diaries = site.folder / "diaries"

    async def run(self, seconds: float) -> Report:
        say("ready")
        self._diaries.mkdir()
        await self._invite()
        over = asyncio.Event()
        living = [asyncio.create_task(user.live(over)) for user in self.users]
        try:
            await self._rage(seconds)
        finally:
            over.set()
        await asyncio.gather(*living)
        await self._calm()
        findings = await self._check()
        return Report(
            self.seed,
            len(self.users),
            findings,
            self.network.counts,
            self.network.requests,
            self.disasters,
        )

    async def _invite(self) -> None:
        workers, desks = await people_of(self.site)
        rumours = Rumours()
        self._host = await PhoneHost.start(self.site.folder)
        for number in range(self._models + self._phones):
            mine = desks if number % 3 == 2 else workers
            # Every fourth device is shared by two.
            of = self._dice.sample(mine, 2 if number % 4 == 3 else 1)
            ours = number >= self._models
            name = f"{'phone' if ours else 'model'}-{number:03}"
            port = (await self.network.line(name)).port
            given = (name, self.seed, port, of, self._diaries, rumours, PASSWORD)
            user = PhoneUser(*given, self._host) if ours else ModelUser(*given)
            self.users.append(user)

    async def _rage(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        deck: list[Callable[[], Awaitable[None]]] = []
        while time.monotonic() < until:
            await asyncio.sleep(min(self._dice.uniform(1, 4), max(0, until - time.monotonic())))
            if time.monotonic() >= until:
                continue
            if not deck:
                deck = self._disasters()
                self._dice.shuffle(deck)
            disaster = deck.pop()
            name = disaster.__name__.removeprefix("_")
            say(f"{name} …")
            await disaster()
            self.disasters[name] += 1

    # Disasters

    def _disasters(self) -> list[Callable[[], Awaitable[None]]]:
        found: list[Callable[[], Awaitable[None]]] = [
            self._kill_web,
            self._kill_worker,
            self._kill_postgres,
            self._worker_away,
            self._grids_change,
            self._upgrade,
            self._restore_backup,
        ]
        return [*found, self._full_disk] if self.site.can_fill_disks else found

    async def _kill_web(self) -> None:
        self.site.kill("web")
        await self.site.start_web()

    async def _kill_worker(self) -> None:
        self.site.kill("worker")
        self.site.start_worker()

    async def _kill_postgres(self) -> None:
        self.site.kill_postgres()
        await asyncio.sleep(self._dice.uniform(0, 1))
        await self.site.start_postgres()
        await self.site.supervise()

    async def _worker_away(self) -> None:
        self.site.kill("worker")
        await asyncio.sleep(self._dice.uniform(3, 6))
        self.site.start_worker()

    async def _grids_change(self) -> None:
        """Two workers swap their grids."""
        workers = [user.people[0].code for user in self.users if not user.people[0].desk]
        one, other = self._dice.sample(sorted(set(workers)), 2)
        async with self.site.sql() as conn:
            await conn.execute(
                "update post p set areas = o.areas from post o, "
                'appointment a, appointment b where a."user" = any($1) and b."user" = any($1) '
                'and a."user" <> b."user" and p.code = a.post and o.code = b.post',
                [one, other],
            )

    async def _upgrade(self) -> None:
        await self.site.upgrade()

    async def _full_disk(self) -> None:
        """Uploads find room for their announcement or not, and then none for their bytes."""
        self.site.fill_disk(self._dice.choice([0, 4096, 70 << 20]))
        await asyncio.sleep(self._dice.uniform(2, 4))
        self.site.free_disk()

    async def _restore_backup(self) -> None:
        """A backup taken earlier takes the place of the database; everybody goes on meanwhile."""
        backup = await self.site.back_up()
        say("backed up")
        await asyncio.sleep(self._dice.uniform(3, 6))
        self.site.kill("web")
        self.site.kill("worker")
        await self.site.restore(backup)
        await self.site.start_web()
        self.site.start_worker()

    # The end

    async def _calm(self) -> None:
        say("calm …")
        self.network.heal()
        self.site.free_disk()
        await self.site.supervise()
        # What waits for another device's command moves once that has come home: until none does.
        left = [-1]
        while left[-1] != 0 and left[-1] not in left[:-1]:
            await asyncio.gather(*(self._patiently(user.come_home) for user in self.users))
            left.append(sum(user.unsettled() for user in self.users))
            say(f"{left[-1]} left")
        # By rule the worker goes on changing cases; the last look is at a still picture.
        self.site.kill("worker")
        async with self.site.sql() as conn:
            kinds = [row[0] for row in await conn.fetch("select distinct kind from bucket_member")]
        words = [partial(user.last_word, kinds) for user in self.users]
        await asyncio.gather(*map(self._patiently, words))

    async def _patiently(self, act: Callable[[], Awaitable[None]]) -> None:
        """The network is well; a service that is busy says so and is asked again."""
        for _ in range(12):
            try:
                await act()
                return
            except (NoAnswer, SignedOut) as error:
                last = error
                await asyncio.sleep(1)
        raise AssertionError(f"a healed network gives no answer: {last!r}")

    async def _check(self) -> Findings:
        say("check …")
        async with self.site.sql() as conn:
            checker = Checker(conn, self.site.data / "objects", read_diaries(self._diaries))
            findings = await checker.check()
        findings.unexplained += [f"the service gave {wrong}" for wrong in self.network.wrong]
        findings.unexplained += [f"a client broke: {crash}" for crash in self._host.crashes]
        await self._host.close()
        await self.network.close()
        return findings


async def people_of(service: Service) -> tuple[list[Person], list[Person]]:
    """Workers in whose grids people are registered, and desks; each holds one post."""
    async with service.sql() as conn:
        rows = await conn.fetch(WHO)
    people = [
        Person(r["code"], r["desk"], tuple(zip(r["longitudes"], r["latitudes"], strict=True)))
        for r in rows
    ]
    return [p for p in people if not p.desk], [p for p in people if p.desk]


async def perform(seconds: float, seed: int, *, models: int = 6, phones: int = 4) -> Report:
    """A whole run on a site of its own."""
    site = Site(new_folder())
    try:
        await site.open()
        report = await Run(site, seed, models=models, phones=phones).run(seconds)
        if not report.findings.clean:
            report.errors = _errors(site.folder)
            say(f"diaries are in {_keep(site.folder, seed)}")
        return report
    finally:
        await site.close()


def evidence(report: Report) -> str:
    """What was found, and how to meet it again."""
    found = [
        f"{kind}: {what}"
        for kind in ("lost", "doubled", "unexplained")
        for what in getattr(report.findings, kind)[:20]
    ]
    return "\n".join([f"make chaos SEED={report.seed}", *found, *report.errors])


def _keep(folder: Path, seed: int) -> Path:
    """Diaries and logs, put where they can be read."""
    kept = Path("test-results") / f"chaos-{seed}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder / "diaries", kept)
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    return kept


def _errors(folder: Path) -> list[str]:
    """What the processes logged as errors, each with its traceback."""
    found: list[str] = []
    for log in sorted(folder.glob("*.log")):
        text = log.read_text(errors="replace")
        errors = re.findall(r"(?m)^\S+ \[error.*(?:\n(?!\d{4}-).*)*", text)
        found += [f"--- {log.name}\n{error[-3000:]}" for error in errors[:5]]
    return found


def say(what: str) -> None:
    print(f"{time.monotonic() - _BEGUN:6.1f} {what}", file=sys.stderr, flush=True)
