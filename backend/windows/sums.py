"""Sums of marks: the one place where figures are read, from tallies and from marks alike.

A period that is not over is read as if it ended at the instant until which the ledger is known, so
that a limit which lies ahead is not yet due. Tallies are of whole days and months and hold what
lies ahead; it is taken off again by the marks themselves, which are few.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from backend.catalogue.worktime import WorkingTime
from backend.core.scope import Parameters, within
from backend.windows.rules.measures import MEASURES, Measure
from backend.windows.rules.periods import Period
from backend.windows.structs import Subject
from backend.windows.tallying import is_tallied
from offline.ports import Connection

Sums = dict[str, Counter[Measure]]
"""Subject's key -> sums."""


class Scene(Struct, frozen=True):
    """What is looked at: subjects of a kind within a place. For areas, those `depth` levels down
    the path, keyed by path; depth that of the place itself: the place.
    """

    kind: Subject
    place: str  # path
    depth: int

    @property
    def key(self) -> str:
        """SQL for the subject that a mark `m` is credited to; null: to none of this kind."""
        if self.kind == "area":
            path = f"array_to_string((string_to_array(m.place, '/'))[1:{self.depth}], '/')"
            deep = f"cardinality(string_to_array(m.place, '/')) >= {self.depth}"
            return f"case when m.in_area and {deep} then {path} end"
        return f"m.{self.kind}::text"


def depth_of(path: str) -> int:
    """How deep a place lies: 1 the county."""
    return path.count("/") + 1


def cutoff(period: Period, as_of: datetime) -> datetime:
    """Where a period ends for counting."""
    return max(period.since, min(period.until, as_of))


async def sums(
    conn: Connection,
    scene: Scene,
    periods: Sequence[Period],
    measures: Collection[Measure],
    as_of: datetime,
    working: WorkingTime,
) -> list[Sums]:
    """For each period (all of one kind), what each subject's marks sum to."""
    found: list[Sums] = [defaultdict(Counter) for _ in periods]
    unit = "month" if periods[0].monthly else "day"
    if is_tallied(unit, scene.kind, scene.depth):
        await _tallied(conn, scene, unit, periods, measures, found)
        ahead = [
            (n, max(period.since, as_of), period.until)
            for n, period in enumerate(periods)
            if period.until > as_of
        ]
        await _add_marks(conn, scene, ahead, measures, found, -1)
    else:
        known = [(n, p.since, cutoff(p, as_of)) for n, p in enumerate(periods)]
        await _add_marks(conn, scene, known, measures, found, 1)
    if Measure.suspended_time in measures:
        await _add_lasting(conn, scene, periods, as_of, working, found)
    return found


async def _tallied(
    conn: Connection,
    scene: Scene,
    unit: str,
    periods: Sequence[Period],
    measures: Collection[Measure],
    found: list[Sums],
) -> None:
    sql = Parameters()
    columns = [measure for measure in MEASURES if measure in measures]
    added = ", ".join(f'sum(t."{measure.name}")::int8' for measure in columns)
    starts, ends = sql([p.start for p in periods]), sql([p.end for p in periods])
    key = "t.place" if scene.kind == "area" else "t.key"
    below = scene.kind == "area" and scene.depth > depth_of(scene.place)
    place = within(scene.place, sql, "t.place") if below else f"t.place = {sql(scene.place)}"
    rows = await conn.fetch(
        f"select p.n, {key} as key, {added} "  # noqa: S608 - columns of our own
        f"from unnest({starts}::date[], {ends}::date[]) with ordinality p (a, b, n) "
        f"join indicator_tally t on t.unit = {sql(unit)} and t.kind = {sql(scene.kind)} "
        f"and t.depth = {sql(scene.depth)} and t.at >= p.a and t.at < p.b and t.settled < p.b "
        f"where ({place}) group by 1, 2",
        *sql.values,
    )
    for n, subject, *values in rows:
        into = found[n - 1][subject]
        for measure, value in zip(columns, values, strict=True):
            into[measure] += value


def marked(scene: Scene, sql: Parameters) -> str:
    """The condition on marks `m` that lie in the scene's place."""
    return f"({within(scene.place, sql, 'm.place')})"


async def _add_marks(
    conn: Connection,
    scene: Scene,
    spans: Sequence[tuple[int, datetime, datetime]],
    measures: Collection[Measure],
    found: list[Sums],
    sign: int,
) -> None:
    """Add what marks themselves sum to: for the n-th period, those of [since, until)."""
    if not spans:
        return
    sql = Parameters()
    numbers, starts, ends = (sql(list(each)) for each in zip(*spans, strict=True))
    rows = await conn.fetch(
        f"select p.n, {scene.key} as key, m.measure, sum(m.n)::int8 as sum "  # noqa: S608
        f"from unnest({numbers}::int4[], {starts}::timestamptz[], {ends}::timestamptz[]) "
        "as p (n, a, b) "
        f"join indicator_mark m on m.at >= p.a and m.at < p.b and m.settled < p.b "
        f"where m.measure = any({sql([m.value for m in measures])}::int2[]) "
        f"and {marked(scene, sql)} group by 1, 2, 3",
        *sql.values,
    )
    for row in rows:
        if row["key"] is not None:
            found[row["n"]][row["key"]][Measure(row["measure"])] += sign * row["sum"]


async def _add_lasting(
    conn: Connection,
    scene: Scene,
    periods: Sequence[Period],
    as_of: datetime,
    working: WorkingTime,
    found: list[Sums],
) -> None:
    for row in await lasting(conn, scene, max(cutoff(p, as_of) for p in periods)):
        for period, into in zip(periods, found, strict=True):
            minutes = worked(row["at"], period, as_of, working)
            if minutes:
                into[row["key"]][Measure.suspended_time] += minutes


async def lasting(conn: Connection, scene: Scene, until: datetime) -> list[Any]:
    """Suspensions that last and began before an instant: key, thing, case_id, at."""
    sql = Parameters()
    rows = await conn.fetch(
        f"select {scene.key} as key, m.thing, m.case_id, m.at from indicator_mark m "  # noqa: S608
        f"where m.measure = {Measure.suspended_now.value} and m.at < {sql(until)} "
        f"and {marked(scene, sql)} order by m.at desc",
        *sql.values,
    )
    return [row for row in rows if row["key"] is not None]


def worked(since: datetime, period: Period, as_of: datetime, working: WorkingTime) -> int:
    """Working minutes of a period from an instant on."""
    span = working.between(max(since, period.since), cutoff(period, as_of))
    return round(span / timedelta(minutes=1))
