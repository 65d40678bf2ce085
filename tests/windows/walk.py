"""Random people doing random things to cases of the demo city, legal and not, over some weeks."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from backend.cases.structs import Amendment, Case, Outside, Signature, Target
from backend.catalogue.flow import Action, Input, Limit
from backend.catalogue.form import Field
from backend.core import database
from backend.core.actor import Actor
from tests.cases.city import City, photo

FIELD = ("wg001", "wg003", "wg007", "wg012", "jd01")
SOURCES = ("hotline", "public", "leader", "media")


_IDLE = frozenset(
    {
        "set_labels",
        "set_owners",
        "note",
        "set_urgent",
        "set_severity",
        "instruct",
        "urge",
        "circulate",
    }
)
"""What changes no figure."""


def _has_object(case: Case, action: Action) -> bool:
    """Whether what the action is about is there; the rest of what is illegal is tried."""
    if action.code == "call_back":
        return case.call_back is not None and case.call_back.state == "wanted"
    if action.code == "resume":
        return case.suspended
    about = {each.name for each in action.inputs if each.required}
    if "request" in about:
        return any(r.state == "open" for r in case.requests)
    if "directive" in about:
        return any(d.answered_at is None for d in case.directives)
    return True


class Walk:
    """Acts in a city by a seed; `taken` counts what was accepted, by action."""

    def __init__(self, city: City, seed: int) -> None:
        self.city = city
        self.random = Random(seed)
        self.cases: list[UUID] = []
        self.taken: dict[str, int] = defaultdict(int)
        self._at: UUID | None = None  # the case worked on, often several times in a row
        self._actors: dict[str, Actor] = {}
        self._handlers: list[str] = []
        self._categories: list[str] = []

    async def begin(self) -> None:
        """Learn who there is."""
        async with database.connection() as conn:
            users = await conn.fetch("select code from app_user where active order by code")
            self._categories = [
                row["category"]
                for row in await conn.fetch(
                    "select distinct on (c.flow, c.check, c.auto_dispatch) c.code as category "
                    "from category c join standard s on s.category = c.code where c.parent is not "
                    "null and c.form = '' order by c.flow, c.check, c.auto_dispatch, c.code"
                )
            ]
        for row in users:
            self._actors[row["code"]] = actor = await self.city.actor(row["code"])
            if actor.may("case.handle") and actor.org not in self._handlers:
                self._handlers.append(actor.org)

    def handlers(self) -> dict[str, str]:
        """Somebody who handles, by org."""
        return {a.org: user for user, a in self._actors.items() if a.may("case.request")}

    async def go(self, steps: int) -> None:
        """So many things, one after another."""
        for _ in range(steps):
            self.city.now += timedelta(minutes=self.random.choice((1, 3, 7, 15, 25, 400)))
            if not self.cases or self.random.random() < 0.12:
                await self._report()
            else:
                await self._act()

    async def _report(self) -> None:
        field = self.random.random() < 0.6
        user = self.random.choice(FIELD) if field else "sl01"
        changes: dict[str, Any] = {"category": self.random.choice(self._categories)}
        if field:
            changes["position"] = await self.city.point_of(self.random.choice(FIELD))
            if self.random.random() < 0.25:
                changes |= {"self_handled": True, "media": [photo("before"), photo("after")]}
            if user.startswith("jd"):
                changes["source"] = "supervisor"
            if self.random.random() < 0.2:
                changes["occurred_at"] = self.city.now - timedelta(
                    hours=self.random.choice((3, 40))
                )
        else:
            changes |= {
                "source": self.random.choice(SOURCES),
                "media": [],
                "reporter": Outside(name="某人", phone="13800001111"),
                "call_back": True,
                "position": await self.city.point_of(self.random.choice(FIELD)),
            }
        [outcome] = await self.city.try_report(user, **changes)
        self.taken[f"report:{outcome.outcome}"] += 1
        if outcome.outcome == "accepted" and outcome.receipt is not None:
            assert outcome.receipt.entity is not None
            self.cases.append(outcome.receipt.entity)

    async def _act(self) -> None:
        if self._at is None or self.random.random() < 0.3:
            self._at = self.random.choice(self.cases[-8:])
        id_ = self._at
        case = await self.city.case(id_)
        ground = await self.city.ground()
        flow = ground.catalogue.flows[case.flow, case.flow_version]
        actions = [
            a
            for a in flow.actions
            if case.state in a.states and a.code not in _IDLE and _has_object(case, a)
        ]
        forward = [a for a in actions if a.tone == "primary" or a.request]
        if not actions:
            return
        asked = [a for a in actions if a.code == "answer_request"]
        if asked and self.random.random() < 0.5:
            forward = asked
        action = self.random.choice(forward if forward and self.random.random() < 0.6 else actions)
        if action.code in {"void", "ask_void"} and self.random.random() < 0.8:
            return
        users = self._who(case, action)
        if not users:
            return
        user = self.random.choice(users)
        given = await self._given(case, action, user)
        if action.task:
            task = next((t for t in case.tasks if t.kind == action.task), None)
            if task is None:
                return
            given["task"] = task.id
            user = next(u for u, a in self._actors.items() if a.user == task.user)
        outcome = await self.city.try_act(user, id_, action.code, **given)
        self.taken[f"{action.code}:{outcome.outcome}"] += 1

    def _who(self, case: Case, action: Action) -> list[str]:
        orgs = {a.org for a in case.assignments if a.state == "open"}
        found = [
            user
            for user, actor in self._actors.items()
            if (action.permission is None or actor.may(action.permission))
            and (not action.party or "assignee" not in action.party or actor.org in orgs)
        ]
        if "answerer" in action.party:
            found = [u for u in found if u[:2] in {"pq", "zb", "zh"}]
        return found

    async def _given(self, case: Case, action: Action, user: str) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for each in action.inputs:
            if each.required or self.random.random() < 0.3:
                value = await self._input(case, each, user)
                if value is not None:
                    given[each.name] = value
                if each.name == "verdict" and value is not None:
                    chosen = next(c for c in each.choices if c.code == value)
                    if chosen.reasons:
                        given["reason"] = chosen.reasons[0]
        answers = {
            item.name: item.choices[0].code
            for item in action.items
            if isinstance(item, Field) and item.kind == "choice" and item.choices
        }
        return given | ({"answers": answers} if answers else {})

    async def _input(  # noqa: C901 - one line for each thing a flow asks
        self, case: Case, each: Input, user: str
    ) -> Any:
        random = self.random
        match each.name:
            case "opinion" | "reason":
                return "如此"
            case "media":
                return [photo(each.media_role or "evidence")]
            case "org" | "closing_org":
                return random.choice(self._handlers)
            case "targets":
                orgs = random.sample(self._handlers, 2)
                return [
                    Target(orgs[0]),
                    Target(orgs[1], kind="assist", limit=Limit(3, "work_hour")),
                ]
            case "worker":
                ground = await self.city.ground()
                workers = ground.roster.workers.get(case.grid, [])
                return workers[0].user if workers else None
            case "standard":
                return 1
            case "verdict":
                return random.choice(each.choices).code
            case "limit":
                return Limit(random.randint(1, 8), "work_hour")
            case "until":
                return self.city.now + timedelta(hours=random.choice((20, 70)))
            case "amendment":
                return Amendment(position=await self.city.point_of(random.choice(FIELD)))
            case "assignment":
                return next((a.id for a in case.assignments if a.state == "open"), None)
            case "request":
                return next((r.id for r in case.requests if r.state == "open"), None)
            case "directive":
                return next((d.id for d in case.directives if d.answered_at is None), None)
            case "signature":
                return Signature("某领导", "区政府", "区长", self.city.now)
        return None


async def trouble(city: City, handlers: Mapping[str, str]) -> None:
    """A case that goes wrong in every way that a score counts: the return refused, then granted;
    an extension; a suspension over days; two failed checks of one org; a review that sends it back.
    `handlers`: somebody of each org.
    """
    case = await city.report("wg003")
    await city.act("sl01", case, "accept")
    await city.act("sl01", case, "file", standard=1)
    first = await city.act("pq01", case, "dispatch")
    org = first.assignments[0].org
    for verdict in ("refused", "granted"):
        asked = await city.act(handlers[org], case, "ask_return", reason="不归我管")
        request = asked.requests[-1].id
        await city.act("pq01", case, "answer_request", request=request, verdict=verdict)
    for turn in range(2):
        await city.act("pq01", case, "dispatch", org=org)
        if turn == 0:
            asked = await city.act(
                handlers[org], case, "ask_extension", reason="缺料", limit=Limit(2, "work_hour")
            )
            request = asked.requests[-1].id
            await city.act("pq01", case, "answer_request", request=request, verdict="granted")
            asked = await city.act(
                handlers[org],
                case,
                "ask_suspension",
                reason="等施工",
                until=city.now + timedelta(days=9),
            )
            request = asked.requests[-1].id
            await city.act("zb01", case, "answer_request", request=request, verdict="granted")
            city.now += timedelta(days=3, hours=4)
            await city.act(handlers[org], case, "resume")
        await city.act(handlers[org], case, "handle", opinion="好了", media=[photo("after")])
        given = {"verdict": "failed", "media": [photo("evidence")]}
        await city.answer("wg003", case, "answer_check", **given)
    await city.act("pq01", case, "dispatch", org=org)
    await city.act(handlers[org], case, "handle", opinion="好了", media=[photo("after")])
    passed = {"verdict": "passed", "media": [photo("evidence")]}
    await city.answer("wg003", case, "answer_check", **passed)
    await city.act("zb01", case, "rework", opinion="还差一点")
    await city.act(handlers[org], case, "handle", opinion="真好了", media=[photo("after")])
    await city.answer("wg003", case, "answer_check", **passed)
    await city.act("sl01", case, "close")


async def complaint(city: City, handlers: Mapping[str, str]) -> None:
    """A resident sees what the worker had not, it is handled late, and the resident is content; and
    a worker sees to something on the spot.
    """
    given: dict[str, Any] = {"source": "hotline", "media": [], "call_back": True}
    given |= {"reporter": Outside(name="某人", phone="13800001111")}
    case = await city.report("sl01", position=await city.point_of("wg003"), **given)
    await city.act("sl01", case, "accept")
    await city.act("sl01", case, "verify")
    seen = {"verdict": "true", "opinion": "确有此事", "media": [photo("evidence")]}
    await city.answer("wg003", case, "answer_verify", **seen)
    await city.act("sl01", case, "file", standard=1)
    sent = await city.act("pq01", case, "dispatch")
    city.now += timedelta(days=6)
    handler = handlers[sent.assignments[0].org]
    await city.act(handler, case, "handle", opinion="好了", media=[photo("after")])
    passed = {"verdict": "passed", "media": [photo("evidence")]}
    await city.answer("wg003", case, "answer_check", **passed)
    await city.act("sl01", case, "close")
    await city.act("sl01", case, "call_back", verdict="satisfied")
    photos = [photo("before"), photo("after")]
    mine = await city.report("wg003", self_handled=True, media=photos)
    await city.act("sl01", mine, "archive")
