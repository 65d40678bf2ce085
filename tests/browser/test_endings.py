"""The other ways a case may go, each through what people see."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.people import People
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLERK, DISPATCHER, LEADER = "sl01", "pq01", "zb01"


async def test_a_refusal_reaches_the_reporter_with_its_reason(
    people: People, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.report("小区里面的井盖")
    number = await field.number_of("小区里面的井盖")
    clerk = await people.user(CLERK)
    await clerk.open_case("to_accept", number)
    await clerk.act("不受理", reason="小区内部由物业负责")
    await clerk.sees_state("不受理")

    await field.tab("首页")
    await field.seen("home-reports").click()
    mine = field.seen("my-report").filter(has_text=number)
    await expect(mine).to_contain_text("不受理")
    await mine.click()
    await expect(field.page.get_by_label("办理过程")).to_contain_text("小区内部由物业负责")


async def test_an_untrue_report_is_verified_on_the_spot_and_cancelled(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.report("听说这里井盖坏了")
    number = await field.number_of("听说这里井盖坏了")
    clerk = await people.user(CLERK)
    await clerk.open_case("to_accept", number)
    await clerk.act("受理")
    await clerk.sees_state("已受理")
    await clerk.act("核实", opinion="请到现场看看")
    await clerk.sees_state("核实中")

    await field.tab("任务")
    await field.seen("task").filter(has_text="核实").click()
    await field.act("回复核实", choice="不属实", opinion="现场井盖完好", photo="现场")
    await clerk.open_case("to_file", number)
    await clerk.sees_state("核实不属实")
    await clerk.act("销案", reason="现场核实不属实")
    await clerk.sees_state("已销案")
    assert (await service.case(number)).ending == "cancelled"


async def test_a_failed_check_goes_back_to_dispatch(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.report("井盖一直在响")
    number = await field.number_of("井盖一直在响")
    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.open_case("to_accept", number)
    await leader.act("受理")
    await leader.sees_state("已受理")
    await leader.act("立案", choice="弹跳产生声响")
    await leader.sees_state("待派遣")
    await leader.one_tap("派遣给")
    await leader.sees_state("处置中")
    (assignment,) = (await service.case(number)).assignments
    handler = await people.user(await service.handler_of(assignment.org))
    await handler.open_case("to_handle", number)
    await handler.act("处置完成", opinion="垫了橡胶圈", photo="处置后")

    await field.tab("任务")
    await field.seen("task").filter(has_text="核查").click()
    await field.act("回复核查", choice="没有处置好", opinion="还在响", photo="现场")
    await field.sees_state("待派遣")
    await leader.open_case("to_dispatch", number)
    await leader.one_tap("派遣给")
    await leader.sees_state("处置中")
    again = (await service.case(number)).assignments
    assert [each.state for each in again] == ["returned", "open"]


async def test_a_self_handled_report_is_archived_with_before_and_after(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.begin_report()
    await field.next()
    await field.choose("上水井盖")
    await field.describe("井盖移位,已推回")
    await field.page.get_by_role("switch", name="我已自行处置").check()
    await field.take("处置前")
    await field.take("处置后")
    await field.next()
    await expect(field.seen("position-status")).to_contain_text("已定位")
    await field.submit()
    number = await field.number_of("井盖移位,已推回")
    clerk = await people.user(CLERK)
    await clerk.open_case("to_accept", number)
    await clerk.sees_state("自行处置待归档")
    await expect(clerk.page.get_by_label("处置前后对比").get_by_role("img")).to_have_count(2)
    await clerk.act("归档")
    await clerk.sees_state("已归档")
    assert (await service.case(number)).ending == "archived"


async def test_a_hotline_report_keeps_its_reporter_masked_until_somebody_gives_a_reason(
    people: People, service: Service
) -> None:
    clerk = await people.user(CLERK)
    await clerk.page.get_by_role("link", name="登记").click()
    await clerk.page.get_by_role("radio", name="热线").check()
    await clerk.page.locator("[name=outside_number]").fill("12345-20261121-0007")
    await clerk.page.locator("[name=reporter_name]").fill("金丝雀")
    await clerk.page.locator("[name=reporter_phone]").fill("13800001111")
    await clerk.page.get_by_role("switch", name="要求保密").check()
    await clerk.next()
    await clerk.choose("上水井盖")
    await clerk.describe("市民反映站前路井盖破损")
    await clerk.next()
    await clerk.place_by_name("景山")
    await clerk.seen("submit-report").click()
    await clerk.is_told("已存入发件箱")
    await expect(clerk.page.get_by_role("heading", name="案件")).to_be_visible()
    await clerk.look_in_outbox()
    number = await clerk.number_of("市民反映站前路井盖破损")

    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.open_case("to_accept", number)
    case = leader.seen("case-view")
    await expect(case).to_contain_text("要求保密")
    await expect(case).to_contain_text("12345-20261121-0007")
    await expect(case).not_to_contain_text("金丝雀")
    await expect(case).not_to_contain_text("13800001111")
    await leader.button("查看完整信息").click()
    sheet = leader.page.get_by_role("dialog")
    await sheet.get_by_label("原因").fill("回访核对地址")
    await sheet.get_by_role("button", name="查看", exact=True).click()
    await expect(case).to_contain_text(re.compile("金丝雀.*13800001111"))
    looked = await service.rows(
        "select count(*) as times from journal where verb = 'person.unmasked'"
    )
    assert looked[0]["times"] == 1
