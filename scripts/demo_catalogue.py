"""The demo city's categories, standards, working calendar and dispatch matrix."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from backend.catalogue.flow import Limit
from backend.catalogue.importing.rows import (
    CalendarRow,
    CalendarRuleRow,
    CategoryRow,
    DayRow,
    DispatchRow,
    SettingRow,
    StandardRow,
    TargetKind,
    TargetRow,
)
from backend.labels.importing import LabelRow
from backend.labels.structs import Colour
from scripts import demo_events
from scripts.demo_people import CENTRE, community_org, town_org

SCHEME = "GBT30428-YC"
CALENDAR = "standard"
_MANHOLE = ["窨井盖", "下水道盖", "井盖"]
SYNONYMS = {
    "C0101": ["自来水井盖", *_MANHOLE],
    "C0102": ["下水井盖", *_MANHOLE],
    "C0103": ["雨水井", *_MANHOLE],
    "C0104": ["雨水篦子", "雨篦子", "下水口"],
    "C0106": ["电井盖", *_MANHOLE],
    "C0111": ["煤气井盖", *_MANHOLE],
    "C0123": ["无主井盖", *_MANHOLE],
    "C0127": ["光交箱", "电信箱"],
    "C0130": ["电线杆", "电杆"],
    "C0131": ["电话杆", "通信杆"],
    "C0137": ["街灯", "灯不亮"],
    "C0204": ["公交站", "候车亭"],
    "C0217": ["护栏", "栏杆"],
    "C0225": ["停车架", "自行车停放点"],
    "C0284": ["便道", "地砖", "人行路"],
    "C0286": ["马路牙子", "路缘石"],
    "C0301": ["厕所", "公厕"],
    "C0305": ["垃圾桶", "果皮箱"],
    "C0402": ["路边树", "树倒"],
    "E0110": ["垃圾", "生活垃圾"],
    "E0111": ["建筑垃圾", "渣土"],
    "E0112": ["路面脏", "扫地"],
    "E0113": ["路坑", "路面破损", "坑洼"],
    "E0120": ["烧垃圾", "烧树叶"],
    "E0130": ["污水", "偷排"],
    "E0136": ["乱堆放", "杂物"],
    "E0192": ["垃圾桶满", "垃圾溢出"],
    "E0201": ["牛皮癣", "小广告"],
    "E0401": ["摆摊", "流动摊贩"],
    "E0405": ["出店经营", "越门经营"],
    "E0406": ["占道", "路边摆摊"],
    "E0410": ["电动车乱停", "自行车乱停"],
    "E0493": ["共享单车", "共享电单车"],
    "E0501": ["水管爆裂", "爆管", "漏水"],
    "E0502": ["煤气泄漏", "燃气泄漏"],
    "E0505": ["塌方", "路塌"],
    "E0506": ["积水", "内涝"],
    "E0508": ["电线掉落", "线缆垂落"],
}
"""What people call them."""

NO_ALBUM = {"E0304", "E0501", "E0502", "E0503", "E0504", "E0505", "E0508", "E0596"}
"""Where only a photo taken on the spot counts."""

BY_PHOTO = {"E0107", "E0112", "E0201", "E0405"}
"""Closed on the handler's photos, without a check on the spot."""

SAME_PERIOD = {"E0401", "E0491", "E0492"}
"""Vendors who move: checked next day at the same time of day."""

AUTO_DISPATCH = {"E0501", "E0502", "E0505", "E0508"}
"""Emergencies that go to the matrix's org as soon as they are filed."""

DISPATCH = {
    "": "oh-zf",
    "C01": "oh-sz",
    "C0101": "oh-gs",
    "C0102": "oh-sl",
    "C0103": "oh-sl",
    "C0104": "oh-sl",
    "C0106": "oh-gd",
    "C0111": "oh-rq",
    "C0125": "oh-gs",
    "C0127": "oh-tx",
    "C0128": "oh-gd",
    "C0129": "oh-gd",
    "C0130": "oh-gd",
    "C0131": "oh-tx",
    "C0149": "oh-rq",
    "C0157": "oh-rq",
    "C0193": "oh-gs",
    "C02": "oh-jj",
    "C0284": "oh-sz",
    "C0285": "oh-sz",
    "C0286": "oh-sz",
    "C03": "oh-hw",
    "C0306": "oh-zf",
    "C0307": "oh-zf",
    "C04": "oh-sz",
    "C05": "oh-sl",
    "C0503": "oh-rq",
    "C0504": "oh-rq",
    "E01": "oh-zf",
    "E0113": "oh-sz",
    "E0126": "oh-hb",
    "E02": "oh-zf",
    "E03": "oh-zj",
    "E0304": "oh-hb",
    "E04": "oh-zf",
    "E05": "oh-zj",
    "E0501": "oh-gs",
    "E0502": "oh-rq",
    "E0503": "oh-sl",
    "E0506": "oh-sl",
    "E0508": "oh-gd",
    "E06": "oh-zf",
}
"""Category code or its beginning -> org, anywhere in the county."""
LOCAL = ("E01", "E04", "E06")
"""Classes that a town's office handles in its own town."""


def categories(source: Path) -> tuple[list[CategoryRow], list[StandardRow]]:
    """Classes and subclasses of the scheme that has rules, and those rules."""
    rows: list[CategoryRow] = []
    standards: list[StandardRow] = []
    for group in json.loads(source.read_text(encoding="utf-8"))["classes"]:
        if group["scheme"] != SCHEME:
            continue
        kind = group["kind"]
        parent = kind[0].upper() + group["class_code"]
        rows.append(CategoryRow(code=parent, name=group["class_name"], kind=kind))
        for subclass in group["subclasses"]:
            code = parent[0] + subclass["full_code"]
            rows.append(_category(code, parent, kind, subclass))
            standards += _standards(code, subclass["rules"])
    types, limits = demo_events.categories()
    return [*rows, *types], [*standards, *limits]


def _category(code: str, parent: str, kind: str, subclass: dict[str, Any]) -> CategoryRow:
    photos = ["near", "far"] + (["reference"] if kind == "component" else [])
    return CategoryRow(
        code=code,
        name=subclass["subclass_name"],
        kind=kind,
        parent=parent,
        synonyms=SYNONYMS.get(code, []),
        photo_roles=photos,
        album_allowed=code not in NO_ALBUM,
        self_handling=not code.startswith("E05"),
        collection_note=subclass.get("collection_requirement") or "",
        check=_check(code),
        auto_dispatch=code in AUTO_DISPATCH,
    )


def _check(code: str) -> Literal["task", "photo", "same_period"]:
    if code in SAME_PERIOD:
        return "same_period"
    return "photo" if code in BY_PHOTO else "task"


def _standards(code: str, rules: Sequence[dict[str, Any]]) -> Iterator[StandardRow]:
    for number, rule in enumerate(rules, start=1):
        limit = rule["time_limit"]
        yield StandardRow(
            category=code,
            number=number,
            filing_condition=rule["filing_condition"],
            closing_standard=rule["closing_standard"],
            limit=Limit(limit["value"], limit["unit"]),
        )


def calendars() -> list[CalendarRow]:
    """08:00-12:00 and 14:00-18:00 from Monday to Friday; the evening shift of street order, every
    day into the night; and the clock round.
    """
    hours = [("08:00", "12:00"), ("14:00", "18:00")]
    return [
        CalendarRow(
            code=CALENDAR,
            name="标准工作时间",
            monday=hours,
            tuesday=hours,
            wednesday=hours,
            thursday=hours,
            friday=hours,
        ),
        _daily("night", "市容夜班", [("18:00", "02:00")]),
        _daily("round_clock", "全天值守", [("00:00", "24:00")]),
    ]


def _daily(code: str, name: str, hours: list[tuple[str, str]]) -> CalendarRow:
    return CalendarRow(
        code=code,
        name=name,
        monday=hours,
        tuesday=hours,
        wednesday=hours,
        thursday=hours,
        friday=hours,
        saturday=hours,
        sunday=hours,
    )


CALENDAR_RULES = (
    CalendarRuleRow(category="E0129", calendar="night"),  # 露天烧烤
    CalendarRuleRow(category="E0402", calendar="night"),  # 早(夜)市
    CalendarRuleRow(category="E0502", calendar="round_clock"),  # 燃气管道破裂
    CalendarRuleRow(category="H0401", calendar="round_clock"),  # 汛情险情
    CalendarRuleRow(org="oh-rq", calendar="round_clock"),
)


def days(source: Path) -> list[DayRow]:
    """Holidays and make-up workdays of the years that have been published."""
    years = json.loads(source.read_text(encoding="utf-8"))["years"]
    return [
        DayRow(
            calendar=CALENDAR,
            day=date.fromisoformat(day["date"]),
            working=day["type"] == "workday",
            name=day["name"],
        )
        for year in sorted(years)
        for day in years[year]["days"]
    ]


def dispatch(county: str, towns: Sequence[str]) -> list[DispatchRow]:
    """The matrix: county-wide, and local classes by town."""
    rules = [DispatchRow(category=c, area=county, org=org) for c, org in DISPATCH.items()]
    rules += [
        DispatchRow(category=c, area=town, org=town_org(town)) for c in LOCAL for town in towns
    ]
    return [*rules, *demo_events.dispatch(county)]


def targets(towns: Sequence[tuple[str, Sequence[str]]]) -> list[TargetRow]:
    """Groups of orgs that get cases together. towns: codes with those of their communities."""
    flood: tuple[tuple[str, TargetKind, str], ...] = (
        ("oh-sl", "main", "组织排查险情"),
        ("oh-sz", "assist", "排水抢险"),
        ("oh-jj", "assist", "交通疏导"),
        ("oh-hb", "copy", ""),
    )
    street: tuple[tuple[str, TargetKind], ...] = (
        ("oh-zf", "main"),
        ("oh-jj", "assist"),
        ("oh-hw", "assist"),
    )
    kinds: tuple[TargetKind, ...] = ("main", "assist")
    rows = [
        TargetRow(org=CENTRE, code="flood", name="防汛联动", target=org, kind=kind, requirement=say)
        for org, kind, say in flood
    ]
    rows += [
        TargetRow(org=CENTRE, code="street", name="街面秩序整治", target=org, kind=kind)
        for org, kind in street
    ]
    for town, communities in towns:
        rows += [
            TargetRow(
                org=town_org(town),
                code="all",
                name="各社区",
                target=community_org(place),
                kind=kind,
            )
            for place, kind in zip(communities[:2], kinds, strict=False)
        ]
    return rows


def labels(county: str) -> list[LabelRow]:
    """Labels of the centre, for cases anywhere in the county."""
    given: tuple[tuple[str, str, str, Colour], ...] = (
        ("key", "重点工单", "领导批示、媒体关注或影响大的", "red"),
        ("flood", "防汛", "因强降雨引起的", "blue"),
        ("repeat", "重复投诉", "同一诉求三次以上", "orange"),
        ("model", "典型案例", "可供其他单位参考的处置", "green"),
    )
    return [
        LabelRow(
            code=code,
            name=name,
            definition=definition,
            org=CENTRE,
            area=county,
            colour=colour,
            valid_from=date(2026, 1, 1),
        )
        for code, name, definition, colour in given
    ]


SETTINGS = (
    SettingRow(code="late_hours", value=24),
    SettingRow(code="retire_days", value=90),
    SettingRow(code="sensitive_keywords", value=["上访", "聚集", "跳楼", "自焚", "讨薪"]),
    SettingRow(code="flow_by_source", value={"peer": demo_events.FLOW}),
    SettingRow(code="check_rules", value=["reporter", "fewest_open"]),
    SettingRow(code="similar_closed_days", value=90),
)
