"""What departments ask for and what is asked of them from above, also without a network."""

import re

import pytest
from playwright.async_api import expect

from backend.cases.structs import Target
from tests.browser.backstage import CLERK, LEADER, Backstage
from tests.browser.people import People
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUILDER, TO_BUILDER = "cz02", Target("oh-zj")


async def test_a_suspended_case_stands_still_until_it_is_taken_up_again(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.dispatched(worker, "井盖下是断裂的管子", TO_BUILDER)
    builder = await people.user(BUILDER)
    await builder.open_case("to_handle", case.number)
    await builder.begin("申请挂账")
    await builder.form("申请挂账").get_by_role("button", name="7 天后").click()
    await builder.give("申请挂账", reason="等管线单位停水")
    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.review("等管线单位停水", choice="^同意")
    clocks = builder.seen("clocks")
    await expect(clocks).to_contain_text("已暂停")
    await expect(builder.seen("case-view")).to_contain_text("挂账到")
    await leader.open_case("suspended", case.number)
    await builder.act("恢复办理", opinion="管线修好了")
    await expect(clocks).not_to_contain_text("已暂停")
    resumed = await service.case(case.number)
    assert not resumed.suspended
    [request] = resumed.requests
    assert (request.kind, request.state) == ("suspension", "granted")


async def test_a_directive_from_above_is_answered_by_who_handles(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.dispatched(worker, "校门口井盖松动", TO_BUILDER)
    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.open_case("handling", case.number)
    await leader.act("督办", opinion="上学前必须修好", limit="1")
    await expect(leader.seen("case-view")).to_contain_text("已督办")
    await leader.act("案件等级", choice="^重大", opinion="临近学校")
    await expect(leader.seen("case-view")).to_contain_text("重大")
    await leader.page.goto(f"{service.address}/cases?severity=major")
    await expect(leader.seen("case-row")).to_have_count(1)
    await expect(leader.seen("case-row")).to_contain_text("重大")
    await leader.seen("case-row").click()
    builder = await people.user(BUILDER)
    await builder.open_case("directed", case.number)
    await expect(builder.seen("directive")).to_contain_text("上学前必须修好")
    await builder.act("回复督办", opinion="今晚完成")
    asked = leader.seen("directive").filter(has_text="上学前必须修好")
    await expect(asked).to_contain_text("今晚完成")  # by itself: nobody touched the page
    [directive] = (await service.case(case.number)).directives
    assert directive.answered_at is not None


async def test_an_extension_asked_without_a_network_arrives_with_it(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.dispatched(worker, "地下室入口井盖坏", TO_BUILDER)
    builder = await people.user(BUILDER)
    await builder.can_start_offline()
    await builder.open_case("to_handle", case.number)
    await builder.offline()
    await builder.act("申请延期", limit="2", reason="地下室没有信号")
    await expect(builder.seen("action-bar")).to_contain_text("已记下，正在等待送达")
    assert (await service.case(case.number)).requests == []
    await builder.online()
    asked = builder.seen("request").filter(has_text="地下室没有信号")
    await expect(asked).to_contain_text("待审批")
    [request] = (await service.case(case.number)).requests
    assert (request.kind, request.reason) == ("extension", "地下室没有信号")


async def test_a_duplicate_is_joined_and_its_reporter_follows_the_case_that_goes_on(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    kept = await city.reported(worker, "井盖裂成两半")
    # another saw it too, from across the street
    double = await city.case(
        await city.report(
            "jd01", description="同一个井盖裂了", position=await city.point_of(worker.user)
        )
    )
    clerk = await people.user(CLERK)
    await clerk.open_case("to_accept", double.number)
    await clerk.begin("并入其他案件…")
    sheet = clerk.page.get_by_role("dialog", name="并入其他案件")
    await sheet.get_by_test_id("merge-choice").filter(has_text=kept.number).click()
    await sheet.locator("[name=reason]").fill("同一处")
    await sheet.get_by_role("button", name="确认并案").click()
    await clerk.is_told("并案：已存入发件箱")
    await clerk.sees_state("已并案")

    reporter = await people.user("jd01")
    await reporter.seen("home-reports").click()
    await reporter.seen("my-report").filter(has_text=double.number).click()
    await reporter.sees_state("已并案")
    await reporter.page.get_by_role("link", name=re.compile("已并入")).click()
    await expect(reporter.seen("case-number")).to_have_text(kept.number)
    await city.act(CLERK, kept.id, "accept")
    await reporter.sees_state("已受理")  # by itself: their report is in this case now

    await clerk.page.get_by_role("link", name=re.compile("已并入")).click()
    await clerk.seen("joined").get_by_role("button", name="拆出").click()
    sheet = clerk.page.get_by_role("dialog", name="拆出案件")
    await sheet.locator("[name=reason]").fill("其实是隔壁的井盖")
    await sheet.get_by_role("button", name="确认拆出").click()
    await clerk.is_told("拆出：已存入发件箱")
    await expect(clerk.seen("joined")).to_have_count(0)
    assert (await service.case(double.number)).state == "reported"
    joined = await service.case(kept.number)
    assert [len(joined.reports), joined.state] == [1, "accepted"]
