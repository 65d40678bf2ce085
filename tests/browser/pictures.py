"""Photos a phone could have taken: small enough that the app keeps their very bytes."""

import hashlib
import io
import random
from functools import cache
from itertools import count

from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import FilePayload

from tests.media.photos import real_photos

KEPT_UP_TO = 1_200_000
"""Bytes; the app makes what is larger smaller."""

_numbers = count(1)


@cache
def _street(number: int) -> bytes:
    """A made photo: a manhole on a pavement, with the grain that a cheap lens gives."""
    dice = random.Random(number)
    image = Image.effect_noise((1600, 1200), 46).convert("RGB")
    paint = ImageDraw.Draw(image, "RGBA")
    tone = tuple(dice.randint(60, 200) for _ in range(3))
    paint.rectangle((0, 0, 1600, 480), fill=(*tone, 170))
    for x in range(0, 1600, 200):
        paint.line((x, 480, x * 2 - 800, 1200), fill=(60, 60, 60, 140), width=6)
    left, top = dice.randint(300, 800), dice.randint(560, 700)
    paint.ellipse((left, top, left + 520, top + 330), fill=(52, 54, 58, 235), outline=(20, 20, 20))
    paint.ellipse((left + 150, top + 90, left + 320, top + 200), fill=(5, 5, 6, 255))
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(0.6)).save(out, "JPEG", quality=82)
    return out.getvalue()


@cache
def _sources() -> list[bytes]:
    real = [data for path in real_photos() if len(data := path.read_bytes()) <= KEPT_UP_TO]
    return [data for data in real if _fits(data)] or [_street(n) for n in range(3)]


def _fits(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as image:
        return image.format == "JPEG" and max(image.size) <= 2000


def picture(at_least: int = 0) -> FilePayload:
    """A photo that no other test has, of at least so many bytes (a JPEG may have a tail)."""
    number = next(_numbers)
    base = _sources()[number % len(_sources())]
    tail = random.Random(number).randbytes(max(64, at_least - len(base)))
    return FilePayload(name=f"IMG_{number:04}.jpg", mimeType="image/jpeg", buffer=base + tail)


def digest(photo: FilePayload) -> str:
    return hashlib.sha256(photo["buffer"]).hexdigest()
