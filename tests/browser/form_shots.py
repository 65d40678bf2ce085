"""Pictures of a form with every kind of question; run it by name, it is no test.

python -m pytest tests/browser/form_shots.py -n 0
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.people import People
from tests.browser.pictures import picture
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")
FOLDER = Path(os.environ.get("SHOTS", "test-results/forms"))


def field(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "field", "name": name, "label": label, "kind": kind, **more}


def options(**names: str) -> list[dict[str, str]]:
    return [{"code": code, "name": name} for code, name in names.items()]


FORM = {
    "code": "everything",
    "name": "样例表单",
    "version": 1,
    "items": [
        field("about", "请先到现场核实，再填写本表。", "note", hint="拿不准的项目可以不填"),
        field("unit", "单位名称", "text", required="true()", hint="营业执照上的全称"),
        field("story", "情况说明", "text", multiline=True),
        field("people", "涉及人数", "number", required="true()", minimum=1, maximum=10000),
        field("began", "发生时间", "datetime", constraint=". <= now()",
              constraint_message="不能晚于现在"),
        field("kind", "类型", "choice", required="true()",
              choices=options(fire="消防", gas="燃气", other="其他")),
        field("other", "其他类型", "text", visible="${kind} = 'other'", required="true()"),
        field("signs", "情形", "choices",
              choices=options(a="占用通道", b="飞线充电", c="堆放杂物", d="设施损坏")),
        field("trade", "行业", "cascade", choices=[
            {"code": "m", "name": "制造"}, {"code": "m1", "name": "鞋革", "parent": "m"},
            {"code": "m2", "name": "电气", "parent": "m"}, {"code": "s", "name": "服务"}]),
        {"type": "group", "name": "scene", "label": "现场", "items": [
            field("photos", "现场照片", "photo", required="true()", maximum=3),
            field("voice", "现场录音", "audio"),
            field("papers", "文书", "file"),
            field("spot", "具体位置", "position")]},
        field("owner", "责任单位", "org"),
        field("leader", "负责人", "person"),
        {"type": "repeat", "name": "rooms", "label": "房间", "maximum": 5, "items": [
            field("room", "房号", "text", required="true()"),
            field("beds", "床位", "number", default="1", minimum=0)]},
        field("beds_total", "床位合计", "calculated", calculation="sum(${rooms/beds})"),
    ],
}  # fmt: skip


async def shoot(page: Page, name: str) -> None:
    await page.evaluate(
        "document.querySelector('footer.foot')?.style.setProperty('position','static')"
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=FOLDER / f"{name}.png", full_page=True, animations="disabled")


async def test_pictures(people: People, service: Service, worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "form-everything.json").write_text(json.dumps(FORM))
    with (tmp_path / "类别.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["编码", "名称", "类型", "上级编码", "流程", "表单"],
             ["E0199", "样例小类", "事件", "E01", "", "everything"]]
        )  # fmt: skip
    environ = os.environ | service.settings.environ()
    subprocess.run(
        [sys.executable, "-m", "backend.app", "import", str(tmp_path), "--yes"],
        env=environ, check=True,
    )  # fmt: skip
    field_ = await people.worker(worker)
    page = field_.page
    await field_.begin_report()
    await field_.next()
    await field_.choose("样例小类")
    await field_.describe("样例")
    await field_.next()
    await page.get_by_test_id("form-view").wait_for()
    await shoot(page, "1-empty")
    await page.get_by_text("其他", exact=True).click()
    await page.get_by_label("涉及人数").fill("12x")
    await page.get_by_role("button", name="添加房间").click()
    await page.get_by_role("button", name="添加房间").click()
    await page.get_by_label("行业第 1 级").select_option("m")
    await page.get_by_label("拍现场照片").set_input_files(picture())
    await page.get_by_role("button", name="删除现场照片第 1 张").wait_for()
    await field_.next()
    await page.get_by_test_id("submit-report").click()
    await page.get_by_text("还没有填").first.wait_for()
    await shoot(page, "2-faults")
    await page.get_by_label("涉及人数").fill("12")
    await page.get_by_label("单位名称").fill("样例公司")
    await page.get_by_label("其他类型").fill("塌方")
    for n in (0, 1):
        await page.get_by_label("房号").nth(n).fill(f"10{n + 1}")
    await page.get_by_label("床位（可不填）").nth(1).fill("3")
    await page.get_by_label("行业第 2 级").select_option("m1")
    await page.get_by_label("选择文书").set_input_files(
        {"name": "告知书.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + bytes(900)}
    )
    await page.get_by_text("告知书.pdf").wait_for()
    await page.get_by_label("搜索责任单位").fill("景山街道")
    await page.get_by_text("景山街道办事处").click()
    await page.get_by_role("button", name="我的位置").click()
    await page.get_by_role("button", name="删除房间第 1 项").click()
    await shoot(page, "3-filled")
    await field_.next()
    await page.get_by_test_id("submit-report").click()
    await page.get_by_text("已存入发件箱").wait_for()
    number = await field_.number_of("样例")
    report = (await service.case(number)).reports[0]
    await expect(field_.items("sent")).to_have_count(1)
    await page.goto(f"{service.address}/case/{(await service.case(number)).id}")
    await page.get_by_test_id("filled-form").wait_for()
    await shoot(page, "4-read")
    print(report.form, report.answers, [m.role for m in report.media])
