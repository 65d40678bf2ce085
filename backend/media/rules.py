"""What may be uploaded, where its objects lie, what its watermark says, how witnesses differ."""

import base64
import binascii
import hashlib
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from backend.core.clock import CITY_ZONE
from backend.core.errors import Problem
from backend.core.geo import distance_m
from backend.media.structs import SEALED_BYTES, Caption, MediaKind, NewUpload

MIB = 1024 * 1024
MAX_BYTES: dict[MediaKind, int] = {"photo": 20 * MIB, "audio": 30 * MIB, "file": 30 * MIB}
MAX_PIXELS = 64_000_000
UPLOAD_LASTS = timedelta(days=7)

_PHOTO = "照片只支持 JPEG、PNG、WebP"
_HEIC = "不支持 HEIC 照片,请在手机相机设置中把格式改为“兼容性最佳”(JPEG)后重拍"
REFUSALS = {
    "media_type": f"不支持这种文件:{_PHOTO},录音只支持 MP3、M4A、AAC、WebM、Ogg、WAV,"
    "附件只支持 PDF、DOCX、XLSX",
    "media_type_heic": _HEIC,
    "media_too_many_pixels": "照片的像素太多(超过 6400 万),请调低相机分辨率后重拍",
    "media_unreadable": "照片已损坏,无法打开,请重拍",
}
"""Why stored bytes are no photo, recording or paper of ours, by code."""

_CONTAINERS = (
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"ID3", "audio/mpeg"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def refusal(code: str) -> Problem:
    """415 with one of REFUSALS."""
    return Problem(415, code, REFUSALS[code])


def audio_type(head: bytes) -> str | None:
    """The type of a recording by its first 12 bytes, None when it is none that we take.

    Recorders write MPEG frames and ISO brands that general sniffers do not know (decision 0030).
    """
    for offset, magic, content_type in _CONTAINERS:
        if head[offset:].startswith(magic) and not is_heif(head):
            return content_type
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        # Eleven set bits open an MPEG frame; layer 0 is ADTS, which carries AAC.
        return "audio/mpeg" if head[1] & 0x06 else "audio/aac"
    return None


_OFFICE = "application/vnd.openxmlformats-officedocument"
_PARTS = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
}


def paper_type(path: Path) -> str | None:
    """The type of a paper: PDF, or an office document without macros; None for anything else."""
    with path.open("rb") as file:
        if file.read(5) == b"%PDF-":
            return "application/pdf"
    try:
        with zipfile.ZipFile(path) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return None
    if any(name.endswith("vbaProject.bin") for name in names):
        return None
    return next((kind for part, kind in _PARTS.items() if part in names), None)


def is_heif(head: bytes) -> bool:
    """Whether the first 12 bytes open a HEIC photo."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def announced(metadata: str, length: str) -> NewUpload:
    """What Upload-Metadata and Upload-Length announce.

    Raises Problem 400 `upload_metadata` naming the field, 413 `too_large`.
    """
    pairs = dict(_pair(part) for part in metadata.split(",") if part.strip())
    kind = next((each for each in MAX_BYTES if each == pairs.get("kind")), None)
    if kind is None:
        raise _bad("kind", "应为 photo、audio 或 file")
    sha256 = pairs.get("sha256", "")
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise _bad("sha256", "应为 64 位小写十六进制")
    if not (length.isascii() and length.isdigit() and len(length) < 16 and int(length) > 0):
        raise _bad("Upload-Length", "应为文件的字节数")
    sealed = _sealed(pairs["sealed"]) if "sealed" in pairs else None
    size = int(length) - (SEALED_BYTES if sealed else 0)
    if size < 1:
        raise _bad("Upload-Length", "应为文件的字节数")
    if size > MAX_BYTES[kind]:
        limit = MAX_BYTES[kind] // MIB
        raise Problem(413, "too_large", f"文件超过 {limit} MB,请压缩后重试", field="Upload-Length")
    try:
        media = UUID(pairs.get("id", ""))
    except ValueError:
        raise _bad("id", "应为 UUID") from None
    return NewUpload(id=media, kind=kind, sha256=sha256, size=size, sealed=sealed)


def _sealed(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _bad("sealed", "应为 base64") from None


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.strip().partition(" ")
    try:
        return key, base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _bad(key, "应为 base64 编码的 UTF-8") from None


def _bad(field: str, should: str) -> Problem:
    return Problem(400, "upload_metadata", f"上传说明的“{field}”{should}", field=field)


def original_key(sha256: str) -> str:
    """The object with the bytes as they came."""
    return f"original/{sha256[:2]}/{sha256}"


def thumb_key(sha256: str) -> str:
    """The object with the 240 px thumbnail, which has no watermark."""
    return f"thumb/{sha256[:2]}/{sha256}.webp"


def view_key(sha256: str, caption: Caption) -> str:
    """The object with the 1600 px view: another caption is another object."""
    said = hashlib.sha256("\n".join(caption.lines).encode()).hexdigest()[:16]
    return f"view/{sha256[:2]}/{sha256}-{said}.jpg"


def caption(place: str, taken_at: datetime, reporter: str) -> Caption:
    """The watermark's lines: where, then when (in the city's time) and by whom."""
    when = taken_at.astimezone(CITY_ZONE).strftime("%Y-%m-%d %H:%M:%S")
    return Caption(tuple(line for line in (place.strip(), f"{when}  {reporter}".strip()) if line))


def seconds_apart(a: datetime | None, b: datetime | None) -> int | None:
    """How far two witnesses of a time differ, None when one is silent."""
    return None if a is None or b is None else round(abs((a - b).total_seconds()))


def metres_apart(
    a: tuple[float | None, float | None], b: tuple[float | None, float | None]
) -> int | None:
    """How far two witnesses of a place (longitude, latitude) differ, None when one is silent."""
    (lon_a, lat_a), (lon_b, lat_b) = a, b
    if lon_a is None or lat_a is None or lon_b is None or lat_b is None:
        return None
    return round(distance_m((lon_a, lat_a), (lon_b, lat_b)))
