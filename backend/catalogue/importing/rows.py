"""The sheets of the catalogue."""

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, get_args

import msgspec
from msgspec import field

from backend.catalogue.flow import Limit, LimitUnit
from backend.catalogue.importing.form_rows import FormRow
from backend.catalogue.worktime import LONGEST
from backend.core.sheets.declared import SheetRow
from backend.core.sheets.formats import (
    CODE,
    DAY,
    FLAG,
    TEXT,
    TEXTS,
    Column,
    Format,
    choice,
    choices,
    whole,
)

CATEGORY_KINDS = {"部件": "component", "事件": "event"}
DEFAULT_FLOW = "city_management"
PHOTO_ROLES = {"近景": "near", "远景": "far", "参照物": "reference"}
Check = Literal["task", "photo", "same_period"]
TargetKind = Literal["main", "assist", "copy", "help"]
CHECKS: dict[str, Check] = {"核查": "task", "凭照片结案": "photo", "同时段核查": "same_period"}
TARGET_KINDS: dict[str, TargetKind] = {
    "主办": "main",
    "协办": "assist",
    "抄送": "copy",
    "协助": "help",
}
LIMIT_UNITS: dict[str, LimitUnit] = {
    "工作分钟": "work_minute",
    "工作时": "work_hour",
    "工作日": "work_day",
    "紧急工作时": "urgent_hour",
    "紧急工作日": "urgent_day",
}
assert set(LIMIT_UNITS.values()) == set(get_args(LimitUnit))
_UNIT_NAMES = {unit: name for name, unit in LIMIT_UNITS.items()}
_LIMIT = re.compile(rf"([1-9]\d{{0,3}})\s*({'|'.join(LIMIT_UNITS)})")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _limit(text: str) -> Limit:
    parts = _LIMIT.fullmatch(text)
    if not parts:
        raise ValueError(text)
    value, unit = int(parts[1]), LIMIT_UNITS[parts[2]]
    if not 1 <= value <= LONGEST[unit]:
        raise ValueError(text)
    return Limit(value, unit)


def _hours(text: str) -> list[tuple[str, str]]:
    spans: list[tuple[str, str]] = []
    for part in re.split(r"[、,\s]+", unicodedata.normalize("NFKC", text)):
        if not _HOURS.fullmatch(part):
            raise ValueError(text)
        start, end = part.split("-")
        open_ = not spans or spans[-1][0] < spans[-1][1]  # nothing follows what runs past midnight
        if not (open_ and (spans[-1][1] if spans else "00:00") <= start != end <= "24:00"):
            raise ValueError(text)
        spans.append((start, end))
    return spans


def _value(text: str) -> Any:
    """Numbers, true, false and lists as JSON; anything else is a text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _written(value: Any) -> str:
    """Words and pairs as people write them; whatever would not be read back so, as JSON."""
    if isinstance(value, list) and value and all(map(_plain, value)):
        return "、".join(value)
    if isinstance(value, dict) and value and all(_plain(w) for pair in value.items() for w in pair):
        return "、".join(f"{name}={to}" for name, to in value.items())
    return msgspec.json.encode(value).decode()


def _plain(word: object) -> bool:
    return isinstance(word, str) and not re.search(r"[、,\uff0c=\s]", word)


LIMIT: Format[Limit] = Format(
    _limit,
    lambda limit: f"{limit.value}{_UNIT_NAMES[limit.unit]}",
    "数字加单位,如 4工作时、2工作日、2紧急工作时,最长约两年",
)
HOURS: Format[list[tuple[str, str]]] = Format(
    _hours,
    lambda spans: "、".join(f"{start}-{end}" for start, end in spans),
    "先后不重叠的时段,如 08:00-12:00、14:00-18:00;夜班到次日写 22:00-06:00;不上班的留空",
)
VALUE: Format[Any] = Format(_value, _written, "数字或文字")


class CategoryRow(SheetRow, frozen=True, kw_only=True):
    """A class or subclass."""

    sheet: ClassVar[str] = "类别"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "C0101", "部件 C、事件 E,加 GB/T 30428.2 编号")]
    name: Annotated[str, Column("名称", TEXT, "上水井盖")]
    kind: Annotated[str, Column("类型", choice(CATEGORY_KINDS), "部件")]
    parent: Annotated[str | None, Column("上级编码", CODE, "C01", "大类留空", "类别")] = None
    synonyms: Annotated[list[str], Column("同义词", TEXTS, "窨井盖、下水道盖")] = field(
        default_factory=list
    )
    flow: Annotated[
        str,
        Column("流程", CODE, DEFAULT_FLOW, f"流程文件里的 code;空着表示 {DEFAULT_FLOW}", "流程"),
    ] = DEFAULT_FLOW
    form: Annotated[
        str, Column("表单", CODE, "", "上报时填的表单,表单文件里的 code;不填表的留空", "表单")
    ] = ""
    check: Annotated[
        Check, Column("核查方式", choice(CHECKS), "核查", "空着表示核查:结案前派人到现场看")
    ] = "task"
    auto_dispatch: Annotated[
        bool, Column("自动派遣", FLAG, "否", "空着表示否;是:立案后按派遣规则直接派出")
    ] = False
    photo_roles: Annotated[list[str], Column("必拍照片", choices(PHOTO_ROLES), "近景、远景")] = (
        field(default_factory=list)
    )
    album_allowed: Annotated[bool, Column("允许相册", FLAG, "是", "空着表示是")] = True
    self_handling: Annotated[bool, Column("允许自行处置", FLAG, "是", "空着表示是")] = True
    similar_metres: Annotated[int, Column("相似距离", whole(1, 5000), "50", "米;空着表示 50")] = 50
    similar_days: Annotated[int, Column("相似天数", whole(1, 365), "7", "空着表示 7")] = 7
    collection_note: Annotated[str, Column("采集要求", TEXT, "")] = ""
    active: Annotated[bool, Column("在用", FLAG, "是", "空着表示是")] = True


class StandardRow(SheetRow, frozen=True, kw_only=True):
    """A filing condition of a subclass."""

    sheet: ClassVar[str] = "立案标准"
    key: ClassVar[tuple[str, ...]] = ("category", "number")
    category: Annotated[str, Column("类别", CODE, "C0101", "类别表里的编码", "类别")]
    number: Annotated[int, Column("序号", whole(1, 999), "1")]
    filing_condition: Annotated[str, Column("立案条件", TEXT, "缺失、移位、开裂,存在安全隐患的")]
    closing_standard: Annotated[str, Column("结案标准", TEXT, "恢复")]
    limit: Annotated[Limit, Column("时限", LIMIT, "2紧急工作时")]


class CalendarRow(SheetRow, frozen=True, kw_only=True):
    """Working hours of a week."""

    sheet: ClassVar[str] = "日历"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "standard")]
    name: Annotated[str, Column("名称", TEXT, "标准工作时间")]
    zone: Annotated[str, Column("时区", TEXT, "Asia/Shanghai", "空着表示 Asia/Shanghai")] = (
        "Asia/Shanghai"
    )
    monday: Annotated[list[tuple[str, str]], Column("周一", HOURS, "08:00-12:00、14:00-18:00")] = (
        field(default_factory=list)
    )
    tuesday: Annotated[list[tuple[str, str]], Column("周二", HOURS, "08:00-12:00、14:00-18:00")] = (
        field(default_factory=list)
    )
    wednesday: Annotated[
        list[tuple[str, str]], Column("周三", HOURS, "08:00-12:00、14:00-18:00")
    ] = field(default_factory=list)
    thursday: Annotated[
        list[tuple[str, str]], Column("周四", HOURS, "08:00-12:00、14:00-18:00")
    ] = field(default_factory=list)
    friday: Annotated[list[tuple[str, str]], Column("周五", HOURS, "08:00-12:00、14:00-18:00")] = (
        field(default_factory=list)
    )
    saturday: Annotated[list[tuple[str, str]], Column("周六", HOURS, "")] = field(
        default_factory=list
    )
    sunday: Annotated[list[tuple[str, str]], Column("周日", HOURS, "")] = field(
        default_factory=list
    )


class DayRow(SheetRow, frozen=True, kw_only=True):
    """A day that departs from the week."""

    sheet: ClassVar[str] = "节假日"
    key: ClassVar[tuple[str, ...]] = ("calendar", "day")
    calendar: Annotated[str, Column("日历", CODE, "standard", "日历表里的编码", "日历")]
    day: Annotated[date, Column("日期", DAY, "2026-10-01")]
    working: Annotated[bool, Column("上班", FLAG, "否", "调休上班的周末填是")]
    name: Annotated[str, Column("名称", TEXT, "国庆节")] = ""


class CalendarRuleRow(SheetRow, frozen=True, kw_only=True):
    """Whose time runs by which calendar."""

    sheet: ClassVar[str] = "日历适用"
    key: ClassVar[tuple[str, ...]] = ("category", "org", "area")
    category: Annotated[
        str, Column("类别", CODE, "C01", "类别编码或其开头;空着表示全部,最长的优先", "类别")
    ] = ""
    org: Annotated[str, Column("部门", CODE, "oh-sz", "部门编码;空着表示全部", "部门")] = ""
    area: Annotated[
        str, Column("区划", CODE, "330304001", "区划编码;空着表示全部,最深的优先", "区划")
    ] = ""
    calendar: Annotated[str, Column("日历", CODE, "standard", "日历表里的编码", "日历")]


class TargetRow(SheetRow, frozen=True, kw_only=True):
    """One org of a group to which an org often gives cases together."""

    sheet: ClassVar[str] = "目标组"
    key: ClassVar[tuple[str, ...]] = ("org", "code", "target")
    org: Annotated[str, Column("部门", CODE, "oh-zhzx", "谁用这个组:部门编码", "部门")]
    code: Annotated[str, Column("编码", CODE, "flood", "同一部门内不重复;一组几行,编码相同")]
    name: Annotated[str, Column("名称", TEXT, "防汛联动", "同一组各行相同")]
    target: Annotated[str, Column("目标部门", CODE, "oh-sl", "部门编码", "部门")]
    kind: Annotated[TargetKind, Column("方式", choice(TARGET_KINDS), "主办", "空着表示主办")] = (
        "main"
    )
    requirement: Annotated[str, Column("要求", TEXT, "30 分钟内到场")] = ""
    active: Annotated[bool, Column("在用", FLAG, "是", "空着表示是;同一组各行相同")] = True


class DispatchRow(SheetRow, frozen=True, kw_only=True):
    """Who handles what, where."""

    sheet: ClassVar[str] = "派遣规则"
    key: ClassVar[tuple[str, ...]] = ("category", "area")
    category: Annotated[
        str, Column("类别", CODE, "C01", "类别编码或其开头;空着表示全部,最长的优先", "类别")
    ] = ""
    area: Annotated[str, Column("区划", CODE, "330304001", "区划编码;最深的优先", "区划")]
    org: Annotated[str, Column("部门", CODE, "oh-sz", "部门编码", "部门")]
    limit: Annotated[Limit | None, Column("时限", LIMIT, "", "空着表示按立案标准")] = None
    standard: Annotated[str, Column("处置要求", TEXT, "")] = ""


class SettingRow(SheetRow, frozen=True, kw_only=True):
    """A single value."""

    sheet: ClassVar[str] = "参数"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, Column("编码", CODE, "late_hours")]
    value: Annotated[Any, Column("值", VALUE, "24")]


ROWS: tuple[type[SheetRow], ...] = (
    CategoryRow,
    StandardRow,
    CalendarRow,
    DayRow,
    CalendarRuleRow,
    DispatchRow,
    TargetRow,
    SettingRow,
    FormRow,
)
