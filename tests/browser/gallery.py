"""Looks at a screen as a picture, at both widths, and as those see it who see or move less well."""

import io
import re
from pathlib import Path

from msgspec import Struct
from PIL import Image, ImageChops
from playwright.async_api import Page, ViewportSize

from tests.browser.people import DESK, PHONE, Person

SCREENS = Path(__file__).parents[2] / "docs" / "screens"
NARROW = ViewportSize(width=360, height=740)
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CHANGED = 0.02
"""Share of a picture that must differ before it is written again: times and numbers always do."""
TOUCH = 44
ELDER_TOUCH = 60

SETTLED = """async () => {
    const busy = () => document.querySelector('.skeleton, [data-still=false], [aria-busy=true]')
        ?? [...document.images].find((image) => !image.complete && image.loading !== 'lazy')
    while (busy()) await new Promise(requestAnimationFrame)
    await document.fonts.ready
}"""

FAULTS = """async () => (await axe.run(document, {
    resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa'],
})).violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)"""

SMALL = """(least) => [...document.querySelectorAll(
    'button, a[href], input, select, textarea, summary, [role=button]'
)].flatMap((each) => {
    const target = each.closest('label') ?? each
    const { width, height } = target.getBoundingClientRect()
    if (width === 0 || !target.checkVisibility() || each.matches('p a, li a.link')) return []
    return Math.min(width, height) + 0.5 < least
        ? [`${target.outerHTML.slice(0, 120)}: ${width.toFixed()} × ${height.toFixed()}`] : []
})"""


FOREIGN = re.compile(r"[A-Za-z]{3,}|undefined|NaN")
AN_ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
NAMES = {"Linux", "Chrome", "Excel", "PDF"}


class Faults(Struct, frozen=True):
    """What was found, each line with the screen it was found on."""

    shut_out: list[str] = []
    sideways: list[str] = []
    small: list[str] = []
    foreign: list[str] = []


class Gallery:
    """Keeps a picture of each screen, and what is wrong with any."""

    def __init__(self, *, keep_pictures: bool = True) -> None:
        self._keep = keep_pictures
        self.faults = Faults([], [], [], [])
        self.names: list[str] = []

    async def show(self, person: Person, name: str, *, touch: int = TOUCH) -> None:
        """Look at the screen that a person has before them; it ends at phone width."""
        page = person.page
        self.names.append(name)
        await page.set_viewport_size(NARROW)
        await page.evaluate(SETTLED)
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.sideways.append(name)
        for width, size in (("1280", DESK), ("390", PHONE)):
            await page.set_viewport_size(size)
            await page.evaluate(SETTLED)
            shot = await still(page)
            if self._keep:
                keep(shot, SCREENS / f"{name}-{width}.png")
        await page.evaluate(AXE.read_text() + "; 0")
        self.faults.shut_out.extend(f"{name}: {fault}" for fault in await page.evaluate(FAULTS))
        text = AN_ID.sub("", await page.locator("body").inner_text())
        words = FOREIGN.findall(text)
        self.faults.foreign.extend(f"{name}: {word}" for word in words if word not in NAMES)
        small = await page.evaluate(SMALL, touch)
        self.faults.small.extend(f"{name}: {each}" for each in small)


async def still(page: Page) -> bytes:
    """A picture that the next one equals."""
    before = b""
    while (now := await page.screenshot(animations="disabled")) != before:
        before = now
    return now


def keep(shot: bytes, path: Path) -> None:
    """Write a picture, small, unless the kept one looks the same. Delete a kept one to renew it."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    if path.exists() and _looks_like(picture, path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    small = picture.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _looks_like(picture: Image.Image, path: Path) -> bool:
    with Image.open(path) as kept:
        if kept.size != picture.size:
            return False
        difference = ImageChops.difference(kept.convert("RGB"), picture).convert("L")
    other = sum(difference.histogram()[48:])
    return other < CHANGED * picture.width * picture.height
