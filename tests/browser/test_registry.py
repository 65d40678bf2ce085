"""Seeing a person whole on screen."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.people import People, Person
from tests.browser.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="session")

COVERED = """
select h."user", p.id from post o
join appointment h on h.post = o.code and h."user" = o.code
join area a on a.code = any(o.areas)
join person p on p.area_path like a.path || '/%'
where o.role = 'community_staff' order by o.code, p.id limit 1
"""


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


def field(person: Person, name: str) -> Locator:
    return person.seen("record").locator(f"[data-field={name}]")
