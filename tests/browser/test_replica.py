"""What a phone keeps of others' data: read by PIN, wiped, and seen when the browser took it."""

import pytest
from playwright.async_api import expect

from tests.browser.gallery import Faults, Gallery
from tests.browser.people import People
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIN, OTHER = "204816", "111111"

RAW = """async () => {
    const asked = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
    })
    const store = await asked(indexedDB.open('xunge'))
    const names = [...store.objectStoreNames].filter((name) => /blocks|reference/.test(name))
    const all = await Promise.all(names.map((name) =>
        asked(store.transaction(name).objectStore(name).getAll())))
    const lock = await asked(store.transaction('meta').objectStore('meta').get('lock'))
    store.close()
    const text = all.flat().map(({ bytes }) => new TextDecoder().decode(bytes)).join('')
    return { blocks: all.flat().length, plain: /网格|责任|name/.test(text),
        readable: lock?.value?.device?.extractable ?? null }
}"""

CLEAR = """() => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('xunge')
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
})"""


async def test_what_is_kept_is_behind_the_pin_but_recording_is_not(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    page = field.page
    await field.has_the_city()
    kept = await page.evaluate(RAW)
    assert kept["blocks"] > 0
    assert not kept["plain"]
    assert kept["readable"] is False

    await page.goto(f"{service.address}/me")
    await field.seen("set-pin").click()
    await expect(page.get_by_text("设一个六位数字口令")).to_be_visible()
    gallery = Gallery()
    await gallery.show(field, "pin-set")
    await page.keyboard.type(PIN)
    await expect(page.get_by_text("再输入一次")).to_be_visible()
    await page.keyboard.type(PIN)
    await expect(page.get_by_text("口令已设好")).to_be_visible()

    await page.goto(f"{service.address}/tasks")
    await expect(page.get_by_role("heading", name="输入口令")).to_be_visible()
    await page.keyboard.type(OTHER)
    await expect(page.get_by_text("还可以试 9 次")).to_be_visible()
    await gallery.show(field, "pin")
    assert gallery.faults == Faults([], [], [], [])
    await page.get_by_role("link", name="不解锁，直接上报").click()
    await field.take("近景")
    await field.next()
    await field.describe("上着锁也能报")
    await page.goto(f"{service.address}/")
    for digit in PIN:
        await page.get_by_role("button", name=digit, exact=True).click()
    await expect(field.seen("home-map")).to_contain_text("在办案件")

    await page.get_by_role("link", name="我的", exact=True).click()
    await page.get_by_role("link", name="取消口令").click()
    await expect(page.get_by_text("输入现在的口令")).to_be_visible()
    await page.keyboard.type(PIN)
    await expect(page.get_by_text("口令已取消")).to_be_visible()
    await page.goto(f"{service.address}/")
    await expect(field.seen("home-map")).to_contain_text("在办案件")


async def test_a_forgotten_pin_is_replaced_by_signing_in_again(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    page = field.page
    await field.has_the_city()
    await page.goto(f"{service.address}/pin")
    await expect(page.get_by_text("设一个六位数字口令")).to_be_visible()
    await page.keyboard.type(PIN)
    await expect(page.get_by_text("再输入一次")).to_be_visible()
    await page.keyboard.type(PIN)
    await expect(page.get_by_text("口令已设好")).to_be_visible()
    before = (await page.evaluate(RAW))["blocks"]
    await page.reload()
    await page.get_by_role("link", name="忘记口令").click()
    await field.sign_in(worker.user)
    await expect(field.seen("home-map")).to_contain_text("在办案件")
    assert (await page.evaluate(RAW))["blocks"] >= before


async def test_a_store_that_the_browser_cleared_is_said_and_fetched_again(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.has_the_city()
    await field.offline()
    await field.report("没发出去就被清掉了")
    await expect(field.items("queued")).to_have_count(1)
    devices = "select count(*) from device d join app_user u on u.id = d.user_id where u.code = $1"
    (before,) = await service.rows(devices, worker.user)
    await field.page.goto("about:blank")
    await field.online()
    await field.page.goto(f"{service.address}/icon.svg")
    await field.page.evaluate(CLEAR)
    await field.page.goto(service.address)
    await expect(field.seen("loss")).to_contain_text("有 1 条没有送达的记录无法找回")
    await field.sign_in(worker.user)
    await expect(field.seen("loss")).to_contain_text("已从服务器取回")
    gallery = Gallery()
    await gallery.show(field, "loss")
    assert gallery.faults == Faults([], [], [], [])
    await expect(field.seen("home-map")).to_contain_text("在办案件")
    (after,) = await service.rows(devices, worker.user)
    assert after[0] == before[0] + 1
    await field.button("知道了").click()
    await expect(field.seen("loss")).to_be_hidden()
