"""The catalogue's kinds: categories with their standards, calendars with their days and whom they
time, the matrix, target groups, flows, forms and settings.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.catalogue.flow import Flow, Limit, LimitUnit
from backend.catalogue.form import Form
from backend.catalogue.states import SettingState
from backend.catalogue.structs import (
    Calendar,
    CalendarRule,
    Category,
    DispatchRule,
    FlowDocument,
    FormDocument,
    SpecialDay,
    Standard,
    TargetGroup,
)
from backend.core.ids import derived_id
from backend.core.rows import load_rows, nothing, row_kind, save_rows, select_rows
from offline.ports import Connection
from offline.work import Change, Kind


class _StandardRow(Struct, frozen=True, kw_only=True):
    id: UUID
    county: str
    category: str
    number: int
    filing_condition: str
    closing_standard: str
    limit_value: int
    limit_unit: LimitUnit
    version: int


class _DayRow(Struct, frozen=True, kw_only=True):
    id: UUID
    county: str
    calendar: str
    day: date
    working: bool
    name: str
    version: int


class _RuleRow(Struct, frozen=True, kw_only=True):
    id: UUID
    county: str
    category: str
    area: str
    org: str
    limit_value: int | None
    limit_unit: LimitUnit | None
    standard: str
    version: int


class _FlowRow(Struct, frozen=True, kw_only=True):
    id: UUID
    county: str
    code: str
    flow_version: int
    definition: Flow
    version: int


class _FormRow(Struct, frozen=True, kw_only=True):
    id: UUID
    county: str
    code: str
    form_version: int
    definition: Form
    version: int


def _of_county(
    state: Category | Calendar | FlowDocument | FormDocument | TargetGroup,
) -> frozenset[str]:
    return frozenset((f"reference:{state.county}",))


def _for_the_server(state: DispatchRule | SettingState | CalendarRule) -> frozenset[str]:
    """No device holds this bucket; by its newest row the server sees that its memory is stale."""
    return frozenset((f"server:{state.county}",))


def _itself(state: object) -> object:
    return state


def _without(state: Struct, field: str) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(state)
    del row[field]
    return row


async def _load_categories(
    conn: Connection,
    ids: Sequence[UUID],
    lock: bool,  # noqa: FBT001
) -> Mapping[UUID, Category]:
    rows = await load_rows(conn, "category", Category, ids, lock=lock)
    standards: dict[tuple[str, str], list[Standard]] = {}
    for row in await select_rows(
        conn,
        "standard",
        _StandardRow,
        "(county, category) in (select county, code from category where id = any($1))"
        " order by number",
        ids,
    ):
        limit = Limit(row.limit_value, row.limit_unit)
        standards.setdefault((row.county, row.category), []).append(
            Standard(row.number, row.filing_condition, row.closing_standard, limit)
        )
    return {
        row.id: msgspec.structs.replace(row, standards=standards.get((row.county, row.code), []))
        for row in rows
    }


async def _save_categories(conn: Connection, changes: Sequence[Change]) -> None:
    states: list[Category] = [change.after for change in changes]
    await save_rows(conn, "category", [_without(state, "standards") for state in states])
    await save_rows(
        conn,
        "standard",
        [
            _StandardRow(
                id=derived_id("standard", state.county, state.code, standard.number),
                county=state.county,
                category=state.code,
                number=standard.number,
                filing_condition=standard.filing_condition,
                closing_standard=standard.closing_standard,
                limit_value=standard.limit.value,
                limit_unit=standard.limit.unit,
                version=state.version,
            )
            for state in states
            for standard in state.standards
        ],
    )


async def _load_calendars(
    conn: Connection,
    ids: Sequence[UUID],
    lock: bool,  # noqa: FBT001
) -> Mapping[UUID, Calendar]:
    rows = await load_rows(conn, "calendar", Calendar, ids, lock=lock)
    days: dict[tuple[str, str], list[SpecialDay]] = {}
    for row in await select_rows(
        conn,
        "calendar_day",
        _DayRow,
        "(county, calendar) in (select county, code from calendar where id = any($1)) order by day",
        ids,
    ):
        day = SpecialDay(row.day, row.working, row.name)
        days.setdefault((row.county, row.calendar), []).append(day)
    return {
        row.id: msgspec.structs.replace(row, days=days.get((row.county, row.code), []))
        for row in rows
    }


async def _save_calendars(conn: Connection, changes: Sequence[Change]) -> None:
    states: list[Calendar] = [change.after for change in changes]
    await save_rows(conn, "calendar", [_without(state, "days") for state in states])
    await save_rows(
        conn,
        "calendar_day",
        [
            _DayRow(
                id=derived_id("calendar_day", state.county, state.code, special.day),
                county=state.county,
                calendar=state.code,
                day=special.day,
                working=special.working,
                name=special.name,
                version=state.version,
            )
            for state in states
            for special in state.days
        ],
    )


async def _load_rules(
    conn: Connection,
    ids: Sequence[UUID],
    lock: bool,  # noqa: FBT001
) -> Mapping[UUID, DispatchRule]:
    return {
        row.id: DispatchRule(
            id=row.id,
            version=row.version,
            county=row.county,
            category=row.category,
            area=row.area,
            org=row.org,
            limit=Limit(row.limit_value, row.limit_unit)
            if row.limit_value and row.limit_unit
            else None,
            standard=row.standard,
        )
        for row in await load_rows(conn, "dispatch_rule", _RuleRow, ids, lock=lock)
    }


async def _save_rules(conn: Connection, changes: Sequence[Change]) -> None:
    states: list[DispatchRule] = [change.after for change in changes]
    await save_rows(
        conn,
        "dispatch_rule",
        [
            _RuleRow(
                id=state.id,
                county=state.county,
                category=state.category,
                area=state.area,
                org=state.org,
                limit_value=state.limit.value if state.limit else None,
                limit_unit=state.limit.unit if state.limit else None,
                standard=state.standard,
                version=state.version,
            )
            for state in states
        ],
    )


async def _load_flows(
    conn: Connection,
    ids: Sequence[UUID],
    lock: bool,  # noqa: FBT001
) -> Mapping[UUID, FlowDocument]:
    return {
        row.id: FlowDocument(id=row.id, version=row.version, county=row.county, flow=row.definition)
        for row in await load_rows(conn, "flow", _FlowRow, ids, lock=lock)
    }


async def _save_flows(conn: Connection, changes: Sequence[Change]) -> None:
    states: list[FlowDocument] = [change.after for change in changes]
    await save_rows(
        conn,
        "flow",
        [
            _FlowRow(
                id=state.id,
                county=state.county,
                code=state.flow.code,
                flow_version=state.flow.version,
                definition=state.flow,
                version=state.version,
            )
            for state in states
        ],
    )


async def _load_forms(
    conn: Connection,
    ids: Sequence[UUID],
    lock: bool,  # noqa: FBT001
) -> Mapping[UUID, FormDocument]:
    return {
        row.id: FormDocument(id=row.id, version=row.version, county=row.county, form=row.definition)
        for row in await load_rows(conn, "form", _FormRow, ids, lock=lock)
    }


async def _save_forms(conn: Connection, changes: Sequence[Change]) -> None:
    states: list[FormDocument] = [change.after for change in changes]
    await save_rows(
        conn,
        "form",
        [
            _FormRow(
                id=state.id,
                county=state.county,
                code=state.form.code,
                form_version=state.form.version,
                definition=state.form,
                version=state.version,
            )
            for state in states
        ],
    )


KINDS = (
    Kind("category", _load_categories, _save_categories, _itself, _of_county),
    Kind("calendar", _load_calendars, _save_calendars, _itself, _of_county),
    Kind("flow", _load_flows, _save_flows, _itself, _of_county),
    Kind("dispatch_rule", _load_rules, _save_rules, nothing, _for_the_server),
    Kind("form", _load_forms, _save_forms, _itself, _of_county),
    row_kind("target_group", "target_group", TargetGroup, _itself, _of_county),
    row_kind("calendar_rule", "calendar_rule", CalendarRule, buckets=_for_the_server),
    row_kind("setting", "setting", SettingState, buckets=_for_the_server),
)
