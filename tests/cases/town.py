"""A town full of random cases, people who look for them, and a plain model of what each finds."""

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import shapely
from msgspec.structs import replace

from backend.cases.documents import KIND
from backend.cases.finding.filters import Filters, Period, Scope
from backend.cases.ground import Ground
from backend.cases.rules.clocks import Lamp, instants, lamp
from backend.cases.rules.hierarchy import ancestors
from backend.cases.rules.parties import holder, parts
from backend.cases.structs import Assignment as Part
from backend.cases.structs import (
    CallBack,
    CallBackState,
    Case,
    Supervision,
)
from backend.cases.structs import Request as Asked
from backend.catalogue.flow import Box, Severity, Source
from backend.core import database
from backend.core.actor import Actor
from backend.core.crypto import LEDGER, Keyring
from backend.core.geo import distance_m
from backend.core.position import Position
from backend.directory.actors import city_day
from backend.directory.permissions import PERMISSIONS
from offline.work import Change
from tests.cases.city import COUNTY, City

BLIND = Keyring(bytes(range(32))).cipher(LEDGER).blind
WORDS = ["井盖", "破损", "站前路 12 号", "50%_占道", "O'Brien\\店", "路灯不亮", "污水外溢", "a1"]


def actor(permissions: str, **changes: Any) -> Actor:
    """Somebody with these permissions (`case.` is left out) and that reach."""
    named = {name if "." in name else f"case.{name}" for name in permissions.split()}
    assert named <= PERMISSIONS
    given: dict[str, Any] = {
        "user": uuid4(),
        "post": uuid4(),
        "org": "oh-zx",
        "role": "x",
        "county": COUNTY,
        "areas": (COUNTY,),
        "categories": (),
        "permissions": frozenset(named),
    }
    return Actor(**(given | changes))


class Town:
    """Cases in every corner, saved as the write path saves them, and people who look for them."""

    def __init__(self, city: City, ground: Ground, base: Case, seed: int) -> None:
        self.city = city
        self.ground = ground
        self.dice = random.Random(seed)
        self.base = base
        self.users = [uuid4() for _ in range(5)]
        self.cases: dict[UUID, Case] = {}
        self.orgs = self.dice.sample(sorted(ground.roster.orgs), 8)
        grids = sorted(code for code in ground.roster.workers)
        self.grids = self.dice.sample(grids, 6)
        streets = ["/".join(ground.roster.paths[grid].split("/")[:2]) for grid in self.grids]
        worker = {"grids": (self.grids[0],), "areas": (ground.roster.paths[self.grids[0]],)}
        everything = " ".join(sorted(PERMISSIONS))
        self.actors = [
            actor(everything),
            actor("browse accept supervise call_back", user=self.users[0]),
            actor("report task.answer", user=self.users[1], org=self.orgs[0], **worker),
            actor("handle request", user=self.users[2], org=self.orgs[1]),
            actor(
                "browse close assign", user=self.users[3], org=self.orgs[2],
                areas=tuple(streets[:2]),
            ),
            actor(
                "request.answer direct", user=self.users[4], org=self.orgs[3],
                areas=(streets[0],), categories=("C",),
            ),
            replace(actor(everything), county="330000", areas=("330000",)),
        ]  # fmt: skip

    def case(self, number: int) -> Case:
        dice, ground = self.dice, self.ground
        flow = dice.choice(list(ground.catalogue.newest.values()))
        state = dice.choice(flow.states)
        grid = dice.choice(self.grids)
        at = self.city.now - timedelta(hours=dice.randrange(2000))
        ended = at + timedelta(hours=dice.randrange(100)) if state.ending else None
        report = replace(
            self.base.reports[0],
            id=uuid4(),
            user=dice.choice(self.users),
            source=dice.choice(get_args(Source)),
            description=dice.choice(WORDS),
        )
        whole = self.base.clocks[0]
        yellow_at = self.city.now + timedelta(hours=dice.randrange(-50, 50))
        return replace(
            self.base,
            id=uuid4(),
            number=f"{COUNTY}-2026{1 + number % 12:02}01-{number:06}",
            flow=flow.code,
            flow_version=flow.version,
            state=state.code,
            stage=state.stage,
            ending=state.ending,
            category=dice.choice(["C0101", "C0102", "E0101", "E0102"]),
            description=dice.choice(WORDS) + dice.choice(WORDS),
            address=dice.choice(WORDS),
            grid=grid,
            area_path=ground.roster.paths[grid],
            position=self.point(),
            urgent=dice.random() < 0.2,
            severity=dice.randrange(4),
            suspended=dice.random() < 0.1,
            sensitive=dice.random() < 0.1,
            supervision=dice.choice([*get_args(Supervision), *[None] * 8]),
            call_back=dice.choice([*(CallBack(s) for s in get_args(CallBackState)), None]),
            labels=dice.sample(["heavy", "again", "loud"], dice.randrange(3)),
            owners=dice.sample(self.users, dice.randrange(2)),
            closing_org=dice.choice(["oh-zx", *self.orgs]),
            reported_at=at,
            ended_at=ended,
            changed_at=at,
            reports=[report],
            assignments=[self.part(at) for _ in range(dice.randrange(3))],
            requests=[self.asked(at) for _ in range(dice.randrange(2))],
            clocks=[]
            if state.ending
            else [
                replace(
                    whole,
                    id=uuid4(),
                    yellow_at=yellow_at,
                    due_at=yellow_at + timedelta(hours=dice.randrange(1, 50)),
                )
            ],
            steps=[],
            tasks=[],
        )

    def point(self) -> Position:
        x, y = self.base.position.longitude, self.base.position.latitude
        return Position(
            longitude=x + self.dice.uniform(-0.02, 0.02),
            latitude=y + self.dice.uniform(-0.02, 0.02),
        )

    def part(self, at: datetime) -> Part:
        return Part(
            id=uuid4(),
            org=self.dice.choice(self.orgs),
            post=None,
            kind=self.dice.choice(["main", "assist", "copy", "help"]),
            state=self.dice.choice(["open", "answered", "withdrawn", "returned"]),
            requirement="",
            limit=None,
            assigned_at=at,
            by_org=self.dice.choice(self.orgs),
        )

    def asked(self, at: datetime) -> Asked:
        return Asked(
            id=uuid4(),
            kind="extension",
            state=self.dice.choice(["open", "refused"]),
            answerer_org=self.dice.choice([None, *self.orgs]),
            user=self.dice.choice(self.users),
            post=uuid4(),
            org=self.dice.choice(self.orgs),
            keeper=self.dice.choice(self.users),
            asked_at=at,
            reason="雨天",
        )

    async def save(self, changed: Iterable[Case]) -> None:
        cases = list(changed)
        async with database.transaction() as conn:
            await KIND.save(conn, [Change(self.cases.get(case.id), case) for case in cases])
        self.cases |= {case.id: case for case in cases}

    def filters(self) -> Filters:
        """One to three conditions that some case may meet."""
        dice = self.dice
        some = dice.choice(list(self.cases.values()))
        box = dice.choice([b.code for f in self.ground.catalogue.newest.values() for b in f.boxes])
        street = some.area_path.split("/")[1]
        day = some.reported_at.replace(hour=0)
        choices: dict[str, Callable[[], Any]] = {
            "box": lambda: box,
            "q": lambda: part_of(dice, dice.choice(WORDS)),
            "number": lambda: some.number[-dice.randrange(1, 12) :],
            "category": lambda: dice.choice(["C", "C01", "C0101", "E0102"]),
            "source": lambda: dice.sample(get_args(Source), 2),
            "flow": lambda: some.flow,
            "state": lambda: [some.state, "closed"],
            "stage": lambda: some.stage,
            "ended": lambda: dice.random() < 0.5,
            "lamp": lambda: dice.choice(get_args(Lamp)),
            "area": lambda: dice.choice([street, COUNTY]),
            "grid": lambda: some.grid,
            "org": lambda: dice.choice(self.orgs),
            "main_org": lambda: dice.choice(self.orgs),
            "scope": lambda: dice.choice(get_args(Scope)),
            "mine": lambda: dice.choice(["owned", "reported"]),
            "reported_within": lambda: dice.choice(get_args(Period)),
            "reported_since": lambda: day,
            "reported_until": lambda: day + timedelta(days=20),
            "ended_since": lambda: day,
            "ended_until": lambda: day + timedelta(days=20),
            "reporter": lambda: dice.choice(self.users),
            "label": lambda: "again",
            "urgent": lambda: dice.random() < 0.5,
            "severity": lambda: dice.choice(get_args(Severity)),
            "suspended": lambda: dice.random() < 0.5,
            "sensitive": lambda: dice.random() < 0.5,
            "supervision": lambda: dice.choice(get_args(Supervision)),
            "call_back": lambda: dice.choice(get_args(CallBackState)),
            "shape": self.shape,
        }
        assert choices.keys() == set(Filters.__struct_fields__) - {"phone"}
        names = dice.sample(sorted(choices), dice.randrange(1, 4))
        return Filters(**{name: choices[name]() for name in names})

    def shape(self) -> str:
        at = self.point()
        x, y = at.longitude, at.latitude
        match self.dice.randrange(3):
            case 0:
                return f"rectangle:{x - 0.01},{y - 0.01},{x + 0.01},{y + 0.01}"
            case 1:
                return f"circle:{x},{y},{self.dice.randrange(100, 3000)}"
            case _:
                return f"polygon:{x},{y},{x + 0.02},{y},{x + 0.01},{y + 0.02}"

    def expected(self, who: Actor, filters: Filters) -> list[UUID]:
        """Newest first, by looking at every case."""
        found = [case for case in self.cases.values() if self.sees(who, case)]
        found = [case for case in found if self.meets(who, case, filters)]
        found.sort(key=lambda case: (case.reported_at, case.id), reverse=True)
        return [case.id for case in found]

    def sees(self, who: Actor, case: Case) -> bool:
        there, of_org = parts(case), who.permissions & {
            "case.handle", "case.assign", "case.dispatch", "case.close", "case.request",
            "case.supervise", "case.direct",
        }  # fmt: skip
        answers = any(p.startswith("request.") for p in who.permissions)
        served = not who.categories or case.category.startswith(who.categories)
        return case.county == who.county and bool(
            (who.may("case.browse") and who.covers(case.area_path))
            or {f"raiser:{who.user}", f"owner:{who.user}"} & there
            or (of_org and f"involved:{who.org}" in there)
            or (answers and f"answerer:{who.org}" in there)
            or (answers and "answerer:county" in there and who.covers(case.area_path) and served)
            or (case.grid in who.grids and case.ended_at is None)
        )

    def in_box(self, who: Actor, case: Case, code: str) -> bool:
        flow = self.ground.catalogue.newest[case.flow]
        box: Box | None = next((b for b in flow.boxes if b.code == code), None)
        return (
            box is not None
            and who.may(box.permission)
            and (not box.states or case.state in box.states)
            and (box.party is None or bool(holder(who, box.party) & parts(case)))
            and box.supervision in (None, case.supervision)
            and box.suspended in (None, case.suspended)
            and box.call_back in (None, case.call_back and case.call_back.state)
        )

    def meets(self, who: Actor, case: Case, filters: Filters) -> bool:
        given = {
            name: value
            for name in Filters.__struct_fields__
            if (value := getattr(filters, name)) not in (None, [])
        }
        return all(self.one(who, case, name, value) for name, value in given.items())

    def one(self, who: Actor, case: Case, name: str, value: Any) -> bool:  # noqa: C901
        involved = {p.removeprefix("involved:") for p in parts(case) if p.startswith("involved:")}
        parents = self.ground.roster.parents
        point = (case.position.longitude, case.position.latitude)
        match name:
            case "box":
                return self.in_box(who, case, value)
            case "q":
                said = [case.description, case.address, case.reports[0].description]
                text = "\n".join(dict.fromkeys(said)).lower()
                return bool(value.strip().lower() in text) or (
                    set(value) <= set("0123456789-") and value in case.number
                )
            case "number":
                return bool(value in case.number)
            case "category":
                return bool(case.category.startswith(value))
            case "source":
                return bool(case.reports[0].source in value)
            case "state":
                return bool(case.state in value)
            case "ended":
                return bool((case.ended_at is not None) == value)
            case "lamp":
                return bool(lamp(*instants(case.clocks), self.city.now) == value)
            case "area":
                return bool(value in case.area_path.split("/"))
            case "org":
                return bool(value in involved)
            case "main_org":
                mains = [each.org for each in case.assignments if each.kind == "main"]
                return bool(mains) and mains[-1] == value
            case "scope":
                below = {org for org in involved if who.org in ancestors(org, parents)}
                own = involved & {who.org}
                return bool({"own": own, "below": below, "own_and_below": own | below}[value])
            case "mine":
                mine = case.owners if value == "owned" else [r.user for r in case.reports]
                return who.user in mine
            case "reported_within":
                there, today = city_day(case.reported_at), city_day(self.city.now)
                return {
                    "today": there == today,
                    "week": there.isocalendar()[:2] == today.isocalendar()[:2],
                    "month": (there.year, there.month) == (today.year, today.month),
                }[value]
            case "reported_since":
                return bool(case.reported_at >= value)
            case "reported_until":
                return bool(case.reported_at < value)
            case "ended_since":
                return case.ended_at is not None and case.ended_at >= value
            case "ended_until":
                return case.ended_at is not None and case.ended_at < value
            case "reporter":
                return value in [report.user for report in case.reports]
            case "label":
                return value in case.labels
            case "severity":
                return bool(
                    case.severity == ["general", "serious", "major", "extreme"].index(value)
                )
            case "call_back":
                return case.call_back is not None and case.call_back.state == value
            case "shape":
                return drawn(value)(point)
            case _:
                return bool(getattr(case, name) == value)


def part_of(dice: random.Random, word: str) -> str:
    start = dice.randrange(len(word))
    return word[start : start + dice.randrange(1, 5)].strip() or word


def drawn(shape: str) -> Callable[[tuple[float, float]], bool]:
    """The shape's own meaning, by Shapely and by the distance on the sphere."""
    kind, _, text = shape.partition(":")
    numbers = [float(each) for each in text.split(",")]
    if kind == "circle":
        return lambda point: distance_m(point, (numbers[0], numbers[1])) <= numbers[2]
    if kind == "rectangle":
        area = shapely.box(numbers[0], numbers[1], numbers[2], numbers[3])
    else:
        area = shapely.Polygon(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return lambda point: bool(area.covers(shapely.Point(point)))
