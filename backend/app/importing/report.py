"""What an import shows a person at a terminal."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Column, Table

from backend.app.importing.plan import Plan
from backend.core.sheets.findings import Finding
from backend.core.sheets.shelf import Difference

TITLES = {
    "area": "区划",
    "org": "部门",
    "role": "角色",
    "post": "岗位",
    "user": "人员",
    "appointment": "任职",
    "flow": "流程",
    "category": "类别",
    "form": "表单",
    "calendar": "日历",
    "calendar_rule": "日历适用",
    "dispatch_rule": "派遣规则",
    "target_group": "目标组",
    "setting": "参数",
    "label": "标签",
}
NAMES = dict.fromkeys(TITLES, ("code",)) | {
    "appointment": ("user", "post", "valid_from"),
    "calendar_rule": ("category", "org", "area"),
    "dispatch_rule": ("category", "area"),
    "target_group": ("org", "code"),
}
"""The fields by which people know a row."""
SHOWN = 20
"""Rows named one by one; beyond that a count is enough."""


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Every error, with its place and what would be right."""
    table = Table(*_columns("文件", "表", "行", "列", "现在是", "应该是"), box=box.SIMPLE_HEAD)
    for finding in findings:
        where = finding.where
        row = "" if where.row is None else str(where.row)
        table.add_row(where.file, where.sheet, row, finding.column, finding.found, finding.expected)
    console.print(table, markup=False)
    console.print(f"共 {len(findings)} 处错误,什么都没有写入。改好后请再导入一次。", style="red")


def show_plan(console: Console, plan: Plan) -> None:
    """How many rows of each kind are new, changed, unchanged, missing; and which."""
    counts = Counter((each.kind, each.status) for each in plan.differences)
    table = Table("", *_columns("新增", "修改", "不变", "缺失", right=True), box=box.SIMPLE_HEAD)
    for kind, title in TITLES.items():
        numbers = [counts[kind, status] for status in ("new", "changed", "unchanged", "missing")]
        if any(numbers):
            table.add_row(title, *(str(number) if number else "" for number in numbers))
    console.print(table)
    changed = [each for each in plan.differences if each.status == "changed"]
    _list(console, "修改", [f"{name_of(each)}:{'、'.join(each.fields)}" for each in changed])
    missing = [name_of(each) for each in plan.differences if each.status == "missing"]
    _list(console, "文件里没有、仍然保留", missing + plan.missing_parts)
    if plan.passwords:
        console.print(f"设初始密码:{len(plan.passwords)} 人")


def _columns(*headers: str, right: bool = False) -> list[Column]:
    """Columns that never cut a text short: Chinese has no spaces to break at."""
    justify: JustifyMethod = "right" if right else "left"
    return [Column(header, overflow="fold", justify=justify) for header in headers]


def _list(console: Console, title: str, names: Sequence[str]) -> None:
    if names:
        console.print(f"{title}({len(names)}):")
        for name in names[:SHOWN]:
            console.print(f"  {name}", markup=False)
        if len(names) > SHOWN:
            console.print(f"  …还有 {len(names) - SHOWN} 条")


def name_of(each: Difference[Any]) -> str:
    """A row by its kind and the codes that people know it by."""
    state = getattr(each.after, each.kind) if each.kind in ("flow", "form") else each.after
    named = [TITLES[each.kind], *(str(getattr(state, name)) for name in NAMES[each.kind])]
    return " ".join(part for part in named if part)
