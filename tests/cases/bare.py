"""A case, a flow and a city as small as a rule needs them, without a database."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from backend.cases.rules.doing import Doing, Fit
from backend.cases.structs import ActOnCase, Assignment, Case, Report
from backend.catalogue.flow import Action, Flow, Limit, RequestRule, State
from backend.catalogue.queries import Catalogue
from backend.catalogue.structs import Calendar, CalendarRule, Category
from backend.catalogue.worktime import WorkingTime
from backend.core.position import Position
from tests.cases.test_worktime import ALWAYS, NIGHTS, calendar

STANDARD = calendar()
NIGHT = calendar(code="night", week=NIGHTS)
DAILY = calendar(code="always", week=ALWAYS, days=[])
PARENTS: dict[str, str | None] = {
    "county": None,
    "street": "county",
    "village": "street",
    "works": "county",
    "water": "county",
}
WORKER = UUID(int=7)
AREA = "330304/330304001/330304001002"


def category(**changes: Any) -> Category:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "county": "330304",
        "code": "C0101",
        "name": "上水井盖",
        "kind": "component",
        "parent": "C01",
    }
    return Category(**(fields | changes))


def flow(states: list[State], **changes: Any) -> Flow:
    fields: dict[str, Any] = {
        "code": "bare",
        "name": "测试流程",
        "version": 1,
        "initial": states[0].code,
        "initial_self_handled": states[0].code,
        "states": states,
        "actions": [],
        "boxes": [],
    }
    return Flow(**(fields | changes))


def rule(
    area: str = "", org: str = "", category: str = "", calendar: str = "night"
) -> CalendarRule:
    return CalendarRule(
        id=uuid4(),
        version=1,
        county="330304",
        area=area,
        org=org,
        category=category,
        calendar=calendar,
    )


def catalogue(
    flow_: Flow,
    calendars: tuple[Calendar, ...] = (STANDARD, NIGHT, DAILY),
    rules: tuple[CalendarRule, ...] = (),
    category_: Category | None = None,
) -> Catalogue:
    working = {each.code: WorkingTime(each) for each in calendars}
    only = category_ or category()
    return Catalogue(
        categories={only.code: only},
        flows={(flow_.code, flow_.version): flow_},
        newest={flow_.code: flow_},
        working=working["standard"],
        matrix=[],
        calendars=working,
        calendar_rules=list(rules),
        forms={},
        newest_forms={},
        settings={},
    )


def case(flow_: Flow, at: datetime, **changes: Any) -> Case:
    """A case that has just come to stand in the flow's first state."""
    state = flow_.states[0]
    fields: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "number": "330304-20260101-000001",
        "county": "330304",
        "flow": flow_.code,
        "flow_version": 1,
        "state": state.code,
        "stage": state.stage,
        "category": "C0101",
        "description": "井盖破了",
        "address": "",
        "position": Position(longitude=120.6, latitude=28.0),
        "grid": "330304001002001",
        "area_path": AREA,
        "reported_at": at,
        "changed_at": at,
        "closing_org": "county",
        "reports": [
            Report(
                id=uuid4(),
                source="public",
                user=WORKER,
                post=uuid4(),
                occurred_at=at,
                received_at=at,
                description="井盖破了",
            )
        ],
    }
    return Case(**(fields | changes))


def assignment(org: str, limit: Limit | None = None, **changes: Any) -> Assignment:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "org": org,
        "post": None,
        "kind": "main",
        "state": "open",
        "requirement": "",
        "limit": limit,
        "assigned_at": datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
        "by_org": "county",
    }
    return Assignment(**(fields | changes))


def doing(known: Catalogue, flow_: Flow, at: datetime, org: str | None = None, *may: str) -> Doing:
    """Somebody of an org acts, or a rule does."""
    return Doing(
        command=uuid4(),
        user=uuid4() if org else None,
        post=uuid4() if org else None,
        org=org,
        permissions=frozenset(may),
        occurred_at=at,
        received_at=at,
        at=at,
        flow=flow_,
        category=known.categories.get("C0101"),
        catalogue=known,
        parents=PARENTS,
        workers=[Fit(WORKER)],
    )


def asking(kind: str) -> Action:
    return Action(f"ask_{kind}", "申请", [], request=kind, effects=["ask"])  # type: ignore[arg-type]


def order(case_: Case, **given: Any) -> ActOnCase:
    return ActOnCase(case=case_.id, action="x", **given)


def with_requests(flow_: Flow, *rules: RequestRule) -> Flow:
    return replace(flow_, requests=list(rules))
