"""Adding a user and giving out first passwords, for whoever keeps the installation.

What is imported from spreadsheets is the rule; this is for the first administrator and for whoever
has forgotten a password.
"""

import secrets
import string

from msgspec import Struct

from backend.core.clock import Clock, utc_now
from backend.core.crypto import LEDGER, Keyring
from backend.core.database import connection, transaction
from backend.core.errors import Problem
from backend.core.ids import derived_id, new_id
from backend.directory import lockout
from backend.directory.actors import city_day
from backend.directory.documents import KINDS
from backend.directory.passwords import Passwords
from backend.directory.queries import Credential, credential_of, password_identity
from backend.directory.rules import password_fault, subject_of
from backend.directory.states import AppointmentState, UserState
from offline.journal import Entry, append
from offline.work import Deed, Work

GIVEN_LENGTH = 12
GIVEN_FROM = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI"))) + "-+="
"""No characters that are mistaken for each other when read out or copied by hand."""


class UserLine(Struct, frozen=True):
    """A user as the list shows them. `posts` are codes of all appointments."""

    code: str
    name: str
    posts: list[str]
    active: bool
    signs_in: bool


class Users:
    """Adds users and resets passwords; both give the password out once and ask for a change."""

    def __init__(self, keyring: Keyring, passwords: Passwords, clock: Clock = utc_now) -> None:
        self._keyring = keyring
        self._passwords = passwords
        self._clock = clock

    async def add(self, code: str, name: str, post: str) -> str:
        """Add a user with a post from today on; gives the first password.

        Raises Problem 404 for an unknown post, 409 `user_exists`.
        """
        user, identity = derived_id("user", code), password_identity(code)
        given = given_password((code, name))
        secret = await self._passwords.sealed(given, identity)
        now = self._clock()
        day = city_day(now)
        async with transaction() as conn:
            county = await conn.fetchval("select county from post where code = $1", post)
            if county is None:
                raise Problem(404, "not_found", f"没有编码为 {post} 的岗位", field="post")
            kinds = {kind.name: kind for kind in KINDS}
            work = Work(conn, kinds, self._keyring.cipher(LEDGER))
            await work.load("user", [user])
            if work.get("user", user) is not None or await credential_of(conn, code):
                raise Problem(409, "user_exists", f"已有用户 {code}，请换一个编码", field="code")
            work.begin(Deed(command=new_id(), occurred_at=now, received_at=now))
            state = UserState(id=user, version=1, code=code, name=name, county=county, active=True)
            work.put("user", state)
            work.fact("user", state, "user_added", {"code": code})
            held = AppointmentState(
                id=derived_id("appointment", code, post, day),
                version=1,
                user=code,
                post=post,
                valid_from=day,
                valid_to=None,
            )
            work.put("appointment", held)
            work.fact("appointment", held, "appointed", {"user": code, "post": post})
            await work.flush()
            await conn.execute(
                "insert into identity (id, user_id, provider, subject, secret, must_change) "
                "values ($1, $2, 'password', $3, $4, true)",
                identity,
                user,
                subject_of(code),
                secret,
            )
        return given

    async def reset(self, code: str) -> str:
        """Give a user a new password, end their sessions and lift a lock-out.

        Raises Problem 404 when nobody active signs in by that name.
        """
        async with connection() as conn:
            credential = await credential_of(conn, code)
        if credential is None:
            raise Problem(404, "not_found", f"没有可登录的用户 {code}", field="code")
        given = given_password((credential.subject, credential.user_name))
        secret = await self._passwords.sealed(given, credential.identity)
        await self._replace(credential, secret)
        return given

    async def _replace(self, credential: Credential, secret: bytes) -> None:
        now = self._clock()
        async with transaction() as conn:
            await conn.execute(
                "update identity set secret = $2, must_change = true where id = $1",
                credential.identity,
                secret,
            )
            await conn.execute("delete from session where user_id = $1", credential.user)
            await lockout.forgive(conn, lockout.key_of(self._keyring, credential.subject))
            facts = {"user": credential.user}
            entry = Entry(occurred_at=now, received_at=now, verb="password_reset", facts=facts)
            await append(conn, [entry])


async def listed() -> list[UserLine]:
    """Every user, by code."""
    async with connection() as conn:
        rows = await conn.fetch(
            """
            select u.code, u.name, u.active,
                array(select distinct h.post from appointment h where h."user" = u.code
                    order by h.post) as posts,
                exists (select from identity i where i.user_id = u.id) as signs_in
            from app_user u order by u.code
            """
        )
    return [UserLine(**row) for row in rows]


def given_password(names: tuple[str, ...]) -> str:
    """A random password that keeps the rules."""
    while True:
        given = "".join(secrets.choice(GIVEN_FROM) for _ in range(GIVEN_LENGTH))
        if password_fault(given, names) is None:
            return given
