"""Photos a phone could have taken: small enough that the app keeps their very bytes."""

import hashlib
import io
import random
from functools import cache
from itertools import count

from PIL import Image, ImageDraw
from playwright.async_api import FilePayload

from tests.media.photos import real_photos

KEPT_UP_TO = 1_200_000
"""Bytes; the app makes what is larger smaller."""

_numbers = count(1)


def _scene(number: int) -> Image.Image:
    """A manhole on a pavement before a wall, drawn; another one for each number."""
    dice = random.Random(number)
    image = Image.new("RGB", (1600, 1200), (188, 186, 178))
    paint = ImageDraw.Draw(image)
    paint.rectangle((0, 0, 1600, 480), fill=(dice.randint(90, 200), 120, dice.randint(80, 150)))
    for x in range(0, 1600, 200):
        paint.line((x, 480, x * 2 - 800, 1200), fill=(150, 148, 140), width=8)
    left, top = dice.randint(300, 800), dice.randint(560, 700)
    paint.ellipse((left, top, left + 520, top + 330), fill=(66, 68, 72), outline=(30, 30, 30))
    paint.ellipse((left + 150, top + 90, left + 320, top + 200), fill=(5, 5, 6))
    return image


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def drawing() -> FilePayload:
    """A photo that may be shown to anyone and makes a small picture."""
    number = next(_numbers)
    return FilePayload(
        name=f"IMG_{number:04}.jpg", mimeType="image/jpeg", buffer=_jpeg(_scene(number % 7))
    )


@cache
def _sources() -> list[bytes]:
    real = [data for path in real_photos() if len(data := path.read_bytes()) <= KEPT_UP_TO]
    return [data for data in real if _fits(data)] or [
        _jpeg(Image.blend(_scene(n), Image.effect_noise((1600, 1200), 90).convert("RGB"), 0.2))
        for n in range(3)
    ]


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
