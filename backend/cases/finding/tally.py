"""Tallies of ended cases, by place and by each org that had a part: what a change adds or takes
away is a row of its own, so that nobody waits for a shared counter; a job adds rows up. Their sums
are always what counting would give.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from backend.cases.rules.parties import parts
from backend.cases.structs import Case
from offline.ports import Connection
from offline.rows import Insert
from offline.work import Change

_COLUMNS = {
    "county": "text",
    "area_path": "text",  # of a tally by place, else ''
    "holder": "text",  # of a tally by org: its `involved` part, else ''
    "flow": "text",
    "state": "text",
    "supervision": "text",
    "call_back": "text",
    "suspended": "bool",
    "n": "int4",
}
_tally = Insert("case_tally", _COLUMNS)
_KEY = ", ".join(name for name in _COLUMNS if name != "n")


async def count_ended(conn: Connection, changes: Iterable[Change]) -> None:
    """Note which cases ended, or stand otherwise after their end."""
    differences: Counter[tuple[Any, ...]] = Counter()
    for change in changes:
        differences.subtract(_key(change.before))
        differences.update(_key(change.after))
    await _tally.add(conn, [(*key, n) for key, n in differences.items() if n])


def _key(case: Case | None) -> list[tuple[Any, ...]]:
    if case is None or case.ended_at is None:
        return []
    call_back = case.call_back.state if case.call_back else None
    standing = (case.flow, case.state, case.supervision, call_back, case.suspended)
    involved = (part for part in parts(case) if part.startswith("involved:"))
    return [
        (case.county, case.area_path, "", *standing),
        *((case.county, "", holder, *standing) for holder in involved),
    ]


async def add_up(conn: Connection, worth: float = 2.0) -> bool:
    """Join rows of one key, when there are more than `worth` for each; says whether it did. Two at
    once do no harm: a row that one has taken is not there for the other.
    """
    crowded: bool = await conn.fetchval(
        f"select count(*) > $1 * count(distinct ({_KEY})) from case_tally",  # noqa: S608
        worth,
    )
    if crowded:
        await conn.execute(
            f"with taken as (delete from case_tally returning {_KEY}, n) "  # noqa: S608
            f"insert into case_tally ({_KEY}, n) select {_KEY}, sum(n) from taken "
            f"group by {_KEY} having sum(n) <> 0"
        )
    return crowded
