"""Claims on media by commands: set-based, on the path of every push."""

from collections.abc import Sequence
from uuid import UUID

from backend.media.structs import Link
from offline.ports import Connection

_TAKEN = """
SELECT w.id FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w(id, uploader, sha256)
WHERE EXISTS (SELECT FROM media m
              WHERE m.id = w.id AND (m.uploader <> w.uploader OR m.sha256 <> w.sha256))
   OR EXISTS (SELECT FROM media_link l
              WHERE l.media_id = w.id AND (l.uploader <> w.uploader OR l.sha256 <> w.sha256))
"""

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
_LINK = (
    f"INSERT INTO media_link ({', '.join(_COLUMNS)}) SELECT * FROM unnest("  # noqa: S608 - constants
    + ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), 1))
    + ") ON CONFLICT (media_id, owner_kind, owner_id) DO NOTHING"
)

# Locks the media whose bytes came first, in id order, so that a view made at this moment is either
# seen here and made anew, or sees the claim (backend.media.views).
_REMAKE = """
UPDATE media SET view_key = NULL WHERE id IN (
    SELECT id FROM media WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE)
"""


async def taken(conn: Connection, links: Sequence[Link]) -> set[UUID]:
    """Which of the named media cannot be claimed so: uploaded or claimed by somebody else, or
    with other bytes than those the command signed. A command naming one is to be rejected.
    """
    if not links:
        return set()
    rows = await conn.fetch(
        _TAKEN,
        [link.media for link in links],
        [link.uploader for link in links],
        [link.sha256 for link in links],
    )
    refused = {row["id"] for row in rows}
    first: dict[UUID, tuple[UUID, str]] = {}
    for link in links:
        if first.setdefault(link.media, (link.uploader, link.sha256)) != (
            link.uploader,
            link.sha256,
        ):
            refused.add(link.media)
    return refused


async def link(conn: Connection, links: Sequence[Link]) -> set[UUID]:
    """Claim media for their owners, in the command's transaction; the bytes may come before or
    after. Claiming again changes nothing. Returns what was `taken` and therefore left out.
    """
    refused = await taken(conn, links)
    wanted = [each for each in links if each.media not in refused]
    if wanted:
        await conn.execute(
            _LINK,
            [each.media for each in wanted],
            [each.uploader for each in wanted],
            [each.sha256 for each in wanted],
            [each.owner_kind for each in wanted],
            [each.owner for each in wanted],
            [each.role for each in wanted],
            [each.place for each in wanted],
            [each.taken_at for each in wanted],
            [each.position and each.position.longitude for each in wanted],
            [each.position and each.position.latitude for each in wanted],
            [each.position and each.position.accuracy_m for each in wanted],
            [each.origin for each in wanted],
        )
        await conn.execute(_REMAKE, [each.media for each in wanted])
    return refused
