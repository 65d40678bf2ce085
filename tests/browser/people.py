"""Who uses the product, through what they see: every step is a click or a key."""

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct
from playwright.async_api import (
    Browser,
    BrowserContext,
    Error,
    FilePayload,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from backend.app.demo import PASSWORD
from tests.browser.pictures import picture
from tests.browser.service import Service, Worker

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=800)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
CATEGORY = "上水井盖"  # asks for 近景, 远景 and 参照物
ROLES = ("近景", "远景", "参照物")
PATIENCE_MS = 15_000

KEPT = """async (text) => {
    const asked = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
    })
    const store = await asked(indexedDB.open('xunge'))
    const drafts = () => store.transaction('drafts').objectStore('drafts')
    for (let kept = ''; !kept.includes(text); await new Promise(requestAnimationFrame))
        kept = JSON.stringify(await asked(drafts().getAll()))
    store.close()
}"""
"""Resolves once a draft on the device holds the text."""

expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str:
    """The browser's program, as the Makefile finds it."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found, "no Chromium: set CHROMIUM or install it"
    return found


def manners(worker: Worker | None = None, **more: Any) -> dict[str, Any]:
    """Options of a context: a still, Chinese phone, which knows where its worker stands."""
    options: dict[str, Any] = {
        "viewport": PHONE,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "reduced_motion": "reduce",
        "permissions": ["geolocation"],
    }
    if worker:
        options["geolocation"] = {
            "longitude": worker.longitude,
            "latitude": worker.latitude,
            "accuracy": 12,
        }
    return options | more


class Part(Struct, frozen=True):
    """What an org is to do in a case, as it is tapped together."""

    org: str
    kind: str = "主办"
    requirement: str = ""
    work_days: int = 0
    """0 leaves it to the standard."""


class People:
    """Everyone in one test."""

    def __init__(
        self, browser: Browser, service: Service, camera: Callable[[], FilePayload] = picture
    ) -> None:
        self._browser = browser
        self._camera = camera
        self._contexts: list[BrowserContext] = []
        self.service = service
        self.errors: list[str] = []

    async def anyone(self, worker: Worker | None = None, **options: Any) -> "Person":
        """A new device with the app open and nobody signed in."""
        context = await self._browser.new_context(**manners(worker, **options))
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        person = Person(await context.new_page(), self.service, self._camera)
        self.watch(person.page)
        await person.page.goto(self.service.address)
        return person

    async def worker(self, worker: Worker, **options: Any) -> "Person":
        """A grid worker, signed in, standing in their grid."""
        person = await self.anyone(worker, **options)
        await person.sign_in(worker.user)
        return person

    async def user(self, code: str, **options: Any) -> "Person":
        """Any other user, signed in."""
        person = await self.anyone(**options)
        await person.sign_in(code)
        return person

    def watch(self, page: Page) -> None:
        """Note what goes wrong on a page without anyone seeing it."""
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))

    async def keep_pictures(self, folder: Path) -> None:
        """What every open page shows now."""
        for n, page in enumerate(page for each in self._contexts for page in each.pages):
            with suppress(Error):  # a page whose process died shows nothing
                await page.screenshot(path=folder / f"{n}.png")

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


class Person:
    """One user at one window."""

    def __init__(
        self, page: Page, service: Service, camera: Callable[[], FilePayload] = picture
    ) -> None:
        self.page = page
        self.service = service
        self.camera = camera

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def button(self, name: str | re.Pattern[str], *, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def seen(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    async def sign_in(self, code: str, post: str | None = None) -> None:
        await self.page.get_by_label("用户名").fill(code)
        await self.page.get_by_label("密码", exact=True).fill(PASSWORD)
        await self.button("登录").click()
        if post:
            await self.button(re.compile(post)).click()
        await expect(self.page.get_by_role("navigation", name="主导航")).to_be_visible()

    async def can_start_offline(self) -> None:
        """Wait until the service worker keeps the whole app."""
        await self.page.evaluate(
            """() => navigator.serviceWorker.controller ?? new Promise((controlled) =>
                navigator.serviceWorker.addEventListener('controllerchange', () => controlled(1)))
            """
        )

    async def has_the_city(self) -> None:
        """Wait until the device holds all it is given: grids, categories, flows."""
        await self.look_in_outbox()
        await expect(self.page.get_by_text("上次同步")).to_be_visible()

    async def is_kept(self, text: str) -> None:
        """Wait until what is being written is on the device's disk."""
        async with asyncio.timeout(PATIENCE_MS / 1000):
            await self.page.evaluate(KEPT, text)

    async def tab_dies(self) -> None:
        """The system takes the page's process away, without a word to the page."""
        devtools = await self.context.new_cdp_session(self.page)
        async with self.page.expect_event("crash"):
            self._killing = asyncio.ensure_future(devtools.send("Page.crash"))
        self._killing.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def new_tab(self, path: str = "/") -> "Person":
        """The app in another tab of the same device."""
        other = Person(await self.context.new_page(), self.service, self.camera)
        await other.page.goto(self.service.address + path)
        return other

    async def offline(self) -> None:
        await self.context.set_offline(True)

    async def online(self) -> None:
        await self.context.set_offline(False)

    async def take(self, role: str, photo: FilePayload | None = None) -> FilePayload:
        """A photo into the slot of a role."""
        photo = photo or self.camera()
        await self.page.get_by_label(f"拍{role}").set_input_files(photo)
        await expect(self.page.get_by_role("img", name=f"{role}第 1 张")).to_be_visible()
        return photo

    async def begin_report(self) -> None:
        await self.tab("首页")
        await self.seen("report-button").click()
        await expect(self.seen("report-form")).to_be_visible()

    async def tab(self, name: str) -> None:
        """To one of the main screens, by the way back where a screen has no tabs."""
        back = self.button("返回")
        if await back.count():
            await back.click()
        await self.page.get_by_role("navigation", name="主导航").get_by_text(name).click()

    async def look_in_outbox(self) -> None:
        await self.seen("sync-badge").click()
        await expect(self.page.get_by_role("heading", name="发件箱")).to_be_visible()

    async def choose(self, category: str) -> None:
        await self.seen("choose-category").click()
        sheet = self.page.get_by_role("dialog", name="选择类别")
        await sheet.get_by_role("searchbox").fill(category)
        await sheet.get_by_role("button", name=re.compile(f"^{category}( |$)")).click()
        await expect(self.seen("choose-category")).to_contain_text(category)

    async def next(self) -> None:
        await self.button(re.compile("^下一步")).click()

    async def describe(self, text: str) -> None:
        await self.page.get_by_label("描述", exact=True).fill(text)

    async def place_by_name(self, name: str) -> None:
        """Where somebody else saw it: the first place of that name."""
        await self.page.get_by_role("searchbox", name="搜索街道、社区、网格").fill(name)
        await self.page.get_by_label("地点").get_by_role("button").first.click()
        await expect(self.seen("position-status")).to_contain_text("在地图上标出")

    async def submit(self) -> None:
        await self.seen("submit-report").click()
        await self.is_told("已存入发件箱")
        await expect(self.page.get_by_role("heading", name="发件箱")).to_be_visible()

    async def report(
        self,
        text: str,
        photos: Mapping[str, FilePayload] | None = None,
        category: str = CATEGORY,
    ) -> dict[str, FilePayload]:
        """Through the wizard, where the phone says we are; gives the photos by role."""
        await self.begin_report()
        taken = {
            role: await self.take(role, photo)
            for role, photo in (photos or dict.fromkeys(ROLES)).items()
        }
        await self.next()
        await self.choose(category)
        await self.describe(text)
        await self.next()
        await expect(self.seen("position-status")).to_contain_text("已定位")
        await self.submit()
        return taken

    def items(self, state: str | None = None) -> Locator:
        """What the outbox shows, or what of it is in a state."""
        found = self.seen("outbox-item")
        return found if state is None else self.page.locator(f"[data-state={state}]")

    async def number_of(self, text: str) -> str:
        """The case number that the outbox shows beside a report, once it has arrived whole."""
        item = self.items().filter(has_text=text)
        await expect(item).to_have_attribute("data-state", "sent")
        return (await item.get_by_test_id("receipt").inner_text()).strip()

    async def open_box(self, box: str) -> None:
        await self.tab("案件")
        await self.page.locator(f"[data-box={box}]").click()

    async def open_case(self, box: str, number: str) -> None:
        """From a box of the desk, where the case must be waiting."""
        await self.open_box(box)
        await self.seen("case-row").filter(has_text=number).click()
        await expect(self.seen("case-number")).to_have_text(number)

    async def act(self, action: str, **given: Any) -> None:
        """An action of the case on the screen, with what its form asks for; see `give`."""
        await self.begin(action)
        await self.give(action, **given)

    async def give(self, action: str, **given: Any) -> None:
        """Fill in the action's form that is open and confirm it:

        text by field name, `choice` by its label (or several), `photo` by role, `parts` of orgs.
        """
        form = self.form(action)
        for name, value in given.items():
            if name == "choice":
                for choice in [value] if isinstance(value, str) else value:
                    await form.get_by_role("radio", name=re.compile(choice)).first.check()
            elif name == "photo":
                await self.take(value)
            elif name == "parts":
                await self.choose_parts(form, value)
            else:
                await form.locator(f"[name={name}]").fill(value)
        await form.get_by_role("button", name=f"确认{action}").click()
        await self.is_told(f"{action}：已存入发件箱")
        await expect(form).to_be_hidden()

    def form(self, action: str) -> Locator:
        return self.page.get_by_role("dialog", name=action, exact=True)

    async def choose_parts(self, form: Locator, parts: Sequence[Part]) -> None:
        """Several orgs, each with its part, words and limit."""
        await form.get_by_role("button", name=re.compile("添加部门$")).click()
        picker = self.page.get_by_role("dialog", name="选择部门")
        for part in parts:
            await picker.get_by_label("搜索部门").fill(part.org)
            option = picker.get_by_role("button", name=part.org, exact=True)
            if await option.get_attribute("aria-pressed") != "true":
                await option.click()
        await picker.get_by_role("button", name=re.compile("^选好了")).click()
        for part in parts:
            card = form.get_by_role("region", name=part.org, exact=True)
            if await card.get_by_role("radiogroup", name="参与方式").count():
                await card.get_by_text(part.kind, exact=True).click()
            if part.requirement or part.work_days:
                await card.locator("summary").click()
                await card.get_by_label("要求").fill(part.requirement)
            if part.work_days:
                await card.get_by_label("时限数值").fill(str(part.work_days))

    async def begin(self, action: str) -> None:
        """Open an action's form, from the bar or from what is behind 其他."""
        bar = self.seen("action-bar")
        await expect(bar.get_by_role("button").first).to_be_visible()
        direct = bar.get_by_role("button", name=action, exact=True)
        if await direct.count():
            await direct.click()
            return
        await bar.get_by_role("button", name="其他").click()
        others = self.page.get_by_role("dialog", name="选择操作")
        await others.get_by_role("button", name=re.compile(f"^{action}(给其他部门…)?$")).click()

    async def review(self, about: str, **given: Any) -> None:
        """Answer a request that waits for my word, found by its reason; see `give`."""
        await self.open_review(about)
        action = await self.page.get_by_role("dialog").get_attribute("aria-label")
        await self.give(str(action), **given)

    async def open_review(self, about: str) -> Locator:
        """The form to answer a request with."""
        await self.tab("审批")
        await self.seen("request-row").filter(has_text=about).click()
        form = self.page.get_by_role("dialog")
        await expect(form).to_contain_text(about)
        return form

    async def one_tap(self, action: str) -> None:
        """The action that asks nothing, because the matrix has answered."""
        await self.seen("action-bar").get_by_role("button", name=re.compile(action)).click()
        await self.is_told("已存入发件箱")

    async def is_told(self, text: str) -> None:
        """Read a notice and put it away."""
        await expect(self.page.get_by_text(text)).to_be_visible()
        await self.button("知道了").click()

    async def sees_state(self, name: str) -> None:
        await expect(self.seen("case-state")).to_have_text(name)
