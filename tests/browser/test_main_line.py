"""From a phone without network to the closed case, by everyone through what they see."""

import os
import signal
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Playwright, Route, async_playwright, expect

from tests.browser.people import FLAGS, People, Person, chromium, manners
from tests.browser.pictures import digest, picture
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")
PIECE = 512 * 1024


async def test_whole(people: People, service: Service, worker: Worker) -> None:
    field = await people.worker(worker)
    await field.report("井盖破了")
    number = await field.number_of("井盖破了")
    clerk = await people.user("sl01")
    await clerk.open_case("to_accept", number)
    await clerk.act("受理")
    await clerk.sees_state("已受理")
    await clerk.act("立案", choice="缺失")
    await clerk.sees_state("待派遣")
