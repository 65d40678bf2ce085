"""Who may see which rows: the one place where a query is narrowed to its actor's reach.

    sql = Parameters()
    where = [reach(actor, sql, "c", also=[f"c.reporter = {sql(actor.user)}"])]
    if stage:
        where.append(f"c.stage = {sql(stage)}")
    rows = await conn.fetch(f"select … from case_ c where {' and '.join(where)}", *sql.values)

Reading one row by its id goes the same way, so that another county's case is a 404, not a 403.
"""

from collections.abc import Sequence
from typing import Any

from backend.core.actor import Actor


class Parameters:
    """asyncpg's numbered parameters: calling it with a value gives the `$n` that stands for it."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def __call__(self, value: object) -> str:
        """Keep the value and give its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"


def reach(
    actor: Actor, sql: Parameters, table: str, *, area: bool = True, also: Sequence[str] = ()
) -> str:
    """A condition on rows with `county` and `area_path`: in the actor's county, and either within
    its areas or of its own by one of the conditions in `also` (its org's, its user's).

    area: false for posts whose areas give no right to look (a handler sees its org's cases only).
    """
    county = f"{table}.county = {sql(actor.county)}"
    if area and actor.county in actor.areas:
        return county
    ways = [*(within(path, sql, f"{table}.area_path") for path in actor.areas if area), *also]
    return f"({county} and ({' or '.join(ways) or 'false'}))"


def within(path: str, sql: Parameters, column: str) -> str:
    """The place itself or what lies under it, as a range that a text_pattern_ops index serves even
    in a generic plan, where LIKE with a parameter is not served. '0' is what follows '/'.
    """
    return (
        f"{column} = {sql(path)} or "
        f"({column} ~>=~ {sql(path + '/')} and {column} ~<~ {sql(path + '0')})"
    )
