"""The small pictures and what is read from a photo."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from backend.core.errors import Problem
from backend.media.pictures import _font, inspect, render
from backend.media.rules import caption
from backend.media.structs import Caption
from tests.media.conftest import ROOT
from tests.media.photos import LATITUDE, LONGITUDE, photo, real_photos

CAPTION = caption("瓯海区梧田街道南湖路", datetime(2026, 11, 20, 1, 30, tzinfo=UTC), "林晓玥")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True))


RED, BLUE = (254, 0, 0), (0, 0, 254)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (800, 600), (400, 10)),
        (3, (800, 600), (400, 590)),
        (6, (600, 800), (590, 400)),
        (8, (600, 800), (10, 400)),
    ],
)
def test_views_stand_upright(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    view = opened(render(io.BytesIO(photo(orientation=orientation)), Caption()).view)
    assert view.size == size
    assert near(view.getpixel(red_at), RED)
    assert near(view.getpixel((size[0] - red_at[0], size[1] - red_at[1])), BLUE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_views_have_their_sizes_and_tell_nothing_else(form: str) -> None:
    views = render(io.BytesIO(photo(3200, 2400, form=form)), CAPTION)
    view, thumb = opened(views.view), opened(views.thumb)
    assert (view.format, view.size) == ("JPEG", (1600, 1200))
    assert (thumb.format, thumb.size) == ("WEBP", (240, 180))
    for data in (views.view, views.thumb):
        assert not opened(data).getexif()
        assert b"Exif" not in data
        assert b"CANARY" not in data


def test_the_watermark_says_where_when_and_who() -> None:
    assert CAPTION.lines == ("瓯海区梧田街道南湖路", "2026-11-20 09:30:00  林晓玥")
    plain = opened(render(io.BytesIO(photo()), Caption()).view)
    marked = opened(render(io.BytesIO(photo()), CAPTION).view)
    box = ImageChops.difference(plain, marked).point(lambda v: 255 if v > 60 else 0).getbbox()
    assert box is not None
    assert box[1] > 500
    assert box[3] == 600
    strip = marked.crop((0, box[1], 800, 600))
    assert min(strip.getpixel((795, 5))) < 40  # type: ignore[arg-type]
    extremes = strip.convert("L").getextrema()
    assert extremes[1] > 240  # type: ignore[operator]


def test_a_long_place_is_wrapped_not_cut() -> None:
    one = opened(render(io.BytesIO(photo()), Caption(("路" * 10,))).view)
    many = opened(render(io.BytesIO(photo()), Caption(("路" * 200,))).view)
    assert one.size == many.size

    def white_rows(image: Image.Image) -> int:
        grey = image.convert("L")
        return sum(
            max(grey.crop((0, row, 800, row + 1)).tobytes()) > 230 for row in range(image.height)
        )

    assert white_rows(many) > 3 * white_rows(one)


@pytest.mark.parametrize("character", list("玥喆瓯媃堃鎏"))
def test_the_font_draws_the_characters_of_names(character: str) -> None:
    font = _font(40)
    assert bytes(font.getmask(character)) != bytes(font.getmask("\U0010ffff"))


def test_exif_is_the_second_witness(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo(orientation=6))
    facts = inspect(path)
    assert (facts.content_type, facts.width, facts.height) == ("image/jpeg", 800, 600)
    assert facts.orientation == 6
    assert facts.taken_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert facts.longitude == pytest.approx(LONGITUDE)
    assert facts.latitude == pytest.approx(LATITUDE)


def test_a_photo_without_exif_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(photo(form="PNG", exif=False))
    facts = inspect(path)
    assert (facts.taken_at, facts.longitude, facts.latitude) == (None, None, None)


def test_every_photo_is_shown_or_refused_with_a_reason(tmp_path: Path) -> None:
    made = tmp_path / "made.jpg"
    made.write_bytes(photo())
    for path in [made, *real_photos()]:
        try:
            inspect(path)
            views = render(path, CAPTION)
        except Problem:
            continue
        assert max(opened(views.view).size) <= 1600
        assert max(opened(views.thumb).size) <= 240


def test_a_large_photo_is_never_decoded_at_full_size(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (8000, 7900), "green").save(path)
    program = (
        "import resource, sys, json; from pathlib import Path;"
        "from backend.media.pictures import render; from backend.media.structs import Caption;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "render(Path(sys.argv[1]), Caption());"
        "print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    grown_kib = json.loads(run.stdout)
    assert grown_kib < 100_000  # its 63 million pixels would take 190 MB
