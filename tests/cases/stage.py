"""One case in memory, acted on by anybody as the write path would let them: no database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from backend.cases.rules import checks, deciding, filling, reporting
from backend.cases.rules.doing import Doing, Fit
from backend.cases.structs import ActOnCase, Case, ReportCase
from backend.catalogue.flow import Flow, Limit
from backend.catalogue.form import Form
from backend.catalogue.queries import Catalogue
from backend.catalogue.rules import action_of
from backend.catalogue.structs import Category, DispatchRule, Standard
from backend.core.actor import Actor
from backend.core.position import Position
from offline.handlers import Rejection
from tests.cases.city import photo
from tests.cases.test_worktime import working

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # a Friday, 09:00 in the city
WORKER = uuid4()
PARENTS: dict[str, str | None] = {
    "centre": None,
    "town": "centre",
    "town2": "centre",
    "village": "town",
    "cz": "centre",
    "hb": "centre",
    "sz": "centre",
}
CATEGORY = Category(
    id=uuid4(),
    version=1,
    county="330304",
    code="C0101",
    name="上水井盖",
    kind="component",
    parent="C01",
    photo_roles=["near"],
    standards=[
        Standard(1, "破损", "恢复", Limit(4, "work_hour")),
        Standard(2, "丢失", "恢复", Limit(1, "work_day")),
    ],
)
MATRIX = [
    DispatchRule(id=uuid4(), version=1, county="330304", category="C", area="330304", org="any"),
    DispatchRule(
        id=uuid4(),
        version=1,
        county="330304",
        category="C01",
        area="330304",
        org="cz",
        limit=Limit(3, "work_hour"),
    ),
]


def catalogue(
    flow: Flow,
    category: Category = CATEGORY,
    settings: Mapping[str, Any] | None = None,
    forms: Sequence[Form] = (),
) -> Catalogue:
    """A city's catalogue of one category and one flow."""
    return Catalogue(
        categories={category.code: category},
        flows={(flow.code, flow.version): flow},
        newest={flow.code: flow},
        working=working(),
        matrix=MATRIX,
        calendars={},
        calendar_rules=[],
        forms={(form.code, form.version): form for form in forms},
        newest_forms={form.code: form for form in forms},
        settings=dict(settings or {}),
    )


def person(org: str, *permissions: str, user: UUID | None = None) -> Actor:
    """Somebody in a post of an org that serves the whole county."""
    return Actor(
        user=user or uuid4(),
        post=uuid4(),
        org=org,
        role="any",
        county="330304",
        areas=("330304",),
        categories=(),
        permissions=frozenset(permissions),
    )


class Stage:
    """Time passes only between acts."""

    def __init__(
        self,
        flow: Flow,
        category: Category = CATEGORY,
        workers: Sequence[Fit] = (),
        settings: Mapping[str, Any] | None = None,
        forms: Sequence[Form] = (),
        **report: Any,
    ) -> None:
        self.flow = flow
        self.catalogue = catalogue(flow, category, settings, forms)
        self.workers = list(workers)
        self.labels: set[str] = set()
        self.staff: set[UUID] = set()
        self.at = START
        self.case = self.report(**report)

    def report(self, reporter: Actor | None = None, **changes: Any) -> Case:
        """A new case; it does not take the stage."""
        author = reporter or person("village", "case.report", user=WORKER)
        fields: dict[str, Any] = {
            "case": uuid4(),
            "report": uuid4(),
            "category": "C0101",
            "description": "井盖破了",
            "position": Position(longitude=120.6, latitude=28.0),
            "media": [photo("near"), photo("before"), photo("after")],
        }
        given = ReportCase(**(fields | changes))
        category = self.catalogue.categories[given.category]
        given, faults = filling.filled_report(given, category, self.doing(author), self.staff)
        assert reporting.faults(given, category) + faults == []
        return reporting.open_case(
            given,
            number=f"330304-20261120-{uuid4().hex[:6]}",
            county="330304",
            grid="330304001002001",
            area_path="330304/330304001/330304001002/330304001002001",
            centre="centre",
            doing=self.doing(author),
            reporter=None,
        )

    def doing(self, actor: Actor, case: Case | None = None) -> Doing:
        """The actor at this moment."""
        code = case.category if case else "C0101"
        return Doing(
            command=uuid4(),
            user=actor.user,
            post=actor.post,
            org=actor.org,
            occurred_at=self.at,
            received_at=self.at,
            at=self.at,
            flow=self.flow,
            category=self.catalogue.categories.get(code),
            permissions=actor.permissions,
            catalogue=self.catalogue,
            parents=PARENTS,
            org_names={},
            workers=self.workers,
        )

    def act(self, actor: Actor, code: str, **given: Any) -> Case:
        """Act; a minute passes. Raises Rejection or Outrun."""
        action = action_of(self.flow, code)
        assert action is not None, f"no action {code}"
        task = next((t.id for t in self.case.tasks if t.kind == action.task), None)
        fields: dict[str, Any] = {"case": self.case.id, "action": code, "task": task}
        order = checks.asked(action, ActOnCase(**(fields | given)))
        known = checks.Known(self.staff, self.labels)
        doing = self.doing(actor, self.case)
        self.case = deciding.decide(self.case, action, order, actor, doing, known)
        self.at += timedelta(minutes=1)
        return self.case

    def refused(self, actor: Actor, code: str, **given: Any) -> list[tuple[str, str | None]]:
        """Act in vain; gives codes and fields."""
        before = self.case
        try:
            self.act(actor, code, **given)
        except Rejection as rejection:
            assert self.case is before
            return [(reason.code, reason.field) for reason in rejection.reasons]
        except deciding.Outrun as outrun:
            return [(outrun.reason.code, outrun.reason.field)]
        raise AssertionError(f"{code} was taken")
