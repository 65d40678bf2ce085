"""home: gzipped JavaScript that Chromium fetches cold until 上报 opens a working form, beside the
size of the same files gzipped as hard as gzip can.
"""

import asyncio
import gzip
from urllib.parse import urlparse

import msgspec
from playwright.async_api import async_playwright

from backend.app import BUILT_APP
from backend.core.settings import Settings
from tests.bench import stage
from tests.bench.figures import Figure
from tests.browser.people import FLAGS, Person, chromium, manners
from tests.browser.service import Service

KIB = 1024


async def run() -> list[Figure]:
    """Measure the first load of a worker's phone."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        loop = asyncio.get_running_loop()
        sizes = await loop.run_in_executor(None, _measure, city)
    floor = sum(len(gzip.compress((BUILT_APP / path).read_bytes(), mtime=0)) for path in sizes)
    return [Figure("home", "first_load_kib", sum(sizes.values()) / KIB, floor / KIB, "KiB")]


def _measure(city: Settings) -> dict[str, int]:
    with stage.web(city, 1):
        return asyncio.run(_open_form(Service(city)))


async def _open_form(service: Service) -> dict[str, int]:
    """Bytes on the wire of each script, headers aside, by its path in the built app."""
    (worker, *_) = await service.sole_workers()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context(**manners(worker))
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        await devtools.send("Network.enable")
        scripts: dict[str, str] = {}
        sizes: dict[str, int] = {}

        def began(event: dict[str, object]) -> None:
            response = msgspec.convert(event["response"], _Response)
            if response.mime.endswith("javascript"):
                scripts[str(event["requestId"])] = urlparse(response.url).path.lstrip("/")

        def received(event: dict[str, object]) -> None:
            path = scripts.get(str(event["requestId"]))
            if path:
                sizes[path] = sizes.get(path, 0) + msgspec.convert(event["encodedDataLength"], int)

        devtools.on("Network.responseReceived", began)
        devtools.on("Network.dataReceived", received)
        person = Person(page, service)
        await page.goto(service.address)
        await person.sign_in(worker.user)
        await person.begin_report()
        await person.take("近景")
        await browser.close()
    return sizes


class _Response(msgspec.Struct):
    url: str
    mime: str = msgspec.field(name="mimeType")
