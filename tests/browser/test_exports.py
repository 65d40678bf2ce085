"""What a list shows is taken out of the system as a file that opens."""

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from playwright.async_api import expect

from backend.cases.structs import Target
from tests.browser.backstage import CLERK, Backstage
from tests.browser.people import People
from tests.browser.service import Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_searched_list_is_exported_and_its_file_says_what_it_showed(
    people: People, city: Backstage, worker: Worker, tmp_path: Path
) -> None:
    plain = await city.reported(worker, "集贸市场东门井盖松动")
    formula = await city.reported(worker, "=1+1 集贸市场西门井盖松动")
    given = await city.dispatched(worker, "集贸市场北门井盖松动", Target("oh-zj"))
    await city.reported(worker, "别处的井盖")

    clerk = await people.user(CLERK)
    await clerk.tab("案件")
    await clerk.button("全部").click()
    await clerk.page.get_by_role("searchbox", name="搜索编号、描述、地址").fill("集贸市场")
    await expect(clerk.seen("case-row")).to_have_count(3)
    await clerk.button("导出").click()
    sheet = clerk.page.get_by_role("dialog", name="导出案件")
    await expect(sheet).to_contain_text("导出列表里的 3 件案件")
    await sheet.get_by_role("button", name="开始导出").click()
    await clerk.is_told("导出做好了")
    await clerk.tab("我的")
    await clerk.page.get_by_role("link", name="导出文件").click()
    async with clerk.page.expect_download() as downloading:
        await clerk.seen("export").get_by_role("link", name="下载").click()
    path = tmp_path / "cases.xlsx"
    await (await downloading.value).save_as(path)

    titles, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    found = {row["编号"]: row for row in (dict(zip(titles, each, strict=True)) for each in rows)}
    assert set(found) == {plain.number, formula.number, given.number}
    assert "=1+1 集贸市场西门井盖松动" in str(found[formula.number]["问题描述"])
    row = found[given.number]
    assert (row["状态"], row["小类"], row["来源"]) == ("处置中", "上水井盖", "网格员上报")
    assert row["主办部门"] == "瓯海区住房和城乡建设局"
    assert isinstance(row["到期时间"], datetime)
    await expect(clerk.seen("export").get_by_role("link", name="再次下载")).to_be_visible()
