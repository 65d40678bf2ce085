"""Acts beside the write path that the ledger remembers: signing in, looking, fetching."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from backend.core.actor import Actor
from backend.core.clock import utc_now
from offline import journal, sealed
from offline.ports import Connection
from offline.sealed import Cipher


class Subject(Struct, frozen=True):
    """The entity that an act was about, at the version it had."""

    kind: str
    id: UUID
    version: int


async def note(
    conn: Connection,
    verb: str,
    now: datetime,
    actor: Actor,
    about: Subject | None = None,
    /,
    **facts: Any,
) -> None:
    """Write down that the actor did something now. Facts hold codes and ids only."""
    entry = journal.Entry(
        occurred_at=now,
        received_at=now,
        verb=verb,
        facts=facts,
        author=actor.user,
        post=actor.post,
        area=actor.areas[0] if actor.areas else None,
        device=actor.device,
        session=actor.session,
        ip=actor.ip,
        kind=about.kind if about else None,
        entity=about.id if about else None,
        version=about.version if about else None,
    )
    await journal.append(conn, [entry])


async def note_unmasking(
    conn: Connection, cipher: Cipher, actor: Actor, about: Subject, reason: str, **facts: str
) -> None:
    """Write down who looked at whom and when; why, in their own words, is sealed."""
    kept = sealed.reference(actor.user, reason.encode())
    await sealed.write(conn, cipher, [(kept, reason.encode())])
    said = {"reason": kept.fact(), **facts}
    await note(conn, "person.unmasked", utc_now(), actor, about, **said)
