"""Nothing recorded is lost: not by dying pages, full disks, cleared storage or a new version."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Playwright, expect

from backend.app.demo import PASSWORD
from tests.browser.people import FLAGS, ROLES, People, Person, chromium
from tests.browser.pictures import picture
from tests.browser.service import Service, Worker
from tests.cases.city import CATEGORY as CODE

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIES = """(() => {
    let left = %d
    let armed = %s
    addEventListener('click', ({ target }) => {
        if (target.closest?.('[data-testid=submit-report]')) armed = true
    }, true)
    const real = IDBDatabase.prototype.transaction
    IDBDatabase.prototype.transaction = function (stores, mode, options) {
        if (armed && mode === 'readwrite' && left-- <= 0) {
            window.die()
            for (;;);
        }
        return real.call(this, stores, mode, options)
    }
})()"""
"""Stops the page for good at its n-th write, which does not happen."""


@asynccontextmanager
async def mortal(field: Person) -> AsyncIterator[Any]:
    """Gives `open(path, writes, from_start)`: a tab, and a wait for its death."""
    context, service = field.context, field.service
    calls: asyncio.Queue[Any] = asyncio.Queue()
    await context.expose_binding("die", lambda source: calls.put_nowait(source["page"]))

    async def open_tab(path: str, writes: int, *, from_start: bool) -> tuple[Person, Any]:
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        await page.add_init_script(DIES % (writes, "true" if from_start else "false"))

        async def death() -> None:
            async with asyncio.timeout(20):
                await calls.get()
            async with page.expect_event("crash"):
                crash = asyncio.ensure_future(devtools.send("Page.crash"))
                crash.add_done_callback(lambda done: done.cancelled() or done.exception())
            await page.close()

        await page.goto(service.address + path, wait_until="commit")
        return Person(page, service), death

    yield open_tab


async def test_a_tab_that_dies_at_any_of_ten_points_loses_and_doubles_nothing(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.worker(worker)
    await field.begin_report()
    for role in ROLES:
        await field.take(role)
    await field.next()
    await field.choose("上水井盖")
    await field.describe("十次都没有丢")
    await field.next()
    await expect(field.seen("position-status")).to_contain_text("已定位")
    await field.is_kept('"step":3')
    await field.page.close()
    submitted = started = 0
    async with mortal(field) as open_tab:
        for _ in range(10):
            look = await field.new_tab("/health")
            recorded = await look.page.evaluate(COUNT)
            await look.page.close()
            if recorded:
                _, death = await open_tab("/outbox", started, from_start=True)
                started += 1
                await death()
                continue
            tab, death = await open_tab("/report", submitted, from_start=False)
            submitted += 1
            await expect(tab.seen("position-status")).to_contain_text("已定位")
            click = asyncio.ensure_future(tab.seen("submit-report").click())
            await death()
            await asyncio.gather(click, return_exceptions=True)
    assert submitted > 1
    assert started > 1
    last = await field.new_tab("/outbox")
    number = await last.number_of("十次都没有丢")
    (case,) = await service.reported_by(worker.user)
    assert case.number == number
    media = case.reports[0].media
    assert len(media) == len(ROLES)
    for each in media:
        assert service.stored_digest(each.sha256) == each.sha256


COUNT = """() => new Promise((resolve) => {
    const opening = indexedDB.open('xunge')
    opening.onsuccess = () => {
        const count = opening.result.transaction('outbox').objectStore('outbox').count()
        count.onsuccess = () => { opening.result.close(); resolve(count.result) }
    }
})"""


FILLS = """async () => {
    const opening = indexedDB.open('ballast', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('heap')
    await new Promise((resolve) => { opening.onsuccess = resolve })
    const put = (size) => new Promise((resolve) => {
        const bytes = new Uint8Array(size)
        for (let at = 0; at < size; at += 60_000)
            crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 60_000)))
        const t = opening.result.transaction('heap', 'readwrite')
        t.objectStore('heap').put(bytes, Math.random())
        t.oncomplete = () => resolve(true)
        t.onabort = () => resolve(false)
    })
    for (const size of [500_000, 50_000, 5_000, 500, 50]) while (await put(size));
    opening.result.close()
}"""
"""Takes all the room that the browser gives."""


async def test_a_full_disk_keeps_what_was_written_and_says_what_to_do(
    playwright: Playwright, service: Service, worker: Worker
) -> None:
    # Else the browser answers the same room whatever is left.
    flags = [*FLAGS, "--disable-features=StaticStorageQuota"]
    browser = await playwright.chromium.launch(executable_path=chromium(), args=flags)
    people = People(browser, service)
    field = await people.worker(worker)
    devtools = await field.context.new_cdp_session(field.page)

    async def room(size: int) -> None:
        quota = {"origin": service.address, "quotaSize": size}
        await devtools.send("Storage.overrideQuotaForOrigin", quota)

    await field.has_the_city()
    await field.begin_report()
    for role in ROLES:
        await field.take(role)
    await field.next()
    await field.choose("上水井盖")
    await field.describe("存储满了也没丢")
    await field.is_kept("存储满了也没丢")
    await field.page.close()

    page = await field.context.new_page()
    devtools = await field.context.new_cdp_session(page)
    await page.goto(f"{service.address}/health")
    await room(12_000_000)
    await page.evaluate(FILLS)
    await page.goto(f"{service.address}/report")
    field = Person(page, service)
    await field.button("上一步").click()
    await field.page.get_by_label(f"拍{ROLES[0]}").set_input_files(picture())
    await expect(field.page.get_by_text("暂时不能添加照片")).to_be_visible()
    await field.button("知道了").click()
    await field.next()
    await field.next()
    await expect(field.seen("position-status")).to_contain_text("已定位")
    await field.seen("submit-report").click()
    await expect(field.page.get_by_text("填写的内容留在草稿里")).to_be_visible()
    await field.button("知道了").click()
    await expect(field.seen("submit-report")).to_be_visible()
    await room(4_000_000_000)
    await field.seen("submit-report").click()
    await expect(field.items("sent").first).to_be_visible()
    await browser.close()
    assert not people.errors, people.errors


async def test_a_sealed_file_brings_the_queue_home_through_another_device(
    people: People, service: Service, worker: Worker, tmp_path: Path
) -> None:
    field = await people.worker(worker)
    await field.has_the_city()
    await field.offline()
    await field.report("山里带出来的")
    async with field.page.expect_download() as downloading:
        await field.button("导出未发送内容").click()
    file = tmp_path / "queue.xunge"
    await (await downloading.value).save_as(file)

    other = await people.user("sl01")
    await other.look_in_outbox()
    await other.page.get_by_label("导入密封文件").set_input_files(file)
    await expect(other.seen("opened")).to_contain_text("共 1 条，已送达 1 条")
    (case,) = await service.reported_by(worker.user)
    assert case.number
    await expect(other.seen("opened").locator("..").get_by_test_id("receipt")).to_have_text(
        case.number
    )
    for each in case.reports[0].media:
        assert service.stored_digest(each.sha256) == each.sha256

    await field.online()
    await field.number_of("山里带出来的")
    assert len(await service.reported_by(worker.user)) == 1


OLD_STORE = """async ({ device, jwk, records }) => {
    const schema = {
        outbox: ['id', ['user']], media: ['id', ['owner']], blobs: ['id', []],
        drafts: ['key', ['user']], documents: ['key', ['kind']],
        members: ['key', ['bucket', 'entity']], meta: ['key', []],
    }
    const code = (char) => char.charCodeAt(0)
    const key = await crypto.subtle.importKey(
        'jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    await new Promise((resolve) => {
        indexedDB.deleteDatabase('xunge').onsuccess = resolve
    })
    await new Promise((resolve, reject) => {
        const opening = indexedDB.open('xunge', 10)
        opening.onerror = () => reject(opening.error)
        opening.onupgradeneeded = () => {
            for (const [name, [keyPath, indexes]] of Object.entries(schema)) {
                const store = opening.result.createObjectStore(name, { keyPath })
                for (const index of indexes) store.createIndex(index, index)
            }
        }
        opening.onsuccess = () => {
            const t = opening.result.transaction(Object.keys(schema), 'readwrite')
            for (const [name, rows] of Object.entries(records))
                for (const row of rows)
                    t.objectStore(name).put(row.bytes
                        ? { ...row, bytes: Uint8Array.from(atob(row.bytes), code) } : row)
            t.objectStore('meta').put({ key: 'device', value: { ...device, key } })
            t.oncomplete = () => { opening.result.close(); resolve() }
        }
    })
}"""
"""Lays the device's store down as version 1 of it did."""


async def test_an_app_upgraded_with_a_full_outbox_sends_it_all(
    people: People, service: Service, worker: Worker
) -> None:
    field = await people.anyone(worker)
    await field.page.goto(f"{service.address}/health")
    private = ec.generate_private_key(ec.SECP256R1())
    device = {
        "id": str(uuid4()),
        "public_key": base64.b64encode(
            private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).decode(),
    }
    answer = await field.context.request.post(
        f"{service.address}/api/session",
        data={
            "name": worker.user,
            "password": PASSWORD,
            "device": {"id": device["id"], "name": "旧版手机", "public_key": device["public_key"]},
        },
    )
    view = await answer.json()
    for new in ("data_key", "seal_key", "holding"):
        view.pop(new, None)
    records: dict[str, list[Any]] = {"outbox": [], "media": [], "blobs": []}
    for seq in range(1, 6):
        record, photos = _recorded(private, device["id"], view, worker, seq)
        records["outbox"].append(record)
        for photo, data in photos:
            records["media"].append(photo)
            records["blobs"].append({"id": photo["id"], "bytes": base64.b64encode(data).decode()})
    records["meta"] = [
        {"key": "session", "value": {"view": view, "expired": False, "leaving": False}},
        {"key": "sequence", "value": 5},
        {"key": "clock_offset_ms", "value": 12},
    ]
    jwk = _jwk(private)
    await field.page.evaluate(OLD_STORE, {"device": device, "jwk": jwk, "records": records})

    await field.page.goto(f"{service.address}/outbox")
    await expect(field.items("sent")).to_have_count(5)
    cases = await service.reported_by(worker.user)
    assert sorted(case.description for case in cases) == [f"旧版记下的 {n}" for n in range(1, 6)]
    for case in cases:
        for each in case.reports[0].media:
            assert service.stored_digest(each.sha256) == each.sha256
    await field.report("新版接着报")
    await field.number_of("新版接着报")


def _recorded(
    private: ec.EllipticCurvePrivateKey, device: str, view: Any, worker: Worker, seq: int
) -> tuple[dict[str, Any], list[tuple[dict[str, Any], bytes]]]:
    """A report as version 1 of the store keeps it, and its photos with their bytes."""
    now = datetime.now(UTC)
    id_ = str(uuid4())
    photos, named = [], []
    for role in ("near", "far", "reference"):
        data = picture()["buffer"]
        photo = {
            "id": str(uuid4()), "owner": id_, "kind": "photo", "name": f"{role}.jpg",
            "type": "image/jpeg", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
            "url": None, "sent": False, "attempts": 0, "next_try": 0, "last_error": None,
            "reason": None,
        }  # fmt: skip
        photos.append((photo, data))
        named.append({k: photo[k] for k in ("id", "sha256", "size")} | {"role": role})
    place = {"longitude": worker.longitude, "latitude": worker.latitude, "accuracy_m": 8}
    body = json.dumps(
        {
            "id": id_, "device": device, "device_seq": seq, "user": view["user"],
            "post": view["post"], "type": "case.report", "type_version": 1,
            "occurred_at": now.isoformat(), "clock_offset_ms": 12, "origin": "own", "bases": {},
            "after": [], "corrects": None,
            "payload": {
                "case": str(uuid4()), "report": str(uuid4()), "category": CODE,
                "description": f"旧版记下的 {seq}", "position": place, "media": named,
            },
        },
        ensure_ascii=False,
    )  # fmt: skip
    r, s = decode_dss_signature(private.sign(body.encode(), ec.ECDSA(SHA256())))
    record = {
        "id": id_, "seq": seq, "user": view["user"], "type": "case.report", "body": body,
        "signature": base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode(),
        "digest": hashlib.sha256(body.encode()).hexdigest(),
        "created_at": int(now.timestamp() * 1000), "state": "queued", "receipt": None,
        "reasons": [], "attempts": 0, "next_try": 0, "last_error": None, "replaced_by": None,
        "settled_at": None,
    }  # fmt: skip
    return record, photos


def _jwk(private: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = private.private_numbers()

    def text(value: int) -> str:
        return base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()

    public = numbers.public_numbers
    return {
        "kty": "EC", "crv": "P-256", "x": text(public.x), "y": text(public.y),
        "d": text(numbers.private_value),
    }  # fmt: skip
