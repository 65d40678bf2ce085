"""The sheet of labels, and from its rows to states."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, ClassVar, get_args

from msgspec.structs import replace

from backend.core.ids import derived_id
from backend.core.sheets.declared import Line, SheetRow, header_of
from backend.core.sheets.findings import Findings
from backend.core.sheets.formats import CODE, DAY, TEXT, Column, choice
from backend.core.sheets.shelf import Shelf, refer
from backend.directory.importing.stage import Places
from backend.labels.structs import Colour, Label, LabelKind

KINDS: dict[str, LabelKind] = {"案件": "case"}
COLOURS: dict[str, Colour] = {
    "灰": "grey",
    "红": "red",
    "橙": "orange",
    "黄": "yellow",
    "绿": "green",
    "蓝": "blue",
    "紫": "purple",
}
assert set(COLOURS.values()) == set(get_args(Colour))


class LabelRow(SheetRow, frozen=True, kw_only=True):
    """A label."""

    sheet: ClassVar[str] = "标签"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "flood-2026")]
    name: Annotated[str, Column("名称", TEXT, "防汛")]
    kind: Annotated[LabelKind, Column("用于", choice(KINDS), "案件", "空着表示案件")] = "case"
    definition: Annotated[str, Column("说明", TEXT, "因强降雨引起的", "什么情况下贴")] = ""
    org: Annotated[str, Column("归口部门", CODE, "oh-zhzx", "谁管这个标签:部门编码", "部门")]
    area: Annotated[
        str, Column("适用区划", CODE, "330304", "区划编码;它和它以下的案件可以贴", "区划")
    ]
    colour: Annotated[Colour, Column("颜色", choice(COLOURS), "蓝", "空着表示灰")] = "grey"
    valid_from: Annotated[date, Column("启用日期", DAY, "2026-01-01")]
    valid_to: Annotated[
        date | None, Column("停用日期", DAY, "", "最后一天;此后不能再贴,贴过的仍在;仍在用的留空")
    ] = None


def stage_labels(
    lines: list[Line[LabelRow]] | None,
    shelf: Shelf[Label],
    places: Places,
    kept_by: Collection[str] | None,
    county: str,
    findings: Findings,
) -> None:
    """Bring the rows to the shelf. `kept_by`: the orgs whose labels may be changed; None: all. What
    is wrong goes to `findings`.
    """
    shelf.given = lines is not None
    for line in lines or []:
        row = line.row
        refer(findings, line, "area", row.area, places.areas)
        fields = {name: getattr(row, name) for name in row.__struct_fields__}
        label = Label(id=derived_id("label", county, row.code), version=0, county=county, **fields)
        if refer(findings, line, "org", row.org, places.orgs) and kept_by is not None:
            _kept(line, label, shelf.existing.get(label.id), kept_by, findings)
        if row.valid_to is not None and row.valid_to < row.valid_from:
            header = header_of(LabelRow, "valid_to")
            findings.add(line.where, header, row.valid_to, f"不早于 {row.valid_from}")
        shelf.bring(line.where, label)


def _kept(
    line: Line[LabelRow],
    label: Label,
    before: Label | None,
    kept_by: Collection[str],
    findings: Findings,
) -> None:
    """Neither taken from another org nor given to one."""
    if before is not None and replace(label, version=before.version) == before:
        return
    for org in {label.org, before.org if before else label.org} - set(kept_by):
        expected = "您所在的部门或它的下级:别的部门的标签由它自己管"
        findings.add(line.where, header_of(LabelRow, "org"), org, expected)
