"""The sheets of the directory."""

from datetime import date
from typing import Annotated, ClassVar

from msgspec import field

from backend.core.sheets.declared import SheetRow
from backend.core.sheets.formats import CODE, CODES, DAY, FLAG, TEXT, Column, choice, whole

AREA_KINDS = {
    "行政区划": "administrative",
    "单元网格": "unit",
    "责任网格": "responsibility",
    "综治网格": "governance",
}
ORG_KINDS = {"中心": "centre", "部门": "department", "企业": "company", "社区": "community"}


class AreaRow(SheetRow, frozen=True, kw_only=True):
    """An area; its polygon comes from a GeoJSON file by its code."""

    sheet: ClassVar[str] = "区划"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "330304001", "区县 6 位、镇街 9 位、社区 12 位")]
    name: Annotated[str, Column("名称", TEXT, "景山街道")]
    kind: Annotated[str, Column("类型", choice(AREA_KINDS), "行政区划")]
    level: Annotated[int, Column("级别", whole(1, 9), "2", "1 区县,2 镇街,3 社区,4 网格")]
    parent: Annotated[str | None, Column("上级编码", CODE, "330304", "区县留空")] = None
    valid_from: Annotated[date, Column("启用日期", DAY, "2026-01-01")]
    valid_to: Annotated[date | None, Column("停用日期", DAY, "", "最后一天;仍在用的留空")] = None
    successors: Annotated[list[str], Column("继任编码", CODES, "", "停用后由哪些区划接替")] = field(
        default_factory=list
    )


class OrgRow(SheetRow, frozen=True, kw_only=True):
    """An organisation."""

    sheet: ClassVar[str] = "部门"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "oh-zhzf")]
    name: Annotated[str, Column("名称", TEXT, "综合行政执法局")]
    kind: Annotated[str, Column("类型", choice(ORG_KINDS), "部门")]
    parent: Annotated[str | None, Column("上级编码", CODE, "")] = None
    area: Annotated[str, Column("所在区划", CODE, "330304", "区划表里的编码")]


class RoleRow(SheetRow, frozen=True, kw_only=True):
    """A role."""

    sheet: ClassVar[str] = "角色"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "grid_worker")]
    name: Annotated[str, Column("名称", TEXT, "网格员")]
    permissions: Annotated[list[str], Column("权限", CODES, "case.report、task.answer")]


class PostRow(SheetRow, frozen=True, kw_only=True):
    """A post."""

    sheet: ClassVar[str] = "岗位"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "wg001")]
    name: Annotated[str, Column("名称", TEXT, "繁荣社区网格员")]
    org: Annotated[str, Column("部门", CODE, "oh-jd001", "部门表里的编码")]
    role: Annotated[str, Column("角色", CODE, "grid_worker", "角色表里的编码")]
    areas: Annotated[
        list[str],
        Column("负责区划", CODES, "330304001002001、330304001002002", "区划编码,顿号隔开"),
    ]
    categories: Annotated[
        list[str], Column("负责类别", CODES, "", "类别编码或其开头,如 C01;全部都负责的留空")
    ] = field(default_factory=list)


class UserRow(SheetRow, frozen=True, kw_only=True):
    """Someone who can sign in."""

    sheet: ClassVar[str] = "人员"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "wg001", "也是登录名")]
    name: Annotated[str, Column("姓名", TEXT, "样例甲")]
    active: Annotated[bool, Column("在用", FLAG, "是", "空着表示是")] = True
    password: Annotated[
        str | None, Column("初始密码", TEXT, "", "只在此人还没有密码时起作用;首次登录后请修改")
    ] = None


class AppointmentRow(SheetRow, frozen=True, kw_only=True):
    """Who holds a post, from when to when."""

    sheet: ClassVar[str] = "任职"
    key: ClassVar[tuple[str, ...]] = ("user", "post", "valid_from")
    user: Annotated[str, Column("人员", CODE, "wg001", "人员表里的编码")]
    post: Annotated[str, Column("岗位", CODE, "wg001", "岗位表里的编码")]
    valid_from: Annotated[date, Column("起始日期", DAY, "2026-01-01")]
    valid_to: Annotated[date | None, Column("截止日期", DAY, "", "最后一天;仍在任的留空")] = None


ROWS: tuple[type[SheetRow], ...] = (AreaRow, OrgRow, RoleRow, PostRow, UserRow, AppointmentRow)
