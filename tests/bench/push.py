"""push: the write path under field load, against the same SQL without our Python.

16 clients, 2 web processes, 942 grids, 200 users; 40 % reports with three media references, 40 %
actions on existing cases, 10 % task answers, 5 % repeats, 5 % rejects.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from backend.app.writing import pushing
from backend.cases.structs import MediaRef
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.database import connect
from backend.core.settings import Settings
from offline import epoch
from offline.batch import Ports, Sender
from offline.push import push
from offline.wire import Item, PushRequest, PushResponse
from tests.bench import stage
from tests.bench.figures import Figure, percentile
from tests.bench.line import Line
from tests.bench.recording import Script, recording, replay
from tests.bench.workload import USERS, Hand, settle

CLIENTS = 16
WEB_PROCESSES = 2
SINGLES = 3200
BATCHES = 32
BATCH = 500
CATEGORY = "C0101"


class Load(Struct):
    """Pushes to send, each by one hand, and what must come of them."""

    pushes: list[tuple[Hand, list[Item]]]
    expected: Counter[str]


async def run() -> list[Figure]:
    """Measure both sizes of push."""
    loop = asyncio.get_running_loop()
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        await stage.assert_durable(city)
        hands = [Hand(number) for number in range(USERS)]
        async with pool(city) as ports, database.transaction() as conn:
            await settle(conn, hands)
        single, batch = await prepare(city, hands)
        figures = []
        for name, load in (("single", single), ("batch", batch)):
            given = await stage.copy(settings, "city", "run")
            rate, latencies = await loop.run_in_executor(None, _measure, given, load)
            await stage.assert_durable(given)
            await check_rows(given, load)
            scripts = await record(await stage.copy(settings, "city", "recorded"), load)
            floor = await stage.copy(settings, "city", "floor")
            floor_rate, floor_latencies = await replay(floor.database_url, scripts, CLIENTS)
            commands = sum(len(items) for _, items in load.pushes)
            per_push = commands / len(load.pushes)
            figures += [
                Figure("push", name, rate, floor_rate * per_push, "commands/s"),
                Figure(
                    "push",
                    f"{name}_p99_ms",
                    percentile(latencies, 0.99) * 1000,
                    percentile(floor_latencies, 0.99) * 1000,
                    "ms",
                ),
            ]
            _ = ports
    return figures


@asynccontextmanager
async def pool(settings: Settings) -> AsyncIterator[Ports]:
    """The write path's ports in this process."""
    database.configure(settings.database_url)
    await database.open_pool()
    try:
        async with database.transaction() as conn:
            life = epoch.Life(await epoch.current(conn))

        async def silent(_: set[str]) -> None:
            return

        yield pushing(Keyring(settings.secret), life, silent)
    finally:
        await database.close_pool()


async def prepare(city: Settings, hands: Sequence[Hand]) -> tuple[Load, Load]:
    """Make the existing cases and tasks, and the pushes that will act on them."""
    dice = random.Random(330304)
    async with pool(city) as ports:
        single = await make_load(ports, hands, dice, SINGLES, 1)
        batch = await make_load(ports, hands, dice, BATCHES, BATCH)
    return single, batch


async def make_load(
    ports: Ports, hands: Sequence[Hand], dice: random.Random, count: int, size: int
) -> Load:
    """`count` pushes of `size` commands in the mix above."""
    total = count * size
    kinds = ["report"] * 8 + ["act"] * 8 + ["answer"] * 2 + ["repeat", "reject"]
    plan = (kinds * (total // len(kinds) + 1))[:total]
    dice.shuffle(plan)
    holders = [hands[i % len(hands)] for i in range(count)]
    load = Load([], Counter())
    open_cases = await _existing(ports, hands, dice, plan.count("act"))
    tasks = await _verifying(ports, holders, dice, plan, size)
    sent: dict[str, list[Item]] = {}
    for number, hand in enumerate(holders):
        items: list[Item] = []
        for planned in plan[number * size : (number + 1) * size]:
            known = sent.setdefault(hand.code, [])
            kind = "report" if planned == "repeat" and not known else planned
            match kind:
                case "report":
                    item = hand.report(CATEGORY, dice)[1]
                case "act":
                    item = hand.act(open_cases.pop(), "accept")
                case "answer":
                    case, task = tasks[hand.code].pop()
                    item = hand.act(
                        case,
                        "answer_verify",
                        task=task,
                        verdict="true",
                        opinion="属实",
                        media=[_evidence()],
                    )
                case "repeat":
                    item = dice.choice(known)
                case _:
                    item = hand.report("C9999", dice)[1]
            if kind not in ("repeat", "reject"):
                known.append(item)
            outcome = {"repeat": "repeated", "reject": "rejected"}.get(kind, "accepted")
            load.expected[outcome] += 1
            items.append(item)
        load.pushes.append((hand, items))
    return load


def _evidence() -> MediaRef:
    return MediaRef(id=uuid4(), role="evidence", sha256="0" * 64, size=1000)


async def _existing(
    ports: Ports, hands: Sequence[Hand], dice: random.Random, count: int
) -> list[UUID]:
    made: list[UUID] = []
    while len(made) < count:
        hand = dice.choice(hands)
        reports = [hand.report(CATEGORY, dice) for _ in range(min(BATCH, count - len(made)))]
        await _send(ports, hand, [item for _, item in reports])
        made += [case for case, _ in reports]
    dice.shuffle(made)
    return made


async def _verifying(
    ports: Ports, holders: Sequence[Hand], dice: random.Random, plan: list[str], size: int
) -> dict[str, list[tuple[UUID, UUID]]]:
    """Cases with a verify task for each hand that will answer."""
    wanted: Counter[int] = Counter()
    for number, hand in enumerate(holders):
        wanted[id(hand)] += plan[number * size : (number + 1) * size].count("answer")
    tasks: dict[str, list[tuple[UUID, UUID]]] = {}
    for hand in {id(h): h for h in holders}.values():
        reports = [hand.report(CATEGORY, dice) for _ in range(wanted[id(hand)])]
        cases = [case for case, _ in reports]
        await _send(ports, hand, [item for _, item in reports])
        for action in ("accept", "verify"):
            await _send(ports, hand, [hand.act(case, action) for case in cases])
        async with database.connection() as conn:
            rows = await conn.fetch(
                "select subject, id from task where subject = any($1) and state = 'open'", cases
            )
        tasks[hand.code] = [(row["subject"], row["id"]) for row in rows]
    return tasks


async def _send(ports: Ports, hand: Hand, items: list[Item]) -> None:
    for start in range(0, len(items), BATCH):
        outcomes = await push(items[start : start + BATCH], Sender(hand.user), ports)
        wrong = [o for o in outcomes if o.outcome != "accepted"]
        assert not wrong, wrong[0]


def _measure(settings: Settings, load: Load) -> tuple[float, list[float]]:
    with stage.web(settings, WEB_PROCESSES):
        return asyncio.run(drive(settings, load))


async def drive(settings: Settings, load: Load) -> tuple[float, list[float]]:
    """Commands per second and seconds per push over HTTP, by clients that wait for each answer.

    The first tenth warms connections and caches up and is not timed.
    """
    bodies = [(hand.token, msgspec.json.encode(PushRequest(items))) for hand, items in load.pushes]
    outcomes: Counter[str] = Counter()
    cold = len(bodies) // 10
    await _send_all(settings, bodies[:cold], outcomes)
    warm: Counter[str] = Counter()
    begun = time.perf_counter()
    latencies = await _send_all(settings, bodies[cold:], warm)
    elapsed = time.perf_counter() - begun
    outcomes += warm
    assert outcomes == load.expected, (outcomes, load.expected)
    return sum(warm.values()) / elapsed, latencies


async def _send_all(
    settings: Settings, bodies: list[tuple[str, bytes]], outcomes: Counter[str]
) -> list[float]:
    """Seconds each push took; a device sends one push at a time."""
    latencies: list[float] = []
    queue = iter(bodies)
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def client() -> None:
        line = await Line.open(settings)
        for token, body in queue:
            async with turns[token]:
                begun = time.perf_counter()
                answer = await line.ask(token, "POST", "/api/sync/push", body)
                latencies.append(time.perf_counter() - begun)
            assert answer.status == 200, answer.body
            for outcome in msgspec.json.decode(answer.body, type=PushResponse).outcomes:
                outcomes[outcome.outcome] += 1
        line.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return latencies


async def check_rows(settings: Settings, load: Load) -> None:
    """What was answered is on disk: a receipt for each command, once."""
    conn = await connect(settings.database_url)
    try:
        ids = {
            msgspec.json.decode(item.body, type=dict)["id"]
            for _, items in load.pushes
            for item in items
        }
        stored = await conn.fetchval(
            "select count(*) from receipt where command = any($1)", [UUID(i) for i in ids]
        )
        assert stored == len(ids) == load.expected["accepted"] + load.expected["rejected"]
    finally:
        await conn.close()


async def record(settings: Settings, load: Load) -> list[Script]:
    """The SQL of each push, as the same run sends it."""
    scripts: list[Script] = []
    async with pool(settings) as ports:
        recorded = msgspec.structs.replace(
            ports, transaction=recording(database.transaction, scripts)
        )
        for hand, items in load.pushes:
            await push(items, Sender(hand.user), recorded)
    return scripts
