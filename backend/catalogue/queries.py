"""The catalogue of a county, read whole: what deciding a case needs in memory."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from backend.catalogue.documents import KINDS
from backend.catalogue.flow import Flow
from backend.catalogue.structs import Calendar, Category, DispatchRule, FlowDocument
from backend.catalogue.worktime import WorkingTime
from offline.ports import Connection

STANDARD_CALENDAR = "standard"
"""The calendar that times cases, until a city names others per org and category."""


class Catalogue(Struct, frozen=True):
    """Categories by code, flows by code and version, the standard calendar, the matrix."""

    categories: dict[str, Category]
    flows: dict[tuple[str, int], Flow]
    newest: dict[str, Flow]
    working: WorkingTime
    matrix: list[DispatchRule]


async def load_catalogue(conn: Connection, county: str) -> Catalogue | None:
    """Everything a county has imported, or None when it has no standard calendar yet."""
    categories: list[Category] = await _all(conn, "category", county)
    flows: list[FlowDocument] = await _all(conn, "flow", county)
    calendars: list[Calendar] = await _all(conn, "calendar", county)
    standard = next((c for c in calendars if c.code == STANDARD_CALENDAR), None)
    if standard is None:
        return None
    newest: dict[str, Flow] = {}
    for document in sorted(flows, key=lambda document: document.flow.version):
        newest[document.flow.code] = document.flow
    return Catalogue(
        categories={category.code: category for category in categories},
        flows={(d.flow.code, d.flow.version): d.flow for d in flows},
        newest=newest,
        working=WorkingTime(standard),
        matrix=await _all(conn, "dispatch_rule", county),
    )


_LOAD = {kind.name: kind.load for kind in KINDS}


async def _all(conn: Connection, kind: str, county: str) -> list:  # type: ignore[type-arg]
    ids: Sequence[UUID] = [
        row["id"]
        for row in await conn.fetch(f'select id from "{kind}" where county = $1', county)  # noqa: S608
    ]
    return list((await _LOAD[kind](conn, ids, False)).values())  # noqa: FBT003
