"""A medium in memory, a claim on it, and what is read from its bytes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.core.position import Position

MediaKind = Literal["photo", "audio", "file"]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Link(Struct, frozen=True, kw_only=True):
    """What a signed command says of one medium that it names.

    uploader: the command's author; taken_at: at the shutter, else when the command was made, UTC;
    place: one line for the watermark.
    """

    media: UUID
    uploader: UUID
    sha256: str
    owner_kind: str
    owner: UUID
    role: str
    taken_at: datetime
    place: str = ""
    position: Position | None = None
    origin: Literal["camera", "album"] = "camera"


SEALED_BYTES = 28
"""By how much the encrypted bytes are longer: nonce and tag of AES-GCM."""


class NewUpload(Struct, frozen=True, kw_only=True):
    """What a client announces before it sends the bytes. sealed: of those that come encrypted, the
    sealed key and author (backend.media.sealed). sha256 and size are of the plain bytes.
    """

    id: UUID
    kind: MediaKind
    sha256: Sha256
    size: Annotated[int, Meta(ge=1)]  # bytes
    sealed: bytes | None = None


class Medium(Struct, frozen=True, kw_only=True):
    """A row of `media`."""

    id: UUID
    uploader: UUID
    bearer: UUID | None
    sealed: bytes | None
    kind: MediaKind
    size: int
    sha256: str
    state: Literal["uploading", "stored", "refused"]
    refused: str | None
    content_type: str | None
    expires_at: datetime
    taken_at: datetime | None
    longitude: float | None
    latitude: float | None
    view_key: str | None

    @property
    def length(self) -> int:
        """Of its upload, bytes."""
        return self.size if self.sealed is None else self.size + SEALED_BYTES


class Facts(Struct, frozen=True, kw_only=True):
    """What the bytes themselves say. EXIF is a second witness: browsers on phones often strip it.

    taken_at: UTC; longitude, latitude: WGS-84 degrees; width, height: before orientation.
    """

    content_type: str
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    taken_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None


class Caption(Struct, frozen=True):
    """What the watermark says; empty when nothing has claimed the photo yet."""

    lines: tuple[str, ...] = ()
