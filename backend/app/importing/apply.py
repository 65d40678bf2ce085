"""Writes a plan: configuration in one transaction, through the ledger like every other change."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from backend.app.importing.changes import facts_of
from backend.app.importing.plan import Plan
from backend.app.writing import KINDS
from backend.core.actor import Actor
from backend.core.crypto import LEDGER, Keyring
from backend.core.database import transaction
from backend.core.errors import Problem
from backend.core.ids import derived_id
from backend.directory.passwords import Passwords
from backend.directory.queries import password_identity
from backend.directory.rules import subject_of
from offline.work import Deed, Work


async def seal_passwords(
    plan: Plan, passwords: Passwords, progress: Callable[[], None]
) -> dict[str, bytes]:
    """First passwords as they are kept, by user code. Takes a tenth of a second each."""

    async def seal(code: str, plain: str) -> tuple[str, bytes]:
        sealed = await passwords.sealed(plain, password_identity(code))
        progress()
        return code, sealed

    return dict(await asyncio.gather(*(seal(*each) for each in plan.passwords.items())))


ONE_AT_A_TIME = 0x696D706F  # "impo"


async def apply(
    plan: Plan, sealed: dict[str, bytes], keyring: Keyring, actor: Actor | None = None
) -> set[str]:
    """Write the plan and return the buckets touched. `actor`: who asked, when it is not somebody
    at the server's own terminal.

    Raises Problem 409 `changed_meanwhile` when someone else changed a row since the preview.
    """
    async with transaction() as conn:
        # One import at a time: readers tell that something changed by the newest bucket row.
        await conn.execute("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
        work = Work(conn, KINDS, keyring.cipher(LEDGER))
        pending = plan.pending
        for kind in KINDS:
            await work.load(kind, [each.after.id for each in pending if each.kind == kind])
        now = datetime.now(UTC)
        work.begin(
            Deed(
                command=_command(plan),
                occurred_at=now,
                received_at=now,
                author=actor,
                device=actor.device if actor else None,
                session=actor.session if actor else None,
                ip=actor.ip if actor else None,
            )
        )
        for each in pending:
            if work.get(each.kind, each.after.id) != each.before:
                raise Problem(409, "changed_meanwhile", "预览之后数据又有变动,请重新导入")
            work.put(each.kind, each.after)
            work.fact(each.kind, each.after, "import", facts_of(each))
        for code in sealed:
            work.fact(None, None, "first_password", {"user": code})
        await conn.executemany(
            "insert into identity (id, user_id, provider, subject, secret, must_change)"
            " values ($1, $2, 'password', $3, $4, false) on conflict do nothing",
            [
                (password_identity(code), derived_id("user", code), subject_of(code), secret)
                for code, secret in sealed.items()
            ],
        )
        await work.flush()
    return work.touched


def _command(plan: Plan) -> UUID:
    """One id per content and starting point, so that the same step is always the same command."""
    steps = [(each.kind, each.after.id, each.after.version) for each in plan.pending]
    return derived_id("import", plan.digest, sha256(msgspec.json.encode(steps)).hexdigest())
