"""The tus 1.0.0 server: creation (with upload), expiration, termination."""

from collections.abc import AsyncIterator
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, head, patch, post
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import InternalServerException
from litestar.params import FromPath
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from backend.core.errors import Problem
from backend.core.sealing import Seal
from backend.directory.access import Caller, signed_in
from backend.media.rules import MAX_BYTES, announced
from backend.media.spool import open_spool
from backend.media.store import open_store
from backend.media.uploads import Progress, Uploads

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
HEADERS = {
    "Tus-Resumable": VERSION,
    "Tus-Version": VERSION,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(max(MAX_BYTES.values())),
    "Cache-Control": "no-store",
}
BODY_TYPE = "application/offset+octet-stream"

AnyRequest = Request[Any, Any, State]


def tus_headers(app: ASGIApp) -> ASGIApp:
    """Names the protocol on every answer: the failed ones, and Litestar's own to OPTIONS."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers.update(HEADERS)
            await send(message)

        await app(scope, receive, send_named)

    return answer


def provide_uploads(state: State) -> Uploads:
    """For handlers: the uploads of this installation."""
    settings = state.settings
    return Uploads(open_spool(settings), open_store(settings), state.queue, Seal(state.keyring))


class UploadController(Controller):
    """Resumable uploads. `Upload-Metadata` names `id`, `kind` (photo, audio, file) and `sha256`, in
    hex; of what comes encrypted also `sealed`.
    """

    path = "/api/uploads"
    tags = ("media",)
    middleware = (tus_headers,)
    request_max_body_size = None  # the announced length limits it
    dependencies = {"uploads": Provide(provide_uploads, sync_to_thread=False)}

    @post("/", guards=[signed_in])
    async def create(
        self, request: AnyRequest, actor: Caller, uploads: NamedDependency[Uploads]
    ) -> Response[None]:
        """Announce an upload; the same again is the same upload."""
        _same_version(request)
        new = announced(_header(request, "upload-metadata"), _header(request, "upload-length"))
        progress = await uploads.create(actor.user, new)
        if progress.offset == 0 and _carries_bytes(request):
            progress = await uploads.append(actor.user, new.id, 0, _body(request))
        return _answer(progress, 201, {"Location": f"/api/uploads/{new.id}"})

    @head("/{upload:uuid}", guards=[signed_in])
    async def progress(
        self,
        request: AnyRequest,
        upload: FromPath[UUID],
        actor: Caller,
        uploads: NamedDependency[Uploads],
    ) -> Response[None]:
        """How many bytes have come."""
        return await self._progress(request, upload, actor.user, uploads)

    @patch("/{upload:uuid}", guards=[signed_in], status_code=204)
    async def append(
        self,
        request: AnyRequest,
        upload: FromPath[UUID],
        actor: Caller,
        uploads: NamedDependency[Uploads],
    ) -> Response[None]:
        """Send the bytes from Upload-Offset on."""
        return await self._append(request, upload, actor.user, uploads)

    @delete("/{upload:uuid}", guards=[signed_in])
    async def drop(
        self,
        request: AnyRequest,
        upload: FromPath[UUID],
        actor: Caller,
        uploads: NamedDependency[Uploads],
    ) -> Response[None]:
        """Give an unfinished upload up."""
        return await self._drop(request, upload, actor.user, uploads)

    @post("/{upload:uuid}", guards=[signed_in])
    async def overridden(
        self,
        request: AnyRequest,
        upload: FromPath[UUID],
        actor: Caller,
        uploads: NamedDependency[Uploads],
    ) -> Response[None]:
        """PATCH, HEAD or DELETE through a proxy that only lets POST pass."""
        ways = {"PATCH": self._append, "HEAD": self._progress, "DELETE": self._drop}
        way = ways.get(_header(request, "x-http-method-override").upper())
        if way is None:
            raise Problem(405, "method_not_allowed", "这个地址不支持这种操作")
        return await way(request, upload, actor.user, uploads)

    async def _progress(
        self, request: AnyRequest, upload: UUID, user: UUID, uploads: Uploads
    ) -> Response[None]:
        _same_version(request)
        progress = await uploads.progress(user, upload)
        return _answer(progress, 200, {"Upload-Length": str(progress.medium.length)})

    async def _append(
        self, request: AnyRequest, upload: UUID, user: UUID, uploads: Uploads
    ) -> Response[None]:
        _same_version(request)
        if not _carries_bytes(request):
            raise Problem(415, "content_type", f"请求类型应为 {BODY_TYPE}", field="Content-Type")
        offset = _header(request, "upload-offset")
        if not (offset.isascii() and offset.isdigit() and len(offset) < 16):
            raise Problem(400, "upload_offset", "应为已上传的字节数", field="Upload-Offset")
        progress = await uploads.append(user, upload, int(offset), _body(request))
        return _answer(progress, 204)

    async def _drop(
        self, request: AnyRequest, upload: UUID, user: UUID, uploads: Uploads
    ) -> Response[None]:
        _same_version(request)
        await uploads.drop(user, upload)
        return Response(None, status_code=204)


def _same_version(request: AnyRequest) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise Problem(412, "tus_version", f"只支持 tus {VERSION}", field="Tus-Resumable")


def _carries_bytes(request: AnyRequest) -> bool:
    return _header(request, "content-type") == BODY_TYPE


def _header(request: AnyRequest, name: str) -> str:
    return request.headers.get(name, "")


async def _body(request: AnyRequest) -> AsyncIterator[bytes]:
    """The body as far as it comes: where the connection breaks is where the next one goes on."""
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException:
        return


def _answer(progress: Progress, status: int, more: dict[str, str] | None = None) -> Response[None]:
    headers = {"Upload-Offset": str(progress.offset), **(more or {})}
    if progress.medium.state == "uploading" and progress.offset < progress.medium.length:
        headers["Upload-Expires"] = format_datetime(progress.medium.expires_at, usegmt=True)
    return Response(None, status_code=status, headers=headers)
