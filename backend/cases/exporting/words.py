"""What codes are called on paper: an export is read by people, away from the system."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from backend.cases.finding import boxes
from backend.cases.finding.filters import Filters
from backend.cases.ground import Ground
from backend.cases.reporter import masked
from backend.cases.structs import Case, Outside, Step
from backend.catalogue.flow import Flow, Limit
from backend.catalogue.rules import action_of
from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE
from offline.ports import Connection

SOURCES = {
    "worker": "网格员上报",
    "supervisor": "监督员上报",
    "hotline": "热线",
    "leader": "领导交办",
    "media": "媒体曝光",
    "public": "公众举报",
    "peer": "外系统转入",
}
STAGES = {
    "reported": "上报",
    "accepted": "受理",
    "filed": "立案",
    "dispatched": "派遣",
    "handled": "处置",
    "checked": "核查",
    "closed": "结案",
}
LAMPS = {"green": "正常", "yellow": "将到期", "red": "超时"}
PARTS = {"main": "主办", "assist": "协办", "copy": "抄送", "help": "协助"}
PART_STATES = {"open": "办理中", "answered": "已办结", "withdrawn": "已撤回", "returned": "已退回"}
REQUESTS = {
    "extension": "延期申请",
    "return": "回退申请",
    "suspension": "挂账申请",
    "void": "作废申请",
    "help": "协助申请",
}
REQUEST_STATES = {
    "open": "待审批",
    "granted": "已同意",
    "refused": "未同意",
    "withdrawn": "已撤回",
}
VERDICTS = {"granted": "同意", "refused": "不同意", "passed_up": "报上级"}
DIRECTIVES = {"supervise": "督办", "instruct": "批示", "urge": "催办"}
SUPERVISION = {
    "near": "待督办",
    "supervised": "已督办",
    "overdue": "超期未办",
    "circulated": "已通报",
}
SEVERITIES = {"general": "一般", "serious": "较大", "major": "重大", "extreme": "特别重大"}
CALL_BACKS = {"wanted": "待回访", "done": "已回访", "unwanted": "不需回访"}
ROLES = {
    "near": "近景",
    "far": "远景",
    "reference": "参照物",
    "before": "处置前",
    "after": "处置后",
    "evidence": "核查",
    "form": "表单附图",
}
_UNITS = {
    "work_minute": "工作分钟",
    "work_hour": "工作小时",
    "work_day": "个工作日",
    "urgent_hour": "小时(含夜间节假日)",
    "urgent_day": "天(含节假日)",
}
_OWN_STEPS = {"report": "上报", "split": "拆案", "hand_over": "交班"}
_RULE_STEPS = {
    "open_check_task": "自动派出核查",
    "dispatch": "自动派遣",
    "resume": "挂账到期,自动恢复办理",
    "directive_overdue": "督办逾期未回复",
}
_SCOPES = {"own": "本部门", "below": "下级部门", "own_and_below": "本部门及下级"}
_PERIODS = {"today": "今天上报", "week": "本周上报", "month": "本月上报"}
_MINE = {"owned": "我包案的", "reported": "我上报的"}


class Names(Struct, frozen=True):
    """Names by code, of one county. What has none any more is called by its code."""

    ground: Ground
    areas: dict[str, str]
    users: dict[UUID, str]

    def org(self, code: str | None) -> str:
        """A department's."""
        return self.ground.roster.orgs.get(code, code) if code else ""

    def orgs(self, codes: Iterable[str]) -> str:
        """Several departments', each once."""
        return "、".join(self.org(code) for code in dict.fromkeys(codes))

    def user(self, user: UUID | None) -> str:
        """A user's."""
        return self.users.get(user, "已离开的用户") if user else ""

    def area(self, code: str) -> str:
        """An area's or grid's."""
        return self.areas.get(code, code)

    def place(self, path: str) -> str:
        """Where in the county: 梧田街道 · 南湖社区 · 第三网格."""
        return " · ".join(self.area(code) for code in path.split("/")[1:])

    def category(self, code: str) -> str:
        """A class's or subclass's."""
        category = self.ground.catalogue.categories.get(code)
        return category.name if category else code

    def class_of(self, code: str) -> str:
        """The class that a subclass lies under."""
        category = self.ground.catalogue.categories.get(code)
        return self.category(category.parent) if category and category.parent else ""

    def flow(self, case: Case) -> Flow | None:
        """The flow by which a case goes, in its version."""
        return self.ground.catalogue.flows.get((case.flow, case.flow_version))

    def state(self, case: Case, code: str | None = None) -> str:
        """The state in which a case stands, or another one of its flow."""
        wanted = code or case.state
        flow = self.flow(case)
        states = flow.states if flow else []
        return next((state.name for state in states if state.code == wanted), wanted)

    def labels(self, codes: Iterable[str]) -> str:
        """Labels, in the order they were put on."""
        names = {label.code: label.name for label in self.ground.labels}
        return "、".join(names.get(code, code) for code in codes)

    def step(self, step: Step, case: Case) -> str:
        """What a line of the timeline is called; twin of pwa/src/lib/stepNames.ts."""
        flow = self.flow(case)
        if step.user is None:
            timers = [timer for state in flow.states for timer in state.timers] if flow else []
            named = {timer.code: timer.name for timer in timers} | _RULE_STEPS
            return named.get(step.action, "按规则自动办理")
        if step.action == "merge":
            return "并入其他案件" if step.to_state == "merged" else "收进并案"
        action = action_of(flow, step.action) if flow else None
        return action.name if action else _OWN_STEPS.get(step.action, step.action)

    def verdict(self, step: Step, case: Case) -> str:
        """What a step decided, as its action calls it."""
        flow = self.flow(case)
        action = action_of(flow, step.action) if flow else None
        choices = {
            choice.code: choice.name
            for asked in (action.inputs if action else [])
            for choice in asked.choices
        }
        return choices.get(step.verdict, step.verdict) if step.verdict else ""


async def names_of(conn: Connection, ground: Ground) -> Names:
    """The county's names, people who have left among them."""
    areas = await conn.fetch("select code, name from area where county = $1", ground.county)
    users = await conn.fetch("select id, name from app_user where county = $1", ground.county)
    return Names(
        ground,
        {row["code"]: row["name"] for row in areas},
        {row["id"]: row["name"] for row in users},
    )


def moment(at: datetime | None) -> str:
    """2026年11月21日 13:05, in the city's zone."""
    return day(at) + at.astimezone(CITY_ZONE).strftime(" %H:%M") if at else ""


def day(at: datetime) -> str:
    """2026年11月21日, in the city's zone."""
    local = at.astimezone(CITY_ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def limit(given: Limit | None) -> str:
    """3 个工作日."""
    return f"{given.value} {_UNITS[given.unit]}" if given else ""


def told(case: Case, outside: Outside | None, actor: Actor) -> Outside:
    """An outside reporter as an export may show them: masked, and nothing of one who asked for
    privacy unless the post may unmask.
    """
    if outside is None or (case.reports[0].private and not actor.may("person.unmask")):
        return Outside()
    return masked(outside)


def about(filters: Filters, actor: Actor, names: Names) -> str:
    """Filters in words, for the list of exports and the file itself; a phone is masked."""
    return "，".join(_said(filters, actor, names)) or "全部案件"


def _said(filters: Filters, actor: Actor, names: Names) -> Iterable[str]:
    if filters.box is not None:
        box = boxes.box_of(filters.box, actor, names.ground)
        yield box.name if box else filters.box
    for value, say in (
        (filters.q, lambda words: f"含“{words}”"),
        (filters.number, lambda number: f"编号含 {number}"),
        (filters.category, names.category),
        (filters.area, names.area),
        (filters.grid, names.area),
        (filters.org, lambda org: f"{names.org(org)}参与"),
        (filters.main_org, lambda org: f"{names.org(org)}主办"),
        (filters.scope, _SCOPES.__getitem__),
        (filters.mine, _MINE.__getitem__),
        (filters.label, lambda label: f"标签“{names.labels([label])}”"),
        (filters.phone, lambda phone: f"举报人电话 {masked(Outside(phone=phone)).phone}"),
    ):
        if value:
            yield say(value)
    if filters.source:
        yield "、".join(SOURCES.get(code, code) for code in filters.source)
    if filters.reporter is not None:
        yield f"{names.user(filters.reporter)}上报"
    yield from _standing(filters, names)
    yield from _times(filters)
    if filters.shape is not None:
        yield "地图上圈出的范围"


def _standing(filters: Filters, names: Names) -> Iterable[str]:
    catalogue = names.ground.catalogue
    if filters.flow is not None:
        flow = catalogue.newest.get(filters.flow)
        yield flow.name if flow else filters.flow
    if filters.state:
        states = {s.code: s.name for flow in catalogue.newest.values() for s in flow.states}
        yield "、".join(states.get(code, code) for code in filters.state)
    if filters.stage is not None:
        yield f"{STAGES[filters.stage]}阶段"
    if filters.lamp is not None:
        yield LAMPS[filters.lamp]
    for asked, yes, no in (
        (filters.ended, "已办结", "在办"),
        (filters.urgent, "紧急", "非紧急"),
        (filters.suspended, "挂账", "未挂账"),
        (filters.sensitive, "敏感", "非敏感"),
    ):
        if asked is not None:
            yield yes if asked else no
    if filters.severity is not None:
        yield f"{SEVERITIES[filters.severity]}等级"
    if filters.supervision is not None:
        yield SUPERVISION[filters.supervision]
    if filters.call_back is not None:
        yield CALL_BACKS[filters.call_back]


def _times(filters: Filters) -> Iterable[str]:
    if filters.reported_within is not None:
        yield _PERIODS[filters.reported_within]
    for word, since, until in (
        ("上报", filters.reported_since, filters.reported_until),
        ("办结", filters.ended_since, filters.ended_until),
    ):
        if since is not None or until is not None:
            span = f"{moment(since)}起" if since else ""
            end = f"{moment(until)}前" if until else ""
            yield f"{word}时间 {span}{end}"
