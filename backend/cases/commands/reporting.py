"""Reporting a case: by a worker on the spot, or by a clerk for whoever called."""

from typing import cast

from backend.cases.commands.preparing import Ready, doing_for, media_faults, prepare
from backend.cases.commands.telling import Change, tell
from backend.cases.reporter import found_by
from backend.cases.rules import filling, reporting
from backend.cases.rules.doing import Impossible
from backend.cases.rules.entering import FIELD_SOURCES
from backend.cases.structs import ReportCase
from backend.core.actor import Actor
from offline.handlers import Done, Handler, Order, Rejection, refuse
from offline.work import Work, encode


def _report(work: Work, order: Order, ready: Ready) -> Done:
    payload: ReportCase = order.payload
    author = cast(Actor, order.author)
    ground = ready.grounds[author.county]
    permission = "case.report" if payload.source in FIELD_SOURCES else "case.register"
    if not author.may(permission):
        raise refuse("forbidden", "您当前的岗位不能登记这类上报", "post")
    if work.get("case", payload.case) is not None:
        raise refuse("exists", "这个案件编号已被使用", "payload.case")
    category = ground.catalogue.categories.get(payload.category)
    faults = reporting.faults(payload, category) + media_faults(payload.media, ready)
    if category is None:
        raise Rejection(*faults)
    flow = reporting.flow_for(payload.source, category, ground.catalogue)
    if flow is None:
        raise refuse("unknown_flow", "这个小类还没有配置流程,请联系管理员", "payload.category")
    doing = doing_for(order, None, ground, ready, flow)
    payload, wrong = filling.filled_report(payload, category, doing, ground.roster.staff)
    if faults or wrong:
        raise Rejection(*faults, *wrong)
    birth = ready.births[order.command.id]
    if birth.grid is None:
        raise refuse("outside_county", "位置不在本区县内,请在地图上调整", "payload.position")
    reporter = payload.reporter
    sealed = work.seal(payload.report, encode(reporter), found_by(reporter)) if reporter else None
    try:
        case = reporting.open_case(
            payload,
            number=birth.number,
            county=ground.county,
            grid=birth.grid.code,
            area_path=birth.grid.path,
            centre=ground.roster.centre,
            doing=doing,
            reporter=sealed.id if sealed else None,
        )
    except Impossible as impossible:
        raise Rejection(impossible.reason) from impossible
    tell(
        work,
        Change(before=None, after=case, late=order.moment.late),
        ground,
        ready,
        "case.reported",
        report=payload.report,
        reported_by=author.user,
        self_handled=payload.self_handled,
        call_back_wish=payload.call_back,
        reporter=sealed.fact() if sealed else None,
    )
    return Done("case", case.id, case.version, case.number)


HANDLER = Handler("case.report", 1, ReportCase, lambda p: [("case", p.case)], prepare, _report)
