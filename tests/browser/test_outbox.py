"""What a person recorded is kept, sent once, and put right when it was refused."""

import re
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Playwright, expect

from tests.browser.people import FLAGS, ROLES, People, Person, chromium, manners
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEKING = {"longitude": 116.397, "latitude": 39.908, "accuracy": 12}


async def test_a_refused_report_says_why_and_is_sent_again_corrected(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker, geolocation=PEKING)
    await field.report("井盖上的字看不清")
    await expect(field.items("refused")).to_contain_text("位置")
    await expect(field.seen("sync-badge")).to_contain_text("1 条需处理")

    await field.context.set_geolocation(
        {"longitude": worker.longitude, "latitude": worker.latitude, "accuracy": 12}
    )
    await field.button("更正并重新发送").click()
    await expect(field.page.get_by_label("退回原因")).to_contain_text("位置")
    await expect(field.page.get_by_label("描述", exact=True)).to_have_value("井盖上的字看不清")
    await field.next()
    await field.button("我的位置").click()
    await expect(field.seen("cross-grid")).to_be_hidden()
    await field.submit()
    await expect(field.items("sent")).to_have_count(1)
    await expect(field.items("refused")).to_have_count(0)
    (case,) = await service.reported_by(worker.user)
    assert case.grid == worker.grid
    assert len(case.reports[0].media) == len(ROLES)


async def test_offline_needs_no_service_worker(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.anyone(worker, service_workers="block")
    await field.context.add_init_script("delete Navigator.prototype.serviceWorker")
    async with field.page.expect_response(re.compile("OutboxScreen.*js")):
        await field.page.reload()  # and with it all that the page fetches ahead
    await field.sign_in(worker.user)
    await field.has_the_city()
    await field.offline()
    await field.report("没有网络也能报")
    await expect(field.items("queued")).to_have_count(1)
    await field.begin_report()
    await field.take("近景")
    await field.next()
    await field.describe("写到一半")
    await field.is_kept("写到一半")
    await field.online()
    await field.page.reload()
    await expect(field.page.get_by_label("描述", exact=True)).to_have_value("写到一半")
    await field.look_in_outbox()
    await field.number_of("没有网络也能报")
    assert len(await service.reported_by(worker.user)) == 1


async def test_the_app_starts_cold_without_network(people: People, worker: Worker) -> None:
    field = await people.worker(worker)
    await field.can_start_offline()
    await field.offline()
    await field.page.close()
    field = await field.new_tab("/tasks")
    await expect(field.page.get_by_role("heading", name="我的任务")).to_be_visible()
    await expect(field.seen("sync-badge")).to_contain_text("离线")
    await field.report("开机就没有网络")
    await expect(field.items("queued")).to_have_count(1)


async def test_two_tabs_send_once(people: People, service: Service, worker: Worker) -> None:
    field = await people.worker(worker)
    await field.can_start_offline()
    other = await field.new_tab()
    await field.page.bring_to_front()
    await field.offline()
    await field.report("两个页面都开着")
    await other.page.goto(f"{service.address}/outbox")
    await expect(other.items("queued")).to_have_count(1)
    arrived: list[int] = []
    field.context.on(
        "response", lambda got: arrived.append(got.status) if "sync/push" in got.url else None
    )
    await field.online()
    await expect(other.items("sent")).to_have_count(1)
    await expect(field.items("sent")).to_have_count(1)
    assert arrived == [200]
    (case,) = await service.reported_by(worker.user)
    assert case.number == await other.number_of("两个页面都开着")


async def test_a_draft_comes_back_after_the_tab_died(people: People, worker: Worker) -> None:
    field = await people.worker(worker)
    await field.begin_report()
    await field.take("近景")
    await field.take("远景")
    await field.next()
    await field.choose("上水井盖")
    await field.describe("井盖周围路面下沉,")
    await field.page.get_by_label("描述", exact=True).press_sequentially("绊倒过人")
    await field.is_kept("井盖周围路面下沉,绊倒过人")
    await field.tab_dies()

    field = await field.new_tab()
    await expect(field.seen("report-button")).to_have_text("继续上报")
    await field.seen("report-button").click()
    await expect(field.seen("choose-category")).to_contain_text("上水井盖")
    await expect(field.page.get_by_label("描述", exact=True)).to_have_value(
        "井盖周围路面下沉,绊倒过人"
    )
    await field.button("上一步").click()
    for role in ("近景", "远景"):
        photo = field.page.get_by_role("img", name=f"{role}第 1 张")
        await expect(photo).to_have_js_property("complete", value=True)
        assert await photo.evaluate("(image) => image.naturalWidth") > 0


async def test_what_waits_survives_the_phone_and_the_session(
    playwright: Playwright, service: Service, worker: Worker, tmp_path: Path
) -> None:
    async def switch_on() -> Person:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=chromium(), args=FLAGS, **manners(worker)
        )
        await context.clear_cookies()
        (page,) = context.pages
        await page.goto(service.address)
        return Person(page, service)

    field = await switch_on()
    await field.sign_in(worker.user)
    await field.can_start_offline()
    await field.offline()
    await field.report("手机没电了")
    for process in psutil.process_iter(["cmdline"]):
        if f"--user-data-dir={tmp_path}" in (process.info["cmdline"] or []):
            process.kill()

    field = await switch_on()
    await field.look_in_outbox()
    await expect(field.page.get_by_role("alert")).to_contain_text("登录已过期，内容都还在")
    await field.page.get_by_role("link", name="重新登录", exact=True).click()
    await field.sign_in(worker.user)
    await field.look_in_outbox()
    number = await field.number_of("手机没电了")
    assert [case.number for case in await service.reported_by(worker.user)] == [number]
    await field.context.close()
