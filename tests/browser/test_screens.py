"""Every screen: a picture of it at both widths, and nobody shut out of it."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from backend.cases.structs import Target
from backend.catalogue.flow import Limit
from tests.browser.backstage import CLERK, DISPATCHER, LEADER, Backstage
from tests.browser.gallery import ELDER_TOUCH, SCREENS, Gallery
from tests.browser.people import DESK, Part, People, Person
from tests.browser.pictures import drawing
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOWN, TOWN_HANDLER, TOWN_OFFICER = "梧田街道办事处", "cz13", "zs02"
STREET = {
    "人行道上的井盖破了一个口子,晚上看不清,容易绊倒人": "上水井盖",
    "路灯连着三盏不亮": "路灯",
    "公交站旁垃圾桶满了,污水流到路面": "垃圾满溢",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(
    browser: Browser, service: Service, city: Backstage, free_workers: Iterator[Worker]
) -> AsyncIterator[Gallery]:
    """All screens, with a morning's work on them."""
    people = People(browser, service, drawing)
    gallery = Gallery()
    worker = next(free_workers)
    await at_the_door(people, gallery)
    field = await people.worker(worker)
    first, second, third = await in_the_field(field, gallery)
    await at_the_desk(people, gallery, first)
    await back_in_the_field(field, gallery)
    await in_many_hands(people, gallery, city, second)
    await side_by_side(people, gallery, second, third)
    await at_the_office(people, gallery)
    await above(people, gallery)
    yield gallery
    await people.close()
    assert not people.errors, people.errors


async def at_the_door(people: People, gallery: Gallery) -> None:
    await gallery.show(await people.anyone(), "sign-in")


async def in_the_field(field: Person, gallery: Gallery) -> list[str]:
    """A worker's morning; gives the numbers of the reports."""
    first, *others = STREET
    await field.begin_report()
    await field.take("近景")
    await field.take("远景")
    await field.take("参照物")
    await gallery.show(field, "report-photos")
    await field.next()
    await field.seen("choose-category").click()
    await gallery.show(field, "report-category")
    await field.button("关闭").click()
    await field.choose(STREET[first])
    await field.describe(first)
    await gallery.show(field, "report-what")
    await field.next()
    await expect(field.seen("position-status")).to_contain_text("已定位")
    await expect(field.seen("pick-map")).to_be_visible()
    await gallery.show(field, "report-where")
    await field.submit()
    numbers = [await field.number_of(first)]
    for text in others:
        await field.report(text, category=STREET[text])
        numbers.append(await field.number_of(text))
    return numbers


async def at_the_desk(people: People, gallery: Gallery, number: str) -> None:
    """The clerk takes the first report on, and it is dispatched and handled."""
    clerk = await people.user("sl01")
    await clerk.open_box("to_accept")
    await clerk.page.get_by_role("button", name=re.compile("^筛选")).click()
    await gallery.show(clerk, "desk-filter")
    await clerk.button("关闭").click()
    await clerk.page.get_by_role("link", name="登记").click()
    await gallery.show(clerk, "register")
    await clerk.open_case("to_accept", number)
    await expect(clerk.seen("case-map")).to_be_visible()
    await gallery.show(clerk, "case")
    await clerk.act("受理")
    await clerk.sees_state("已受理")
    await clerk.begin("立案")
    await gallery.show(clerk, "act")
    await clerk.button("关闭").click()
    await clerk.act("立案", choice="缺失、移位、开裂")
    await clerk.sees_state("待派遣")

    dispatcher = await people.user("pq01", viewport=DESK)
    await dispatcher.open_case("to_dispatch", number)
    await expect(dispatcher.seen("action-bar")).to_contain_text("派遣给")
    await gallery.show(dispatcher, "desk")
    await dispatcher.open_case("to_dispatch", number)  # on a phone now, a screen of its own
    await dispatcher.one_tap("派遣给")
    await dispatcher.sees_state("处置中")
    case = await people.service.case(number)
    handler = await people.user(await people.service.handler_of(case.assignments[0].org))
    await handler.open_case("to_handle", number)
    await handler.act("处置完成", opinion="已更换新井盖", photo="处置后")
    await handler.sees_state("核查中")
    await expect(handler.seen("sync-badge")).to_contain_text("已全部送达")
    await expect(handler.page.get_by_text("待传")).to_have_count(0)
    await gallery.show(handler, "case-handled")


async def back_in_the_field(field: Person, gallery: Gallery) -> None:
    await field.tab("首页")
    await expect(field.seen("home-tasks")).to_contain_text("1")
    await gallery.show(field, "home")
    await field.tab("任务")
    await expect(field.seen("task")).to_have_count(1)
    await gallery.show(field, "tasks")
    await field.tab("地图")
    await expect(field.seen("case-map")).to_be_visible()
    await gallery.show(field, "map")
    await field.tab("我的")
    await gallery.show(field, "me")
    await field.tab("首页")
    await field.seen("home-reports").click()
    await expect(field.seen("my-report")).to_have_count(3)
    await gallery.show(field, "reports")
    await field.context.set_geolocation({"longitude": 116.397, "latitude": 39.908, "accuracy": 12})
    await field.report("井盖上的字看不清")
    await expect(field.items("refused")).to_have_count(1)
    await gallery.show(field, "outbox")
    await field.tab("我的")
    await field.page.get_by_role("switch", name="长辈模式").check()
    await field.tab("首页")
    await gallery.show(field, "home-elder", touch=ELDER_TOUCH)
    await field.begin_report()
    await gallery.show(field, "report-elder", touch=ELDER_TOUCH)


async def in_many_hands(people: People, gallery: Gallery, city: Backstage, number: str) -> None:
    """A case that several work on, what they ask for, and a shift that ends."""
    case = (await people.service.case(number)).id
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    dispatcher = await people.user(DISPATCHER)
    await dispatcher.open_case("to_dispatch", number)
    await dispatcher.begin("派遣")
    form = dispatcher.form("派遣")
    await form.get_by_role("radio", name="多个部门").check()
    parts = [Part(TOWN, "主办", "换灯头", 2), Part("瓯海区交通警察大队", "协办")]
    await dispatcher.choose_parts(form, parts)
    await gallery.show(dispatcher, "act-several")
    await dispatcher.button("关闭").click()
    targets = [
        Target("oh-002", "main", "换灯头"),
        Target("oh-jj", "assist"),
        Target("oh-gd", "copy"),
    ]
    await city.act(DISPATCHER, case, "dispatch", targets=targets)
    await city.act(TOWN_HANDLER, case, "sign")
    limit = Limit(3, "work_day")
    await city.act(TOWN_HANDLER, case, "ask_extension", limit=limit, reason="灯头要从厂里调货")
    await city.act(
        LEADER, case, "supervise", opinion="天黑前先放警示灯", limit=Limit(1, "work_day")
    )

    await dispatcher.tab("审批")
    await expect(dispatcher.seen("request-row").first).to_be_visible()
    await gallery.show(dispatcher, "reviews")
    await dispatcher.open_review("灯头要从厂里调货")
    await gallery.show(dispatcher, "review")
    await dispatcher.button("关闭").click()
    handler = await people.user(TOWN_HANDLER)
    await handler.tab("任务")
    await expect(handler.seen("my-part").first).to_be_visible()
    await gallery.show(handler, "tasks-org")
    await handler.seen("my-part").filter(has_text="路灯").click()
    await expect(handler.seen("case-map")).to_be_visible()
    await gallery.show(handler, "case-many")
    await handler.page.goto(f"{people.service.address}/hand-over")
    await handler.page.get_by_role("radio", name=re.compile("事件专员")).check()
    await gallery.show(handler, "hand-over")


async def side_by_side(people: People, gallery: Gallery, kept: str, double: str) -> None:
    """Two cases that may be one, an end by force, and a file of what a list shows."""
    leader = await people.anyone()
    await leader.sign_in(LEADER, post="值班长")
    await leader.open_case("to_accept", double)
    await leader.begin("并入其他案件…")
    sheet = leader.page.get_by_role("dialog", name="并入其他案件")
    await sheet.get_by_role("searchbox").fill(kept)
    await sheet.get_by_test_id("merge-choice").click()
    await expect(sheet.get_by_role("button", name="确认并案")).to_be_visible()
    await gallery.show(leader, "merge")
    await leader.button("关闭").click()
    await leader.open_case("handling", kept)
    await leader.begin("强制结案")
    await gallery.show(leader, "act-force")
    await leader.button("关闭").click()
    await leader.open_box("handling")
    await leader.button("导出").click()
    await gallery.show(leader, "export")
    await leader.button("开始导出").click()
    await leader.is_told("导出做好了")
    await leader.page.goto(f"{people.service.address}/exports")
    await expect(leader.seen("export")).to_be_visible()
    await gallery.show(leader, "exports")


async def at_the_office(people: People, gallery: Gallery) -> None:
    """A town's officer takes an event on."""
    officer = await people.user(TOWN_OFFICER)
    await expect(officer.seen("home-parts")).to_contain_text("1")
    await gallery.show(officer, "home-office")
    await officer.begin_report()
    await officer.next()
    await officer.choose("矛盾纠纷")
    await officer.describe("楼上漏水两家争吵")
    await officer.next()
    await officer.page.get_by_role("radio", name="高", exact=True).check()
    await officer.next()
    await officer.seen("submit-report").click()  # not yet: what is missing is named
    await gallery.show(officer, "report-form")


async def above(people: People, gallery: Gallery) -> None:
    """Who watches, and who sets the city."""
    commander = await people.user("zh01")
    await commander.tab("评价")
    await expect(commander.page.get_by_role("heading", name="综合评价")).to_be_visible()
    await gallery.show(commander, "evaluation")
    admin = await people.user("xt01")
    await gallery.show(admin, "settings")
    await admin.page.get_by_role("link", name=re.compile("^立案标准")).click()
    await expect(admin.seen("setting-row").first).to_be_visible()
    await gallery.show(admin, "settings-rows")


async def test_every_screen_has_its_pictures(gallery: Gallery) -> None:
    for name in gallery.names:
        for width in ("390", "1280"):
            picture = SCREENS / f"{name}-{width}.png"
            assert 0 < picture.stat().st_size < 150_000, picture.name


async def test_no_screen_shuts_anyone_out(gallery: Gallery) -> None:
    assert gallery.faults.shut_out == []


async def test_nothing_runs_off_a_narrow_phone(gallery: Gallery) -> None:
    assert gallery.faults.sideways == []


async def test_a_thumb_hits_every_button(gallery: Gallery) -> None:
    assert gallery.faults.small == []


async def test_every_word_is_chinese(gallery: Gallery) -> None:
    assert gallery.faults.foreign == []


async def test_the_gallery_sees_what_is_wrong(people: People) -> None:
    person = await people.anyone()
    await expect(person.button("登录")).to_be_visible()
    await person.page.evaluate(
        """() => document.querySelector('form').insertAdjacentHTML('beforeend',
            '<button style="color:#ddd;background:#fff;width:20px;height:20px">go!</button>'
            + '<p style="width:500px;color:#000">Loading</p>')"""
    )
    watched = Gallery(keep_pictures=False)
    await watched.show(person, "spoilt")
    assert [fault.split(":")[1].strip() for fault in watched.faults.shut_out] == ["color-contrast"]
    assert watched.faults.sideways == ["spoilt"]
    assert "20 × 20" in watched.faults.small[0]
    assert watched.faults.foreign == ["spoilt: Loading"]
