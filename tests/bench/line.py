"""A device's connection to the service: plain HTTP/1.1 on a socket, kept alive, every byte counted.

Of all clients tried it takes the least of the two cores that it shares with what it measures.
"""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

import msgspec
from msgspec import Struct

from backend.core.settings import Settings

BUFFER_BYTES = 1024 * 1024
WORTH_ZIPPING = 512
"""As in offline/client/src/http.ts."""


class Answer(Struct, frozen=True):
    """`body` is unpacked; `wire_bytes` is all that crossed for it both ways, heads included."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    wire_bytes: int


class Line:
    """One connection, which may serve several sessions in turn."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, settings: Settings) -> "Line":
        """Connect to the service."""
        return cls(*await asyncio.open_connection(settings.host, settings.port, limit=BUFFER_BYTES))

    async def ask(self, token: str, method: str, path: str, body: object = None) -> Answer:
        """One request and its answer; bytes are sent as they are, another body as JSON, zipped when
        devices would.
        """
        data = body if isinstance(body, bytes) else b"" if body is None else encode(body)
        zipped = not isinstance(body, bytes) and len(data) >= WORTH_ZIPPING
        sent = self._send(token, method, path, gzip.compress(data) if zipped else data, zipped)
        status, headers, received = await self._head()
        packed = await self._rest(headers)
        received += len(packed)
        return Answer(status, headers, _unpacked(headers, packed), sent + received)

    async def events(self, token: str, path: str) -> AsyncIterator[bytes]:
        """The blocks of a stream of server-sent events as they come."""
        self._send(token, "GET", path, b"")
        status, headers, _ = await self._head()
        assert status == 200, status
        assert headers[b"transfer-encoding"] == b"chunked", headers
        text = b""
        while chunk := await self._chunk():
            text += chunk
            while b"\n\n" in text:
                event, _, text = text.partition(b"\n\n")
                yield event

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    def _send(self, token: str, method: str, path: str, data: bytes, zipped: bool = False) -> int:
        head = (
            b"%b %b HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %b\r\n"
            b"Accept-Encoding: gzip\r\n" % (method.encode(), path.encode(), token.encode())
        )
        if data:
            head += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(data)
        if zipped:
            head += b"Content-Encoding: gzip\r\n"
        head += b"\r\n"
        self._writer.write(head + data)
        return len(head) + len(data)

    async def _head(self) -> tuple[int, dict[bytes, bytes], int]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(b": ")
            headers[name.lower()] = value
        return int(first.split(b" ", 2)[1]), headers, len(head)

    async def _rest(self, headers: dict[bytes, bytes]) -> bytes:
        if b"content-length" in headers:
            return await self._reader.readexactly(int(headers[b"content-length"]))
        chunks = []
        while chunk := await self._chunk():
            chunks.append(chunk)
        return b"".join(chunks)

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]


encode = msgspec.json.Encoder().encode


def _unpacked(headers: dict[bytes, bytes], packed: bytes) -> bytes:
    if headers.get(b"content-encoding") == b"gzip":
        return zlib.decompress(packed, wbits=31)
    return packed
