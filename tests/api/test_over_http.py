"""The whole main line as phones and desks see it: over HTTP, from a real server."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from backend.app.live import ANY_CASE
from backend.cases.documents import load
from backend.core.database import connect
from offline.wire import PullRequest, PullResponse
from tests.api.serving import Phone, Server, photo

WORKER, CLERK, DISPATCHER, LEADER = "wg001", "sl01", "pq01", "zb02"
CATEGORY = "C0101"


async def grid_point(server: Server, grid: str) -> dict[str, float]:
    conn = await connect(server.settings.database_url)
    try:
        row = await conn.fetchrow("select longitude, latitude from area where code = $1", grid)
        assert row is not None
        return {"longitude": row["longitude"], "latitude": row["latitude"], "accuracy_m": 8}
    finally:
        await conn.close()


async def lone_worker(server: Server) -> str:
    """A worker who is alone in their first grid, so that tasks come to them."""
    conn = await connect(server.settings.database_url)
    try:
        name: str = await conn.fetchval(
            'with served as (select unnest(p.areas) as grid, a."user" from post p '
            "join appointment a on a.post = p.code where p.role = 'grid_worker') "
            'select min("user") from served group by grid having count(*) = 1 '
            "order by 1 limit 1"
        )
        return name
    finally:
        await conn.close()


async def report(phone: Phone, server: Server, **changes: Any) -> UUID:
    case = uuid4()
    grid = phone.view.areas[0].split("/")[-1]
    payload = {
        "case": case,
        "report": uuid4(),
        "category": CATEGORY,
        "description": "人行道上的井盖破了",
        "address": "站前路 12 号",
        "position": await grid_point(server, grid),
        "media": [photo("near"), photo("far"), photo("reference")],
    }
    [outcome] = await phone.push(phone.command("case.report", payload | changes))
    assert outcome.outcome == "accepted", outcome.reasons
    return case


def documents(pages: list[PullResponse], kind: str) -> dict[UUID, Any]:
    return {
        held.id: msgspec.json.decode(held.document)
        for page in pages
        for held in page.documents
        if held.kind == kind
    }


def count(boxes: dict[str, Any]) -> dict[str, int]:
    return {box["code"]: box["count"] for box in boxes["boxes"]}


async def test_a_case_from_the_report_to_the_close(city_server: Server) -> None:
    name = await lone_worker(city_server)
    async with (
        Phone.of(city_server, name) as worker,
        Phone.of(city_server, CLERK) as clerk,
        Phone.of(city_server, DISPATCHER) as dispatcher,
    ):
        before = count(await clerk.get("/api/cases/counts"))
        first = await worker.pull()
        assert len(documents(first, "area")) > 900
        case = await report(worker, city_server)
        known = PullRequest(first[-1].cursor, first[-1].epoch, first[-1].buckets)
        news = documents(await worker.pull(known), "case")
        assert news[case]["number"].startswith("330304-")

        box = next(
            code
            for code, n in count(await clerk.get("/api/cases/counts")).items()
            if n == before[code] + 1
        )
        listed = await clerk.get("/api/cases", box=box)
        assert listed["items"][0]["id"] == str(case)
        detail = await clerk.get(f"/api/cases/{case}")
        assert {action["code"] for action in detail["actions"]} >= {"accept", "refuse"}
        assert len(detail["awaited"]) == 3
        points = (await clerk.get("/api/cases/map", box=box))["points"]
        assert str(case) in {id_ for id_, *_ in points}
        place = detail["case"]["position"]
        near = await worker.get(
            "/api/cases/similar",
            category=CATEGORY,
            longitude=place["longitude"],
            latitude=place["latitude"],
        )
        assert (near[0]["id"], near[0]["distance_m"]) == (str(case), 0)

        for phone, action, given in (
            (clerk, "accept", {}),
            (clerk, "file", {"standard": 1}),
        ):
            assert (await phone.act(case, action, **given)).outcome == "accepted"
        detail = await dispatcher.get(f"/api/cases/{case}")
        assert (await dispatcher.act(case, "dispatch")).outcome == "accepted"
        org = detail["recommended"][0]["org"]
        handler_name = await handler_of(city_server, org)
        async with Phone.of(city_server, handler_name) as handler:
            held = documents(await handler.pull(), "case")
            assert held[case]["state"] == "handling" or held[case]["stage"] == "dispatched"
            done = await handler.act(case, "handle", opinion="已更换井盖", media=[photo("after")])
            assert done.outcome == "accepted", done.reasons
        [task] = [t for t in await worker.get("/api/tasks") if t["subject"] == str(case)]
        answer = await worker.act(
            case, "answer_check", task=task["id"], verdict="passed", media=[photo("evidence")]
        )
        assert answer.outcome == "accepted", answer.reasons
        assert (await clerk.act(case, "close")).outcome == "accepted"
        closed = (await clerk.get(f"/api/cases/{case}"))["case"]
        assert closed["stage"] == "closed"
        assert closed["ended_at"] is not None
        assert not [t for t in await worker.get("/api/tasks") if t["subject"] == str(case)]


async def handler_of(server: Server, org: str) -> str:
    conn = await connect(server.settings.database_url)
    try:
        name: str = await conn.fetchval(
            'select a."user" from appointment a join post p on p.code = a.post '
            "where p.org = $1 and p.role = 'handler' order by 1 limit 1",
            org,
        )
        return name
    finally:
        await conn.close()


async def test_another_countys_case_is_not_there(city_server: Server) -> None:
    async with Phone.of(city_server, WORKER) as worker, Phone.of(city_server, LEADER) as leader:
        ours = await report(worker, city_server)
        theirs = uuid4()
        conn = await connect(city_server.settings.database_url)
        try:
            case = (await load(conn, [ours], False))[ours]
            elsewhere = msgspec.structs.replace(
                case, id=theirs, county="330302", area_path="330302/330302001"
            )
            await conn.execute(
                "insert into case_file select (jsonb_populate_record(c, $2::jsonb)).* "
                "from case_file c where c.id = $1",
                ours,
                msgspec.json.encode(
                    {
                        "id": theirs,
                        "number": f"330302-20261120-{theirs.int % 1000000:06}",
                        "county": "330302",
                        "area_path": elsewhere.area_path,
                        "document": "\\x" + msgspec.json.encode(elsewhere).hex(),
                    }
                ).decode(),
            )
        finally:
            await conn.close()
        assert (await leader.client.get(f"/api/cases/{ours}")).status_code == 200
        answer = await leader.client.get(f"/api/cases/{theirs}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.json() == (await leader.client.get(f"/api/cases/{uuid4()}")).json()
        reveal = await leader.client.post(f"/api/cases/{theirs}/reveal", json={"reason": "回访"})
        assert reveal.status_code == 404
        listed = await leader.get("/api/cases", limit=100)
        assert str(theirs) not in {item["id"] for item in listed["items"]}
        outcome = await leader.act(theirs, "void", reason="作废", opinion="作废")
        assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "not_found")


async def test_a_push_is_heard_live_by_whom_it_concerns(city_server: Server) -> None:
    async with Phone.of(city_server, WORKER) as worker:
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def listen() -> None:
            async with worker.client.stream("GET", "/api/sync/live", timeout=30) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                async for line in stream.aiter_lines():
                    await heard.put(line)

        listening = asyncio.create_task(listen())
        try:
            async with asyncio.timeout(20):
                assert await heard.get() == ": connected"
                await report(worker, city_server)
                while await heard.get() != "event: change":
                    pass  # comments and empty lines
                data = await heard.get()
        finally:
            listening.cancel()
        buckets = msgspec.json.decode(data.removeprefix("data: "))["buckets"]
        assert f"user:{worker.view.user}" in buckets
        assert set(buckets) <= {*worker.view.buckets, ANY_CASE}


async def test_seeing_an_outside_reporter_is_kept_in_the_ledger(city_server: Server) -> None:
    async with Phone.of(city_server, WORKER) as worker:
        place = await grid_point(city_server, worker.view.areas[0].split("/")[-1])
    async with Phone.of(city_server, CLERK) as clerk, Phone.of(city_server, LEADER) as leader:
        case = await report(
            clerk,
            city_server,
            position=place,
            source="hotline",
            media=[],
            reporter={"name": "金丝雀", "phone": "13800001111"},
            private=True,
        )
        assert (await clerk.get(f"/api/cases/{case}"))["reporter"] is None
        masked = (await leader.get(f"/api/cases/{case}"))["reporter"]
        assert masked == {"name": "金**", "phone": "138****1111"}
        path = f"/api/cases/{case}/reveal"
        assert (await clerk.client.post(path, json={"reason": "回访"})).status_code == 403
        answer = await leader.client.post(path, json={"reason": "回访"})
        assert answer.json() == {"name": "金丝雀", "phone": "13800001111"}
        conn = await connect(city_server.settings.database_url)
        try:
            row = await conn.fetchrow(
                "select author, facts from journal where verb = 'person.unmasked' and entity = $1",
                case,
            )
        finally:
            await conn.close()
        assert row is not None
        assert row["author"] == leader.view.user
        assert "回访" not in row["facts"], "the reason is sealed"
        assert "金丝雀" not in city_server.log.read_text()


@pytest.mark.parametrize("path", ["/api/cases", "/api/tasks", "/api/admin/kept", "/api/devices"])
async def test_nothing_without_signing_in(city_server: Server, path: str) -> None:
    async with Phone.of(city_server, WORKER) as worker:
        del worker.client.headers["Authorization"]
        answer = await worker.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
