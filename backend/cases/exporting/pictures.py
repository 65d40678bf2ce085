"""A case's photos, small enough for paper, made from the stored views: what was uploaded is never
decoded here.
"""

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from msgspec import Struct

from backend.cases.exporting.words import ROLES
from backend.cases.structs import Case, MediaRef
from backend.core.errors import Problem
from backend.core.settings import Settings
from backend.media.pictures import shrink
from backend.media.store import open_store
from backend.media.structs import Medium
from backend.media.views import view_maker
from offline.ports import Connection

Group = Literal["上报", "处置", "核查"]
GROUPS: tuple[Group, ...] = ("上报", "处置", "核查")

_STORED = """
select l.owner_id as case_id, m.* from media m
join media_link l on l.media_id = m.id and l.uploader = m.uploader and l.sha256 = m.sha256
where l.owner_kind = 'case' and l.owner_id = any($1)
and m.kind = 'photo' and m.state = 'stored' and m.refused is null
"""


class Photo(Struct, frozen=True):
    """A photo that a case names, and the part of its story that it belongs to."""

    media: UUID
    group: Group
    caption: str
    at: datetime


def photos_of(case: Case, files: Collection[UUID]) -> list[Photo]:
    """All photos of a case, each once, in the order in which they came. What a form holds may be
    no photo: of that only what has a file is one.
    """
    found: dict[UUID, Photo] = {}
    for media, group, at in _named(case):
        if media.role == "audio" or (media.role == "form" and media.id not in files):
            continue
        photo = Photo(media.id, group, ROLES[media.role], media.taken_at or at)
        found.setdefault(media.id, photo)
    return list(found.values())


def _named(case: Case) -> Iterator[tuple[MediaRef, Group, datetime]]:
    for report in case.reports:
        for media in report.media:
            yield media, "上报", report.occurred_at
    for step in case.steps:
        for media in step.media:
            yield media, _group(media, step.action), step.occurred_at


def _group(media: MediaRef, action: str) -> Group:
    if media.role == "evidence" or "check" in action or "verify" in action:
        return "核查"
    return "处置" if media.role in ("before", "after") or action != "report" else "上报"


class Album:
    """JPEG files of photos that fit into a box of pixels, in a folder that goes with the export."""

    def __init__(self, settings: Settings, folder: Path, box: tuple[int, int]) -> None:
        self._store = open_store(settings)
        self._views = view_maker(settings)
        self._folder = folder
        self._box = box

    async def files(self, conn: Connection, cases: Collection[Case]) -> dict[UUID, Path]:
        """A file for each photo of these cases that has arrived and can be shown, by its id."""
        rows = await conn.fetch(_STORED, [case.id for case in cases])
        claimed = {
            (row["case_id"], row["id"]): Medium(
                **{name: row[name] for name in Medium.__struct_fields__}
            )
            for row in rows
        }
        wanted = {
            media.id: claimed[case.id, media.id]
            for case in cases
            for media, _, _ in _named(case)
            if (case.id, media.id) in claimed
        }
        made = await asyncio.gather(*(self._file(medium) for medium in wanted.values()))
        return {media: file for media, file in zip(wanted, made, strict=True) if file is not None}

    async def _file(self, medium: Medium) -> Path | None:
        path = self._folder / f"{medium.sha256}.jpg"
        try:
            key = await self._views.view_key(medium)
            view = b"".join([chunk async for chunk in self._store.read(key)])
            small = await asyncio.to_thread(shrink, view, self._box)
        except (Problem, OSError):
            return None  # said in its place; one broken photo must not cost the whole export
        await asyncio.to_thread(path.write_bytes, small)
        return path
