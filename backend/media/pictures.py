"""What a photo's bytes say, and the small pictures made of it. Pillow shows nowhere else.

All of this takes CPU: call it in a thread.
"""

import io
import struct
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from backend.core.clock import CITY_ZONE
from backend.media.rules import MAX_PIXELS, is_heif, refusal
from backend.media.structs import Caption, Facts

THUMB_PX = 240
VIEW_PX = 1600
_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_FORMATS = ("JPEG", "PNG", "WEBP")  # an MPO, which many phones write, opens as a JPEG
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, struct.error)
"""What Pillow raises for damaged files."""
FONT = Path(__file__).parent / "fonts" / "NotoSansSC-GBK.ttf"

Image.init()  # registers the formats, which Pillow else does only when one is not found


class Views(Struct, frozen=True):
    """WebP thumbnail and watermarked JPEG view; neither carries EXIF."""

    thumb: bytes
    view: bytes


def inspect(path: Path) -> Facts:
    """Read a photo's header and EXIF; pixels are not decoded.

    Raises Problem 415: `media_type`, `media_type_heic`, `media_too_many_pixels`,
    `media_unreadable`.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if is_heif(head):
        raise refusal("media_type_heic")
    try:
        with _open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise refusal("media_too_many_pixels")
            facts = _facts(image)
        with _open(path) as image:
            image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refusal("media_too_many_pixels") from None
    except UnidentifiedImageError:
        raise refusal("media_type") from None
    except _BROKEN:
        raise refusal("media_unreadable") from None
    return facts


def render(source: Path | BinaryIO, caption: Caption) -> Views:
    """Decode once, at no more than the size needed, upright, and draw the watermark.

    Raises Problem 415 `media_unreadable`.
    """
    try:
        with _open(source) as image:
            profile = image.info.get("icc_profile") if image.mode == "RGB" else None
            image.draft("RGB", (VIEW_PX, VIEW_PX))
            image.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.LANCZOS)
            view = _flat(ImageOps.exif_transpose(image))
    except _BROKEN:
        raise refusal("media_unreadable") from None
    thumb = view.copy()
    thumb.thumbnail((THUMB_PX, THUMB_PX), Image.Resampling.LANCZOS)
    return Views(
        thumb=_bytes(thumb, "WEBP", profile, quality=75),
        view=_bytes(_marked(view, caption), "JPEG", profile, quality=82, progressive=True),
    )


def shrink(view: bytes, box: tuple[int, int]) -> bytes:
    """A stored view again, as a JPEG that fits into a box of pixels; decoded at no more than about
    twice that. Raises Problem 415 `media_unreadable`.
    """
    try:
        with _open(io.BytesIO(view)) as image:
            image.draft("RGB", box)
            image.thumbnail(box, Image.Resampling.LANCZOS)
            return _bytes(_flat(image), "JPEG", None, quality=78)
    except _BROKEN:
        raise refusal("media_unreadable") from None


def _open(source: Path | BinaryIO) -> Image.Image:
    return Image.open(source, formats=_FORMATS)


def _flat(image: Image.Image) -> Image.Image:
    """RGB on white, with nothing but pixels."""
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    flat = image.convert("RGB")
    flat.info.clear()
    return flat


def _bytes(image: Image.Image, form: str, profile: bytes | None, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, icc_profile=profile, **options)
    return out.getvalue()


def _marked(view: Image.Image, caption: Caption) -> Image.Image:
    """A dark strip along the bottom with the caption in white."""
    if not caption.lines:
        return view
    size = max(14, round(view.width / 50))
    font, margin = _font(size), size // 2
    lines = [
        part for line in caption.lines for part in _wrapped(line, font, view.width - 2 * margin)
    ]
    pitch = round(size * 1.4)
    height = pitch * len(lines) + margin
    strip = Image.new("RGBA", (view.width, height), (0, 0, 0, 150))
    pen = ImageDraw.Draw(strip)
    for row, line in enumerate(lines):
        pen.text((margin, margin // 2 + row * pitch), line, font=font, fill="white")
    marked = view.copy()
    marked.paste(strip, (0, view.height - height), strip)
    return marked


def _wrapped(line: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    rows, row = [], ""
    for character in line:
        if row and font.getlength(row + character) > width:
            rows.append(row)
            row = ""
        row += character
    return [*rows, row]


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size)


def _facts(image: Image.Image) -> Facts:
    exif = image.getexif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    orientation = exif.get(ExifTags.Base.Orientation)
    longitude = _degrees(place, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W")
    latitude = _degrees(place, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S")
    placed = longitude is not None and latitude is not None
    return Facts(
        content_type=_TYPES[image.format or ""],
        width=image.width,
        height=image.height,
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,
        taken_at=_taken_at(details),
        longitude=longitude if placed else None,
        latitude=latitude if placed else None,
    )


def _taken_at(details: dict[int, Any]) -> datetime | None:
    """EXIF times are local; without the offset that newer phones add, the city's zone."""
    try:
        local = datetime.strptime(  # noqa: DTZ007 - the zone is its own tag
            str(details[ExifTags.Base.DateTimeOriginal]).strip("\0 "), "%Y:%m:%d %H:%M:%S"
        )
    except (KeyError, ValueError):
        return None
    return local.replace(tzinfo=_zone(details)).astimezone(UTC)


def _zone(details: dict[int, Any]) -> timezone:
    offset = str(details.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    try:
        hours, minutes = int(offset[1:3]), int(offset[4:6])
        apart = timedelta(hours=hours, minutes=minutes)
        return timezone(-apart if offset[0] == "-" else apart)
    except (ValueError, IndexError):
        return CITY_ZONE


def _degrees(place: dict[int, Any], value: int, side: int, negative: str) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in place[value])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    angle = degrees + minutes / 60 + seconds / 3600
    if not 0 <= angle <= 180:  # also NaN, which a zero denominator gives
        return None
    return -angle if str(place.get(side, "")).strip("\0 ").upper() == negative else angle
