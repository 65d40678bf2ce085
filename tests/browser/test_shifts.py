"""What changes hands or ends out of turn: a shift, a check that fails again, a forced closure, a
call back.
"""

import re

import pytest
from playwright.async_api import expect

from backend.cases.structs import Outside, Target
from backend.core.position import Position
from tests.browser.backstage import CLERK, DISPATCHER, LEADER, Backstage
from tests.browser.people import People
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUILDER, TO_BUILDER = "cz02", Target("oh-zj")
TOWN_HANDLER, TOWN_OFFICER = "cz12", "zs01"


async def test_a_colleague_takes_over_a_shift_and_sees_the_answer_to_what_was_asked(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.dispatched(worker, "巷口井盖沉下去了", Target("oh-001"))
    leaving = await people.user(TOWN_HANDLER)
    await leaving.open_case("to_handle", case.number)
    await leaving.act("签收")
    await leaving.act("申请延期", limit="1", reason="等施工队明早进场")
    await expect(leaving.seen("request")).to_contain_text("等待 派遣员 答复")
    await leaving.tab("任务")
    await leaving.page.get_by_role("link", name="交班").click()
    await expect(leaving.seen("held")).to_contain_text("1 份签收的派遣、1 件申请")
    await leaving.page.get_by_role("radio", name=re.compile("样处暑")).check()
    await leaving.page.locator("[name=note]").fill("施工队电话在桌上")
    await leaving.button("确认交班：1 件给样处暑").click()
    await leaving.is_told("交给样处暑：已存入发件箱")
    await expect(leaving.items("sent")).to_have_count(3)
    await leaving.tab("任务")
    await leaving.button("我签收的").click()
    await expect(leaving.page.get_by_text("没有符合的待办")).to_be_visible()

    colleague = await people.user(TOWN_OFFICER)
    await colleague.tab("任务")
    await colleague.button("我签收的").click()
    taken = colleague.seen("my-part").filter(has_text="巷口井盖沉下去了")
    await expect(taken).to_contain_text("办理中")
    [request] = (await service.case(case.number)).requests
    await city.act(DISPATCHER, case.id, "answer_request", request=request.id, verdict="granted")
    await colleague.tab("审批")
    await colleague.button("我的申请").click()
    mine = colleague.seen("request-row").filter(has_text="等施工队明早进场")
    await expect(mine).to_contain_text("已同意")
    await mine.click()
    await expect(colleague.seen("step").first).to_contain_text("答复申请")
    await expect(colleague.page.get_by_label("办理过程")).to_contain_text("施工队电话在桌上")


async def test_a_check_that_fails_again_is_counted_and_told_to_who_handled_it(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.dispatched(worker, "井盖补过又裂", TO_BUILDER)
    await city.handled(BUILDER, case.id)
    await city.checked(worker, case.id, "failed")
    await city.act(DISPATCHER, case.id, "dispatch", targets=[TO_BUILDER])
    await city.handled(BUILDER, case.id)

    field = await people.worker(worker)
    await field.tab("任务")
    await field.seen("task").filter(has_text="井盖补过又裂").click()
    await field.act("回复核查", choice="没有处置好", opinion="裂缝更大了", photo="现场")
    await field.sees_state("待协调")

    builder = await people.user(BUILDER)
    await builder.open_case("involved", case.number)
    view = builder.seen("case-view")
    await expect(view).to_contain_text("2 次核查未通过")
    told = builder.seen("step").filter(has_text="再次核查未通过，已告知处置部门")
    await expect(told).to_contain_text("住房和城乡建设局")
    failed = await service.case(case.number)
    assert (failed.failed_checks, failed.state) == (2, "coordinating")


async def test_a_case_is_closed_by_force_with_a_reason_after_its_consequences_were_read(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    case = await city.dispatched(worker, "井盖产权有争议", TO_BUILDER)
    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.open_case("handling", case.number)
    await leader.begin("强制结案")
    form = leader.form("强制结案")
    effects = form.get_by_test_id("effects")
    await expect(effects).to_contain_text("案件就此结束，成为“已结案”，不能恢复办理")
    await expect(effects).to_contain_text("瓯海区住房和城乡建设局）随之撤回")
    await form.get_by_role("button", name="确认强制结案").click()
    await expect(form.get_by_role("alert")).to_contain_text("强制结案理由")
    await leader.give("强制结案", reason="已由法院受理")
    await leader.sees_state("已结案")
    await expect(leader.page.get_by_label("办理过程")).to_contain_text("已由法院受理")
    closed = await service.case(case.number)
    assert [each.state for each in closed.assignments] == ["withdrawn"]
    assert closed.steps[-1].action == "force_close"


async def test_who_wished_it_is_called_back_and_says_why_not_content(
    people: People, service: Service, city: Backstage, worker: Worker
) -> None:
    id_ = await city.report(
        CLERK,
        source="hotline",
        description="热线：井盖挡路",
        position=Position(worker.longitude, worker.latitude, accuracy_m=8),
        media=[],
        reporter=Outside(name="样白露", phone="057788880000"),
        call_back=True,
    )
    await city.act(CLERK, id_, "accept")
    await city.act(CLERK, id_, "file", standard=1)
    await city.act(DISPATCHER, id_, "dispatch", targets=[TO_BUILDER])
    await city.handled(BUILDER, id_)
    await city.checked(worker, id_, "passed")
    number = (await city.act(CLERK, id_, "close")).number

    clerk = await people.user(CLERK)
    await clerk.open_case("to_call_back", number)
    await expect(clerk.seen("case-view")).to_contain_text("待回访")
    await clerk.act("回访", choice=("^不满意", "处置不彻底"), opinion="说边上还是不平")
    await expect(clerk.seen("case-view")).to_contain_text("不满意：处置不彻底")
    await clerk.open_case("called_back", number)
    call = (await service.case(number)).call_back
    assert call
    assert (call.state, call.satisfied, call.reason) == ("done", False, "处置不彻底")
