"""Which cases an actor may see: the one condition that every read of cases starts from."""

from backend.core.actor import Actor
from backend.core.scope import Parameters, reach, within

ORG_RIGHTS = frozenset(
    {
        "case.handle",
        "case.assign",
        "case.dispatch",
        "case.close",
        "case.request",
        "case.supervise",
        "case.direct",
    }
)
"""Who works for an org, rather than in a grid: such posts see what their org has or had a part in,
as the holder of the closing right and former holders do.
"""
ANSWER_RIGHTS = frozenset({"request.answer", "request.decide", "request.approve"})
"""Who answers requests sees the cases that ask."""


def sees_all(actor: Actor) -> bool:
    """Whether the whole county lies within reach."""
    return actor.may("case.browse") and actor.county in actor.areas


def seen_by(actor: Actor, sql: Parameters) -> str:
    """The condition on `case_file c`: cases of the actor's areas with case.browse, those in which
    its org has or had a part, those whose requests it may answer, the open ones of the grids it
    works in (its device holds them), and always its own: reported, owned, or with a task for it.
    """
    if sees_all(actor):
        return reach(actor, sql, "c")  # the whole county: a parameter left unused is an error
    return reach(actor, sql, "c", area=actor.may("case.browse"), also=_ways(actor, sql))


def seen_in_tallies(actor: Actor, sql: Parameters) -> str:
    """The condition on `case_tally c`: of ended cases, those of the actor's areas, or else those in
    which its org had a part. The two overlap, so it is the one or the other.
    """
    if actor.may("case.browse"):
        return f"{reach(actor, sql, 'c')} and c.holder = ''"
    if sees_orgs(actor):
        return f"c.county = {sql(actor.county)} and c.holder = {sql(f'involved:{actor.org}')}"
    return "false"


def seen_beyond_tallies(actor: Actor, sql: Parameters) -> str | None:
    """Of what `seen_by` gives, what `seen_in_tallies` does not know; None for nothing."""
    if sees_all(actor):
        return None
    browses = actor.may("case.browse")
    where = [
        f"c.county = {sql(actor.county)}",
        f"({' or '.join(_ways(actor, sql, by_org=browses))})",
    ]
    if browses:
        where += [f"not ({within(path, sql, 'c.area_path')})" for path in actor.areas]
    elif sees_orgs(actor):
        where.append(f"not c.parts @> {sql([f'involved:{actor.org}'])}::text[]")
    return " and ".join(where)


def sees_orgs(actor: Actor) -> bool:
    """Whether the actor sees all in which its org has or had a part."""
    return bool(actor.permissions & ORG_RIGHTS)


def _standing(actor: Actor, *, by_org: bool) -> list[str]:
    """The entries of `parts` by which a case is the actor's."""
    mine = [f"raiser:{actor.user}", f"owner:{actor.user}"]
    if by_org and sees_orgs(actor):
        mine.append(f"involved:{actor.org}")
    if actor.permissions & ANSWER_RIGHTS:
        mine.append(f"answerer:{actor.org}")
    return mine


def answerable_anywhere(actor: Actor, sql: Parameters) -> str:
    """The condition that the post serves the case's place and category: whoever answers for the
    whole county answers there.
    """
    areas = " or ".join(within(path, sql, "c.area_path") for path in actor.areas) or "false"
    if not actor.categories:
        return f"({areas})"
    prefixes = sql(list(actor.categories))
    return (
        f"(({areas}) and exists (select from unnest({prefixes}::text[]) p "
        "where starts_with(c.category, p)))"
    )


def reported_by(user: str) -> str:
    """The condition that a user's report is among the case's."""
    return f'c.id = any(array(select r.case_id from report r where r."user" = {user}))'  # noqa: S608


def _ways(actor: Actor, sql: Parameters, *, by_org: bool = True) -> list[str]:
    """Each a condition that an index serves: arrays, where `exists` would look at every case."""
    user = sql(actor.user)
    tasks = f"select t.subject from task t where t.\"user\" = {user} and t.state = 'open'"  # noqa: S608
    ways = [
        f"c.parts && {sql(_standing(actor, by_org=by_org))}::text[]",
        reported_by(user),
        f"c.id = any(array({tasks}))",
    ]
    if actor.permissions & ANSWER_RIGHTS:
        ways.append(
            f"(c.parts @> {sql(['answerer:county'])}::text[] and {answerable_anywhere(actor, sql)})"
        )
    if actor.grids and (actor.may("case.report") or actor.may("task.answer")):
        ways.append(f"(c.grid = any({sql(actor.grids)}) and c.ended_at is null)")
    return ways
