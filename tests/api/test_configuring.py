"""An administrator sets the city, as its spreadsheets would."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import openpyxl
import pytest
from click.testing import CliRunner

from backend.app.cli import xunge
from backend.core.database import connect
from tests.api.serving import Phone, Server
from tests.city.small import City

COUNTY = "330304"
LIST = "/api/settings"


@pytest.fixture
async def admin(city_server: Server) -> AsyncIterator[Phone]:
    async with Phone.of(city_server, "xt01") as phone:
        yield phone


async def row(admin: Phone, kind: str, q: str) -> dict[str, Any]:
    """The one row that a search finds."""
    [found] = (await admin.get(f"{LIST}/{kind}", q=q))["rows"]
    assert isinstance(found, dict)
    return found


async def preview(admin: Phone, sheet: str, *rows: dict[str, str], **more: Any) -> Any:
    body = {"sheet": sheet, "rows": rows} | more
    answer = await admin.client.post(f"{LIST}/preview", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def apply(admin: Phone, sheet: str, *rows: dict[str, str], **more: Any) -> httpx.Response:
    """Preview and write."""
    seen = await preview(admin, sheet, *rows, **more)
    assert seen["findings"] == []
    body = {"sheet": sheet, "rows": rows, "plan": seen["plan"]} | more
    return await admin.client.post(f"{LIST}/apply", json=body)


async def send(admin: Phone, name: str, content: bytes, plan: str | None = None) -> httpx.Response:
    """A file, as a browser's form sends it."""
    where = "preview" if plan is None else "apply"
    query = {} if plan is None else {"plan": plan}
    return await admin.client.post(
        f"{LIST}/files/{where}", params=query, files={"file": (name, content)}
    )


def book(title: str, *rows: list[Any]) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = title
    for each in rows:
        sheet.append(each)
    raw = io.BytesIO()
    made.save(raw)
    return raw.getvalue()


async def test_a_change_is_previewed_written_and_told_with_old_and_new(admin: Phone) -> None:
    category = await row(admin, "category", "C0101")
    cells = category["cells"] | {"相似距离": "80", "核查方式": "凭照片结案"}
    bases = {category["entity"]: category["version"]}
    seen = await preview(admin, "类别", cells, bases=bases)
    [change] = seen["changes"]
    assert (change["sheet"], change["name"], change["status"]) == ("类别", "C0101", "changed")
    assert {c["header"]: (c["old"], c["new"]) for c in change["cells"]} == {
        "相似距离": ("50", "80"),
        "核查方式": ("核查", "凭照片结案"),
    }
    assert (await row(admin, "category", "C0101"))["cells"]["相似距离"] == "50", "only previewed"
    assert (await apply(admin, "类别", cells, bases=bases)).json() == {"count": 1}
    assert (await row(admin, "category", "C0101"))["cells"] == cells
    [latest, first] = await admin.get(f"{LIST}/category/{category['entity']}/history")
    told = {c["header"]: (c["old"], c["new"]) for c in latest["changes"]}
    assert told == {"相似距离": ("50", "80"), "核查方式": ("核查", "凭照片结案")}
    assert (latest["by"], latest["version"]) == (admin.view.name, category["version"] + 1)
    assert first["by"] is None
    assert (await apply(admin, "类别", cells)).json() == {"count": 0}, "nothing changes twice"


async def test_phones_learn_of_it(admin: Phone, city_server: Server) -> None:
    async with Phone.of(city_server, "wg003") as worker:
        label = {
            "编码": "typhoon",
            "名称": "台风",
            "归口部门": admin.view.org,
            "适用区划": COUNTY,
            "启用日期": "2026-01-01",
        }
        assert (await apply(admin, "标签", label, adding=True)).json() == {"count": 1}
        held = [document for page in await worker.pull() for document in page.documents]
        [document] = [
            each.document
            for each in held
            if each.kind == "label" and b"typhoon" in bytes(each.document)
        ]
        assert msgspec.json.decode(document)["name"] == "台风"


async def test_parts_of_an_entity_are_rows_of_their_own(admin: Phone) -> None:
    standard = (await admin.get(f"{LIST}/standard", q="C0103"))["rows"][0]
    cells = standard["cells"] | {"结案标准": "换新", "时限": "3工作日"}
    await apply(admin, "立案标准", cells, bases={standard["entity"]: standard["version"]})
    [latest, *_] = await admin.get(f"{LIST}/standard/{standard['entity']}/history")
    [change] = latest["changes"]
    assert change["header"] == "立案标准"
    assert standard["cells"]["结案标准"] in change["old"]
    assert "换新 3工作日" in change["new"]


async def test_a_target_is_taken_out_of_its_group_by_leaving_it_out(admin: Phone) -> None:
    org = admin.view.org
    group = {"部门": org, "编码": "test", "名称": "联动"}
    rows = [group | {"目标部门": "oh-gs"}, group | {"目标部门": "oh-sl", "方式": "协办"}]
    await apply(admin, "目标组", *rows, adding=True)
    seen = await preview(admin, "目标组", rows[0])
    [change] = seen["changes"]
    assert (change["name"], change["status"]) == (f"{org} test oh-sl", "removed")


async def test_what_somebody_else_changed_is_not_overwritten(admin: Phone) -> None:
    setting = await row(admin, "setting", "late_hours")
    bases = {setting["entity"]: setting["version"]}
    seen = await preview(admin, "参数", {"编码": "late_hours", "值": "30"}, bases=bases)
    assert (await apply(admin, "参数", {"编码": "late_hours", "值": "36"})).status_code == 200
    late = {"sheet": "参数", "rows": [{"编码": "late_hours", "值": "30"}]}
    for body in (late | {"bases": bases}, late | {"plan": seen["plan"]}):
        where = "apply" if "plan" in body else "preview"
        answer = await admin.client.post(f"{LIST}/{where}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert (await row(admin, "setting", "late_hours"))["cells"]["值"] == "36"


async def test_a_new_row_does_not_hide_an_old_one(admin: Phone) -> None:
    cells = (await row(admin, "category", "C0102"))["cells"] | {"名称": "重名"}
    body = {"sheet": "类别", "rows": [cells], "adding": True}
    answer = await admin.client.post(f"{LIST}/preview", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_there")


@pytest.mark.parametrize(
    ("sheet", "cells", "column", "expected"),
    [
        ("参数", {"编码": "late_hours", "值": "soon"}, "值", "整数"),
        ("参数", {"编码": "late_hour", "值": "24"}, "编码", "是不是 late_hours"),
        ("派遣规则", {"类别": "C01", "区划": COUNTY, "部门": "nobody"}, "部门", "部门编码"),
        ("类别", {"编码": "C0999", "类型": "部件"}, "名称", "没有这一列"),
        ("类别", {"编码": "C0999", "名称": "", "类型": "部件"}, "名称", "必填"),
        ("节假日", {"日历": "standard", "日期": "2026-02-30", "上班": "否"}, "日期", "2026-01-01"),
    ],
)
async def test_a_wrong_cell_is_named(
    admin: Phone, sheet: str, cells: dict[str, str], column: str, expected: str
) -> None:
    seen = await preview(admin, sheet, cells)
    assert seen["changes"] == []
    named = [f for f in seen["findings"] if f["column"] == column]
    assert any(expected in f["expected"] or expected in f["found"] for f in named), seen
    body = {"sheet": sheet, "rows": [cells], "plan": seen["plan"]}
    assert (await admin.client.post(f"{LIST}/apply", json=body)).status_code == 409


async def test_a_label_is_kept_by_its_own_org(admin: Phone, city_server: Server) -> None:
    label = {
        "编码": "rail",
        "名称": "轨道",
        "归口部门": admin.view.org,
        "适用区划": COUNTY,
        "启用日期": "2026-01-01",
    }
    conn = await connect(city_server.settings.database_url)
    try:
        await conn.execute(
            "insert into org (id, code, name, kind, area, county) "
            "values (gen_random_uuid(), 'aside', '别处', 'centre', $1, $1)",
            COUNTY,
        )
    finally:
        await conn.close()
    seen = await preview(admin, "标签", label | {"归口部门": "aside"})
    [finding] = seen["findings"]
    assert (finding["column"], finding["found"]) == ("归口部门", "aside")
    assert (await preview(admin, "标签", label | {"归口部门": "oh-gs"}))["findings"] == []


async def test_a_sheet_is_downloaded_edited_and_uploaded(admin: Phone) -> None:
    answer = await admin.client.get(f"{LIST}/dispatch_rule/sheet")
    assert answer.status_code == 200
    same = (await send(admin, "派遣规则.xlsx", answer.content)).json()
    assert (same["count"], same["missing"], same["findings"]) == (0, [], [])
    edited = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = edited.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    sheet.cell(2, headers.index("处置要求") + 1).value = "先围挡"
    sheet.delete_rows(3)
    raw = io.BytesIO()
    edited.save(raw)
    seen = (await send(admin, "派遣规则.xlsx", raw.getvalue())).json()
    [change] = seen["changes"]
    assert change["cells"] == [{"header": "处置要求", "old": "", "new": "先围挡"}]
    assert len(seen["missing"]) == 1
    written = await send(admin, "派遣规则.xlsx", raw.getvalue(), seen["plan"])
    assert written.json() == {"count": 1}
    again = await send(admin, "派遣规则.xlsx", raw.getvalue(), seen["plan"])
    assert (again.status_code, again.json()["code"]) == (409, "changed_meanwhile")


async def test_an_error_in_a_file_names_its_place(admin: Phone) -> None:
    content = book("派遣规则", ["类别", "区划", "部门"], ["C01", COUNTY, "oh-gss"])
    [finding] = (await send(admin, "改.xlsx", content)).json()["findings"]
    place = (finding["file"], finding["sheet"], finding["row"], finding["column"])
    assert place == ("改.xlsx", "派遣规则", 2, "部门")
    assert "是不是 oh-gs" in finding["expected"]


async def test_a_flow_is_downloaded_and_a_changed_one_needs_a_new_version(admin: Phone) -> None:
    flow = await row(admin, "flow", "city_management")
    path = f"{LIST}/flow/{flow['entity']}/definition"
    definition = (await admin.client.get(path)).json()
    assert definition["code"] == "city_management"
    definition["states"][0]["name"] = "改了名"
    [finding] = (await send(admin, "flow.json", msgspec.json.encode(definition))).json()["findings"]
    assert finding["column"] == "version"
    definition["version"] += 1
    content = msgspec.json.encode(definition)
    seen = (await send(admin, "flow.json", content)).json()
    assert [(c["sheet"], c["status"]) for c in seen["changes"]] == [("流程", "new")]
    assert (await send(admin, "flow.json", content, seen["plan"])).json() == {"count": 1}
    assert (await admin.get(f"{LIST}/flow", q="city_management"))["total"] == 2
    definition["actions"][0]["to"] = "nowhere"
    definition["version"] += 1
    seen = (await send(admin, "flow.json", msgspec.json.encode(definition))).json()
    assert any("nowhere" in f["found"] for f in seen["findings"])


async def test_a_form_comes_as_rows_or_as_a_file(admin: Phone) -> None:
    content = book(
        "表单",
        ["表单", "版本", "类型", "名称", "标题"],
        ["tree", 1, "表单", "", "树木倒伏"],
        ["tree", 1, "数字", "count", "几棵"],
    )
    seen = (await send(admin, "a.xlsx", content)).json()
    assert [(c["sheet"], c["name"]) for c in seen["changes"]] == [("表单", "tree 第 1 版")], seen
    assert (await send(admin, "a.xlsx", content, seen["plan"])).json() == {"count": 1}
    form = await row(admin, "form", "tree")
    path = f"{LIST}/form/{form['entity']}"
    definition = (await admin.client.get(f"{path}/definition")).json()
    definition["name"] = "改了名"
    changed = await send(admin, "form-tree.json", msgspec.json.encode(definition))
    [finding] = changed.json()["findings"]
    assert finding["column"] == "version"
    [entry] = await admin.get(f"{path}/history")
    assert entry["changes"] == [{"header": "表单", "old": None, "new": "tree 第 1 版"}]


async def test_counts_equal_the_lists(admin: Phone) -> None:
    for kind in await admin.get(f"{LIST}/kinds"):
        assert kind["count"] == (await admin.get(f"{LIST}/{kind['code']}"))["total"], kind["code"]


async def test_only_administrators(city_server: Server) -> None:
    async with Phone.of(city_server, "zb01") as leader:
        for path in ("kinds", "category", "category/sheet"):
            assert (await leader.client.get(f"{LIST}/{path}")).status_code == 403
        body = {"sheet": "参数", "rows": [{"编码": "late_hours", "值": "1"}], "plan": "x"}
        for path in ("preview", "apply"):
            await _refused(lambda path=path: leader.client.post(f"{LIST}/{path}", json=body))
        for plan in (None, "x"):
            await _refused(lambda plan=plan: send(leader, "a.csv", b"x", plan))


async def _refused(ask: Any) -> None:
    """Refused before the body is read: the server may cut the line it still comes in on, so that
    the answer is lost with it; asked again, it is the same.
    """
    try:
        answer = await ask()
    except httpx.ReadError:
        answer = await ask()
    assert answer.status_code == 403


async def test_another_countys_settings_are_not_there(
    admin: Phone, city_server: Server, tmp_path: Path
) -> None:
    city = City(tmp_path)
    run = CliRunner(env=city_server.settings.environ())
    arguments = ["import", str(city.write()), "--yes", "--county", "999901"]
    done = await asyncio.to_thread(run.invoke, xunge, arguments)
    assert done.exit_code == 0, done.output
    conn = await connect(city_server.settings.database_url)
    try:
        query = "select id from category where county = '999901' and code = 'C0101'"
        theirs = await conn.fetchval(query)
    finally:
        await conn.close()
    assert (await admin.client.get(f"{LIST}/category/{theirs}/history")).status_code == 404
    assert (await admin.get(f"{LIST}/org", q="water"))["total"] == 0
    seen = await preview(admin, "派遣规则", {"类别": "C01", "区划": "999901001", "部门": "water"})
    assert {finding["column"] for finding in seen["findings"]} == {"区划", "部门"}


@pytest.mark.parametrize("sheet", ["角色", "人员", "任职", "岗位", "部门", "区划", "说明"])
async def test_rights_and_people_are_not_set_here(admin: Phone, sheet: str) -> None:
    body = {"sheet": sheet, "rows": [{"编码": "x"}]}
    answer = await admin.client.post(f"{LIST}/preview", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_sheet")
    if sheet != "说明":
        content = book(sheet, ["编码", "名称", "权限"], ["x", "x", "admin.security"])
        seen = (await send(admin, "a.xlsx", content)).json()
        assert [finding["found"] for finding in seen["findings"]] == [sheet]


async def test_a_formula_without_a_value_is_named_not_lost(admin: Phone) -> None:
    content = book("派遣规则", ["类别", "区划", "部门"], ["C01", COUNTY, '=HYPERLINK("http://x")'])
    findings = (await send(admin, "a.xlsx", content)).json()["findings"]
    assert ("派遣规则", 2, "C") in {(f["sheet"], f["row"], f["column"]) for f in findings}


async def test_words_that_look_like_formulas_stay_words(admin: Phone) -> None:
    rule = {"类别": "E06", "区划": COUNTY, "部门": "oh-zf", "处置要求": "=1+1"}
    await apply(admin, "派遣规则", rule)
    content = (await admin.client.get(f"{LIST}/dispatch_rule/sheet")).content
    cells = [
        cell for line in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0] for cell in line
    ]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]
    assert (await send(admin, "a.xlsx", content)).json()["count"] == 0


def bomb() -> bytes:
    """A small file that unpacks to 300 MB."""
    raw = io.BytesIO(book("派遣规则", ["类别"]))
    with zipfile.ZipFile(raw, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/zeros.xml", bytes(300_000_000))
    return raw.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.exe", b"MZ", 400),
        ("../../etc/passwd", b"x", 400),
        ("a.geojson", b"{}", 400),
        ("big.csv", b"x" * 6_000_000, 413),
        ("broken.xlsx", b"PK\x03\x04", 200),
        ("bomb.xlsx", bomb(), 200),
        ("a.csv", b"\xff\xfe\x00", 200),
        ("../派遣规则.csv", "编码\nx".encode(), 200),
        ("flow.json", b"[" * 100_000, 400),
    ],
)
async def test_hostile_files_do_nothing(
    admin: Phone, name: str, content: bytes, status: int
) -> None:
    answer = await send(admin, name, content)
    assert answer.status_code == status
    if status == 200:
        seen = answer.json()
        assert seen["findings"]
        assert seen["count"] == 0
        assert "/" not in seen["findings"][0]["file"]
        applied = await send(admin, name, content, seen["plan"])
        assert (applied.status_code, applied.json()["code"]) == (409, "changed_meanwhile")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sheet": "类别", "rows": []},
        {"sheet": "类别", "rows": [{"编码": 1}]},
        {"sheet": "类别", "rows": [{"编码": "x" * 5000}]},
        {"sheet": "类别", "rows": [{"编码": "x"}] * 2001},
        {"sheet": "类别", "rows": [{"": "x"}]},
    ],
)
async def test_bad_bodies_are_bad_requests(admin: Phone, body: dict[str, Any]) -> None:
    answer = await admin.client.post(f"{LIST}/preview", json=body)
    assert answer.status_code == 400


async def test_no_fault_of_ours(admin: Phone, city_server: Server) -> None:
    for form in ({"x": ("a.csv", b"x")}, {"": (None, b"null")}, {"file": (None, b"text")}):
        answer = await admin.client.post(f"{LIST}/files/preview", files=form)
        assert answer.status_code == 400, answer.text
    assert (await admin.client.post(f"{LIST}/files/preview", data={"x": "y"})).status_code == 400
    assert (await admin.client.post(f"{LIST}/files/preview", content=b"")).status_code == 400
    body = {"sheet": "类别", "rows": [{"编码": "C\0", "名称": "a\0", "类型": "部件"}]}
    assert (await admin.client.post(f"{LIST}/preview", json=body)).status_code < 500
    assert city_server.faults() == []
