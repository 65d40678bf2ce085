"""Who may take an action, and whether it brought what the action asks for."""

from collections.abc import Collection
from uuid import UUID

from msgspec.structs import replace

from backend.cases.rules import parties
from backend.cases.rules.reporting import ROLE_NAMES
from backend.cases.structs import ActOnCase, Case
from backend.catalogue.flow import Action, Flow, Input
from backend.catalogue.structs import Category
from backend.core.actor import Actor
from offline.wire import Reason

_BY_ACTION = (
    "org",
    "worker",
    "standard",
    "limit",
    "verdict",
    "reason",
    "amendment",
    "targets",
    "closing_org",
    "assignment",
    "request",
    "directive",
    "until",
    "signature",
    "people",
    "labels",
)


def may_act(action: Action, case: Case, actor: Actor) -> bool:
    """Whether the actor stands in the right relation to the case, whatever its state."""
    if action.task is not None:
        return any(
            task.kind == action.task and (task.user == actor.user or task.org == actor.org)
            for task in case.tasks
        )
    if action.permission is not None and not actor.may(action.permission):
        return False
    if action.party:
        return parties.is_party(case, actor, action.party)
    return actor.covers(case.area_path) and serves(actor, case.category)


def serves(actor: Actor, category: str) -> bool:
    """Whether the post serves a category; no list means all."""
    return not actor.categories or any(category.startswith(code) for code in actor.categories)


def available(flow: Flow, case: Case, actor: Actor) -> list[Action]:
    """The actions to offer: the state allows them and so do the actor's rights."""
    return [
        action
        for action in flow.actions
        if case.state in action.states and may_act(action, case, actor)
    ]


def asked(action: Action, act: ActOnCase) -> ActOnCase:
    """The act without what the action does not ask for: a flow decides what can be brought. An
    opinion, photos and the task answered go with any act.
    """
    names = {each.name for each in action.inputs}
    unasked = {name: None for name in _BY_ACTION if name not in names}
    return replace(act, **unasked)


def faults(
    action: Action,
    act: ActOnCase,
    category: Category | None,
    orgs: Collection[str],
    workers: Collection[UUID],
) -> list[Reason]:
    """What the action asks for and the act does not bring, or brings wrongly: every fault."""
    found = [
        reason
        for each in action.inputs
        if (reason := _fault(each, act, category, orgs, workers)) is not None
    ]
    from_album = any(media.origin == "album" for media in act.media)
    if category is not None and not category.album_allowed and from_album:
        found.append(Reason("album_refused", "这个小类只能现场拍照", "payload.media"))
    return found


def _fault(  # noqa: PLR0911 - one answer for each way an input may fail
    asked: Input,
    act: ActOnCase,
    category: Category | None,
    orgs: Collection[str],
    workers: Collection[UUID],
) -> Reason | None:
    field = f"payload.{asked.name}"
    if asked.name == "media":
        fitting = [m for m in act.media if asked.media_role in (None, m.role)]
        if len(fitting) < asked.minimum:
            role = ROLE_NAMES.get(asked.media_role or "evidence", "")
            return Reason("photo_missing", f"至少需要 {asked.minimum} 张{role}照片", field)
        return None
    value = getattr(act, asked.name)
    if isinstance(value, str):
        value = value.strip()
    if value in (None, ""):
        return Reason("required", f"请填写{asked.label}", field) if asked.required else None
    if asked.choices and value not in {choice.code for choice in asked.choices}:
        return Reason("not_a_choice", f"{asked.label}不在可选范围内", field)
    if asked.name == "org" and value not in orgs:
        return Reason("unknown_org", "没有这个部门,请重新选择", field)
    if asked.name == "worker" and value not in workers:
        return Reason("unknown_worker", "这名网格员不负责该网格,请重新选择", field)
    if asked.name == "standard":
        numbers = {standard.number for standard in category.standards} if category else set()
        if value not in numbers:
            return Reason("unknown_standard", "这个小类没有这条立案条件,请重新选择", field)
    return None
