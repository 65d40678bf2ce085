"""Reading photos and recordings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation
from litestar.response import Response, Stream

from backend.core.actor import Actor
from backend.core.database import connection
from backend.core.errors import Problem, not_found
from backend.core.ranges import span
from backend.directory.access import Caller, signed_in
from backend.media import rules
from backend.media.queries import Readable, readable
from backend.media.store import ObjectStore, open_store
from backend.media.structs import Medium
from backend.media.views import ViewMaker, view_maker

AnyRequest = Request[Any, Any, State]
Bytes = Stream | Response[None]

FOREVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"


def provide_store(state: State) -> ObjectStore:
    """For handlers: the installation's object store."""
    return open_store(state.settings)


def provide_view_maker(state: State) -> ViewMaker:
    """For handlers: this process's maker of views."""
    return view_maker(state.settings)


class MediaController(Controller):
    """Media of whatever the caller may see. 404 `media_awaited` while the bytes have not come."""

    path = "/api/media/{media:uuid}"
    tags = ("media",)
    guards = (signed_in,)
    dependencies = {
        "store": Provide(provide_store, sync_to_thread=False),
        "maker": Provide(provide_view_maker, sync_to_thread=False),
    }

    @get("/thumb")
    async def thumb(
        self,
        request: AnyRequest,
        media: FromPath[UUID],
        actor: Caller,
        store: NamedDependency[SkipValidation[ObjectStore]],
        maker: NamedDependency[ViewMaker],
    ) -> Bytes:
        """A photo at 240 px, WebP."""
        photo = (await _photo(actor, media)).medium
        await maker.view_key(photo)
        key = rules.thumb_key(photo.sha256)
        return await send(request, store, key, "image/webp", FOREVER)

    @get("/view")
    async def view(
        self,
        request: AnyRequest,
        media: FromPath[UUID],
        actor: Caller,
        store: NamedDependency[SkipValidation[ObjectStore]],
        maker: NamedDependency[ViewMaker],
    ) -> Bytes:
        """A photo at 1600 px with its watermark, JPEG."""
        photo = await _photo(actor, media)
        key = await maker.view_key(photo.medium)
        lasts = FOREVER if photo.claimed else ASK_AGAIN
        return await send(request, store, key, "image/jpeg", lasts)

    @get("/original")
    async def original(
        self,
        request: AnyRequest,
        media: FromPath[UUID],
        actor: Caller,
        store: NamedDependency[SkipValidation[ObjectStore]],
    ) -> Bytes:
        """The bytes as uploaded. A photo's, with its EXIF, are for its uploader and
        `media.original`; a recording or a paper has no other form. Ranges are served.
        """
        async with connection() as conn:
            found = await readable(conn, actor, media)
        medium = found.medium
        if medium.kind == "photo" and not found.own:
            actor.demand("media.original")
        content_type = medium.content_type or "application/octet-stream"
        # A paper shown within the application could act as a page of ours.
        more = {"Content-Disposition": "attachment"} if medium.kind == "file" else {}
        key = rules.original_key(medium.sha256)
        return await send(request, store, key, content_type, FOREVER, more)


async def _photo(actor: Actor, media: UUID) -> Readable:
    async with connection() as conn:
        found = await readable(conn, actor, media)
    _refuse_others(found.medium)
    return found


def _refuse_others(medium: Medium) -> None:
    if medium.kind != "photo":
        raise not_found("照片")
    if medium.refused is not None:
        raise rules.refusal(medium.refused)


async def send(
    request: AnyRequest,
    store: ObjectStore,
    key: str,
    content_type: str,
    lasts: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Bytes:
    """An object or the range of it that is asked for, with `more` headers; 304 when the caller has
    it. What a key names never changes, so a key is its tag.
    """
    tag = f'"{key.rpartition("/")[2]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": lasts,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        **more,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(None, status_code=304, headers=headers)
    size = await store.size(key)
    if size is None:
        raise Problem(503, "media_unavailable", "文件暂时无法读取,请稍后再试", retry_after=60)
    part = span(request.headers.get("range", ""), size)
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Stream(
        store.read(key, start, end - start),
        media_type=content_type,
        headers=headers,
        status_code=200 if part is None else 206,
    )
