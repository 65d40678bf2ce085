"""What the system administrator sees and mends."""

from uuid import UUID, uuid4

import msgspec

from backend.core.database import connect
from offline.wire import Item
from tests.api.serving import Phone, Server
from tests.api.test_over_http import WORKER

ADMIN = "xt01"


async def run(server: Server, statement: str, *args: object) -> None:
    conn = await connect(server.settings.database_url)
    try:
        await conn.execute(statement, *args)
    finally:
        await conn.close()


async def test_dead_letters_are_listed_and_tried_again(city_server: Server) -> None:
    await run(
        city_server,
        "insert into dead_letter (reader, seq, error, attempts) "
        "select 'audit', min(seq), 'ValueError: x', 8 from journal",
    )
    async with Phone.of(city_server, ADMIN) as admin, Phone.of(city_server, WORKER) as worker:
        [letter] = await admin.get("/api/admin/dead-letters")
        assert (letter["reader"], letter["error"]) == ("audit", "ValueError: x")
        assert letter["next_try_at"] is None
        path = f"/api/admin/dead-letters/{letter['id']}/retry"
        assert (await worker.client.post(path)).status_code == 403
        answer = await admin.client.post(path)
        assert answer.status_code == 202
        assert answer.json()["next_try_at"] is not None
        assert (await admin.client.post("/api/admin/dead-letters/999/retry")).status_code == 404


async def test_kept_commands_are_listed_without_their_content_and_tried_again(
    city_server: Server,
) -> None:
    async with Phone.of(city_server, ADMIN) as admin, Phone.of(city_server, WORKER) as worker:
        await run(city_server, "delete from kept_command")
        missing = uuid4()
        payload = {"case": uuid4(), "action": "accept", "opinion": "金丝雀"}
        item = worker.command("case.act", payload, after=[missing])
        assert (await worker.push(item))[0].outcome == "held"
        id_ = msgspec.json.decode(item.body)["id"]
        answer = await admin.client.get("/api/admin/kept")
        [kept] = answer.json()["commands"]
        assert (kept["id"], kept["outcome"], kept["type"]) == (id_, "held", "case.act")
        assert UUID(kept["author"]) == worker.view.user
        assert kept["author_name"] == worker.view.name
        assert kept["reasons"][0]["code"] == "waiting"
        assert kept["waits_for"] == [{"id": str(missing), "type": None, "outcome": None}]
        assert "金丝雀" not in answer.text
        path = f"/api/admin/kept/{id_}/retry"
        assert (await worker.client.post(path)).status_code == 403
        assert (await admin.client.post(path)).json()["outcome"] == "held"
        await run(city_server, "update kept_command set author = $1", uuid4())
        assert (await admin.get("/api/admin/kept"))["total"] == 0, "another county's"
        assert (await admin.client.post(path)).status_code == 404
        assert (await admin.client.post(f"/api/admin/kept/{uuid4()}/retry")).status_code == 404


async def test_what_waits_is_decided_by_a_command_in_the_ledger(city_server: Server) -> None:
    async with Phone.of(city_server, ADMIN) as admin, Phone.of(city_server, WORKER) as worker:
        await run(city_server, "delete from kept_command")
        wrong = worker.command("case.act", {"case": uuid4(), "action": "accept"})
        wrong_id = msgspec.json.decode(wrong.body)["id"]
        waiting = worker.command(
            "case.act", {"case": uuid4(), "action": "accept"}, after=[wrong_id]
        )
        outcomes = await worker.push(wrong, waiting)
        assert [o.outcome for o in outcomes] == ["rejected", "held"]
        [rejected] = (await admin.get("/api/admin/kept", outcome="rejected"))["commands"]
        assert (rejected["id"], rejected["dependents"]) == (wrong_id, 1)
        found = await admin.get("/api/admin/kept", q=f"{worker.view.name} case.act")
        [held] = found["commands"]
        assert held["waits_for"] == [{"id": wrong_id, "type": "case.act", "outcome": "rejected"}]
        assert (await admin.get("/api/admin/kept", q="没有的词"))["total"] == 0
        assert (await admin.get("/api/admin/kept", page=2))["commands"] == []
        assert (await admin.get("/api/admin/kept", outcome="clash"))["total"] == 0

        def decision(by: Phone, **changed: object) -> Item:
            payload = {"command": held["id"], "digest": held["digest"], "decision": "refuse"}
            return by.command("command.decide", payload | {"reason": "重复了"} | changed)

        [outcome] = await worker.push(decision(worker))
        assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "forbidden")
        for changed in ({"command": uuid4()}, {"digest": "0" * 64}):
            [outcome] = await admin.push(decision(admin, **changed))
            assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "not_found")
        first, second = await admin.push(decision(admin), decision(admin))
        assert (first.outcome, second.reasons[0].code) == ("accepted", "decided")
        [outcome] = await worker.push(waiting)
        assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "refused_by_person")
        assert "重复了" in outcome.reasons[0].message
        assert (await admin.get("/api/admin/kept"))["total"] == 0
    conn = await connect(city_server.settings.database_url)
    [row] = await conn.fetch("select * from journal where verb = 'command.decided'")
    await conn.close()
    assert (row["author"], row["entity"]) == (admin.view.user, UUID(held["id"]))
