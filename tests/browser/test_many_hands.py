"""A case in several hands at once, and an event that climbs and comes back."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.backstage import DISPATCHER, LEADER, Backstage
from tests.browser.people import Part, People, Person
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUILDING, BUILDER = "瓯海区住房和城乡建设局", "cz02"
POLICE, POLICEMAN = "瓯海区交通警察大队", "cz05"
CLEANING, CLEANER = "瓯海区环境卫生管理中心", "cz04"
TOWN_OFFICER, COMMUNITY_OFFICER = "zs01", "cs01"


def part(person: Person, org: str) -> Locator:
    return person.seen("part").filter(has_text=org)


async def test_two_departments_share_a_case_and_closing_waits_for_all(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.filed(worker, "主管和路面一起塌了")
    dispatcher = await people.user(DISPATCHER)
    await dispatcher.open_case("to_dispatch", case.number)
    await dispatcher.begin("派遣")
    await dispatcher.form("派遣").get_by_role("radio", name="多个部门").check()
    parts = [Part(BUILDING, "主办", "更换井盖", 2), Part(POLICE, "协办", "疏导交通", 1)]
    await dispatcher.give("派遣", parts=parts)
    await dispatcher.sees_state("处置中")
    await expect(part(dispatcher, BUILDING)).to_contain_text("主办")
    await expect(part(dispatcher, POLICE)).to_contain_text("协办")

    builder = await people.user(BUILDER)
    await builder.open_case("to_handle", case.number)
    await part(builder, BUILDING).click()
    await expect(builder.seen("parts")).to_contain_text("要求：更换井盖")
    await builder.act("申请延期", limit="3", reason="配件明天才到")
    await expect(builder.seen("request")).to_contain_text("等待 派遣员 答复")
    policeman = await people.user(POLICEMAN)
    await policeman.open_case("to_handle", case.number)
    await policeman.act("申请协助", reason="路面有油污", parts=[Part(CLEANING)])

    await dispatcher.review("路面有油污", choice="^同意", opinion="可以")
    await expect(part(dispatcher, CLEANING)).to_contain_text("协助")
    form = await dispatcher.open_review("配件明天才到")
    await expect(form.get_by_role("radio", name=re.compile("^同意"))).to_be_disabled()
    await expect(form).to_contain_text("派遣员最多可批1 个工作日，请报上级")
    await dispatcher.give("答复申请", choice="报上一级", opinion="超出权限")
    await expect(dispatcher.seen("request").first).to_contain_text("等待 值班长 答复")

    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.review("配件明天才到", choice="^同意", opinion="抓紧")
    granted = builder.seen("request").filter(has_text="配件明天才到")
    await expect(granted).to_contain_text("已同意")  # by itself: nobody touched the page
    [request] = [each for each in (await service.case(case.number)).requests if each.limit]
    assert request.old_due_at
    assert request.new_due_at
    assert request.old_due_at < request.new_due_at
    await expect(granted).to_contain_text(re.compile("原期限.*新期限"))
    await expect(granted.get_by_label("审批过程").get_by_role("listitem")).to_have_count(3)

    await builder.act("处置完成", opinion="已更换", photo="处置后")
    await expect(part(builder, BUILDING)).to_contain_text("已办结")
    await policeman.act("处置完成", opinion="交通已恢复", photo="处置后")
    await expect(part(policeman, POLICE)).to_contain_text("已办结")
    await dispatcher.sees_state("处置中")  # the helper is still at work
    cleaner = await people.user(CLEANER)
    await cleaner.open_case("to_handle", case.number)
    await cleaner.act("处置完成", opinion="油污已清", photo="处置后")
    await cleaner.sees_state("核查中")
    await city.checked(worker, case.id, "passed")
    await leader.open_case("to_close", case.number)
    await leader.act("结案")
    await leader.sees_state("已结案")
    closed = await service.case(case.number)
    assert {each.org: (each.kind, each.state) for each in closed.assignments} == {
        "oh-zj": ("main", "answered"),
        "oh-jj": ("assist", "answered"),
        "oh-hw": ("help", "answered"),
    }


async def raise_dispute(officer: Person, text: str) -> str:
    """With the form of its type: what does not apply is not asked, parties as many as there are."""
    await officer.begin_report()
    await officer.next()
    await officer.choose("矛盾纠纷")
    await officer.describe(text)
    await officer.next()
    form = officer.seen("form-view")
    await form.get_by_label("纠纷类型第 1 级").select_option(label="劳动用工")
    await form.get_by_label("纠纷类型第 2 级").select_option(label="拖欠工资")
    await form.get_by_label("涉及人数").fill("12")
    await form.get_by_role("group", name="激化可能").get_by_role("radio", name="低").check()
    await expect(form.get_by_text("激化苗头")).to_have_count(0)
    await form.get_by_role("group", name="激化可能").get_by_role("radio", name="高").check()
    await form.get_by_role("checkbox", name="人员聚集").check()
    for n, (name, role) in enumerate((("某劳务公司", "被诉求方"), ("样谷雨", "诉求方"))):
        if n:
            await form.get_by_role("button", name="添加当事人").click()
        await form.get_by_label("姓名或单位").nth(n).fill(name)
        row = form.get_by_role("region", name="当事人").locator("ol > li").nth(n)
        await row.get_by_role("radio", name=role, exact=True).check()
    await expect(form.get_by_role("status", name="登记当事人数")).to_have_text("2")
    await form.get_by_role("radio", name="未调解").check()
    await officer.next()
    await expect(officer.seen("position-status")).to_contain_text("已定位")
    await officer.submit()
    return await officer.number_of(text)


async def test_an_event_climbs_to_the_centre_comes_back_is_reworked_and_closed(
    people: People, service: Service, city: Backstage
) -> None:
    point = await city.point_of("wg001")
    here = Worker(COMMUNITY_OFFICER, "", point.longitude, point.latitude)
    community = await people.worker(here)
    number = await raise_dispute(community, "工地门口十几人讨薪")
    raised = await service.case(number)
    assert raised.reports[0].answers["signs"] == ["crowd"]
    assert [row["party_role"] for row in raised.reports[0].answers["parties"]] == [
        "respondent",
        "claimant",
    ]
    await community.open_case("events_mine", number)
    await community.act("上报", opinion="涉及外来企业，社区办不了")
    await community.sees_state("移交待处置")

    town = await people.user(TOWN_OFFICER)
    await town.open_case("events_mine", number)
    await town.act("上报", opinion="要多部门联动")
    centre = await people.anyone()
    await centre.sign_in(LEADER, post="值班长")
    await centre.open_case("events_mine", number)
    await centre.act("移交办结权限", choice="景山街道办事处", opinion="请街道牵头")
    await expect(centre.seen("case-view")).to_contain_text("原在")

    await town.open_case("events_mine", number)
    await town.begin("交办")
    await (
        town.form("交办").get_by_role("button", name="去掉瓯海区综合行政执法局").click()
    )  # advised
    await town.give("交办", parts=[Part(BUILDING, "主办", "核实欠薪"), Part(POLICE, "协办")])
    await town.sees_state("处置中")
    builder, policeman = await people.user(BUILDER), await people.user(POLICEMAN)
    for handler in (builder, policeman):
        await handler.open_case("to_handle", number)
        await handler.act("处置", opinion="已约谈")
    await town.sees_state("待办结")
    await town.act("退回返工", opinion="欠薪还没有发")
    for handler, org in ((builder, BUILDING), (policeman, POLICE)):
        await expect(part(handler, org)).to_contain_text("待签收")  # it came back by itself
        await handler.act("处置", opinion="已发放")
    await town.sees_state("待办结")
    await town.begin("办结")
    form = town.form("办结")
    await form.get_by_role("radio", name="部分解决").check()
    await form.get_by_label("后续安排").fill("下月回访一次")
    await town.give("办结", opinion="双方签了协议")
    await town.sees_state("已办结")
    await expect(community.seen("case-state")).to_have_text("已办结")  # still sees what it raised
    closed = await service.case(number)
    assert (closed.ending, closed.closing_org) == ("closed", "oh-001")
    assert closed.steps[-1].answers == {"result": "partly", "next_step": "下月回访一次"}
