"""sync: the real client in Chromium with its processor slowed down six times: 10,000 cases taken in
and encrypted; 20,000 people with their rooms read again behind a PIN, and searched.

The floor is the same files fetched, unpacked and parsed in the same page, and kept nowhere.
Chromium slows the page's own thread: cipher, unzipping and disk run beside it at full speed.
"""

import asyncio
import subprocess
from pathlib import Path

from playwright.async_api import BrowserContext, Page, Route, async_playwright

from backend.app.demo import PASSWORD
from backend.core.database import connect
from backend.core.settings import Settings
from tests.bench import stage, sync_city
from tests.bench.figures import Figure
from tests.browser.people import FLAGS, chromium
from tests.browser.service import Service, Worker

SLOWER = 6
EACH = 10_000
PEOPLE = 20_000
ROOMS = 8_000
"""With some more than so many people."""
GRIDS = 942
PIN = "140823"
ASKED = {
    "person": ["赵*", "330", "0000", "没有这样的人"],
    "room": ["样板路 37 号", "1 幢 302", "没有这样的地方"],
}

BLANK = '<!doctype html><meta charset="utf-8"><title>bench</title><script src="/bench.js"></script>'
OPEN = """async () => {
    const found = ({ description, address, number }) => [description, address, number]
    const named = ({ name, number, phone, domicile }) => [name, number, phone, domicile]
    const placed = ({ address, building, unit, number }) => [address, building, unit, number]
    const searched = { case: found, person: named, room: placed }
    globalThis.client = await xunge.openBrowserClient(searched)
}"""
TAKE_IN = """async ([name, password, pin, kind, most]) => {
    const begun = performance.now()
    await client.session.signIn(name, password, 'bench')
    if (pin) await client.vault.setPin(null, pin)
    while (!(await client.replica.syncPoint()) || client.replica.documents(kind).length < most) {
        await client.sync.pull()
        await new Promise((soon) => setTimeout(soon, 20))
    }
    return (performance.now() - begun) / 1000
}"""
PARSE = """async () => {
    const begun = performance.now()
    const answer = await fetch('/api/sync/pull', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ snapshots: true }),
    })
    let documents = 0
    for (const { id } of (await answer.json()).snapshots) {
        const { body } = await fetch(`/api/sync/snapshots/${id}`)
        const text = await new Response(body.pipeThrough(new DecompressionStream('gzip'))).text()
        documents += text.trimEnd().split('\\n').map((line) => JSON.parse(line)).length - 1
    }
    return [(performance.now() - begun) / 1000, documents]
}"""
UNLOCK = """async ([pin, people]) => {
    const begun = performance.now()
    await client.vault.unlock(pin)
    await client.replica.read()
    const held = client.replica.documents('person').length
    if (held !== people) throw new Error(`${held} held`)
    return (performance.now() - begun) / 1000
}"""
SEARCH = """([kind, query]) => {
    const begun = performance.now()
    client.replica.find(kind, query)
    return performance.now() - begun
}"""


async def run() -> list[Figure]:
    """Measure a cheap phone."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        small, large, *_ = await Service(city).sole_workers()
        conn = await connect(city.database_url)
        grids = {grid.code: grid for grid in await sync_city.grids_of(conn, GRIDS)}
        *_, far = sorted(grids.keys() - {small.grid})
        await conn.execute(
            "update post p set areas = $2 from appointment a "
            'where a.post = p.code and a."user" = $1',
            large.user,
            [far],
        )
        await sync_city.fill(conn, [grids[small.grid]], EACH)
        people = await sync_city.people(city, far, ROOMS)
        assert people > PEOPLE
        buckets = [sync_city.cases_of(small.grid), f"grid:{far}/people.masked", f"grid:{far}/rooms"]
        await sync_city.file(city, conn, [sync_city.REFERENCE, *buckets])
        await conn.close()
        script = _bundle(city.data)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, _measure, city, script, small, large, people)


def _bundle(folder: Path) -> str:
    """The client as one script."""
    built = folder / "client.js"
    options = f"--file {built} --format iife --name xunge --platform browser --minify"
    subprocess.run(
        ["node_modules/.bin/rolldown", "offline/client/src/browser.ts", *options.split()],
        check=True,
        capture_output=True,
    )
    return built.read_text()


def _measure(
    city: Settings, script: str, small: Worker, large: Worker, people: int
) -> list[Figure]:
    with stage.web(city, 1):
        return asyncio.run(_phones(Service(city), script, small, large, people))


async def _phones(
    service: Service, script: str, small: Worker, large: Worker, people: int
) -> list[Figure]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = await _page(await browser.new_context(), service, script)
        taken_s = await page.evaluate(TAKE_IN, [small.user, PASSWORD, None, "case", EACH])
        floor_s, parsed = await page.evaluate(PARSE)
        assert parsed > EACH

        context = await browser.new_context()
        page = await _page(context, service, script)
        await page.evaluate(TAKE_IN, [large.user, PASSWORD, PIN, "person", people])
        await page.close()
        page = await _page(context, service, script)
        unlocked_s = await page.evaluate(UNLOCK, [PIN, people])
        await page.evaluate("new Promise((soon) => setTimeout(soon, 5000))")  # until it is typed
        found_ms = [
            await page.evaluate(SEARCH, [kind, query])
            for kind, queries in ASKED.items()
            for query in queries
        ]
        await browser.close()
    slowed = f"processor {SLOWER} times slower"
    return [
        Figure(
            "sync",
            "device_ingest_s",
            taken_s,
            floor_s,
            f"s from signing in, {parsed} documents, {slowed}",
        ),
        Figure(
            "sync",
            "device_unlock_s",
            unlocked_s,
            None,
            f"s, {people} people and {ROOMS} rooms, {slowed}",
        ),
        Figure("sync", "device_search_ms", max(found_ms), None, f"ms at most, {slowed}"),
    ]


async def _page(context: BrowserContext, service: Service, script: str) -> Page:
    """A page of the service's origin with the client in it and nothing else, slowed down."""
    page = await context.new_page()

    async def blank(route: Route) -> None:
        await route.fulfill(body=BLANK, content_type="text/html")

    async def client(route: Route) -> None:
        await route.fulfill(body=script, content_type="text/javascript")

    await page.route("**/bench", blank)
    await page.route("**/bench.js", client)
    await page.goto(f"{service.address}/bench")
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.evaluate(OPEN)
    return page
