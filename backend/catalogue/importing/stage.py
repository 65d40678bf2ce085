"""From rows to catalogue states, with every reference checked against files and database."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from backend.catalogue.importing.flows import FlowFile, check_answers
from backend.catalogue.importing.forms import FormFile
from backend.catalogue.importing.rows import (
    CalendarRow,
    CalendarRuleRow,
    CategoryRow,
    DayRow,
    DispatchRow,
    SettingRow,
    StandardRow,
    TargetRow,
)
from backend.catalogue.settings import SETTINGS, SettingError, checked
from backend.catalogue.states import SettingState
from backend.catalogue.structs import (
    Calendar,
    CalendarRule,
    Category,
    DispatchRule,
    FlowDocument,
    FormDocument,
    GroupTarget,
    SpecialDay,
    Standard,
    TargetGroup,
)
from backend.core.ids import derived_id
from backend.core.sheets.declared import Line, columns_of, header_of
from backend.core.sheets.findings import Findings, Where
from backend.core.sheets.shelf import Known, Shelf, refer
from backend.directory.importing.rows import PostRow
from backend.directory.importing.stage import Places

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Catalogue(Struct):
    """The shelves of the catalogue."""

    category: Shelf[Category]
    calendar: Shelf[Calendar]
    flow: Shelf[FlowDocument]
    dispatch_rule: Shelf[DispatchRule]
    setting: Shelf[SettingState]
    form: Shelf[FormDocument]
    target_group: Shelf[TargetGroup]
    calendar_rule: Shelf[CalendarRule]

    def shelves(self) -> list[Shelf[Any]]:
        """In the order in which they refer to each other."""
        return [
            self.form,
            self.flow,
            self.category,
            self.calendar,
            self.calendar_rule,
            self.dispatch_rule,
            self.target_group,
            self.setting,
        ]


class CatalogueLines(Struct):
    """What the files say of the catalogue. None: no such sheet."""

    categories: list[Line[CategoryRow]] | None = None
    standards: list[Line[StandardRow]] | None = None
    calendars: list[Line[CalendarRow]] | None = None
    days: list[Line[DayRow]] | None = None
    calendar_rules: list[Line[CalendarRuleRow]] | None = None
    targets: list[Line[TargetRow]] | None = None
    rules: list[Line[DispatchRow]] | None = None
    settings: list[Line[SettingRow]] | None = None
    flows: Sequence[FlowFile] = ()
    forms: Sequence[FormFile] = ()


def stage_catalogue(
    lines: CatalogueLines, catalogue: Catalogue, places: Places, county: str, findings: Findings
) -> None:
    """Bring the rows to the shelves. What is wrong goes to `findings` and is not brought."""
    _forms(lines.forms, catalogue.form, county, findings)
    _flows(lines.flows, catalogue.flow, county, findings)
    _categories(lines, catalogue, county, findings)
    _calendars(lines, catalogue.calendar, county, findings)
    _calendar_rules(lines.calendar_rules, catalogue, places, county, findings)
    _targets(lines.targets, catalogue.target_group, places, county, findings)
    _rules(lines.rules, catalogue, places, county, findings)
    _settings(lines.settings, catalogue, county, findings)
    forms = [document.form for document in catalogue.form.after().values()]
    for file in lines.flows:
        check_answers(file, forms, findings)


def _flows(
    files: Sequence[FlowFile], shelf: Shelf[FlowDocument], county: str, findings: Findings
) -> None:
    for file in files:
        flow = file.flow
        id_ = derived_id("flow", county, flow.code, flow.version)
        before = shelf.existing.get(id_)
        if before is not None and before.flow != flow:
            expected = "内容改动时把 version 加一:在办案件仍按原来的版本走"
            findings.add(file.where, "version", flow.version, expected)
        document = FlowDocument(id=id_, version=0, county=county, flow=flow)
        shelf.bring(file.where, document)


def _forms(
    files: Sequence[FormFile], shelf: Shelf[FormDocument], county: str, findings: Findings
) -> None:
    for file in files:
        form = file.form
        id_ = derived_id("form", county, form.code, form.version)
        before = shelf.existing.get(id_)
        if before is not None and before.form != form:
            expected = "内容改动时把版本加一:填过的表仍按原来的版本看"
            findings.add(file.where, "version", form.version, expected)
        if id_ in shelf.brought:
            other = shelf.where[id_]
            expected = f"只写一次,{other.sheet or other.file} 里已有"
            findings.add(file.where, "code", form.code, expected)
        shelf.bring(file.where, FormDocument(id=id_, version=0, county=county, form=form))


def _categories(
    lines: CatalogueLines, catalogue: Catalogue, county: str, findings: Findings
) -> None:
    shelf = catalogue.category
    shelf.given = lines.categories is not None
    flows = Known("流程", {document.flow.code for document in catalogue.flow.after().values()})
    forms = Known("表单", {document.form.code for document in catalogue.form.after().values()})
    kinds = {state.code: state.kind for state in shelf.existing.values()}
    kinds |= {line.row.code: line.row.kind for line in lines.categories or []}
    for line in lines.categories or []:
        row = line.row
        refer(findings, line, "flow", row.flow, flows)
        if row.form:
            refer(findings, line, "form", row.form, forms)
        if (
            row.parent is not None
            and refer(findings, line, "parent", row.parent, Known("类别", kinds))
            and (row.parent == row.code or kinds[row.parent] != row.kind)
        ):
            header = header_of(CategoryRow, "parent")
            findings.add(line.where, header, row.parent, "同类型的大类")
        id_ = derived_id("category", county, row.code)
        before = shelf.existing.get(id_)
        fields = {name: getattr(row, name) for name in row.__struct_fields__}
        standards = before.standards if before else []
        shelf.bring(
            line.where,
            Category(id=id_, version=0, county=county, standards=standards, **fields),
        )
    if lines.standards is not None:
        _standards(lines.standards, shelf, findings)


def _standards(lines: list[Line[StandardRow]], shelf: Shelf[Category], findings: Findings) -> None:
    categories = Known("类别", {state.code for state in shelf.after().values()})
    by_category: dict[str, list[Standard]] = defaultdict(list)
    where: dict[str, Where] = {}
    for line in lines:
        row = line.row
        if refer(findings, line, "category", row.category, categories):
            where.setdefault(row.category, line.where)
            by_category[row.category].append(
                Standard(row.number, row.filing_condition, row.closing_standard, row.limit)
            )
    for state in list(shelf.after().values()):
        brought = by_category.get(state.code, [])
        merged, missing = _merge(state.standards, brought, "number")
        shelf.missing_parts += [f"立案标准 {state.code} 第 {number} 条" for number in missing]
        if merged != state.standards:
            at = shelf.where.get(state.id) or where[state.code]
            shelf.bring(at, msgspec.structs.replace(state, standards=merged))


P = TypeVar("P", Standard, SpecialDay)


def _merge(existing: Iterable[P], brought: Iterable[P], key: str) -> tuple[list[P], list[Hashable]]:
    """Parts of an aggregate after an import, in order, and the keys that the files lack: these are
    kept, for a person to decide on.
    """
    old = {getattr(part, key): part for part in existing}
    new = {getattr(part, key): part for part in brought}
    merged: Mapping[Any, P] = {**old, **new}
    return [merged[k] for k in sorted(merged)], sorted(old.keys() - new.keys())


def _calendars(
    lines: CatalogueLines, shelf: Shelf[Calendar], county: str, findings: Findings
) -> None:
    shelf.given = lines.calendars is not None
    for line in lines.calendars or []:
        row = line.row
        try:
            ZoneInfo(row.zone)
        except (ZoneInfoNotFoundError, ValueError):
            expected = "时区名,如 Asia/Shanghai"
            findings.add(line.where, header_of(CalendarRow, "zone"), row.zone, expected)
        if not any(getattr(row, name) for name in WEEK):
            expected = "至少一天有上班时间:没有上班时间,时限就算不到头"
            findings.add(line.where, header_of(CalendarRow, "monday"), "", expected)
        _night_shifts(line, findings)
        id_ = derived_id("calendar", county, row.code)
        before = shelf.existing.get(id_)
        shelf.bring(
            line.where,
            Calendar(
                id=id_,
                version=0,
                county=county,
                code=row.code,
                name=row.name,
                zone=row.zone,
                week={str(day): getattr(row, name) for day, name in enumerate(WEEK, start=1)},
                days=before.days if before else [],
            ),
        )
    if lines.days is not None:
        _days(lines.days, shelf, findings)


def _night_shifts(line: Line[CalendarRow], findings: Findings) -> None:
    """What runs past midnight must be over when the next day's work begins."""
    for day, name in enumerate(WEEK):
        spans: list[tuple[str, str]] = getattr(line.row, name)
        morrow: list[tuple[str, str]] = getattr(line.row, WEEK[(day + 1) % len(WEEK)])
        if spans and morrow and spans[-1][1] < spans[-1][0] and morrow[0][0] < spans[-1][1]:
            start, end = spans[-1]
            expected = f"到次日 {morrow[0][0]} 为止:次日这时已开始上班"
            findings.add(line.where, header_of(CalendarRow, name), f"{start}-{end}", expected)


def _days(lines: list[Line[DayRow]], shelf: Shelf[Calendar], findings: Findings) -> None:
    calendars = Known("日历", {state.code for state in shelf.after().values()})
    by_calendar: dict[str, list[SpecialDay]] = defaultdict(list)
    where: dict[str, Where] = {}
    for line in lines:
        row = line.row
        if refer(findings, line, "calendar", row.calendar, calendars):
            where.setdefault(row.calendar, line.where)
            by_calendar[row.calendar].append(SpecialDay(row.day, row.working, row.name))
    for state in list(shelf.after().values()):
        merged, missing = _merge(state.days, by_calendar.get(state.code, []), "day")
        shelf.missing_parts += [f"节假日 {state.code} {day}" for day in missing]
        if merged != state.days:
            at = shelf.where.get(state.id) or where[state.code]
            shelf.bring(at, msgspec.structs.replace(state, days=merged))


def _calendar_rules(
    lines: list[Line[CalendarRuleRow]] | None,
    catalogue: Catalogue,
    places: Places,
    county: str,
    findings: Findings,
) -> None:
    shelf = catalogue.calendar_rule
    shelf.given = lines is not None
    calendars = Known("日历", {state.code for state in catalogue.calendar.after().values()})
    categories, prefixes = _codes_and_prefixes(catalogue.category)
    for line in lines or []:
        row = line.row
        if row.category not in prefixes:
            refer(findings, line, "category", row.category, categories)
        if row.org:
            refer(findings, line, "org", row.org, places.orgs)
        if row.area:
            refer(findings, line, "area", row.area, places.areas)
        refer(findings, line, "calendar", row.calendar, calendars)
        if not (row.category or row.org or row.area):
            expected = "类别、部门、区划至少填一项:都不填的本来就按 standard 日历"
            findings.add(line.where, header_of(CalendarRuleRow, "category"), "", expected)
        shelf.bring(
            line.where,
            CalendarRule(
                id=derived_id("calendar_rule", county, row.area, row.org, row.category),
                version=0,
                county=county,
                area=row.area,
                org=row.org,
                category=row.category,
                calendar=row.calendar,
            ),
        )


def _targets(
    lines: list[Line[TargetRow]] | None,
    shelf: Shelf[TargetGroup],
    places: Places,
    county: str,
    findings: Findings,
) -> None:
    """A group that the files name is what they say of it, whole: a target is removed by leaving
    its row out.
    """
    shelf.given = lines is not None
    groups: dict[tuple[str, str], list[Line[TargetRow]]] = defaultdict(list)
    for line in lines or []:
        refer(findings, line, "org", line.row.org, places.orgs)
        refer(findings, line, "target", line.row.target, places.orgs)
        groups[line.row.org, line.row.code].append(line)
    for (org, code), rows in groups.items():
        first = rows[0]
        for line in rows[1:]:
            _as_in(first, line, "name", first.row.name, line.row.name, findings)
            _as_in(first, line, "active", first.row.active, line.row.active, findings)
        group = TargetGroup(
            id=derived_id("target_group", county, org, code),
            version=0,
            county=county,
            org=org,
            code=code,
            name=first.row.name,
            targets=[_target(line.row) for line in rows],
            active=first.row.active,
        )
        if not any(target.kind == "main" for target in group.targets):
            expected = f"主办:目标组 {code} 至少有一个主办"
            findings.add(first.where, header_of(TargetRow, "kind"), "没有主办", expected)
        shelf.bring(first.where, group)


def _target(row: TargetRow) -> GroupTarget:
    return GroupTarget(row.target, row.kind, row.requirement)


def _as_in(
    first: Line[TargetRow],
    line: Line[TargetRow],
    field: str,
    said: object,
    found: object,
    findings: Findings,
) -> None:
    if said != found:
        column = columns_of(TargetRow)[field]
        expected = f"{column.format.show(said)}:与第 {first.where.row} 行同一组"
        findings.add(line.where, column.header, column.format.show(found), expected)


def _rules(
    lines: list[Line[DispatchRow]] | None,
    catalogue: Catalogue,
    places: Places,
    county: str,
    findings: Findings,
) -> None:
    shelf = catalogue.dispatch_rule
    shelf.given = lines is not None
    categories, prefixes = _codes_and_prefixes(catalogue.category)
    for line in lines or []:
        row = line.row
        if row.category not in prefixes:
            refer(findings, line, "category", row.category, categories)
        refer(findings, line, "area", row.area, places.areas)
        refer(findings, line, "org", row.org, places.orgs)
        shelf.bring(
            line.where,
            DispatchRule(
                id=derived_id("dispatch_rule", county, row.category, row.area),
                version=0,
                county=county,
                category=row.category,
                area=row.area,
                org=row.org,
                limit=row.limit,
                standard=row.standard,
            ),
        )


def _settings(
    lines: list[Line[SettingRow]] | None, catalogue: Catalogue, county: str, findings: Findings
) -> None:
    shelf = catalogue.setting
    shelf.given = lines is not None
    known = Known("参数", SETTINGS)
    flows = Known("流程", {document.flow.code for document in catalogue.flow.after().values()})
    for line in lines or []:
        row = line.row
        if not refer(findings, line, "code", row.code, known):
            continue
        try:
            value = checked(row.code, row.value)
        except SettingError as error:
            findings.add(line.where, header_of(SettingRow, "value"), row.value, str(error))
            continue
        if row.code == "flow_by_source":
            for flow in value.values():
                refer(findings, line, "value", flow, flows)
        id_ = derived_id("setting", county, row.code)
        shelf.bring(line.where, SettingState(id=id_, county=county, code=row.code, value=value))


def check_served(posts: list[Line[PostRow]], shelf: Shelf[Category], findings: Findings) -> None:
    """The categories that posts serve; here because the directory knows none."""
    categories, prefixes = _codes_and_prefixes(shelf)
    for line in posts:
        for code in line.row.categories:
            if code not in prefixes:
                refer(findings, line, "categories", code, categories)


def _codes_and_prefixes(shelf: Shelf[Category]) -> tuple[Known, set[str]]:
    codes = [state.code for state in shelf.after().values()]
    prefixes = {code[:length] for code in codes for length in range(len(code) + 1)}
    return Known("类别", codes), prefixes
