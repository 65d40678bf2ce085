"""An administrator sets the city from the screen."""

import io
import re

import openpyxl
import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.people import DESK, People, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def kind(admin: Person, name: str) -> None:
    await admin.page.get_by_role("link", name=re.compile(f"^{name}")).click()


async def test_a_limit_is_changed_on_a_phone_and_its_history_says_so(people: People) -> None:
    admin = await people.user("xt01")
    await expect(admin.page.get_by_role("heading", name="设置")).to_be_visible()
    await kind(admin, "立案标准")
    await admin.page.get_by_label("在立案标准里查找").fill("C0104")
    await expect(admin.page.get_by_text("共 5 行")).to_be_visible()
    await admin.seen("setting-row").first.click()
    dialog = admin.page.get_by_role("dialog")
    await dialog.get_by_label("时限").fill("两天")
    await admin.button("预览修改").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("数字加单位")
    await dialog.get_by_label("时限").fill("5工作日")
    await admin.button("预览修改").click()
    change = dialog.get_by_role("list", name="将要做的改动")
    await expect(change).to_contain_text("5工作日")
    await admin.button("确认保存").click()
    await expect(dialog).to_have_count(0)
    await expect(admin.seen("setting-row").first).to_contain_text("5工作日")
    await admin.seen("setting-row").first.click()
    await admin.page.get_by_role("tab", name="历史").click()
    newest = dialog.get_by_role("list", name="历史").get_by_role("listitem").first
    await expect(newest).to_contain_text("系统管理员")
    await expect(newest).to_contain_text("5工作日")


async def test_a_label_is_made_and_a_target_taken_out(people: People) -> None:
    admin = await people.user("xt01")
    await kind(admin, "标签")
    await admin.button("新增").click()
    for label, value in {
        "编码": "typhoon",
        "名称": "台风",
        "归口部门": "oh-zx",
        "适用区划": "330304",
        "启用日期": "2026-01-01",
    }.items():
        await admin.page.get_by_role("dialog").get_by_label(re.compile(f"^{label}")).fill(value)
    await admin.button("预览修改").click()
    await admin.button("确认保存").click()
    await expect(admin.page.get_by_role("list", name="标签")).to_contain_text("台风")
    await admin.page.get_by_role("button", name="返回").click()
    await kind(admin, "目标组")
    helpers = admin.seen("setting-row").filter(has_text="协办")
    await expect(helpers.first).to_be_visible()
    before = await admin.seen("setting-row").count()
    await helpers.first.click()
    await admin.button("移出这一行").click()
    await expect(admin.page.get_by_role("list", name="将要做的改动")).to_contain_text("移出")
    await admin.button("确认保存").click()
    await expect(admin.seen("setting-row")).to_have_count(before - 1)


async def test_a_spreadsheet_goes_down_is_edited_and_comes_up(people: People) -> None:
    admin = await people.user("xt01", viewport=DESK)
    await kind(admin, "派遣规则")
    async with admin.page.expect_download() as coming:
        await admin.page.get_by_role("link", name="下载表格").click()
    download = await coming.value
    assert download.suggested_filename == "派遣规则.xlsx"
    book = openpyxl.load_workbook(io.BytesIO((await download.path()).read_bytes()))
    sheet = book.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    sheet.cell(2, headers.index("部门") + 1).value = "oh-gss"
    await admin.button("上传表格").click()
    await upload(admin, book)
    errors = admin.page.get_by_role("list", name="错误")
    await expect(errors).to_contain_text("改好的.xlsx “派遣规则”表 第 2 行 部门")
    await expect(errors).to_contain_text("是不是 oh-gs")
    sheet.cell(2, headers.index("部门") + 1).value = "oh-gs"
    sheet.cell(2, headers.index("处置要求") + 1).value = "先围挡"
    await upload(admin, book)
    await expect(admin.page.get_by_role("list", name="将要做的改动")).to_contain_text("先围挡")
    await admin.button("确认写入").click()
    await expect(admin.page.get_by_role("dialog")).to_have_count(0)
    await admin.page.get_by_label("在派遣规则里查找").fill("先围挡")
    await expect(admin.seen("setting-row")).to_have_count(1)


async def upload(admin: Person, book: openpyxl.Workbook) -> None:
    raw = io.BytesIO()
    book.save(raw)
    payload = FilePayload(name="改好的.xlsx", mimeType=XLSX, buffer=raw.getvalue())
    await admin.seen("settings-file").set_input_files(payload)


async def test_a_flow_is_read_and_others_are_kept_out(people: People) -> None:
    admin = await people.user("xt01", viewport=DESK)
    await kind(admin, "流程")
    await admin.seen("setting-row").first.click()
    states = admin.page.get_by_role("list", name="状态")
    await expect(states.get_by_role("listitem").first).to_be_visible()
    clerk = await people.user("sl01")
    await clerk.page.goto(f"{clerk.service.address}/settings")
    await expect(clerk.page).to_have_url(re.compile("/cases"))
