"""Drill-back: the things that a figure counts, by the sums that make the figure."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.cases.ground import Ground
from backend.cases.views import CaseRow
from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.scope import Parameters
from backend.windows.marking import as_of
from backend.windows.queries import CASE_COLUMNS, Asked, columns_of, place_of
from backend.windows.rules.formulas import Term
from backend.windows.rules.measures import Measure
from backend.windows.rules.periods import Period, period_of
from backend.windows.sums import Scene, cutoff, depth_of, lasting, marked, sums, worked
from backend.windows.views import Counted, Drill
from offline.ports import Connection

Part = Literal["over", "under"]


class Place(Struct, frozen=True):
    """Where a page ends."""

    at: datetime
    thing: UUID
    measure: int


async def drill(
    conn: Connection,
    actor: Actor,
    ground: Ground,
    asked: Asked,
    key: str,
    indicator: str,
    part: Part,
    after: str | None,
    limit: int,
    now: datetime,
) -> Drill:
    """A page of what a figure counts: of a ratio, what its numerator (over) or denominator (under)
    counts. `key`: the subject as the evaluation names it; empty: the place as a whole.
    """
    columns = await columns_of(conn, actor.county, asked.subject)
    formula = next((f for f in columns.formulas if f.code == indicator), None)
    if formula is None:
        raise Problem(400, "unknown_indicator", "这类对象没有这个指标", field="indicator")
    terms = formula.under if part == "under" else formula.over
    if not terms:
        raise Problem(400, "no_denominator", "这个指标没有分母", field="part")
    path, _ = await place_of(conn, actor, asked.parent)
    if asked.subject == "area" and key:
        if not actor.covers(key):
            raise not_found("区划")
        path = key
    kind = asked.subject if key else "area"
    scene = Scene(kind, path, depth_of(path))
    known, _ = await as_of(conn, now)
    until = known or now
    period = period_of(asked.period, asked.day)
    measures = {term.measure for term in terms}
    [found] = await sums(conn, scene, [period], measures, until, ground.catalogue.working)
    subject = path if kind == "area" else key
    total = sum(term.sign * found[subject][term.measure] for term in terms)
    page = await _page(conn, scene, key, period, terms, until, after, limit)
    if after is None and Measure.suspended_time in measures:
        for row in await lasting(conn, scene, cutoff(period, until)):
            minutes = worked(row["at"], period, until, ground.catalogue.working)
            if minutes and row["key"] == subject:
                page.insert(0, {**row, "measure": Measure.suspended_now.value, "n": minutes})
    more = len(page) > limit and page[limit - 1]
    shown = page[:limit] if more else page
    return Drill(total, known, await _with_cases(conn, shown), _write(more) if more else None)


async def _page(
    conn: Connection,
    scene: Scene,
    key: str,
    period: Period,
    terms: Sequence[Term],
    as_of: datetime,
    after: str | None,
    limit: int,
) -> list[Any]:
    sql = Parameters()
    start, end = sql(period.since), sql(cutoff(period, as_of))
    sign = " ".join(f"when {t.measure.value} then {t.sign}" for t in terms)
    measures = ", ".join(str(term.measure.value) for term in terms)
    whose = "m.in_area" if scene.kind == "area" else f"m.{scene.kind} = {_typed(scene, sql, key)}"
    where = [
        f"m.measure in ({measures})",
        f"m.at >= {start} and m.at < {end} and m.settled < {end}",
        whose,
        marked(scene, sql),
    ]
    if after is not None:
        place = _read(after)
        where.append(
            f"(m.at, m.thing, m.measure) < ({sql(place.at)}, {sql(place.thing)}, "
            f"{sql(place.measure)}::int2)"
        )
    rows = await conn.fetch(
        f"select m.at, m.thing, m.measure, m.case_id, "  # noqa: S608 - our own names and numbers
        f"sum(m.n * case m.measure {sign} end)::int8 as n "
        f"from indicator_mark m where {' and '.join(where)} "
        "group by m.at, m.thing, m.measure, m.case_id having sum(m.n) <> 0 "
        f"order by m.at desc, m.thing desc, m.measure desc limit {sql(limit + 1)}",
        *sql.values,
    )
    return [dict(row) for row in rows]


def _typed(scene: Scene, sql: Parameters, key: str) -> str:
    if scene.kind == "org":
        return sql(key)
    try:
        return sql(UUID(key))
    except ValueError as error:
        raise Problem(400, "bad_key", "没有这个对象", field="key") from error


async def _with_cases(conn: Connection, page: Sequence[Any]) -> list[Counted]:
    rows = await conn.fetch(
        f"select {CASE_COLUMNS} from case_file c where c.id = any($1)",  # noqa: S608
        list({each["case_id"] for each in page}),
    )
    cases = {row["id"]: CaseRow(**row) for row in rows}
    return [Counted(e["thing"], e["at"], e["n"], cases[e["case_id"]]) for e in page]


def _write(row: Any) -> str:
    place = Place(row["at"], row["thing"], row["measure"])
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read(text: str) -> Place:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Place)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise Problem(400, "bad_cursor", "翻页位置无效,请刷新列表", field="after") from error
