"""The reader `indicators`: what cases count for, told from their lines in the ledger.

Whenever the ledger has news of a case, the case's marks are reckoned anew from all of its lines,
and what differs goes to the tallies, in the transaction that moves the reader on. So the same lines
give the same figures in whatever order and however often they are read.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.cases.ground import ground_of
from backend.catalogue.worktime import WorkingTime
from backend.core.clock import utc_now
from backend.windows import tallying
from backend.windows.rules.claims import Mark
from backend.windows.rules.measures import Measure
from backend.windows.rules.periods import city_day, period_of
from backend.windows.rules.reckoning import VERBS, Line, Suspension, line_of, reckon
from offline.ports import Connection
from offline.readers import Reader

NAME = "indicators"
CASES_AT_ONCE = 2000
"""Cases of one round when everything is counted anew."""

_COLUMNS = (
    *("case_id", "thing", "measure", "at", "settled", "n"),
    *("place", "org", "post", "person", "in_area"),
)
_LINES = (
    "select entity, occurred_at, received_at, author, post, verb, facts from journal "
    "where kind = 'case' and verb = any($1)"
)

Row = tuple[Any, ...]


async def handle(conn: Connection, rows: Sequence[Any]) -> None:
    """Bring the marks of the cases that these lines are about up to date."""
    cases = {row["entity"] for row in rows if row["kind"] == "case" and row["verb"] in VERBS}
    if not cases:
        return
    lines: dict[UUID, list[Line]] = defaultdict(list)
    for row in await conn.fetch(
        f"{_LINES} and entity = any($2) order by entity, version, seq", VERBS, list(cases)
    ):
        lines[row["entity"]].append(line_of(row))
    wanted: dict[Row, None] = {}
    for case, told in lines.items():
        wanted |= dict.fromkeys(await _rows(conn, case, told))
    there = {
        tuple(row[name] for name in _COLUMNS): row["id"]
        for row in await conn.fetch(
            f"select id, {', '.join(_COLUMNS)} from indicator_mark "  # noqa: S608 - our own names
            "where case_id = any($1)",
            list(cases),
        )
    }
    gone = {row: id_ for row, id_ in there.items() if row not in wanted}
    new = [row for row in wanted if row not in there]
    await conn.execute("delete from indicator_mark where id = any($1)", list(gone.values()))
    await conn.copy_records_to_table("indicator_mark", records=new, columns=_COLUMNS)
    await tallying.add(conn, [*_changes(new, 1), *_changes(gone, -1)])


READER = Reader(NAME, handle)


async def rebuild(conn: Connection) -> int:
    """Count everything anew from the whole ledger, in one REPEATABLE READ transaction of the
    caller's; returns how many cases there are. For a ledger from elsewhere, or new readings.
    """
    await conn.execute("select 1 from journal_reader where name = $1 for update", NAME)
    snapshot = await conn.fetchval("select pg_current_snapshot()::text")
    await conn.execute("truncate indicator_mark")
    indexes = await conn.fetch(
        "select indexname, indexdef from pg_indexes where tablename = 'indicator_mark' "
        "and indexname <> 'indicator_mark_pkey'"
    )
    for index in indexes:  # made at once they take a fraction of the time
        await conn.execute(f"drop index {index['indexname']}")
    count = 0
    async for rows, cases in _everything(conn):
        await conn.copy_records_to_table("indicator_mark", records=rows, columns=_COLUMNS)
        count += cases
    for index in indexes:
        await conn.execute(index["indexdef"])
    await tallying.count_anew(conn)
    await conn.execute(
        "insert into journal_reader (name, cursor) values ($1, $2::text::pg_snapshot) "
        "on conflict (name) do update set cursor = excluded.cursor, target = null, after_seq = 0",
        NAME,
        snapshot,
    )
    await conn.execute("delete from dead_letter where reader = $1", NAME)
    return count


async def _everything(conn: Connection) -> AsyncIterator[tuple[list[Row], int]]:
    """The marks of all cases, some cases at a time."""
    after = UUID(int=0)
    while True:
        found = await conn.fetch(
            "select distinct entity from journal where kind = 'case' and entity > $1 "
            "order by entity limit $2",
            after,
            CASES_AT_ONCE,
        )
        if not found:
            return
        cases = [row["entity"] for row in found]
        after = cases[-1]
        rows: list[Row] = []
        lines: dict[UUID, list[Line]] = defaultdict(list)
        for row in await conn.fetch(
            f"{_LINES} and entity = any($2) order by entity, version, seq", VERBS, cases
        ):
            lines[row["entity"]].append(line_of(row))
        for case, told in lines.items():
            rows += await _rows(conn, case, told)
        yield rows, len(lines)


async def _rows(conn: Connection, case: UUID, lines: Sequence[Line]) -> list[Row]:
    """A case's marks as rows of the table."""
    reckoning = reckon(case, lines)
    rows = [_row(case, mark, n) for mark, n in reckoning.marks.items()]
    if reckoning.suspensions:
        county = lines[-1].fact.area_path.split("/")[0]
        ground = await ground_of(conn, county, utc_now())
        working = ground.catalogue.working
        for each in reckoning.suspensions:
            rows += [_row(case, mark, n) for mark, n in suspended(each, working)]
    return rows


def suspended(each: Suspension, working: WorkingTime) -> Iterator[tuple[Mark, int]]:
    """The working minutes of a suspension by days of the city; what lasts has no minutes yet."""
    if each.until is None:
        yield Mark(Measure.suspended_now, each.thing, each.since, each.since, each.credit), 1
        return
    at = each.since
    while at < each.until:
        ends = min(period_of("day", city_day(at)).until, each.until)
        minutes = round(working.between(at, ends) / timedelta(minutes=1))
        if minutes:
            yield Mark(Measure.suspended_time, each.thing, at, at, each.credit), minutes
        at = ends


def _row(case: UUID, mark: Mark, n: int) -> Row:
    who = mark.credit
    return (
        case,
        mark.thing,
        mark.measure.value,
        mark.at,
        mark.settled,
        n,
        who.place,
        who.org,
        who.post,
        who.person,
        who.in_area,
    )


def _changes(rows: Iterable[Row] | Mapping[Row, int], sign: int) -> Iterator[Row]:
    """Rows as what they add to the tallies."""
    for _, _, measure, at, settled, n, *who in rows:
        if measure != Measure.suspended_now:
            yield measure, at, settled, *who, sign * n


async def as_of(conn: Connection, now: datetime) -> tuple[datetime | None, int]:
    """Until when the figures know the ledger, and how many lines could not be read.

    None: the reader has never run.
    """
    place = await conn.fetchrow(
        "select cursor::text, target::text, after_seq, "
        "(select count(*) from dead_letter where reader = $1) as unreadable "
        "from journal_reader where name = $1",
        NAME,
    )
    if place is None:
        return None, 0
    unread_since = await conn.fetchval(
        """
        select received_at from journal
        where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
            and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
            and not ($2::text is not null and seq <= $3
                     and pg_visible_in_snapshot(xid, $2::text::pg_snapshot))
        order by xid limit 1
        """,
        place["cursor"],
        place["target"],
        place["after_seq"],
    )
    return min(now, unread_since or now), place["unreadable"]
