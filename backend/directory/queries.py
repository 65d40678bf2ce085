"""What sign-in and a session's owner read of the directory."""

from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct

from backend.core.actor import Actor
from backend.core.ids import derived_id
from backend.directory.actors import Acting
from backend.directory.rules import buckets_of, subject_of
from backend.directory.structs import (
    CountyDevice,
    DeviceList,
    DeviceView,
    Holding,
    PersonView,
    PostChoice,
    SessionView,
)
from offline.ports import Connection


class Credential(Struct, frozen=True):
    """An active user's password identity."""

    identity: UUID
    user: UUID
    user_name: str
    subject: str
    secret: bytes | None


def password_identity(name: str) -> UUID:
    """The id of the identity that signs in by a name, however it is typed."""
    return derived_id("identity", "password", subject_of(name))


_CREDENTIAL = """
    select i.id, i.user_id, u.name, i.subject, i.secret
    from identity i join app_user u on u.id = i.user_id
    where i.provider = 'password' and u.active
"""


async def credential_of(conn: Connection, name: str) -> Credential | None:
    """The password identity of a sign-in name."""
    query = f"{_CREDENTIAL} and i.id = $1"
    return _credential(await conn.fetchrow(query, password_identity(name)))


async def credential_of_user(conn: Connection, user: UUID) -> Credential | None:
    """The password identity of a user, if they have one."""
    return _credential(await conn.fetchrow(f"{_CREDENTIAL} and i.user_id = $1", user))


def _credential(row: Any) -> Credential | None:
    if row is None:
        return None
    return Credential(row["id"], row["user_id"], row["name"], row["subject"], row["secret"])


async def posts_of(conn: Connection, user: UUID, day: date) -> list[PostChoice]:
    """The posts a user may act as on a day, the longest held first."""
    rows = await conn.fetch(
        """
        select p.id, p.name, p.org, o.name as org_name, p.role, r.name as role_name
        from app_user u
        join appointment h on h."user" = u.code
            and h.valid_from <= $2 and (h.valid_to is null or h.valid_to >= $2)
        join post p on p.code = h.post
        join org o on o.code = p.org
        join role r on r.code = p.role
        where u.id = $1
        group by p.id, o.name, r.name
        order by min(h.valid_from), p.code
        """,
        user,
        day,
    )
    return [PostChoice(**row) for row in rows]


async def session_view(
    conn: Connection, acting: Acting, day: date, seal_key: str, holding: Holding
) -> SessionView:
    """What a session tells its owner."""
    actor = acting.actor
    assert actor.device is not None
    return SessionView(
        user=actor.user,
        name=await conn.fetchval("select name from app_user where id = $1", actor.user),
        post=actor.post,
        posts=await posts_of(conn, actor.user, day),
        org=actor.org,
        role=actor.role,
        county=actor.county,
        areas=list(actor.areas),
        categories=list(actor.categories),
        permissions=sorted(actor.permissions),
        buckets=buckets_of(actor),
        device=actor.device,
        must_change_password=acting.must_change_password,
        seal_key=seal_key,
        holding=holding,
    )


PAGE = 50
_DEVICE = """d.id, d.name, d.platform, d.registered_at, d.seen_at, d.id = $2 as this,
    d.revoked_at is not null as revoked, d.wipe_at, d.wiped_at"""


async def devices_of(conn: Connection, actor: Actor) -> list[DeviceView]:
    """The devices bound to the actor, the newest first."""
    rows = await conn.fetch(
        f"select {_DEVICE} from device d where user_id = $1 "  # noqa: S608 - a constant
        "order by registered_at desc, id",
        actor.user,
        actor.device,
    )
    return [DeviceView(**row) for row in rows]


async def county_devices(conn: Connection, actor: Actor, q: str, page: int) -> DeviceList:
    """The devices of the actor's county whose name, platform or user's name holds every word of
    `q`, the last seen first.
    """
    words = q.lower().split()
    found = (
        "from device d join app_user u on u.id = d.user_id where u.county = $1 "
        "and not exists (select from unnest($3::text[]) w where strpos(lower("
        "concat_ws(' ', d.name, d.platform, u.name, u.code)), w) = 0)"
    )
    rows = await conn.fetch(
        f"select {_DEVICE}, d.user_id as user, u.name as user_name {found} "
        f"order by coalesce(d.seen_at, d.registered_at) desc, d.id limit {PAGE} offset $4",
        *(actor.county, actor.device, words, (page - 1) * PAGE),
    )
    total = await conn.fetchval(
        f"select count(*) {found} and $2::uuid is not null",
        *(actor.county, actor.device, words),
    )
    return DeviceList([CountyDevice(**row) for row in rows], total)


_IN_OFFICE = """
    select u.id, u.name, p.org, o.name as org_name, string_agg(distinct p.name, '、') as post_name,
        coalesce(array_agg(distinct a.code) filter (where 'task.answer' = any(r.permissions)
            and a.kind <> 'administrative'), '{}') as grids
    from appointment h
    join app_user u on u.code = h."user" and u.active
    join post p on p.code = h.post and p.county = $1
    join org o on o.code = p.org
    join role r on r.code = p.role
    left join area a on a.code = any(p.areas)
    where h.valid_from <= $2 and (h.valid_to is null or h.valid_to >= $2)
"""
_BY_PERSON = " group by u.id, u.name, p.org, o.name order by o.name, u.name, u.id, p.org"


async def colleagues_of(conn: Connection, actor: Actor, day: date) -> list[PersonView]:
    """Those the actor may hand over to: of the same org, or answering tasks in one of the actor's
    grids. Not the actor.
    """
    rows = await conn.fetch(
        _IN_OFFICE
        + """ and u.id <> $3 and (p.org = $4
            or (p.areas && $5 and 'task.answer' = any(r.permissions)))"""
        + _BY_PERSON,
        *(actor.county, day, actor.user, actor.org, list(actor.grids)),
    )
    return [PersonView(**row) for row in rows]


async def people_with(
    conn: Connection, county: str, permission: str, day: date
) -> list[PersonView]:
    """Those in office whose role holds a permission."""
    rows = await conn.fetch(
        _IN_OFFICE + " and $3 = any(r.permissions)" + _BY_PERSON, county, day, permission
    )
    return [PersonView(**row) for row in rows]
