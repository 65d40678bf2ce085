"""The life of a session: signing in, acting as a post, signing out.

A session acts as one post, under one password, from beginning to end. Switching post or changing
the password begins another with a token of its own, so that no process can still answer for the
former state from its memory.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from secrets import token_urlsafe
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.core.actor import Actor
from backend.core.clock import Clock, utc_now
from backend.core.crypto import Keyring
from backend.core.database import connection, transaction
from backend.core.errors import Problem
from backend.core.ids import new_id
from backend.core.limits import Limiter
from backend.core.noting import note
from backend.core.sealing import Seal
from backend.directory import devices, lockout, queries
from backend.directory.actors import (
    REMEMBERED,
    REMEMBERED_AT_MOST,
    Acting,
    actor_of_session,
    actors_of_sessions,
    city_day,
    digest_of,
    unauthenticated,
)
from backend.directory.devices import Whose
from backend.directory.passwords import Passwords
from backend.directory.rules import HANDOVER, password_fault, renewed_end, session_end
from backend.directory.structs import ChangePassword, Holding, SessionView, SignIn
from offline.journal import Entry, append
from offline.ports import Connection

TOKEN_BYTES = 32
TRIES_PER_MINUTE = 60
"""Sign-ins from one address; a whole office may sit behind it."""


HoldingOf = Callable[[Connection, str], Awaitable[Holding]]
"""What a county lets its devices hold."""


class Opened(Struct, frozen=True):
    """A session just begun. Only its holder knows the token."""

    token: str
    view: SessionView


class Sessions:
    """Begins, serves and ends sessions. One in each web process."""

    def __init__(
        self,
        keyring: Keyring,
        passwords: Passwords,
        limiter: Limiter,
        holding: HoldingOf,
        clock: Clock = utc_now,
    ) -> None:
        self._keyring = keyring
        self._data_keys = keyring.cipher("data key")
        self._seal_key = Seal(keyring).public_key
        self._passwords = passwords
        self._limiter = limiter
        self._holding = holding
        self._clock = clock
        self._remembered: dict[str, tuple[Acting, datetime]] = {}

    async def acting(self, token: str, ip: str | None) -> Acting:
        """Who a token acts as. Raises Problem 401 `unauthenticated`."""
        now = self._clock()
        acting, until = self._remembered.get(token, (None, now))
        if acting is None or until <= now:
            async with connection() as conn:
                acting = await actor_of_session(conn, token, now)
                await _renew(conn, acting, now)
            if len(self._remembered) >= REMEMBERED_AT_MOST:
                self._remembered.clear()
            self._remembered[token] = acting, now + REMEMBERED
        return replace(acting, actor=replace(acting.actor, ip=ip))

    async def actors(self, sessions: Sequence[UUID]) -> dict[UUID, Actor]:
        """Who acts in each of these now, those that are over missing. What is remembered otherwise
        is forgotten.
        """
        async with connection() as conn:
            actors = await actors_of_sessions(conn, sessions, self._clock())
        looked_at = set(sessions)
        self._remembered = {
            token: known
            for token, known in self._remembered.items()
            if (actor := known[0].actor).session not in looked_at
            or actors.get(actor.session) == actor
        }
        return actors

    async def sign_in(self, form: SignIn, ip: str | None) -> Opened:
        """Begin a session in the post last acted as, else in the one held longest.

        Raises Problem 401 `sign_in_refused` (wrong name or password, without telling which), 429
        `sign_in_locked` or `too_many_requests`, 403 `no_post`, and what `devices` raises.
        """
        key = devices.key_of(form.device)
        await self._limiter.hit("sign-in", ip or "unknown", limit=TRIES_PER_MINUTE, window_s=60)
        user = await self._prove(form.name, form.password, form.device.id, ip)
        now = self._clock()
        async with transaction() as conn:
            post = await _first_post(conn, user, now)
            device = await devices.register(conn, form.device, key, user, now, self._data_keys)
            opened, actor = await self._open(
                conn, user, post, form.device.id, signed_in_at=now, now=now
            )
            actor = replace(actor, ip=ip)
            if device.new_here:
                await note(conn, "device_registered", now, actor)
            await note(conn, "signed_in", now, actor)
        self._forget(device=form.device.id)
        return replace(opened, view=replace(opened.view, data_key=device.data_key))

    async def view(self, acting: Acting) -> SessionView:
        """What the session tells its owner."""
        async with connection() as conn:
            return await self._view(conn, acting, self._clock())

    async def switch(self, actor: Actor, post: UUID) -> Opened:
        """Go on as another of one's posts. Raises Problem 403 `not_your_post`."""
        now = self._clock()
        async with transaction() as conn:
            choices = await queries.posts_of(conn, actor.user, city_day(now))
            if all(choice.id != post for choice in choices):
                raise Problem(403, "not_your_post", "您目前没有担任这个岗位", field="post")
            signed_in_at = await conn.fetchval(
                "update session set expires_at = least(expires_at, $2) where id = $1 "
                "returning created_at",
                actor.session,
                now + HANDOVER,
            )
            if signed_in_at is None or actor.device is None:
                raise unauthenticated()
            opened, after = await self._open(
                conn, actor.user, post, actor.device, signed_in_at=signed_in_at, now=now
            )
            await note(conn, "switched_post", now, replace(after, ip=actor.ip), former=actor.post)
        self._forget(user=actor.user)
        return opened

    async def change_password(self, actor: Actor, form: ChangePassword) -> Opened:
        """Set a new password, end all the user's sessions and begin one here.

        Raises Problem 403 `wrong_password`, 400 `weak_password`, 429 `sign_in_locked`.
        """
        async with connection() as conn:
            credential = await queries.credential_of_user(conn, actor.user)
        if credential is None or actor.device is None:
            raise Problem(409, "no_password", "您的账号不使用密码登录")
        try:
            await self._prove(credential.subject, form.old, actor.device, actor.ip)
        except Problem as problem:
            if problem.code != "sign_in_refused":
                raise
            raise Problem(403, "wrong_password", "原密码不对，请重新输入", field="old") from None
        fault = password_fault(form.new, (credential.user_name, credential.subject))
        if fault or form.new == form.old:
            raise Problem(400, "weak_password", fault or "新密码不能与原密码相同", field="new")
        secret = await self._passwords.sealed(form.new, credential.identity)
        now = self._clock()
        async with transaction() as conn:
            await conn.execute(
                "update identity set secret = $2, must_change = false where id = $1",
                credential.identity,
                secret,
            )
            await conn.execute("delete from session where user_id = $1", actor.user)
            opened, after = await self._open(
                conn, actor.user, actor.post, actor.device, signed_in_at=now, now=now
            )
            await note(conn, "changed_password", now, replace(after, ip=actor.ip))
        self._forget(user=actor.user)
        return opened

    async def sign_out(self, actor: Actor, *, everywhere: bool) -> None:
        """End this session, or all of the user's. A device that signs out has wiped itself."""
        now = self._clock()
        async with transaction() as conn:
            if actor.device and await devices.confirm_wipe(conn, actor.device, now):
                await note(conn, "device_wiped", now, actor)
            if everywhere:
                await conn.execute("delete from session where user_id = $1", actor.user)
            else:
                await conn.execute("delete from session where id = $1", actor.session)
            await note(conn, "signed_out", now, actor, everywhere=everywhere)
        self._forget(user=actor.user)

    async def rename(self, actor: Actor, device: UUID, whose: Whose, name: str) -> None:
        """Call a device something else. Raises Problem 404."""
        async with transaction() as conn:
            await devices.rename(conn, device, whose, name)
            await note(conn, "device_renamed", self._clock(), actor, renamed=device)

    async def revoke(self, actor: Actor, device: UUID, whose: Whose) -> None:
        """Stop a device for good. Raises Problem 404."""
        now = self._clock()
        async with transaction() as conn:
            await devices.revoke(conn, device, whose, now)
            await note(conn, "device_revoked", now, actor, revoked=device)
        self._forget(device=device)

    async def order_wipe(self, actor: Actor, device: UUID, whose: Whose) -> None:
        """Tell a device to wipe itself. Raises Problem 404."""
        now = self._clock()
        async with transaction() as conn:
            await devices.order_wipe(conn, device, whose, now)
            await note(conn, "device_wipe_ordered", now, actor, ordered=device)
        self._forget(device=device)

    async def refuse(self, actor: Actor, permissions: tuple[str, ...], route: str) -> None:
        """Keep in the ledger that an actor was refused a route. Raises Problem 403 `forbidden`."""
        async with transaction() as conn:
            facts = {"permissions": permissions, "route": route}
            await note(conn, "access_refused", self._clock(), actor, **facts)
        raise Problem(403, "forbidden", "您当前的岗位没有这项权限", field=permissions[0])

    async def _prove(self, name: str, password: str, device: UUID, ip: str | None) -> UUID:
        """Check a password under the lock-out; gives the user."""
        now = self._clock()
        tries = lockout.key_of(self._keyring, name)
        try:
            async with transaction() as conn:
                await lockout.admit(conn, tries, now)
                credential = await queries.credential_of(conn, name)
        except Problem:
            await self._note_failure(tries, "locked", device, ip)
            raise
        identity = queries.password_identity(name)
        secret = credential.secret if credential else None
        verdict = await self._passwords.verify(password, identity, secret)
        if credential is None or not verdict.right:
            await self._note_failure(tries, "password", device, ip)
            raise Problem(401, "sign_in_refused", "用户名或密码不对，请重新输入")
        async with transaction() as conn:
            await lockout.forgive(conn, tries)
            if verdict.resealed:
                await conn.execute(
                    "update identity set secret = $2 where id = $1", identity, verdict.resealed
                )
        return credential.user

    async def _note_failure(self, tries: str, reason: str, device: UUID, ip: str | None) -> None:
        now = self._clock()
        facts = {"name_index": tries, "reason": reason, "claimed_device": device}
        entry = Entry(occurred_at=now, received_at=now, verb="sign_in_refused", ip=ip, facts=facts)
        async with transaction() as conn:
            await append(conn, [entry])

    def _forget(self, *, user: UUID | None = None, device: UUID | None = None) -> None:
        self._remembered = {
            token: known
            for token, known in self._remembered.items()
            if known[0].actor.user != user and known[0].actor.device != device
        }

    async def _open(
        self,
        conn: Connection,
        user: UUID,
        post: UUID,
        device: UUID,
        *,
        signed_in_at: datetime,
        now: datetime,
    ) -> tuple[Opened, Actor]:
        token = token_urlsafe(TOKEN_BYTES)
        await conn.execute(
            "insert into session (id, token, user_id, post_id, device_id, created_at, expires_at) "
            "values ($1, $2, $3, $4, $5, $6, $7)",
            new_id(),
            digest_of(token),
            user,
            post,
            device,
            signed_in_at,
            session_end(signed_in_at, now),
        )
        acting = await actor_of_session(conn, token, now)
        return Opened(token, await self._view(conn, acting, now)), acting.actor

    async def _view(self, conn: Connection, acting: Acting, now: datetime) -> SessionView:
        holding = await self._holding(conn, acting.actor.county)
        return await queries.session_view(conn, acting, city_day(now), self._seal_key, holding)


async def sweep(conn: Connection, now: datetime) -> None:
    """Drop sessions and tries that are over; run from time to time."""
    await conn.execute("delete from session where expires_at <= $1", now)
    await lockout.sweep(conn, now)


async def _first_post(conn: Connection, user: UUID, now: datetime) -> UUID:
    choices = [choice.id for choice in await queries.posts_of(conn, user, city_day(now))]
    if not choices:
        raise Problem(403, "no_post", "您目前没有任职岗位，请联系管理员")
    last: UUID | None = await conn.fetchval(
        "select post_id from session where user_id = $1 order by expires_at desc limit 1", user
    )
    return last if last in choices else choices[0]


async def _renew(conn: Connection, acting: Acting, now: datetime) -> None:
    if end := renewed_end(acting.signed_in_at, acting.ends_at, now):
        actor = acting.actor
        await conn.execute("update session set expires_at = $2 where id = $1", actor.session, end)
        await conn.execute("update device set seen_at = $2 where id = $1", actor.device, now)
