"""Request bodies may come gzipped: phones pay for every byte."""

import zlib

from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)


class Inflate:
    """Unpacks `Content-Encoding: gzip` before the application sees it, up to a limit."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        headers = scope.get("headers", ())
        if scope["type"] != ScopeType.HTTP or (b"content-encoding", b"gzip") not in headers:
            await self._app(scope, receive, send)
            return
        plain = (b"content-encoding", b"content-length")
        scope["headers"] = [(name, value) for name, value in headers if name not in plain]
        unpacker = zlib.decompressobj(wbits=31)
        passed = 0

        async def unpacked() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal passed
            message = await receive()
            if message["type"] != "http.request":
                return message
            try:
                body = unpacker.decompress(message["body"], self._max_bytes - passed + 1)
            except zlib.error as error:
                raise ClientException("the body is not gzip") from error
            passed += len(body)
            if passed > self._max_bytes:
                raise ClientException("the body is too large", status_code=413)
            message["body"] = body
            return message

        await self._app(scope, unpacked, send)
