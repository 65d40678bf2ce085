"""A file sealed in frames, so that it can be written, read and checked piece by piece.

A frame is AES-256-GCM of up to FRAME bytes: nonce (12) ‖ ciphertext ‖ tag (16). Bound to it are the
file's id, the frame's number and whether it is the last, so that frames can be neither moved nor
left out, nor a file be cut short.
"""

import os
from collections.abc import AsyncIterator
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FRAME = 256 * 1024
NONCE = 12
SEALED = NONCE + FRAME + 16


class Damaged(Exception):
    """The file is not what was sealed under this id."""


class Sealing:
    """What is written to it goes sealed to `target`; `close` seals the last frame."""

    def __init__(self, target: BinaryIO, key: bytes, file: UUID) -> None:
        self._target = target
        self._aead = AESGCM(key)
        self._file = file
        self._rest = bytearray()
        self._number = 0
        self.bytes = 0
        """Written so far, before sealing."""

    def write(self, data: bytes) -> int:
        """Take more of the file."""
        self._rest += data
        self.bytes += len(data)
        while len(self._rest) > FRAME:
            self._seal(bytes(self._rest[:FRAME]), last=False)
            del self._rest[:FRAME]
        return len(data)

    def flush(self) -> None:
        """Nothing can be sealed before it is whole."""

    def close(self) -> None:
        """Seal what is left. The target stays open."""
        self._seal(bytes(self._rest), last=True)

    def _seal(self, frame: bytes, *, last: bool) -> None:
        nonce = os.urandom(NONCE)
        bound = _bound(self._file, self._number, last=last)
        self._target.write(nonce + self._aead.encrypt(nonce, frame, bound))
        self._number += 1


async def opened(source: AsyncIterator[bytes], key: bytes, file: UUID) -> AsyncIterator[bytes]:
    """The bytes of a sealed file, as they come. Raises Damaged."""
    aead, rest, number = AESGCM(key), bytearray(), 0

    def frame(sealed: bytes, *, last: bool) -> bytes:
        try:
            bound = _bound(file, number, last=last)
            return aead.decrypt(sealed[:NONCE], sealed[NONCE:], bound)
        except (InvalidTag, ValueError) as error:
            raise Damaged from error

    async for chunk in source:
        rest += chunk
        while len(rest) > SEALED:
            yield frame(bytes(rest[:SEALED]), last=False)
            del rest[:SEALED]
            number += 1
    yield frame(bytes(rest), last=True)


def _bound(file: UUID, number: int, *, last: bool) -> bytes:
    return file.bytes + number.to_bytes(4, "big") + bytes([last])
