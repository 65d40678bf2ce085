"""Claims on media by commands: set-based, on the path of every push."""

from collections.abc import Sequence
from uuid import UUID

from backend.media.structs import Link
from offline.ports import Connection

# Whether a row w of claims is refused.
_IS_TAKEN = """
    (EXISTS (SELECT FROM media m
             WHERE m.id = w.media_id AND (m.uploader <> w.uploader OR m.sha256 <> w.sha256))
  OR EXISTS (SELECT FROM media_link l
             WHERE l.media_id = w.media_id AND (l.uploader <> w.uploader OR l.sha256 <> w.sha256)))
"""

_TAKEN = f"""
SELECT media_id FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w(media_id, uploader, sha256)
WHERE {_IS_TAKEN}
"""  # noqa: S608 - constants

_COLUMNS = {
    "media_id": "uuid",
    "uploader": "uuid",
    "sha256": "text",
    "owner_kind": "text",
    "owner_id": "uuid",
    "role": "text",
    "place": "text",
    "taken_at": "timestamptz",
    "longitude": "float8",
    "latitude": "float8",
    "accuracy_m": "float8",
    "origin": "text",
}
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), 1))
_NAMES = ", ".join(_COLUMNS)

# A medium whose bytes came first is locked, in id order, so that a view made at this moment either
# sees the claim or is made anew (backend.media.views).
_LINK = f"""
WITH claimed AS (
    INSERT INTO media_link ({_NAMES})
    SELECT * FROM unnest({_ARRAYS}) AS w({_NAMES}) WHERE NOT {_IS_TAKEN}
    ON CONFLICT (media_id, owner_kind, owner_id) DO NOTHING
    RETURNING media_id
), come AS (
    SELECT id FROM media WHERE id IN (SELECT media_id FROM claimed) ORDER BY id FOR UPDATE
)
UPDATE media SET view_key = NULL FROM come WHERE media.id = come.id
"""  # noqa: S608 - constants


async def taken(conn: Connection, links: Sequence[Link]) -> set[UUID]:
    """Which of the named media cannot be claimed so: uploaded or claimed by somebody else, or
    with other bytes than those the command signed. A command naming one is to be rejected.
    """
    if not links:
        return set()
    rows = await conn.fetch(
        _TAKEN,
        [each.media for each in links],
        [each.uploader for each in links],
        [each.sha256 for each in links],
    )
    return {row["media_id"] for row in rows} | _disputed(links)


def _disputed(links: Sequence[Link]) -> set[UUID]:
    """Media that two claims of one batch describe differently: neither can be believed."""
    first: dict[UUID, tuple[UUID, str]] = {}
    return {
        each.media
        for each in links
        if first.setdefault(each.media, (each.uploader, each.sha256))
        != (each.uploader, each.sha256)
    }


async def link(conn: Connection, links: Sequence[Link]) -> None:
    """Claim media for their owners, in the command's transaction; the bytes may come before or
    after. What is `taken` is left out, and claiming again changes nothing.
    """
    if not links:
        return
    positions = [each.position for each in links]
    await conn.execute(
        _LINK,
        [each.media for each in links],
        [each.uploader for each in links],
        [each.sha256 for each in links],
        [each.owner_kind for each in links],
        [each.owner for each in links],
        [each.role for each in links],
        [each.place for each in links],
        [each.taken_at for each in links],
        [at and at.longitude for at in positions],
        [at and at.latitude for at in positions],
        [at and at.accuracy_m for at in positions],
        [each.origin for each in links],
    )
