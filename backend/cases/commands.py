"""Every write of a case: reporting one, and acting on it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

from msgspec import Struct

from backend.cases import retiring
from backend.cases.documents import claim
from backend.cases.ground import Ground, ground_of
from backend.cases.numbers import take
from backend.cases.rules import acting, checks, reporting
from backend.cases.rules.doing import Doing, Fit, Impossible
from backend.cases.structs import ActOnCase, Case, MediaRef, ReportCase
from backend.cases.tasks import follow
from backend.catalogue.rules import action_of
from backend.catalogue.structs import Category
from backend.catalogue.worktime import NoWorkingTime
from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE, utc_now
from backend.core.geo import Grid, GridIndex
from backend.directory.roster import RESPONSIBILITY
from backend.media.commands import taken
from backend.tasks.structs import Task
from offline.handlers import Done, Handler, Order, Rejection, refuse
from offline.reading import EARLIEST, LATEST
from offline.wire import Reason
from offline.work import Work, encode

EDGE_M = 1000
"""How far outside the county's grids a point may lie and still be taken for the nearest one's."""


class Birth(Struct, frozen=True):
    """What a report's case will be called, and the grid it lies in: None outside the county."""

    number: str
    grid: Grid | None


class Ready(Struct, frozen=True):
    """What deciding a batch stands on, read in one go."""

    grounds: dict[str, Ground]
    births: dict[UUID, Birth]  # by command, for reports
    foreign_media: frozenset[UUID]  # uploaded by somebody else


async def _prepare(work: Work, orders: Sequence[Order]) -> Ready:
    now = utc_now()
    by_county: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        by_county[cast(Actor, order.author).county].append(order)
    grounds = {county: await ground_of(work.conn, county, now) for county in by_county}
    births: dict[UUID, Birth] = {}
    for county, list_ in by_county.items():
        days: dict[date, list[Order]] = defaultdict(list)
        for order in list_:
            if isinstance(order.payload, ReportCase):
                days[order.moment.judged_at.astimezone(CITY_ZONE).date()].append(order)
        for day, reports in days.items():
            numbers = await take(work.conn, county, day, len(reports))
            grids = _homes(grounds[county].roster.grids, reports, day)
            births |= {
                order.command.id: Birth(number, grid)
                for order, number, grid in zip(reports, numbers, grids, strict=True)
            }
    cases = {order.payload.case: order for order in orders}
    tasks = {t.id for i in cases if (case := work.get("case", i)) for t in case.tasks}
    await work.load("task", tasks)
    # A task that the case has outrun: who held it may still bring evidence.
    named = {p.task for order in orders if isinstance(p := order.payload, ActOnCase) and p.task}
    await work.load("task", named, lock=False)
    claims = [
        claim(media, order.payload.case, order.command.user, order.moment.occurred_at)
        for order in orders
        for media in order.payload.media
    ]
    return Ready(grounds, births, frozenset(await taken(work.conn, claims)))


def _homes(index: GridIndex, reports: Sequence[Order], day: date) -> list[Grid | None]:
    places = [order.payload.position for order in reports]
    points = [(place.longitude, place.latitude) for place in places]
    return [
        grid or index.closest(RESPONSIBILITY, *point, day, EDGE_M)
        for grid, point in zip(index.find_all(RESPONSIBILITY, points, day), points, strict=True)
    ]


def _report(work: Work, order: Order, ready: Ready) -> Done:
    payload: ReportCase = order.payload
    author = cast(Actor, order.author)
    ground = ready.grounds[author.county]
    permission = "case.report" if payload.source in reporting.FIELD_SOURCES else "case.register"
    if not author.may(permission):
        raise refuse("forbidden", "您当前的岗位不能登记这类上报", "post")
    if work.get("case", payload.case) is not None:
        raise refuse("exists", "这个案件编号已被使用", "payload.case")
    category = ground.catalogue.categories.get(payload.category)
    faults = reporting.faults(payload, category) + _media_faults(payload.media, ready)
    if faults or category is None:
        raise Rejection(*faults)
    flow = ground.catalogue.newest.get(category.flow)
    if flow is None:
        raise refuse("unknown_flow", "这个小类还没有配置流程,请联系管理员", "payload.category")
    birth = ready.births[order.command.id]
    grid = birth.grid
    if grid is None:
        raise refuse("outside_county", "位置不在本区县内,请在地图上调整", "payload.position")
    reporter = payload.reporter
    sealed = work.seal(payload.report, encode(reporter)) if reporter is not None else None
    case = reporting.open_case(
        payload,
        number=birth.number,
        county=ground.county,
        grid=grid.code,
        area_path=grid.path,
        flow=flow,
        working=ground.catalogue.working,
        command=order.command.id,
        user=author.user,
        post=author.post,
        org=author.org,
        occurred_at=order.moment.occurred_at,
        received_at=order.moment.received_at,
        at=order.moment.judged_at,
        reporter=sealed.id if sealed else None,
    )
    work.put("case", case)
    work.fact(
        "case",
        case,
        "case.reported",
        {
            "report": str(payload.report),
            "number": case.number,
            "source": payload.source,
            "category": case.category,
            "grid": case.grid,
            "area_path": case.area_path,
            "flow": flow.code,
            "flow_version": flow.version,
            "state": case.state,
            "self_handled": payload.self_handled,
            "media": [str(media.id) for media in payload.media],
            "reporter": sealed.fact() if sealed else None,
            "late": order.moment.late,
        },
    )
    return Done("case", case.id, case.version, case.number)


def _act(work: Work, order: Order, ready: Ready) -> Done:
    payload: ActOnCase = order.payload
    author = cast(Actor, order.author)
    case: Case | None = work.get("case", payload.case)
    if case is None or case.county != author.county:
        raise refuse("not_found", "没有找到这个案件,或您无权查看", "payload.case")
    ground = ready.grounds[author.county]
    flow = ground.catalogue.flows[case.flow, case.flow_version]
    action = action_of(flow, payload.action)
    if action is None:
        raise refuse("unknown_action", "这个案件的流程没有这个操作", "payload.action")
    payload = checks.asked(action, payload)
    category = ground.catalogue.categories.get(case.category)
    workers = [worker.user for worker in ground.roster.workers.get(case.grid, [])]
    doing = Doing(
        command=order.command.id,
        user=author.user,
        post=author.post,
        org=author.org,
        occurred_at=order.moment.occurred_at,
        received_at=order.moment.received_at,
        at=max(order.moment.judged_at, case.changed_at),
        flow=flow,
        category=category,
        permissions=author.permissions,
        catalogue=ground.catalogue,
        parents=ground.roster.parents,
        workers=[Fit(worker) for worker in workers],
    )
    media = _media_faults(payload.media, ready)
    if case.state not in action.states or not _answers_open_task(case, action.task, payload):
        may = _took_part(case, author, work.get("task", payload.task) if payload.task else None)
        return _outrun(work, payload, case, doing, media, may=may)
    if not checks.may_act(action, case, author):
        raise refuse("forbidden", "您当前的岗位不能对这个案件做这个操作", "payload.action")
    faults = checks.faults(action, payload, category, ground.roster.orgs, workers) + media
    faults += _amendment_faults(payload, ground.catalogue.categories)
    if faults:
        raise Rejection(*faults)
    try:
        after = acting.act(case, action, payload, doing)
    except Impossible as impossible:
        raise Rejection(impossible.reason) from impossible
    except (NoWorkingTime, OverflowError) as error:
        if payload.limit is None:
            raise
        raise refuse("limit_too_long", "时限太长,请缩短后再提交", "payload.limit") from error
    work.put("case", after)
    follow(work, case, after, payload, category.name if category else case.category)
    for step in after.steps[len(case.steps) :]:
        work.fact("case", after, "case.acted", _facts(order, case, after, step.id))
    return Done("case", after.id, after.version, after.number)


def _outrun(
    work: Work,
    payload: ActOnCase,
    case: Case,
    doing: Doing,
    media: list[Reason],
    *,
    may: bool,
) -> Done:
    """An act the case has outrun is refused, and what it brought joins the timeline as late
    evidence (design section 4), when its author has a part in the case.
    """
    name = next(s.name for s in doing.flow.states if s.code == case.state)
    reason = Reason("stage_passed", f"案件已是“{name}”,不能再做这个操作", "payload.action")
    if not may or media or not (payload.opinion.strip() or payload.media):
        raise Rejection(reason)
    after = acting.late_evidence(case, payload, doing)
    work.put("case", after)
    facts = {"action": payload.action, "media": [str(m.id) for m in payload.media]}
    work.fact("case", after, "case.late_evidence", facts)
    kept = "您填写的意见和照片已作为迟到证据保存在案件中"
    reasons = [Reason(reason.code, f"{reason.message};{kept}", reason.field)]
    return Done("case", after.id, after.version, after.number, reasons)


def _took_part(case: Case, author: Actor, task: Task | None) -> bool:
    return (
        (task is not None and task.subject == case.id and task.user == author.user)
        or any(step.user == author.user for step in case.steps)
        or any(each.org == author.org for each in case.assignments)
        or (author.may("case.browse") and author.covers(case.area_path))
    )


def _answers_open_task(case: Case, kind: str | None, payload: ActOnCase) -> bool:
    return kind is None or any(t.id == payload.task and t.kind == kind for t in case.tasks)


def _media_faults(media: Sequence[MediaRef], ready: Ready) -> list[Reason]:
    if any(each.id in ready.foreign_media for each in media):
        return [Reason("foreign_media", "照片是他人上传的,不能引用", "payload.media")]
    if any(each.taken_at and not EARLIEST <= each.taken_at < LATEST for each in media):
        return [Reason("invalid", "拍摄时间不对,请校正手机的日期后重拍", "payload.media")]
    return []


def _amendment_faults(payload: ActOnCase, categories: dict[str, Category]) -> list[Reason]:
    code = payload.amendment.category if payload.amendment else None
    if code is None or ((found := categories.get(code)) and found.parent and found.active):
        return []
    return [Reason("unknown_category", "没有这个小类,请重新选择", "payload.amendment.category")]


def _facts(order: Order, before: Case, after: Case, step_id: UUID) -> dict[str, Any]:
    step = next(s for s in after.steps if s.id == step_id)
    facts: dict[str, Any] = {
        "action": step.action,
        "from": step.from_state,
        "to": step.to_state,
        "verdict": step.verdict,
        "media": [str(media.id) for media in step.media],
        "late": order.moment.late,
    }
    if after.standard != before.standard:
        facts["standard"] = after.standard
    if after.category != before.category:
        facts["category"] = after.category
    for assignment in after.assignments[len(before.assignments) :]:
        facts["org"] = assignment.org
        facts["assignment"] = str(assignment.id)
        if assignment.limit:
            facts["limit_value"] = assignment.limit.value
            facts["limit_unit"] = assignment.limit.unit
    return facts


HANDLERS = (
    retiring.HANDLER,
    Handler("case.report", 1, ReportCase, lambda p: [("case", p.case)], _prepare, _report),
    Handler(
        "case.act",
        1,
        ActOnCase,
        lambda p: [("case", p.case)],
        _prepare,
        _act,
    ),
)
