"""Ended cases leave their reporters' devices when they are old: a rule's doing, no person's."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.cases.structs import Case
from backend.core.ids import derived_id
from offline.handlers import Done, Handler, Order, refuse
from offline.ports import Connection
from offline.push import RuleCommand
from offline.work import Work

RETIRE = "case.retire"
SETTING = "retire_days"
"""A county's own age in days, in its settings."""
DAYS = 90
PAGE = 500


_AGED = """
select id, ended_at, days from (
    select c.id, c.ended_at, coalesce((
        select floor((s.value #>> '{}')::numeric)::int from setting s
        where s.county = c.county and s.code = $2 and jsonb_typeof(s.value) = 'number'
    ), $3::int) as days
    from case_file c
    where c.ended_at is not null
      and exists (select from bucket_member m where m.entity = c.id and not m.removed)) t
where ended_at < $1::timestamptz - make_interval(days => days)
order by ended_at limit $4
"""


class RetireCase(Struct, frozen=True):
    """Payload of `case.retire` (type_version 1)."""

    case: UUID


async def aged(conn: Connection, now: datetime) -> list[RuleCommand]:
    """What retires the ended cases that are past their county's age and still on some device."""
    rows = await conn.fetch(
        _AGED,
        now,
        SETTING,
        DAYS,
        PAGE,
    )
    return [
        RuleCommand(
            id=derived_id(RETIRE, row["id"], row["ended_at"].isoformat()),
            type=RETIRE,
            occurred_at=row["ended_at"] + timedelta(days=row["days"]),
            payload=RetireCase(row["id"]),
        )
        for row in rows
    ]


def _targets(payload: RetireCase) -> Iterable[tuple[str, UUID]]:
    return [("case", payload.case)]


async def _prepare(_: Work, __: Sequence[Order]) -> None:
    return None


def _retire(work: Work, order: Order, _: object) -> Done:
    payload: RetireCase = order.payload
    case: Case | None = work.get("case", payload.case)
    if case is None or case.ending is None:
        raise refuse("not_ended", "案件尚未办结", "payload.case")
    after = replace(case, version=case.version + 1, retired_at=order.moment.occurred_at)
    work.put("case", after)
    work.fact("case", after, "case.retired", {})
    return Done("case", after.id, after.version, after.number)


HANDLER = Handler(RETIRE, 1, RetireCase, _targets, _prepare, _retire, by_rule=True)
