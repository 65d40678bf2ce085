"""A form is only taken when it can be filled; errors name its row, or its item."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.catalogue.form import Field, Group, Option, Repeat
from backend.catalogue.importing.form_rows import FormRow
from backend.catalogue.importing.forms import FormFile, forms_of, read_form
from backend.core.sheets.declared import Sheet, read_rows
from backend.core.sheets.findings import Findings, Where

HEAD = ["表单", "类型", "名称", "标题", "必填", "显示条件", "计算", "选项", "最大", "版本"]
ROWS = [
    ["unrest", "表单", "", "群体事件", "", "", "", "", "", "2"],
    ["unrest", "单选", "kind", "类型", "是", "", "", "strike=停工；other=其他", "", ""],
    ["unrest", "分组", "scene", "现场", "", "", "", "", "", ""],
    ["unrest", "文字", "other", "其他类型", "", "${kind} = 'other'", "", "", "20", ""],
    ["unrest", "级联", "trade", "行业", "否", "", "", "a=制造\na/a1=鞋革", "", ""],
    ["unrest", "分组结束", "scene", "", "", "", "", "", "", ""],
    ["unrest", "重复组", "people", "牵头人", "", "", "", "", "3", ""],
    ["unrest", "数字", "age", "年龄", "", "", "", "", "", ""],
    ["unrest", "重复组结束", "people", "", "", "", "", "", "", ""],
    ["unrest", "计算", "total", "年龄合计", "", "", "sum(${people/age})", "", "", ""],
]


def _read(rows: list[list[str]]) -> tuple[list[FormFile], list[tuple[int | None, str, str]]]:
    findings = Findings()
    sheet = Sheet(Where("a.xlsx", "表单"), HEAD, dict(enumerate(rows, start=2)))
    files = forms_of(read_rows(sheet, FormRow, findings), findings)
    return files, [(f.where.row, f.column, f.found) for f in findings.sorted()]


def test_rows_become_a_form() -> None:
    [file], found = _read(ROWS)
    assert found == []
    assert (file.form.code, file.form.name, file.form.version) == ("unrest", "群体事件", 2)
    kind, scene, people, total = file.form.items
    assert isinstance(kind, Field)
    assert kind.required == "true()"
    assert kind.choices == [Option("strike", "停工"), Option("other", "其他")]
    assert isinstance(scene, Group)
    other, trade = scene.items
    assert isinstance(other, Field)
    assert other.maximum == 20
    assert isinstance(trade, Field)
    assert trade.choices == [Option("a", "制造"), Option("a1", "鞋革", "a")]
    assert isinstance(people, Repeat)
    assert (people.minimum, people.maximum) == (0, 3)
    assert total.name == "total"


@pytest.mark.parametrize(
    ("row", "column", "text", "found"),
    [
        (3, "名称", "Kind", (3, "名称", "Kind")),
        (3, "选项", "strike", (3, "选项", "strike")),
        (3, "选项", "a=一;a=二", (3, "选项", "a")),
        (3, "类型", "选择", (3, "类型", "选择")),
        (5, "显示条件", "${knid} = 'other'", (5, "显示条件", "${knid}")),
        (5, "显示条件", "${kind} = 'other", (5, "显示条件", "${kind} = 'other")),
        (5, "显示条件", "${scene} = 1", (5, "显示条件", "${scene}")),
        (5, "名称", "kind", (5, "名称", "kind")),
        (5, "名称", "urgent", (5, "名称", "urgent")),
        (6, "选项", "a=制造;b/a1=鞋革", (6, "选项", "b")),
        (7, "名称", "people", (7, "名称", "people")),
        (8, "最大", "500", (8, "最大", "0–500")),
        (10, "类型", "分组结束", (10, "类型", "people")),
        (11, "计算", "", (11, "计算", "空")),
        (11, "计算", "${total} + 1", (11, "计算", "total → total")),
        (11, "计算", "sum(${people/name})", (11, "计算", "${people/name}")),
    ],
)
def test_the_row_at_fault_is_named(
    row: int, column: str, text: str, found: tuple[int, str, str]
) -> None:
    rows = [list(each) for each in ROWS]
    rows[row - 2][HEAD.index(column)] = text
    files, named = _read(rows)
    assert found in named
    assert files == []


def test_a_circle_names_who_reads_whom() -> None:
    first = ["unrest", "计算", "a", "甲", "", "", "${b} + 1", "", "", ""]
    second = ["unrest", "计算", "b", "乙", "", "${a} > 1", "1", "", "", ""]
    _, named = _read([*ROWS, first, second])
    assert named == [(12, "计算", "a → b → a")]


FORM: dict[str, Any] = {
    "code": "small",
    "name": "小表",
    "version": 1,
    "items": [
        {
            "type": "group",
            "name": "scene",
            "label": "现场",
            "items": [{"type": "field", "name": "people", "label": "人数", "kind": "number"}],
        }
    ],
}


def _json(tmp_path: Path, text: str) -> tuple[FormFile | None, list[tuple[str, str]]]:
    path = tmp_path / "form-small.json"
    path.write_text(text)
    findings = Findings()
    file = read_form(path, findings)
    return file, [(each.column, each.found) for each in findings.sorted()]


def test_json_form(tmp_path: Path) -> None:
    file, found = _json(tmp_path, json.dumps(FORM))
    assert found == []
    assert file is not None
    assert file.form.code == "small"


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"kind": "numeric"}, "scene.people"),
        ({"requierd": "true()"}, "people requierd"),
        ({"visible": "${x}"}, "people visible"),
        ({"minimum": 2, "maximum": 1}, "people maximum"),
    ],
)
def test_json_faults_name_the_item(tmp_path: Path, changes: dict[str, Any], column: str) -> None:
    form = json.loads(json.dumps(FORM))
    form["items"][0]["items"][0].update(changes)
    file, found = _json(tmp_path, json.dumps(form))
    assert file is None
    assert column in [each for each, _ in found]


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    file, found = _json(tmp_path, "{")
    assert file is None
    assert len(found) == 1
