"""From a phone without network to the closed case, by everyone through what they see."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.people import ROLES, People, Person
from tests.browser.pictures import digest, picture
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 512 * 1024
TEXTS = ("人行道上的井盖破了一个口子", "井盖翘起,车压过时响", "井盖不见了,路口没有围挡")


async def stall_halfway(field: Person) -> asyncio.Event:
    """From now on the rest of a photo whose first piece has arrived never does."""
    halfway = asyncio.Event()

    async def answer(route: Route) -> None:
        if route.request.headers.get("upload-offset", "0") == "0":
            await route.continue_()
        else:
            halfway.set()

    await field.page.route("**/api/uploads/*", answer)
    return halfway


async def test_nothing_is_lost_or_doubled_from_an_offline_report_to_the_closed_case(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.can_start_offline()
    await field.offline()
    sent = [
        await field.report(text, {role: picture(PIECE + 20_000) for role in ROLES})
        for text in TEXTS
    ]
    await expect(field.items("queued")).to_have_count(3)

    halfway = await stall_halfway(field)
    await field.online()
    async with asyncio.timeout(20):
        await halfway.wait()
    await field.tab_dies()
    left = await service.rows("select state from media where state = 'uploading'")
    assert left, "the tab died in the middle of an upload"

    field = await field.new_tab("/outbox")
    await expect(field.items("sent")).to_have_count(3)
    numbers = [await field.number_of(text) for text in TEXTS]
    cases = await service.reported_by(worker.user)
    assert [case.number for case in cases] == numbers
    assert [case.description for case in cases] == list(TEXTS)
    for case, photos in zip(cases, sent, strict=True):
        signed = [media.sha256 for media in case.reports[0].media]
        assert signed == [digest(photo) for photo in photos.values()]
        assert [service.stored_digest(sha256) for sha256 in signed] == signed

    number = numbers[0]
    clerk = await people.user("sl01")
    await clerk.open_case("to_accept", number)
    await clerk.act("受理")
    await clerk.sees_state("已受理")
    await clerk.act("立案", choice="缺失、移位、开裂")
    await clerk.sees_state("待派遣")

    dispatcher = await people.user("pq01")
    await dispatcher.open_case("to_dispatch", number)
    await dispatcher.one_tap("派遣给")
    await dispatcher.sees_state("处置中")

    await field.page.goto(f"{service.address}/tasks")
    await expect(field.page.get_by_text("没有要做的任务")).to_be_visible()
    (assignment,) = (await service.case(number)).assignments
    handler = await people.user(await service.handler_of(assignment.org))
    await handler.open_case("to_handle", number)
    await handler.act("处置完成", opinion="已更换新井盖", photo="处置后")

    task = field.seen("task").filter(has_text=TEXTS[0])
    await expect(task).to_contain_text("核查")  # by itself: nobody touched the page
    await task.click()
    await field.act("回复核查", choice="已处置好", photo="现场")
    await field.sees_state("待结案")

    await clerk.open_case("to_close", number)
    await expect(clerk.page.get_by_label("处置前后对比")).to_be_visible()
    await clerk.act("结案")
    await clerk.sees_state("已结案")
    closed = await service.case(number)
    assert (closed.stage, closed.ending) == ("closed", "closed")
    assert [step.action for step in closed.steps] == [
        "report",
        "accept",
        "file",
        "dispatch",
        "handle",
        "open_check_task",
        "answer_check",
        "close",
    ]
