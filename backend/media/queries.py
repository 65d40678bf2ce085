"""Which media there are, and who may read them."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

from msgspec import Struct

from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.media.structs import Medium
from offline.ports import Connection

Visible = Callable[[Connection, Actor, Collection[UUID]], Awaitable[set[UUID]]]
"""Which of these owners the actor may see."""

_OWNERS: dict[str, Visible] = {}

_COLUMNS = ", ".join(Medium.__struct_fields__)


class Readable(Struct, frozen=True):
    """A medium that the actor may read. claimed: its watermark will not change any more."""

    medium: Medium
    own: bool
    claimed: bool


def register_owner(kind: str, visible: Visible) -> None:
    """Tell who may see the owners of a kind, and with them their media; at import of their room."""
    _OWNERS[kind] = visible


async def find(conn: Connection, media: UUID, *, lock: bool = False) -> Medium | None:
    """A medium's row, locked when it is going to be changed."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM media WHERE id = $1 {'FOR UPDATE' if lock else ''}",  # noqa: S608
        media,
    )
    return None if row is None else Medium(**row)


async def readable(conn: Connection, actor: Actor, media: UUID) -> Readable:
    """The stored medium, when the actor uploaded it or may see an owner that claims it.

    Raises Problem 404 `not_found`; 404 `media_awaited` when it is claimed but has not come; 404
    `media_refused` when what came was no photo or recording.
    """
    medium = await find(conn, media)
    links = await conn.fetch(
        "SELECT uploader, sha256, owner_kind, owner_id FROM media_link WHERE media_id = $1", media
    )
    if medium is not None:
        links = [
            each
            for each in links
            if each["uploader"] == medium.uploader and each["sha256"] == medium.sha256
        ]
    uploaders = {each["uploader"] for each in links} | ({medium.uploader} if medium else set())
    own = actor.user in uploaders
    if not own and not await _sees_owner(conn, actor, links):
        raise not_found("照片或录音")
    if medium is None or medium.state == "uploading":
        raise Problem(404, "media_awaited", "照片或录音还在上传者的手机里,联网后会自动补传")
    if medium.state == "refused":
        raise Problem(404, "media_refused", "上传的文件无法识别,没有保存")
    return Readable(medium, own, claimed=bool(links))


async def _sees_owner(conn: Connection, actor: Actor, links: list[Any]) -> bool:
    owners: dict[str, set[UUID]] = {}
    for each in links:
        owners.setdefault(each["owner_kind"], set()).add(each["owner_id"])
    for kind, ids in owners.items():
        if kind in _OWNERS and await _OWNERS[kind](conn, actor, ids):
            return True
    return False


async def awaited(conn: Connection, media: Collection[UUID]) -> set[UUID]:
    """Which of these media have not come yet."""
    if not media:
        return set()
    rows = await conn.fetch(
        "SELECT id FROM media WHERE id = ANY($1::uuid[]) AND state <> 'uploading'", list(media)
    )
    return set(media) - {row["id"] for row in rows}
