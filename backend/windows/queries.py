"""Evaluation and drill-back, within the actor's areas."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.cases.ground import Ground
from backend.cases.views import CaseRow
from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.scope import Parameters
from backend.windows.defaults import indicators_of, scorecards_of
from backend.windows.marking import as_of
from backend.windows.rules.formulas import Formula, formula_of, grade_of, ranks, score_of
from backend.windows.rules.measures import Measure
from backend.windows.rules.periods import (
    Period,
    PeriodKind,
    earlier,
    period_of,
    trend_of,
    year_before,
)
from backend.windows.structs import Indicator, Scorecard, Subject
from backend.windows.sums import Scene, Sums, depth_of, sums
from backend.windows.views import Evaluation, Figures, IndicatorView, Place
from offline.ports import Connection

SCORE = "score"
_SCOPES: Mapping[Subject, frozenset[str]] = {
    "area": frozenset({"area", "grid"}),
    "org": frozenset({"org"}),
    "post": frozenset({"post"}),
    "person": frozenset({"person"}),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What is evaluated: subjects of a kind within an area (null: the actor's own, the first),
    areas `depth` levels below it; the period of a kind that a day lies in; ranked by an indicator
    or by score.
    """

    subject: Subject
    period: PeriodKind
    day: date
    parent: str | None = None
    depth: int = 1
    by: str = SCORE


class Columns(Struct, frozen=True):
    """The indicators of a kind of subject, made ready."""

    indicators: list[Indicator]
    formulas: list[Formula]
    card: Scorecard

    def measures(self) -> set[Measure]:
        """What has to be counted for all of them."""
        return {t.measure for f in self.formulas for t in (*f.over, *f.under)}

    def values(self, counts: Mapping[Measure, int]) -> list[float | None]:
        """In the columns' order."""
        return [formula.value(counts) for formula in self.formulas]

    def score(self, values: Sequence[float | None]) -> float | None:
        """By the score card."""
        codes = [indicator.code for indicator in self.indicators]
        return score_of(self.card, dict(zip(codes, values, strict=True)))

    def ranking(self, by: str) -> "Columns":
        """Only what ranks."""
        codes = {w.indicator for w in self.card.weights} if by == SCORE else {by}
        kept = [n for n, each in enumerate(self.indicators) if each.code in codes]
        return Columns(
            [self.indicators[n] for n in kept], [self.formulas[n] for n in kept], self.card
        )

    def ranked(self, by: str, counts: Mapping[Measure, int]) -> float | None:
        """What ranks a subject. Less is better for what the card counts inversely."""
        values = self.values(counts)
        if by == SCORE:
            return self.score(values)
        return values[[indicator.code for indicator in self.indicators].index(by)]

    def inverted(self, by: str) -> bool:
        """Whether less is better."""
        return any(w.inverted for w in self.card.weights if w.indicator == by)


async def columns_of(conn: Connection, county: str, subject: Subject) -> Columns:
    """The county's indicators and score card for a kind of subject."""
    indicators = [
        each for each in await indicators_of(conn, county) if _SCOPES[subject] & set(each.scope)
    ]
    cards = [c for c in await scorecards_of(conn, county) if c.subject == subject]
    if not cards:
        raise Problem(400, "no_scorecard", "本区县没有这类对象的评分卡", field="subject")
    return Columns(indicators, [formula_of(each) for each in indicators], cards[0])


async def place_of(conn: Connection, actor: Actor, parent: str | None) -> tuple[str, list[Place]]:
    """The path of the area asked for, and the way down to it from the actor's own.

    Raises Problem 404 for what lies outside the actor's areas.
    """
    path = actor.areas[0] if actor.areas else None
    if parent is not None:
        path = await conn.fetchval("select path from area where code = $1", parent)
    if path is None or not actor.covers(path):
        raise not_found("区划")
    own = min((area for area in actor.areas if _in(path, area)), key=len)
    codes = path.split("/")[depth_of(own) - 1 :]
    names = await _names(conn, "select code as key, name from area where code = any($1)", codes)
    return path, [Place(code, names.get(code, code)) for code in codes]


def _in(path: str, area: str) -> bool:
    return path == area or path.startswith(area + "/")


async def evaluate(
    conn: Connection, actor: Actor, ground: Ground, asked: Asked, now: datetime
) -> Evaluation:
    """The figures of one period, with those before, for every subject in the place."""
    columns = await columns_of(conn, actor.county, asked.subject)
    if asked.by != SCORE and asked.by not in {each.code for each in columns.indicators}:
        raise Problem(400, "unknown_indicator", "这类对象没有这个指标", field="by")
    path, way = await place_of(conn, actor, asked.parent)
    known, unreadable = await as_of(conn, now)
    until = known or now
    working = ground.catalogue.working
    period = period_of(asked.period, asked.day)
    compared = [period, earlier(period, 1), year_before(period)]
    area = asked.subject == "area"
    depth = depth_of(path) + (asked.depth if area else 0)
    scene, whole = Scene(asked.subject, path, depth), Scene("area", path, depth_of(path))
    ranking = columns.ranking(asked.by)
    figures = await sums(conn, scene, compared, columns.measures(), until, working)
    totals = await sums(conn, whole, compared, columns.measures(), until, working)
    trend = await sums(conn, scene, trend_of(period), ranking.measures(), until, working)
    total_trend = await sums(conn, whole, trend_of(period), ranking.measures(), until, working)
    if area:
        names = await _areas(conn, path, depth, period)
    else:
        names = await _subjects(conn, asked.subject, {key for each in figures for key in each})
    keys = [key for key in names if area or any(any(each[key].values()) for each in figures)]
    keys += _strangers(figures, names) if area else []
    made = _Made(columns, ranking, asked.by, figures, trend)
    rows = [made.figures(key, *names.get(key, (key.split("/")[-1], False))) for key in keys]
    codes = {weight.indicator: weight.weight for weight in columns.card.weights}
    total = _Made(columns, ranking, asked.by, totals, total_trend).figures(path, way[-1].name)
    return Evaluation(
        subject=asked.subject,
        period=asked.period,
        start=period.start,
        end=period.end,
        as_of=known,
        unreadable=unreadable,
        place=way[-1],
        above=way[:-1],
        ranked_by=asked.by,
        scorecard=columns.card.name,
        grades=columns.card.grades,
        indicators=[
            IndicatorView(
                each.code,
                each.name,
                each.kind,
                each.numerator,
                each.denominator,
                each.period_rule,
                each.source,
                each.confirmed,
                codes.get(each.code),
            )
            for each in columns.indicators
        ],
        total=total,
        rows=_ranked(rows, made, inverted=columns.inverted(asked.by)),
    )


class _Made(Struct, frozen=True):
    """Figures of subjects, from their sums."""

    columns: Columns
    ranking: Columns
    by: str
    compared: list[Sums]
    trend: list[Sums]

    def figures(self, key: str, name: str, has_parts: bool = False) -> Figures:  # noqa: FBT001, FBT002
        """One subject's, not ranked yet."""
        values, before, year = (self.columns.values(each[key]) for each in self.compared)
        score = self.columns.score(values)
        return Figures(
            key=key,
            name=name,
            has_parts=has_parts,
            score=score,
            grade=grade_of(self.columns.card, score),
            rank=None,
            rank_before=None,
            values=values,
            before=before,
            year_before=year,
            trend=[self.ranking.ranked(self.by, each[key]) for each in self.trend],
        )


def _ranked(rows: list[Figures], made: _Made, *, inverted: bool) -> list[Figures]:
    """Best first; those with nothing to rank by last, by name."""
    sign = -1 if inverted else 1

    def measured(row: Figures, when: int) -> float | None:
        value = made.columns.ranked(made.by, made.compared[when][row.key])
        return None if value is None else sign * value

    now = [measured(row, 0) for row in rows]
    then = ranks([measured(row, 1) for row in rows])
    with_ranks = [
        _with(row, rank, before) for row, rank, before in zip(rows, ranks(now), then, strict=True)
    ]
    return sorted(with_ranks, key=lambda row: (row.rank is None, row.rank or 0, row.key))


def _with(row: Figures, rank: int | None, before: int | None) -> Figures:
    return replace(row, rank=rank, rank_before=before)


def _strangers(figures: list[Sums], names: Mapping[str, Any]) -> list[str]:
    """Areas of the time that lie elsewhere now, and still have figures."""
    found = {key: None for each in figures for key in each if any(each[key].values())}
    return [key for key in found if key not in names]


async def _areas(
    conn: Connection, path: str, depth: int, period: Period
) -> dict[str, tuple[str, bool]]:
    """The areas of a depth under a path that were valid in the period: name, and whether there are
    areas below.
    """
    sql = Parameters()
    rows = await conn.fetch(
        "select a.path, a.name, exists (select from area b where b.parent = a.code) as has_parts "  # noqa: S608
        "from area a where a.kind in ('administrative', 'responsibility') "
        f"and (a.path = {sql(path)} or a.path like {sql(path + '/%')}) "
        f"and cardinality(string_to_array(a.path, '/')) = {sql(depth)} "
        f"and a.valid_from < {sql(period.end)} "
        f"and (a.valid_to is null or a.valid_to >= {sql(period.start)}) order by a.path",
        *sql.values,
    )
    return {row["path"]: (row["name"], row["has_parts"]) for row in rows}


_SUBJECTS = {
    "org": "select code as key, name from org where code = any($1)",
    "post": (
        "select p.id::text as key, o.name || ' ' || p.name as name from post p "
        "join org o on o.code = p.org where p.id = any($1::uuid[])"
    ),
    "person": "select id::text as key, name from app_user where id = any($1::uuid[])",
}


async def _subjects(conn: Connection, kind: Subject, keys: set[str]) -> dict[str, tuple[str, bool]]:
    ids: list[Any] = sorted(keys) if kind == "org" else [UUID(key) for key in sorted(keys)]
    names = await _names(conn, _SUBJECTS[kind], ids)
    return {key: (names.get(key, key), False) for key in sorted(keys)}


async def _names(conn: Connection, query: str, keys: Sequence[Any]) -> dict[str, str]:
    return {row["key"]: row["name"] for row in await conn.fetch(query, keys)}


CASE_COLUMNS = ", ".join(f'c."{name}"' for name in CaseRow.__struct_fields__)
