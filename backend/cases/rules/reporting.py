"""What a report must have, and the case it makes."""

from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import alarms, entering
from backend.cases.rules.doing import Doing
from backend.cases.rules.entering import FIELD_SOURCES
from backend.cases.rules.sensitive import is_sensitive
from backend.cases.structs import Case, Report, ReportCase, Step
from backend.catalogue.flow import Flow
from backend.catalogue.queries import Catalogue
from backend.catalogue.rules import state_of
from backend.catalogue.settings import value_of
from backend.catalogue.structs import Category
from offline.wire import Reason

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
    centre: str | None,
    doing: Doing,
    reporter: UUID | None,
) -> Case:
    """The case that a report makes, in its first state. `centre` is the root of the county's orgs,
    which holds the closing right unless the flow leaves it with the raiser's. Raises Impossible.
    """
    assert doing.user is not None
    assert doing.post is not None
    flow, at = doing.flow, doing.at
    state = state_of(flow, flow.initial_self_handled if report.self_handled else flow.initial)
    title, description = report.title.strip(), report.description.strip()
    keywords = value_of(doing.catalogue.settings, "sensitive_keywords")
    case = Case(
        id=report.case,
        version=1,
        number=number,
        county=county,
        flow=flow.code,
        flow_version=flow.version,
        state=state.code,
        stage=state.stage,
        category=report.category,
        title=title,
        description=description,
        sensitive=is_sensitive(f"{title} {description}", keywords),
        closing_org=doing.org if flow.closer == "raiser" else centre,
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
                user=doing.user,
                post=doing.post,
                occurred_at=doing.occurred_at,
                received_at=doing.received_at,
                description=description,
                self_handled=report.self_handled,
                private=report.private,
                call_back=report.call_back,
                outside_number=report.outside_number,
                reporter=reporter,
                media=report.media,
                form=report.form,
                answers=report.answers,
            )
        ],
        steps=[
            Step(
                id=doing.command,
                action="report",
                from_state=None,
                to_state=state.code,
                user=doing.user,
                post=doing.post,
                org=doing.org,
                occurred_at=doing.occurred_at,
                received_at=doing.received_at,
                opinion=description,
                media=report.media,
                answers=report.answers,
            )
        ],
    )
    entered = entering.enter(case, state.code, doing)
    return replace(entered, alarm=alarms.next_alarm(entered, flow, doing.catalogue))


def flow_for(source: str, category: Category, catalogue: Catalogue) -> Flow | None:
    """The flow of a report: by its source when the city says so (`flow_by_source`), else by its
    category; None when the city has not loaded it.
    """
    by_source = value_of(catalogue.settings, "flow_by_source")
    return catalogue.newest.get(by_source.get(source, category.flow))
