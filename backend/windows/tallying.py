"""Tallies: sums of marks by day and month, kept so that a year over all areas is a short read."""

from backend.core.clock import CITY_ZONE
from backend.windows.rules.measures import MEASURES
from offline.ports import Connection

_OFFSET = f"interval '{int(CITY_ZONE.utcoffset(None).total_seconds())} seconds'"
_NAMES = [f'"{measure.name}"' for measure in MEASURES]
_SUMS = [f"coalesce(sum(m.n) filter (where m.measure = {m.value}), 0)" for m in MEASURES]
_KEY = "unit, kind, depth, at, place, key, settled"


def _day(column: str) -> str:
    """The city's date of an instant."""
    return f"(({column}) at time zone {_OFFSET})::date"


DEPTHS = {"day": {"area": 3}, "month": {"area": 99}}
"""How deep places are tallied: by day to the third level, by month to the grid; orgs, posts and
people within the first two. What lies deeper is so little that it is summed from its marks.
"""
OTHERS = 2


def is_tallied(unit: str, kind: str, place_depth: int) -> bool:
    """Whether there are tallies of a kind of subject in places of a depth."""
    return place_depth <= DEPTHS[unit].get(kind, OTHERS)


def _into(source: str) -> str:
    """Adds marks to the tallies: each to its day and month, to the area and whoever else it is
    credited to, in every place that its own lies in.
    """
    return f"""
        with m as (
            select measure, {_day("at")} as day, {_day("settled")} as settled, place, org, post,
                person, in_area, sum(n) as n
            from {source} group by 1, 2, 3, 4, 5, 6, 7, 8
        )
        insert into indicator_tally ({_KEY}, {", ".join(_NAMES)})
        select u.unit, k.kind, p.depth, u.at, p.place, k.key, u.settled, {", ".join(_SUMS)}
        from m
        cross join lateral (values
            ('day', m.day, m.settled, {DEPTHS["day"]["area"]}),
            ('month', date_trunc('month', m.day)::date, date_trunc('month', m.settled)::date,
                {DEPTHS["month"]["area"]})
        ) u (unit, at, settled, deep)
        cross join lateral (
            select string_to_array(m.place, '/') as parts) w
        cross join lateral (
            select depth, array_to_string(w.parts[1:depth], '/') as place
            from generate_series(1, cardinality(w.parts)) depth
        ) p
        cross join lateral (values
            ('area', '', m.in_area),
            ('org', m.org, m.org is not null),
            ('post', m.post::text, m.post is not null),
            ('person', m.person::text, m.person is not null)
        ) k (kind, key, there)
        where k.there and p.depth <= case k.kind when 'area' then u.deep else {OTHERS} end
        group by 1, 2, 3, 4, 5, 6, 7
        on conflict ({_KEY}) do update set
        {", ".join(f"{name} = indicator_tally.{name} + excluded.{name}" for name in _NAMES)}
    """  # noqa: S608 - names and numbers of our own


_CHANGES = _into(
    "unnest($1::int2[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], "
    "$7::uuid[], $8::bool[], $9::int4[]) "
    "as c (measure, at, settled, place, org, post, person, in_area, n)"
)
_ALL = _into(f"indicator_mark where measure <= {len(MEASURES)}")


async def add(conn: Connection, changes: list[tuple[object, ...]]) -> None:
    """Add marks (measure, at, settled, place, org, post, person, in_area, n) to the tallies."""
    if changes:
        await conn.execute(_CHANGES, *zip(*changes, strict=True))


async def count_anew(conn: Connection) -> None:
    """Make all tallies from the marks."""
    await conn.execute("truncate indicator_tally")
    await conn.execute(_ALL)
