"""The tree of orgs, and the closing right that climbs and descends it one level at a time."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import Case
from backend.catalogue.flow import Relation
from offline.wire import Reason

Parents = Mapping[str, str | None]


def ancestors(org: str | None, parents: Parents) -> Iterator[str]:
    """Those above an org, nearest first. A ring in the data ends it."""
    seen = {org}
    while org is not None and (org := parents.get(org)) is not None and org not in seen:
        seen.add(org)
        yield org


def depth(org: str | None, parents: Parents) -> int:
    """How many stand above an org; the root's is 0."""
    return sum(1 for _ in ancestors(org, parents))


def related(org: str, other: str, relation: Relation, parents: Parents) -> bool:
    """Whether `other` is in the named relation to `org`."""
    match relation:
        case "parent":
            return parents.get(org) == other
        case "children":
            return parents.get(other) == org
        case "descendants":
            return org in ancestors(other, parents)
        case "siblings":
            parent = parents.get(org)
            return parent is not None and other != org and parents.get(other) == parent


def report_up(case: Case, to: str | None, doing: Doing) -> Case:
    """The closing right goes to the parent of the org that holds it; `to` may only name that one.
    Raises Impossible `no_superior`, `level_skipped` or `outside_hierarchy`.
    """
    field = "payload.closing_org"
    parent = doing.parents.get(case.closing_org or "")
    if parent is None:
        raise Impossible(Reason("no_superior", "已是最高一级,不能再上报", field))
    if to is not None and to != parent:
        above = to in ancestors(case.closing_org, doing.parents)
        raise Impossible(_wrong(parent, field, doing, skipped=above))
    return _move(case, parent)


def hand_down(case: Case, to: str | None, doing: Doing, field: str) -> Case:
    """The closing right goes to a child of the org that holds it. Raises Impossible as above."""
    if to is None:
        raise Impossible(Reason("required", "请选择下级单位", field))
    if doing.parents.get(to) != case.closing_org:
        above = list(ancestors(to, doing.parents))
        if case.closing_org not in above:
            raise Impossible(Reason("outside_hierarchy", "只能下派给直属下级单位", field))
        next_ = above[above.index(case.closing_org) - 1]
        raise Impossible(_wrong(next_, field, doing, skipped=True))
    return _move(case, to)


def hand_along(case: Case, to: str | None, doing: Doing) -> Case:
    """With an assignment, whoever holds the closing right may hand it down as well; without `to` it
    stays. Raises Impossible as above, and `not_closer`.
    """
    field = "payload.closing_org"
    if to is None:
        return case
    if doing.org != case.closing_org:
        raise Impossible(Reason("not_closer", "本单位没有办结权限,不能移交", field))
    return hand_down(case, to, doing, field)


def climb(case: Case, doing: Doing) -> Case:
    """The closing right goes one level up by rule. Raises Impossible `no_superior` at the root."""
    return report_up(case, None, doing)


def _move(case: Case, to: str) -> Case:
    """Whoever gave the right away may go on reading."""
    former = [org for org in case.former_closers if org != to]
    if case.closing_org is not None and case.closing_org not in former:
        former.append(case.closing_org)
    return replace(case, closing_org=to, former_closers=former)


def _wrong(next_: str, field: str, doing: Doing, *, skipped: bool) -> Reason:
    name = doing.org_names.get(next_, next_)
    if skipped:
        return Reason("level_skipped", f"不能越级,下一级应是{name}", field)
    return Reason("outside_hierarchy", f"只能交给{name}", field)
