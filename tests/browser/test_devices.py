"""Those who look after the system: devices to stop, and commands that wait for a person."""

import asyncio
from uuid import uuid4

import httpx
import msgspec
import pytest
from playwright.async_api import expect

from backend.app.demo import PASSWORD
from backend.directory.structs import SessionView
from tests.api.serving import Phone
from tests.browser.gallery import Faults, Gallery
from tests.browser.people import People
from tests.browser.service import Service, Worker

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_security_officer_empties_a_lost_phone(
    people: People, worker: Worker, service: Service
) -> None:
    gallery = Gallery()
    holder = await people.worker(worker)
    [row] = await service.rows("select name from app_user where code = $1", worker.user)
    officer = await people.user("aq01")
    await expect(officer.page.get_by_role("heading", name="设备管理")).to_be_visible()
    await officer.page.get_by_label("按人员、名称或型号查找").fill(row["name"])
    found = officer.page.get_by_role("list", name="设备").get_by_role("listitem")
    await expect(found).to_have_count(1)
    await found.get_by_role("button", name="改名").click()
    await officer.page.get_by_role("dialog").get_by_label("名称").fill("丢失的手机")
    await officer.button("保存").click()
    await expect(found).to_contain_text("丢失的手机")
    await gallery.show(officer, "devices")
    await found.get_by_role("button", name="清除数据").click()
    await officer.page.get_by_role("dialog").get_by_role("button", name="清除", exact=True).click()
    await expect(found).to_contain_text("等待清除")
    await holder.page.reload()
    await expect(holder.page.get_by_role("button", name="登录")).to_be_visible()
    wiped = "select from device where name = '丢失的手机' and wiped_at is not null"
    async with asyncio.timeout(15):
        while not await service.rows(wiped):  # the phone's word is on its way
            await asyncio.sleep(0.1)
    await officer.page.reload()
    await expect(officer.page.get_by_role("list", name="设备")).to_contain_text("已清除")
    await officer.page.get_by_label("按人员、名称或型号查找").fill("没有这个人")
    await expect(officer.page.get_by_text("没有找到")).to_be_visible()
    await officer.page.goto(f"{service.address}/me")
    mine = officer.page.get_by_role("list", name="登录过的设备")
    await expect(mine).to_contain_text("本机")
    await gallery.show(officer, "my-devices")
    assert gallery.faults == Faults([], [], [], [])


async def test_an_administrator_ends_a_wait_that_would_never_end(
    people: People, worker: Worker, service: Service
) -> None:
    gallery = Gallery()
    async with httpx.AsyncClient(base_url=service.address) as client:
        device = {"id": str(uuid4()), "name": "另一台手机"}
        body = {"name": worker.user, "password": PASSWORD, "device": device}
        answer = await client.post("/api/session", json=body)
        phone = Phone(client, msgspec.json.decode(answer.content, type=SessionView))
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {phone.view.token}"
        item = phone.command("case.act", {"case": uuid4(), "action": "accept"}, after=[uuid4()])
        assert (await phone.push(item))[0].outcome == "held"
        admin = await people.user("xt01")
        await admin.page.get_by_role("link", name="待处理的提交").click()
        row = admin.page.get_by_role("list", name="等待中").get_by_role("listitem")
        row = row.filter(has_text=phone.view.name)
        await expect(row).to_contain_text("一条还没有送达的提交")
        await gallery.show(admin, "kept")
        await row.get_by_role("button", name="处理").click()
        dialog = admin.page.get_by_role("dialog")
        await dialog.get_by_text("退回给提交人").click()
        await dialog.get_by_role("textbox").fill("原件已补录")
        await gallery.show(admin, "kept-decide")
        await dialog.get_by_role("button", name="确定").click()
        await expect(dialog).to_have_count(0)
        await admin.page.get_by_role("button", name="内容冲突").click()
        await expect(admin.page.get_by_text("没有内容冲突")).to_be_visible()
        await gallery.show(admin, "kept-empty")
        assert gallery.faults == Faults([], [], [], [])
        async with asyncio.timeout(30):
            while (outcome := (await phone.push(item))[0]).outcome == "held":
                await asyncio.sleep(0.2)
        assert "原件已补录" in outcome.reasons[0].message
