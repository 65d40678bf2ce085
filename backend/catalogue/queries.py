"""The catalogue of a county, read whole: what deciding a case needs in memory."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from backend.catalogue.documents import KINDS
from backend.catalogue.flow import Flow
from backend.catalogue.form import Form
from backend.catalogue.states import SettingState
from backend.catalogue.structs import (
    Calendar,
    CalendarRule,
    Category,
    DispatchRule,
    FlowDocument,
    FormDocument,
    TargetGroup,
)
from backend.catalogue.worktime import WorkingTime
from offline.ports import Connection

STANDARD_CALENDAR = "standard"
"""The calendar that times what no calendar rule names."""


class Catalogue(Struct, frozen=True):
    """Categories by code, flows and forms by code and version, calendars by code with the standard
    one apart and whom the others time, the matrix, and the city's single values by code.
    """

    categories: dict[str, Category]
    flows: dict[tuple[str, int], Flow]
    newest: dict[str, Flow]
    working: WorkingTime
    matrix: list[DispatchRule]
    calendars: dict[str, WorkingTime]
    calendar_rules: list[CalendarRule]
    forms: dict[tuple[str, int], Form]
    newest_forms: dict[str, Form]
    settings: dict[str, Any]


async def load_catalogue(conn: Connection, county: str) -> Catalogue | None:
    """Everything a county has imported, or None when it has no standard calendar yet."""
    categories: list[Category] = await _all(conn, "category", county)
    flows: list[FlowDocument] = await _all(conn, "flow", county)
    calendars: list[Calendar] = await _all(conn, "calendar", county)
    standard = next((c for c in calendars if c.code == STANDARD_CALENDAR), None)
    if standard is None:
        return None
    forms: list[FormDocument] = await _all(conn, "form", county)
    settings: list[SettingState] = await _all(conn, "setting", county)
    working = {calendar.code: WorkingTime(calendar) for calendar in calendars}
    newest: dict[str, Flow] = {}
    for document in sorted(flows, key=lambda document: document.flow.version):
        newest[document.flow.code] = document.flow
    return Catalogue(
        categories={category.code: category for category in categories},
        flows={(d.flow.code, d.flow.version): d.flow for d in flows},
        newest=newest,
        working=working[standard.code],
        matrix=await _all(conn, "dispatch_rule", county),
        calendars=working,
        calendar_rules=await _all(conn, "calendar_rule", county),
        forms={(d.form.code, d.form.version): d.form for d in forms},
        newest_forms={
            d.form.code: d.form for d in sorted(forms, key=lambda document: document.form.version)
        },
        settings={setting.code: setting.value for setting in settings},
    )


async def target_groups_of(conn: Connection, county: str, org: str) -> list[TargetGroup]:
    """The active target groups of an org, by name."""
    groups: list[TargetGroup] = await _all(conn, "target_group", county)
    return sorted(
        (group for group in groups if group.org == org and group.active), key=lambda each: each.name
    )


_LOAD = {kind.name: kind.load for kind in KINDS}


async def _all(conn: Connection, kind: str, county: str) -> list:  # type: ignore[type-arg]
    ids: Sequence[UUID] = [
        row["id"]
        for row in await conn.fetch(f'select id from "{kind}" where county = $1', county)  # noqa: S608
    ]
    return list((await _LOAD[kind](conn, ids, False)).values())  # noqa: FBT003
