"""Two hands on one person without a network: what differs is settled on screen, the rest merges."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.gallery import ELDER_TOUCH, Faults, Gallery
from tests.browser.people import People, Person
from tests.browser.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHARED = """
select p.grid, array_agg(distinct h."user") as users from person p
join area a on a.code = p.grid
join post o on a.code = any(o.areas) and o.role = 'grid_worker'
join appointment h on h.post = o.code
where (select count(*) from appointment other where other."user" = h."user") = 1
group by p.grid having count(distinct h."user") > 1 order by p.grid limit 1
"""
SOMEBODY = """
select id from person where grid = $1 and room in
    (select room from person where grid = $1 group by room having count(*) = 1)
order by id limit 1
"""

COVERED = """
select h."user", p.id from post o
join appointment h on h.post = o.code and h."user" = o.code
join area a on a.code = any(o.areas)
join person p on p.area_path like a.path || '/%'
where o.role = 'community_staff' order by o.code, p.id limit 1
"""


async def edit(person: Person, field: str, value: str) -> None:
    await person.page.get_by_role("link", name="修改").click()
    form = person.seen("record-form")
    await form.locator(f"[name={field}]").fill(value)
    await form.get_by_role("button", name="保存").click()
    await person.is_told("已存入发件箱")


async def test_a_dispute_of_two_workers_is_settled_on_screen_and_both_see_it(
    people: People, service: Service
) -> None:
    (shared,) = await service.rows(SHARED)
    (row,) = await service.rows(SOMEBODY, shared["grid"])
    at = f"{service.address}/registry/person/{row['id']}"
    workers = [await people.user(code) for code in shared["users"][:2]]
    for worker in workers:
        await worker.has_the_city()
        await worker.can_start_offline()
        await worker.page.goto(at)
        await expect(worker.seen("record")).to_be_visible()
        await worker.offline()

    first, second = workers
    await edit(first, "phone", "10011110001")
    await expect(field(first, "phone")).to_contain_text("10011110001")
    await expect(field(first, "phone")).to_contain_text("待送达")
    await edit(second, "phone", "10022220002")
    await edit(second, "domicile", "样本省新址 2 号")
    for worker in workers:
        await worker.online()
        await worker.look_in_outbox()
        await expect(worker.items("sent").first).to_be_visible()
    await expect(second.items("sent")).to_have_count(2)

    registrar = await people.user("dj01")
    await registrar.page.get_by_role("button", name="争议").click()
    await registrar.seen("record-row").filter(has_text="有争议：电话").click()
    await expect(field(registrar, "phone")).to_contain_text("有争议")
    await expect(field(registrar, "domicile")).to_contain_text("样本省新址 2 号")
    await expect(field(registrar, "domicile")).not_to_contain_text("有争议")
    await registrar.button("核定").click()
    sheet = registrar.page.get_by_role("dialog", name="核定电话")
    await expect(sheet.get_by_role("radio")).to_have_count(3)
    gallery = Gallery()
    await gallery.show(registrar, "registry-settle")
    assert gallery.faults == Faults([], [], [], [])
    await sheet.get_by_text("10011110001").click()
    await sheet.get_by_role("button", name="确认核定").click()
    await registrar.is_told("已核定")
    await expect(registrar.page.locator(".mark.bad")).to_have_count(0)

    for worker in workers:
        await worker.button("同步").click()
        await worker.page.goto(at)
        await expect(field(worker, "phone")).to_contain_text("100****0001")
        await expect(field(worker, "phone")).not_to_contain_text("有争议")
    await registrar.page.get_by_text("修改记录").click()
    history = registrar.seen("history").get_by_role("listitem").filter(has_text="电话")
    await expect(history).to_have_count(4)
    await expect(history.first).to_contain_text("核定")


async def test_a_desk_that_holds_no_rooms_finds_one_to_move_somebody_to(
    people: People, service: Service
) -> None:
    (row,) = await service.rows(
        "select p.id, r.address from person p join room r on r.grid = p.grid and r.id <> p.room "
        "order by p.id desc, r.id limit 1"
    )
    registrar = await people.user("dj01")
    await registrar.page.goto(f"{service.address}/registry/person/{row['id']}")
    await registrar.page.get_by_role("link", name="修改").click()
    form = registrar.seen("record-form")
    await expect(form.get_by_role("radio", checked=True, name="样板路")).to_have_count(1)
    await form.get_by_role("searchbox", name="搜索房屋的地址").fill(row["address"])
    await form.get_by_role("radio", name=row["address"]).check()
    gallery = Gallery()
    await gallery.show(registrar, "registry-move")
    assert gallery.faults == Faults([], [], [], [])
    await form.get_by_role("button", name="保存").click()
    await registrar.is_told("已存入发件箱")
    await expect(field(registrar, "room")).to_contain_text(row["address"])


async def test_seeing_the_whole_needs_a_reason_that_is_kept(
    people: People, service: Service
) -> None:
    (row,) = await service.rows(COVERED)
    staff = await people.user(row["user"])
    await staff.page.goto(f"{service.address}/registry/person/{row['id']}")
    await expect(field(staff, "phone")).to_contain_text("****")
    await staff.button("查看完整信息").click()
    sheet = staff.page.get_by_role("dialog", name="查看完整信息")
    await sheet.get_by_label("原因").fill("上门核实电话")
    await sheet.get_by_role("button", name="查看").click()
    await expect(field(staff, "phone")).not_to_contain_text("*")
    (kept,) = await service.rows(
        "select facts::text as facts from journal where verb = 'person.unmasked' and entity = $1",
        row["id"],
    )
    assert "上门" not in kept["facts"]


async def test_its_screens_shut_nobody_out(people: People, service: Service) -> None:
    """Pictures of each, and the manners of the house."""
    gallery = Gallery()
    (shared,) = await service.rows(SHARED)
    (row,) = await service.rows(SOMEBODY, shared["grid"])
    worker = await people.user(shared["users"][0])
    await worker.has_the_city()
    await worker.page.goto(f"{service.address}/registry")
    await expect(worker.seen("record-row").first).to_be_visible()
    await gallery.show(worker, "registry")
    await worker.page.goto(f"{service.address}/registry/person/{row['id']}")
    await expect(worker.seen("record")).to_be_visible()
    await gallery.show(worker, "registry-person")
    await worker.page.get_by_role("link", name="修改").click()
    await worker.seen("record-form").locator("[name=phone]").fill("电话")
    await worker.button("保存").click()
    await gallery.show(worker, "registry-edit")
    await worker.page.evaluate("document.documentElement.dataset.elder = ''")
    await gallery.show(worker, "registry-edit-elder", touch=ELDER_TOUCH)
    assert gallery.faults == Faults([], [], [], [])


def field(person: Person, name: str) -> Locator:
    return person.seen("record").locator(f"[data-field={name}]")
