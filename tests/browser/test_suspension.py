"""A case that stands still over National Day 2026, as a page at that time shows it.

The installation has a web process alone, and the page's clock stands with the city's: what rings,
rings when the test says so.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from backend.cases.jobs import ring_due
from backend.cases.structs import Target
from backend.catalogue.flow import Limit
from tests.browser.backstage import CLERK, DISPATCHER, LEADER, acting_on
from tests.browser.conftest import serving
from tests.browser.people import People, Person
from tests.browser.service import Service
from tests.cases.city import City
from tests.conftest import Servers

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUILDER = "cz02"


def at(text: str) -> datetime:
    """A time in the city, in 2026."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def still(servers: Servers, city_template: str) -> Iterator[Service]:
    """Nothing happens by itself."""
    with serving(servers, city_template, "xunge_still", "web") as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def city(still: Service) -> AsyncIterator[City]:
    async with acting_on(still.settings):
        yield await City.open()


@pytest_asyncio.fixture(loop_scope="session")
async def builder(browser: Browser, still: Service) -> AsyncIterator[Person]:
    """Signed in on the Tuesday before the holidays."""
    people = People(browser, still)
    person = await people.anyone()
    await person.page.clock.set_fixed_time(at("09-29T15:05"))
    await person.sign_in(BUILDER)
    yield person
    await people.close()
    assert not people.errors, people.errors


async def test_the_deadline_of_a_resumed_case_skips_the_holidays(
    city: City, builder: Person
) -> None:
    city.now = at("09-29T09:00")  # Tuesday; one works 8-12 and 14-18
    case = await city.report("wg001")
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    city.now = at("09-29T09:03")
    target = Target("oh-zj", limit=Limit(2, "work_day"))
    number = (await city.act(DISPATCHER, case, "dispatch", targets=[target])).number
    await builder.open_case("to_handle", number)
    clocks = builder.seen("clocks")
    await expect(clocks).to_contain_text("10月8日 9:03 前")

    city.now = at("09-29T14:30")
    until = at("09-30T17:00")
    asked = await city.act(BUILDER, case, "ask_suspension", reason="等断水", until=until)
    city.now = at("09-29T15:00")  # 3 h 57 min of 16 h are used up
    await city.act(LEADER, case, "answer_request", request=asked.requests[0].id, verdict="granted")
    await builder.page.reload()
    await expect(clocks).to_contain_text("已暂停")
    await expect(builder.seen("case-view")).to_contain_text("挂账到 明天 17:00")

    city.now = until
    assert await ring_due(city.ports) == 1
    await builder.page.clock.set_fixed_time(until)
    await builder.page.reload()
    await expect(clocks).not_to_contain_text("已暂停")
    # one hour on the 30th, eight on the 8th, the last 3 h 3 min on the 9th
    await expect(clocks).to_contain_text("10月9日 11:03 前")
    await expect(builder.seen("step").first).to_contain_text("挂账到期，自动恢复办理")
