"""Who may take an action, and whether it brought what the action asks for."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.cases.rules import hierarchy, parties
from backend.cases.rules.doing import Doing
from backend.cases.rules.reporting import ROLE_NAMES
from backend.cases.structs import ActOnCase, Case, Request
from backend.catalogue.expressions import holds
from backend.catalogue.flow import Action, Choice, Flow, Input, InputName
from backend.core.actor import Actor
from offline.reading import EARLIEST, LATEST
from offline.wire import Reason

_BY_ACTION = frozenset(get_args(InputName)) - {"opinion", "media"}


class Known(Struct, frozen=True):
    """What an act may name besides the case's own parts: the county's orgs are in `Doing`."""

    staff: Collection[UUID] = ()  # users with a post in the county
    labels: Collection[str] = ()  # that hold at the case's place on that day


def may_act(action: Action, case: Case, actor: Actor, flow: Flow) -> bool:
    """Whether the actor stands in the right relation to the case, whatever its state."""
    if action.task is not None:
        return any(
            task.kind == action.task and (task.user == actor.user or task.org == actor.org)
            for task in case.tasks
        )
    if action.permission is not None and not actor.may(action.permission):
        return False
    if not action.party:
        return _in_reach(case, actor)
    others = [party for party in action.party if party != "answerer"]
    return parties.is_party(case, actor, others) or (
        "answerer" in action.party and bool(answerable(case, actor, flow))
    )


def answerable(case: Case, actor: Actor, flow: Flow) -> list[Request]:
    """The open requests that the actor may answer at the level where they stand: with its
    permission, in its org, or anywhere in the county when the level is the county's. Nobody answers
    what they asked themselves, whatever other post they hold.
    """
    found = []
    for request in case.requests:
        rule = next((rule for rule in flow.requests if rule.kind == request.kind), None)
        if request.state != "open" or rule is None or request.level >= len(rule.levels):
            continue
        if request.user == actor.user:
            continue
        mine = (
            _in_reach(case, actor)
            if request.answerer_org is None
            else request.answerer_org == actor.org
        )
        if mine and actor.may(rule.levels[request.level].permission):
            found.append(request)
    return found


def _in_reach(case: Case, actor: Actor) -> bool:
    return actor.covers(case.area_path) and serves(actor, case.category)


def serves(actor: Actor, category: str) -> bool:
    """Whether the post serves a category; no list means all."""
    return not actor.categories or any(category.startswith(code) for code in actor.categories)


def fits_state(action: Action, case: Case) -> bool:
    """Whether the case stands where the action may start; an end only for what comes after it."""
    return case.state in action.states and (case.ending is None or action.after_end)


def fits_now(action: Action, known: Mapping[str, Any]) -> bool:
    """Whether the action's own condition holds. known: rules.context."""
    return action.when == "" or holds(action.when, known)


def available(flow: Flow, case: Case, actor: Actor, known: Mapping[str, Any]) -> list[Action]:
    """The actions to offer: the state, the actor's rights and the action's condition allow them."""
    return [
        action
        for action in flow.actions
        if fits_state(action, case)
        and may_act(action, case, actor, flow)
        and fits_now(action, known)
    ]


def asked(action: Action, act: ActOnCase) -> ActOnCase:
    """The act without what the action does not ask for: a flow decides what can be brought. An
    opinion and photos go with any act.
    """
    names = {each.name for each in action.inputs}
    if "verdict" in names and _chosen(action.inputs, act).reasons:
        names.add("reason")
    unasked: dict[str, Any] = {name: None for name in _BY_ACTION if name not in names}
    if not action.items:
        unasked["answers"] = {}
    if action.task is None:
        unasked["task"] = None
    return replace(act, **unasked)


def faults(action: Action, act: ActOnCase, case: Case, doing: Doing, known: Known) -> list[Reason]:
    """What the action asks for and the act does not bring, or brings wrongly: every fault."""
    found = [
        reason
        for each in action.inputs
        for reason in _input_faults(_Brought(each, act, case, doing, known))
    ]
    chosen = _chosen(action.inputs, act)
    if chosen.reasons and act.reason not in chosen.reasons:
        found.append(Reason("not_a_choice", "请从列表中选择原因", "payload.reason"))
    from_album = any(media.origin == "album" for media in act.media)
    category = doing.category
    if category is not None and not category.album_allowed and from_album:
        found.append(Reason("album_refused", "这个小类只能现场拍照", "payload.media"))
    return found


def _chosen(inputs: Iterable[Input], act: ActOnCase) -> Choice:
    """The verdict's choice, or one that asks for nothing."""
    choices = (choice for each in inputs if each.name == "verdict" for choice in each.choices)
    return next((c for c in choices if c.code == act.verdict), Choice("none", ""))


class _Brought(Struct, frozen=True):
    """One input with what the act brings for it."""

    asked: Input
    act: ActOnCase
    case: Case
    doing: Doing
    known: Known

    @property
    def field(self) -> str:
        return f"payload.{self.asked.name}"

    @property
    def value(self) -> Any:  # as many kinds as there are inputs
        value = getattr(self.act, self.asked.name)
        return value.strip() if isinstance(value, str) else value


def _input_faults(it: _Brought) -> list[Reason]:
    if it.asked.name == "media":
        return _too_few(it)
    if it.value in (None, "") or (it.value == [] and it.asked.name not in EMPTY_ALLOWED):
        required = Reason("required", f"请填写{it.asked.label}", it.field)
        return [required] if it.asked.required else []
    if it.asked.choices and it.value not in {choice.code for choice in it.asked.choices}:
        return [Reason("not_a_choice", f"{it.asked.label}不在可选范围内", it.field)]
    check = _CHECKS.get(it.asked.name)
    return check(it) if check else []


EMPTY_ALLOWED = ("labels", "people")
"""An empty list takes all of them off."""


def _too_few(it: _Brought) -> list[Reason]:
    role = it.asked.media_role
    if sum(role in (None, media.role) for media in it.act.media) >= it.asked.minimum:
        return []
    name = ROLE_NAMES.get(role or "evidence", "")
    return [Reason("photo_missing", f"至少需要 {it.asked.minimum} 张{name}照片", it.field)]


def _org(it: _Brought) -> list[Reason]:
    return _org_faults(it, it.value, it.field)


def _org_faults(it: _Brought, org: str, field: str) -> list[Reason]:
    parents, mine, within = it.doing.parents, it.doing.org or "", it.asked.within
    if org not in parents:
        return [Reason("unknown_org", "没有这个部门,请重新选择", field)]
    if not within or any(hierarchy.related(mine, org, each, parents) for each in within):
        return []
    name = it.doing.org_names.get(org, org)
    if ("parent" in within and org in hierarchy.ancestors(mine, parents)) or (
        "children" in within and mine in hierarchy.ancestors(org, parents)
    ):
        return [Reason("level_skipped", f"不能越级:{name}不是直接上下级", field)]
    return [Reason("outside_hierarchy", f"{name}不在可选的上下级范围内", field)]


def _targets(it: _Brought) -> list[Reason]:
    found: list[Reason] = []
    seen: set[str] = set()
    for place, target in enumerate(it.value):
        field = f"{it.field}[{place}].org"
        found += _org_faults(it, target.org, field)
        if target.org in seen:
            found.append(Reason("duplicate_target", "同一个部门选了两次", field))
        seen.add(target.org)
    return found


def _worker(it: _Brought) -> list[Reason]:
    if any(fit.user == it.value for fit in it.doing.workers):
        return []
    return [Reason("unknown_worker", "这名网格员不负责该网格,请重新选择", it.field)]


def _standard(it: _Brought) -> list[Reason]:
    amended = it.act.amendment.category if it.act.amendment else None
    categories = it.doing.catalogue.categories
    category = categories.get(amended) if amended else it.doing.category
    if category is not None and any(each.number == it.value for each in category.standards):
        return []
    return [Reason("unknown_standard", "这个小类没有这条立案条件,请重新选择", it.field)]


def _amendment(it: _Brought) -> list[Reason]:
    code = it.value.category
    found = it.doing.catalogue.categories.get(code)
    if code is None or (found is not None and found.parent and found.active):
        return []
    return [Reason("unknown_category", "没有这个小类,请重新选择", f"{it.field}.category")]


def _request(it: _Brought) -> list[Reason]:
    if any(each.id == it.value and each.state == "open" for each in it.case.requests):
        return []
    return [Reason("not_open", "这项申请不存在或已办结", it.field)]


def _directive(it: _Brought) -> list[Reason]:
    if any(each.id == it.value and each.answered_at is None for each in it.case.directives):
        return []
    return [Reason("not_open", "这条督办不存在或已回复", it.field)]


def _signature(it: _Brought) -> list[Reason]:
    if EARLIEST <= it.value.at < LATEST:
        return []
    return [Reason("invalid", "批示时间不对,请重新填写", f"{it.field}.at")]


def _people(it: _Brought) -> list[Reason]:
    return [
        Reason("unknown_person", "没有这个人,或其不在本区县任职", f"{it.field}[{place}]")
        for place, user in enumerate(it.value)
        if user not in it.known.staff
    ]


def _labels(it: _Brought) -> list[Reason]:
    return [
        Reason("unknown_label", "没有这个标签,或它在这里已不适用", f"{it.field}[{place}]")
        for place, code in enumerate(it.value)
        if code not in it.known.labels and code not in it.case.labels
    ]


_CHECKS: dict[str, Callable[[_Brought], list[Reason]]] = {
    "org": _org,
    "closing_org": _org,
    "targets": _targets,
    "worker": _worker,
    "standard": _standard,
    "amendment": _amendment,
    "request": _request,
    "directive": _directive,
    "signature": _signature,
    "people": _people,
    "labels": _labels,
}
