"""Photos for the tests: real ones in place when they are there, else made here."""

import hashlib
import io
import struct
import zlib
from pathlib import Path

from PIL import ExifTags, Image

REAL = Path(__file__).parents[3] / "shared" / "data" / "photos"

TAKEN_AT = "2026:11:20 09:30:00"
LONGITUDE, LATITUDE = 120.6375, 27.9625


def photo(
    width: int = 800,
    height: int = 600,
    *,
    form: str = "JPEG",
    orientation: int = 1,
    exif: bool = True,
) -> bytes:
    """Red above, blue below as stored; EXIF with time (of Beijing) and place."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, height // 2, width, height))
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    if exif:
        tags[ExifTags.Base.Make] = "CANARY-MAKER"
        tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = TAKEN_AT
        tags.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N",
                ExifTags.GPS.GPSLatitude: (27.0, 57.0, 45.0),
                ExifTags.GPS.GPSLongitudeRef: "E",
                ExifTags.GPS.GPSLongitude: (120.0, 38.0, 15.0),
            }
        )
    out = io.BytesIO()
    image.save(out, form, exif=tags)
    return out.getvalue()


def noisy_photo(size: int) -> bytes:
    """A JPEG of exactly this many bytes that does not compress: trailing bytes do no harm."""
    base = photo()
    seed = hashlib.sha256(base).digest()
    tail = b"".join(
        hashlib.sha256(seed + n.to_bytes(4, "big")).digest() for n in range(size // 32 + 1)
    )
    return base + tail[: size - len(base)]


def bomb() -> bytes:
    """A few hundred bytes of PNG that declare 60000 × 60000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


def real_photos() -> list[Path]:
    """The photos outside the repository, when they are there."""
    return sorted(REAL.glob("*.jpg")) if REAL.is_dir() else []


def large_photo() -> bytes:
    """One of some megabytes: the largest real one when it is large enough, else a made one."""
    found = max((path.read_bytes() for path in real_photos()), key=len, default=b"")
    return noisy_photo(3_000_000) if len(found) < 1_000_000 else found


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
