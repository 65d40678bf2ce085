"""Every error names file, sheet, row and column, and says what would be right."""

import pytest
from click.testing import CliRunner

from backend.app.cli import xunge
from backend.app.importing.run import write_templates
from backend.core.settings import Settings
from offline.ports import Connection
from tests.city.conftest import Import
from tests.city.small import COUNTY, City, square

BAD_CELLS = [
    ("区划", 3, "编码", "99 99", "编码"),
    ("区划", 3, "名称", "", "必填"),
    ("区划", 3, "类型", "街道", "行政区划、单元网格"),
    ("区划", 3, "级别", "十", "整数"),
    ("区划", 3, "上级编码", "999902", "是不是 999901"),
    ("区划", 3, "上级编码", "", "一次只导入一个区县"),
    ("区划", 3, "启用日期", "去年", "2026-01-01"),
    ("区划", 3, "启用日期", "2026-02-30", "2026-01-01"),
    ("区划", 3, "停用日期", "2025-01-01", "不早于 2026-01-01"),
    ("区划", 4, "继任编码", "nowhere", "区划编码"),
    ("部门", 3, "上级编码", "center", "是不是 centre"),
    ("部门", 3, "所在区划", "999999", "区划编码"),
    ("角色", 2, "权限", "case.reprot", "是不是 case.report"),
    ("岗位", 2, "部门", "nobody", "部门编码"),
    ("岗位", 2, "角色", "grid_wroker", "是不是 grid_worker"),
    ("岗位", 2, "负责区划", "999901001001、999901001009", "区划编码"),
    ("岗位", 2, "负责类别", "C01、X", "类别编码"),
    ("区划", 3, "上级编码", "999901001001", "不绕圈"),
    ("人员", 2, "在用", "对", "是、否 之一"),
    ("任职", 2, "人员", "wg02", "是不是 wg01"),
    ("任职", 2, "岗位", "p9", "岗位编码"),
    ("任职", 2, "截止日期", "2025-12-31", "不早于 2026-01-01"),
    ("类别", 3, "类型", "设施", "部件、事件"),
    ("类别", 3, "上级编码", "E01", "同类型的大类"),
    ("类别", 3, "必拍照片", "近景、俯拍", "近景、远景、参照物"),
    ("立案标准", 2, "类别", "C0102", "是不是 C0101"),
    ("立案标准", 2, "序号", "0", "1 到 999"),
    ("立案标准", 2, "时限", "2小时", "2工作日"),
    ("立案标准", 2, "时限", "9999工作日", "最长约两年"),
    ("类别", 3, "流程", "city_managment", "是不是 city_management"),
    ("类别", 3, "表单", "nowhere", "表单编码"),
    ("类别", 3, "核查方式", "抽查", "核查、凭照片结案、同时段核查"),
    ("类别", 3, "自动派遣", "对", "是、否 之一"),
    ("日历适用", 2, "类别", "X", "类别编码"),
    ("日历适用", 2, "部门", "wter", "是不是 water"),
    ("日历适用", 2, "区划", "999", "区划编码"),
    ("日历适用", 2, "日历", "standrad", "是不是 standard"),
    ("目标组", 2, "部门", "center", "是不是 centre"),
    ("目标组", 3, "目标部门", "wter", "是不是 water"),
    ("目标组", 3, "名称", "抗旱", "与第 2 行同一组"),
    ("目标组", 2, "方式", "抄送", "至少有一个主办"),
    ("目标组", 2, "方式", "牵头", "主办、协办、抄送、协助"),
    ("标签", 2, "归口部门", "center", "是不是 centre"),
    ("标签", 2, "适用区划", "999", "区划编码"),
    ("标签", 2, "颜色", "粉", "灰、红"),
    ("标签", 2, "停用日期", "2025-12-31", "不早于 2026-01-01"),
    ("日历", 2, "周一", "22:00-06:00、14:00-18:00", "时段"),
    ("日历", 2, "周一", "22:00-08:30", "到次日 08:00 为止"),
    ("节假日", 2, "日历", "other", "日历编码"),
    ("派遣规则", 2, "类别", "X99", "类别编码"),
    ("派遣规则", 2, "区划", "999", "区划编码"),
    ("派遣规则", 2, "部门", "wter", "是不是 water"),
    ("派遣规则", 2, "时限", "快", "数字加单位"),
]


@pytest.mark.parametrize(("sheet", "row", "header", "value", "expected"), BAD_CELLS)
async def test_a_bad_cell_is_named(
    importing: Import, city: City, sheet: str, row: int, header: str, value: str, expected: str
) -> None:
    city.set(sheet, row, header, value)
    findings = await importing.findings(city.write())
    places = [
        (f.where.file, f.where.sheet, f.where.row, f.column)
        for f in findings
        if expected in f.expected
    ]
    assert (f"{sheet}.csv", sheet, row, header) in places


async def test_all_errors_come_at_once_and_nothing_is_written(
    importing: Import, city: City, connection: Connection
) -> None:
    city.set("部门", 2, "类型", "局")
    city.set("人员", 2, "姓名", "")
    city.set("参数", 2, "值", "")
    assert not await importing.run(city.write())
    assert "共 3 处错误" in importing.said
    assert importing.said.count("部门.csv") == 1
    for table in ("area", "org", "journal", "bucket_member"):
        assert await connection.fetchval(f"select count(*) from {table}") == 0


async def test_a_calendar_without_working_hours_is_named(importing: Import, city: City) -> None:
    """By it no limit ends, and no case could be filed."""
    for day in "一二":
        city.set("日历", 2, f"周{day}", "")
    findings = await importing.findings(city.write())
    assert [(f.where.sheet, f.where.row, f.column) for f in findings] == [("日历", 2, "周一")]


async def test_a_row_twice_is_named(importing: Import, city: City) -> None:
    city.sheets["部门"].append(list(city.sheets["部门"][2]))
    (finding,) = await importing.findings(city.write())
    assert (finding.where.row, finding.column) == (4, "编码")
    assert "第 3 行" in finding.expected


async def test_missing_and_unknown_columns_are_named(importing: Import, city: City) -> None:
    city.sheets["部门"][0] = ["编码", "名字", "类型", "上级编码", "备注二"]
    findings = await importing.findings(city.write())
    named = {(f.where.row, f.column, f.found) for f in findings if f.where.sheet == "部门"}
    assert {f.where.sheet for f in findings} == {"部门"}
    assert {(1, "名称", "没有这一列"), (1, "所在区划", "没有这一列"), (1, "名字", "名字")} <= named
    assert not any(column == "备注二" for _, column, _ in named)


async def test_an_unknown_sheet_is_named(importing: Import, city: City) -> None:
    city.sheets["部们"] = city.sheets.pop("部门")
    findings = await importing.findings(city.write())
    assert any(f.where.file == "部们.csv" and "部门" in f.expected for f in findings)


async def test_a_broken_file_is_named(importing: Import, city: City) -> None:
    folder = city.write()
    (folder / "坏.xlsx").write_bytes(b"not a workbook")
    (folder / "坏.geojson").write_text('{"type":"Point"}')
    (folder / "坏.json").write_text("{")
    names = {finding.where.file for finding in await importing.findings(folder)}
    assert names == {"坏.xlsx", "坏.geojson", "坏.json"}


@pytest.mark.parametrize(
    ("ring", "expected"),
    [
        (square(120.5, 30), "不与同类网格 999901001001 重叠"),
        ([[121, 30], [122, 31], [122, 30], [121, 31], [121, 30]], "不自交"),
        (square(30, 121), "[经度, 纬度]"),
    ],
)
async def test_a_bad_polygon_is_named(
    importing: Import, city: City, ring: list[list[float]], expected: str
) -> None:
    city.outlines["999901001002"] = ring
    findings = await importing.findings(city.write())
    (finding,) = [f for f in findings if expected in f.expected]
    assert (finding.where.file, finding.where.row) == ("网格.geojson", 2)
    assert finding.column == "geometry"


async def test_grids_may_follow_each_other_in_the_same_place(importing: Import, city: City) -> None:
    city.set("区划", 4, "停用日期", "2026-06-30")
    city.set("区划", 4, "继任编码", "999901001002")
    city.set("区划", 5, "启用日期", "2026-07-01")
    city.outlines["999901001002"] = city.outlines["999901001001"]
    assert not await importing.findings(city.write())


async def test_a_grid_without_a_polygon_is_named(importing: Import, city: City) -> None:
    del city.outlines["999901001002"]
    city.outlines["999901001003"] = square(125, 30)
    named = {(f.where.file, f.where.row, f.found) for f in await importing.findings(city.write())}
    assert named == {("区划.csv", 5, "999901001002"), ("网格.geojson", 2, "999901001003")}


async def test_another_countys_code_is_not_taken(importing: Import, city: City) -> None:
    await importing.run(city.write())
    for sheet in city.sheets.values():
        for row in sheet:
            row[:] = [cell.replace(COUNTY, "999902") for cell in row]
    city.outlines = {code.replace(COUNTY, "999902"): ring for code, ring in city.outlines.items()}
    findings = await importing.findings(city.write())
    assert {"centre", "water", "p1", "wg01"} <= {f.found for f in findings}
    assert all("另一个编码" in f.expected for f in findings)


async def test_a_flow_that_changed_needs_a_new_version(importing: Import, city: City) -> None:
    await importing.run(city.write())
    city.flow["states"][0]["name"] = "改了名"
    (finding,) = await importing.findings(city.write())
    assert (finding.where.file, finding.column) == ("flow.json", "version")
    city.flow["version"] = 2
    assert (await importing.statuses(city.write()))["new"] == 1


def test_the_command_fails_loudly_and_asks_before_writing(settings: Settings, city: City) -> None:
    run = CliRunner(env=settings.environ())
    city.set("部门", 2, "类型", "局")
    bad = run.invoke(xunge, ["import", str(city.write())])
    assert bad.exit_code == 1
    assert "中心、部门、企业、社区" in bad.output
    city.set("部门", 2, "类型", "中心")
    unasked = run.invoke(xunge, ["import", str(city.write())])
    assert "--yes" in str(unasked.exception)
    good = run.invoke(xunge, ["import", str(city.write()), "--yes"])
    assert good.exit_code == 0
    assert "已写入" in good.output


async def test_templates_hold_every_column_and_no_rows(importing: Import, city: City) -> None:
    await importing.run(city.write())
    templates = write_templates(city.folder / "templates")
    plan = await importing.plan(*templates)
    assert not plan.findings
    assert {each.status for each in plan.differences} == {"missing"}
