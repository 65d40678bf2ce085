"""Media that come encrypted: they outlived a wipe, or left their device in a file. Whoever brings
them, they are their author's, as the signature of the device that took them says (PROTOCOL.md 8).
"""

import base64
from pathlib import Path
from typing import IO
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM
from msgspec import Struct

from backend.core.crypto import NONCE_BYTES, TAG_BYTES, Unsealable
from backend.core.errors import Problem
from backend.core.sealing import Seal
from backend.directory.devices import keys_of
from backend.media.structs import NewUpload
from offline.ports import Connection
from offline.reading import distrust

KEY_BYTES = 32
PIECE_BYTES = 256 * 1024


class SealedKey(Struct, frozen=True):
    """What is sealed beside an encrypted medium: its AES-256 key (base64), whose it is, and the
    device's signature over `statement`.
    """

    key: str
    author: UUID
    device: UUID
    signature: str


def statement(media: UUID, sha256: str, author: UUID) -> bytes:
    """What the device signs; sha256: of the plain bytes, hex."""
    return f"xunge media {media} {sha256} {author}".encode()


def opened(seal: Seal, media: UUID, sealed: bytes) -> SealedKey:
    """Raises Problem 400 `unreadable`."""
    try:
        plain = seal.open(sealed, f"xunge media {media}".encode())
        found = msgspec.json.decode(plain, type=SealedKey)
        if len(base64.b64decode(found.key, validate=True)) == KEY_BYTES:
            return found
    except (ValueError, RecursionError, msgspec.DecodeError):
        pass
    raise Problem(
        400, "unreadable", "加密的文件无法打开,可能已损坏,或是为另一套系统加密的", field="sealed"
    )


async def author_of(conn: Connection, key: SealedKey, new: NewUpload, bearer: UUID) -> UUID:
    """Whose medium it is. Raises Problem 403 with the code of `distrust` when nobody can be
    believed to have taken it.
    """
    devices = await keys_of(conn, [key.device])
    doubt = distrust(
        devices.get(key.device),
        author=key.author,
        sender=bearer,
        data=statement(new.id, new.sha256, key.author),
        signature=key.signature,
    )
    if doubt is not None:
        raise Problem(403, doubt.code, doubt.message, field="sealed")
    return key.author


def decrypt(key: SealedKey, source: Path, target: IO[bytes]) -> None:
    """Write the plain bytes of `nonce ‖ ciphertext ‖ tag`. Raises Unsealable, after writing, when
    they are not what was encrypted.
    """
    left = source.stat().st_size - NONCE_BYTES - TAG_BYTES
    with source.open("rb") as file:
        nonce = file.read(NONCE_BYTES)
        file.seek(-TAG_BYTES, 2)
        tag = file.read()
        file.seek(NONCE_BYTES)
        decryptor = Cipher(AES256(base64.b64decode(key.key)), GCM(nonce, tag)).decryptor()
        while left:
            piece = file.read(min(left, PIECE_BYTES))
            left -= len(piece)
            target.write(decryptor.update(piece))
        try:
            target.write(decryptor.finalize())
        except InvalidTag as error:
            raise Unsealable from error
    target.flush()
