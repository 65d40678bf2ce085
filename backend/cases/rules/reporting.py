"""What a report must have, and the case it makes."""

from datetime import datetime
from uuid import UUID

from backend.cases.rules import clocks
from backend.cases.structs import Case, Report, ReportCase, Step
from backend.catalogue.flow import Flow
from backend.catalogue.rules import state_of
from backend.catalogue.structs import Category
from backend.catalogue.worktime import WorkingTime
from backend.core.ids import derived_id
from offline.wire import Reason

FIELD_SOURCES = ("worker", "supervisor")
"""Sources that stand before the problem with a camera; others tell what they were told."""

ROLE_NAMES = {
    "near": "近景",
    "far": "远景",
    "reference": "参照物",
    "before": "处置前",
    "after": "处置后",
    "evidence": "现场",
}


def faults(report: ReportCase, category: Category | None) -> list[Reason]:
    """Why a report cannot be taken as it is: every fault, each with its field."""
    if category is None or category.parent is None or not category.active:
        return [Reason("unknown_category", "没有这个小类,请重新选择", "payload.category")]
    found: list[Reason] = []
    roles = {media.role for media in report.media}
    if report.self_handled:
        if not category.self_handling:
            found.append(
                Reason("no_self_handling", "这个小类不允许自行处置", "payload.self_handled")
            )
        needed = ["before", "after"]
    elif report.source in FIELD_SOURCES:
        needed = category.photo_roles
    else:
        needed = []
    found += [
        Reason("photo_missing", f"缺少{ROLE_NAMES.get(role, role)}照片", "payload.media")
        for role in needed
        if role not in roles
    ]
    if not category.album_allowed and any(m.origin == "album" for m in report.media):
        found.append(Reason("album_refused", "这个小类只能现场拍照", "payload.media"))
    if report.source not in FIELD_SOURCES and not report.description.strip():
        found.append(Reason("required", "请填写问题描述", "payload.description"))
    return found


def open_case(
    report: ReportCase,
    *,
    number: str,
    county: str,
    grid: str,
    area_path: str,
    flow: Flow,
    working: WorkingTime,
    command: UUID,
    user: UUID,
    post: UUID,
    org: str,
    occurred_at: datetime,
    received_at: datetime,
    at: datetime,
    reporter: UUID | None,
) -> Case:
    """The case that a report makes. `at` is when it counts as reported."""
    state = state_of(flow, flow.initial_self_handled if report.self_handled else flow.initial)
    running = (
        [
            clocks.start(
                derived_id("clock", command, state.code),
                state.code,
                state.limit,
                at,
                working,
                flow.yellow_ratio,
            )
        ]
        if state.limit
        else []
    )
    return Case(
        id=report.case,
        version=1,
        number=number,
        county=county,
        flow=flow.code,
        flow_version=flow.version,
        state=state.code,
        stage=state.stage,
        category=report.category,
        description=report.description.strip(),
        address=report.address.strip(),
        position=report.position,
        grid=grid,
        area_path=area_path,
        urgent=report.urgent,
        reported_at=at,
        changed_at=at,
        reports=[
            Report(
                id=report.report,
                source=report.source,
                user=user,
                post=post,
                occurred_at=occurred_at,
                received_at=received_at,
                description=report.description.strip(),
                self_handled=report.self_handled,
                private=report.private,
                call_back=report.call_back,
                outside_number=report.outside_number,
                reporter=reporter,
                media=report.media,
            )
        ],
        clocks=running,
        steps=[
            Step(
                id=command,
                action="report",
                from_state=None,
                to_state=state.code,
                user=user,
                post=post,
                org=org,
                occurred_at=occurred_at,
                received_at=received_at,
                opinion=report.description.strip(),
                media=report.media,
            )
        ],
    )
