"""One service and one browser a test process; windows and a worker of its own a test."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from backend.app import BUILT_APP, embedded
from backend.core.settings import Settings
from tests.browser.backstage import Backstage, backstage
from tests.browser.people import FLAGS, People, chromium
from tests.browser.service import Service, Worker, running
from tests.conftest import Servers, _execute, own_folder

RESULTS = Path("test-results")


@pytest.fixture(scope="session")
def service(servers: Servers, city_template: str) -> Iterator[Service]:
    """Web and worker on a database and a Valkey of their own: other tests empty theirs."""
    with serving(servers, city_template, "xunge_browser") as started:
        yield started


@contextmanager
def serving(servers: Servers, template: str, database: str, *names: str) -> Iterator[Service]:
    """The named processes, or all, on a city of their own."""
    if not (BUILT_APP / "index.html").exists():
        subprocess.run(["npm", "run", "--silent", "build", "-w", "pwa"], check=True)
    asyncio.run(_execute(servers.postgres, f"CREATE DATABASE {database} TEMPLATE {template}"))
    folder = own_folder()
    with embedded.valkey(folder / "valkey") as redis:
        settings = Settings(
            database_url=servers.database(database),
            redis_url=redis,
            environment="development",
            secret=bytes(range(32)),
            data=folder / "data",
            host="127.0.0.1",
            port=_free_port(),
        )
        with running(settings, *names) as started:
            yield started
    shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    started = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    await started.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def city(service: Service) -> AsyncIterator[Backstage]:
    """What happens where nobody looks."""
    async with backstage(service.settings) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def free_workers(service: Service) -> Iterator[Worker]:
    """Workers nobody has used yet; xdist's processes have a database each, so need not agree."""
    return iter(await service.sole_workers())


@pytest.fixture
def worker(free_workers: Iterator[Worker]) -> Worker:
    """A worker of this test's own, the only one in a grid."""
    return next(free_workers)


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest_asyncio.fixture(loop_scope="session")
async def people(
    browser: Browser, service: Service, request: pytest.FixtureRequest
) -> AsyncIterator[People]:
    """Opens windows and closes them; an uncaught error in any of them fails the test, and what a
    failed test saw last is kept in test-results/.
    """
    opened = People(browser, service)
    yield opened
    if request.node.stash.get(FAILED, False):
        await opened.keep_pictures(RESULTS / request.node.name)
    await opened.close()
    assert not opened.errors, opened.errors
