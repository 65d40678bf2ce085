"""综合评价 over HTTP: figures, and the cases behind each of them."""

from datetime import date, datetime
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from backend.cases.ground import ground_of
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.core.errors import Problem
from backend.directory.access import permission
from backend.windows import drilling, queries
from backend.windows.queries import Asked
from backend.windows.rules.periods import PeriodKind, city_day
from backend.windows.structs import Subject
from backend.windows.views import Drill, Evaluation

Short = Annotated[str | None, QueryParameter(max_length=64)]
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)


def day_of(text: str | None, now: datetime) -> date:
    """The day that `2026`, `2026-11` or `2026-11-20` begins with; today without one.

    Raises Problem 400 `bad_period`.
    """
    if text is None:
        return city_day(now)
    try:
        day = date.fromisoformat(text + "-01-01"[(len(text) - 4) :] if len(text) < 10 else text)
    except ValueError as error:
        raise _bad_period() from error
    if not FIRST <= day < LAST:
        raise _bad_period()
    return day


def _bad_period() -> Problem:
    return Problem(400, "bad_period", "时间应形如 2026、2026-11 或 2026-11-20", field="at")


def _asked(
    subject: FromQuery[Subject] = "area",
    period: FromQuery[PeriodKind] = "month",
    at: Annotated[str | None, QueryParameter(max_length=10)] = None,
    parent: Short = None,
    depth: Annotated[int, QueryParameter(ge=0, le=4)] = 1,
    by: Annotated[str, QueryParameter(max_length=64)] = queries.SCORE,
) -> Asked:
    day = day_of(at, utc_now())
    return Asked(subject=subject, period=period, day=day, parent=parent, depth=depth, by=by)


class WindowController(Controller):
    """Figures within the actor's areas."""

    path = "/api/windows"
    guards = [permission("evaluation.browse")]
    dependencies = {"asked": Provide(_asked, sync_to_thread=False)}
    tags = ["windows"]

    @get("/evaluation")
    async def evaluation(
        self, actor: NamedDependency[Actor], asked: NamedDependency[Asked]
    ) -> Evaluation:
        """Areas, orgs, posts or people of a period, ranked, with the periods to compare with."""
        now = utc_now()
        async with database.snapshot() as conn:
            ground = await ground_of(conn, actor.county, now)
            return await queries.evaluate(conn, actor, ground, asked, now)

    @get("/drill")
    async def drill(
        self,
        actor: NamedDependency[Actor],
        asked: NamedDependency[Asked],
        indicator: Annotated[str, QueryParameter(max_length=64)],
        key: Annotated[str, QueryParameter(max_length=200)] = "",
        part: FromQuery[drilling.Part] = "over",
        after: Annotated[str | None, QueryParameter(max_length=300)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=100)] = 30,
    ) -> Drill:
        """What a figure counts, with its cases."""
        now = utc_now()
        async with database.snapshot() as conn:
            ground = await ground_of(conn, actor.county, now)
            return await drilling.drill(
                conn, actor, ground, asked, key, indicator, part, after, limit, now
            )
