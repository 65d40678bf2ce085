"""Who a session or a command's author is: the post's rights and reach, in one query."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any
from uuid import UUID

from msgspec import Struct

from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE
from backend.core.errors import Problem
from offline.ports import Connection

REMEMBERED = timedelta(seconds=5)
"""How long a process answers from memory who acts: the most by which a change of rights made
elsewhere, or a session ended there, is late here.
"""
REMEMBERED_AT_MOST = 10_000

Authorship = tuple[UUID, UUID, datetime]
"""User, post, and when they acted."""


class Acting(Struct, frozen=True):
    """A live session: who acts in it, since when, until when. wiping: its device has been ordered
    to wipe itself, and does nothing else before.
    """

    actor: Actor
    signed_in_at: datetime
    ends_at: datetime
    must_change_password: bool
    wiping: bool


_WIPING = "(d.wipe_at is not null and d.wiped_at is null)"

_POST = """
    p.id as post, p.org, p.role, p.county, p.categories, r.permissions,
    array(select a.path from area a where a.code = any(p.areas) order by a.path) as areas,
    array(select a.code from area a where a.code = any(p.areas)
          and a.kind <> 'administrative' order by a.code) as grids,
    coalesce((select s.value #>> '{}' from setting s
        where s.county = p.county and s.code = 'device_people'), 'masked') as device_people
"""


def _appointed(day: str) -> str:
    return f"""exists (select from appointment h where h."user" = u.code and h.post = p.code
        and h.valid_from <= {day} and (h.valid_to is null or h.valid_to >= {day}))"""


_SESSION = f"""
    select s.id as session, s.user_id, s.device_id, s.created_at, s.expires_at,
        coalesce((select bool_or(i.must_change) from identity i
            where i.user_id = u.id and i.provider = 'password'), false) as must_change,
        {_WIPING} as wiping,
        {_POST}
    from session s
    join app_user u on u.id = s.user_id and u.active
    join post p on p.id = s.post_id
    join role r on r.code = p.role
    left join device d on d.id = s.device_id
    where s.expires_at > $2 and {_appointed("$3")}
"""  # noqa: S608 - put together from this file alone

_OF_SESSION = f"{_SESSION} and s.token = $1 and (d.revoked_at is null or {_WIPING})"
_OF_SESSIONS = f"{_SESSION} and s.id = any($1) and d.revoked_at is null and {_WIPING} is not true"

_OF_AUTHORS = f"""
    select w.user_id, w.post_id, w.day, {_POST}
    from unnest($1::uuid[], $2::uuid[], $3::date[]) as w (user_id, post_id, day)
    join app_user u on u.id = w.user_id and u.active
    join post p on p.id = w.post_id
    join role r on r.code = p.role
    where {_appointed("w.day")}
"""  # noqa: S608 - put together from this file alone


def city_day(at: datetime) -> date:
    """The date by which appointments are read."""
    return at.astimezone(CITY_ZONE).date()


def digest_of(token: str) -> bytes:
    """What is stored of a session's token."""
    return sha256(token.encode()).digest()


async def actor_of_session(conn: Connection, token: str, now: datetime) -> Acting:
    """Who a token acts as. Raises Problem 401 `unauthenticated` when the session is unknown, over,
    on a revoked device that has wiped itself, or its user or appointment has ended.
    """
    row = await conn.fetchrow(_OF_SESSION, digest_of(token), now, city_day(now))
    if row is None:
        raise unauthenticated()
    actor = _actor(row, device=row["device_id"], session=row["session"])
    return Acting(actor, row["created_at"], row["expires_at"], row["must_change"], row["wiping"])


async def actors_of_sessions(
    conn: Connection, sessions: Sequence[UUID], now: datetime
) -> dict[UUID, Actor]:
    """Who acts in each session that is live; one whose device is to be wiped is not."""
    rows = await conn.fetch(_OF_SESSIONS, sessions, now, city_day(now))
    return {
        row["session"]: _actor(row, device=row["device_id"], session=row["session"]) for row in rows
    }


async def authors(conn: Connection, wanted: Iterable[Authorship]) -> dict[Authorship, Actor]:
    """The actors of many commands as of when they were made. Whoever was not appointed to the post
    on that day, or is not active, is missing. Rights are those the role has now.
    """
    days = {key: _by_day(key) for key in wanted}
    users, posts, dates = zip(*set(days.values()), strict=True) if days else ((), (), ())
    rows = await conn.fetch(_OF_AUTHORS, users, posts, dates)
    found = {(row["user_id"], row["post_id"], row["day"]): _actor(row) for row in rows}
    return {key: found[day] for key, day in days.items() if day in found}


class Authors:
    """`authors` with a short memory, for phones that push one command after another. One in each
    process; a change of rights shows within REMEMBERED.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, UUID, date], tuple[Actor, float]] = {}

    async def __call__(
        self, conn: Connection, wanted: Iterable[Authorship]
    ) -> dict[Authorship, Actor]:
        """The actors of commands, as `authors` gives them."""
        now = monotonic()
        found: dict[Authorship, Actor] = {}
        unknown: list[Authorship] = []
        for key in wanted:
            actor, until = self._known.get(_by_day(key), (None, 0.0))
            if actor is not None and now < until:
                found[key] = actor
            else:
                unknown.append(key)
        if unknown:
            fresh = await authors(conn, unknown)
            if len(self._known) >= REMEMBERED_AT_MOST:
                self._known.clear()
            until = now + REMEMBERED.total_seconds()
            self._known |= {_by_day(key): (actor, until) for key, actor in fresh.items()}
            found |= fresh
        return found


def _by_day(key: Authorship) -> tuple[UUID, UUID, date]:
    return key[0], key[1], city_day(key[2])


def unauthenticated() -> Problem:
    """What an unknown or ended session gets."""
    return Problem(401, "unauthenticated", "登录已失效，请重新登录；未发送的内容仍保存在本机")


def _actor(
    row: Mapping[str, Any], *, device: UUID | None = None, session: UUID | None = None
) -> Actor:
    return Actor(
        user=row["user_id"],
        post=row["post"],
        org=row["org"],
        role=row["role"],
        county=row["county"],
        areas=tuple(row["areas"]),
        categories=tuple(row["categories"]),
        permissions=frozenset(row["permissions"]),
        grids=tuple(row["grids"]),
        device_people=row["device_people"],
        device=device,
        session=session,
    )
