"""People and rooms recorded, edited, disputed and settled through the write path."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from backend.core import database
from backend.core.crypto import LEDGER, Keyring
from backend.directory.rules import buckets_of
from backend.registry import queries
from backend.registry.documents import person_document, person_full
from backend.registry.structs import (
    EditPerson,
    EditRoom,
    FindRecords,
    PersonFields,
    Record,
    RecordPerson,
    RecordRoom,
    RoomFields,
    SettleDispute,
)
from offline.pull import pull
from offline.wire import Outcome, PullRequest
from tests.cases.city import City

CIPHER = Keyring(bytes(range(32))).cipher(LEDGER)
NUMBER, PHONE, NAME = "990304199301019912", "10099887766", "金丝雀"
"""Planted; they must turn up nowhere but where they may."""


async def grid_of(city: City, user: str) -> str:
    return (await city.actor(user)).grids[0]


async def do(city: City, user: str, type_: str, payload: Any, **envelope: Any) -> Outcome:
    return (await city.send(user, await city.command(user, type_, payload, **envelope)))[0]


async def done(city: City, user: str, type_: str, payload: Any, **envelope: Any) -> int:
    outcome = await do(city, user, type_, payload, **envelope)
    assert outcome.outcome == "accepted", outcome.reasons
    assert outcome.receipt
    assert outcome.receipt.version
    return outcome.receipt.version


async def room_in(city: City, grid: str) -> UUID:
    room = uuid4()
    fields = RoomFields(address="样板路 1 号", grid=grid, use="2", occupancy="own")
    await done(city, "dj01", "room.record", RecordRoom(room, fields))
    return room


async def somebody(city: City, user: str = "wg003", **fields: Any) -> UUID:
    person, room = uuid4(), await room_in(city, await grid_of(city, user))
    given: dict[str, Any] = {
        "name": NAME,
        "id_type": "111",
        "number": NUMBER,
        "phone": PHONE,
        "room": room,
    }
    await done(city, user, "person.record", RecordPerson(person, PersonFields(**(given | fields))))
    return person


async def record(city: City, person: UUID, kind: str = "person") -> Record:
    async with database.connection() as conn:
        return (await city.ports.kinds[kind].load(conn, [person], False))[person]  # type: ignore[no-any-return]


async def test_edits_of_different_fields_merge_and_of_one_field_are_disputed_until_settled(
    city: City,
) -> None:
    person = await somebody(city)
    base = {person: 1}
    for user, fields in (
        ("wg003", PersonFields(phone="10011111111")),
        ("dj01", PersonFields(ethnicity="02")),
        ("dj01", PersonFields(phone="10022222222")),
    ):
        await done(city, user, "person.edit", EditPerson(person, fields), bases=base)
    full = person_full(await record(city, person))
    (dispute,) = full.disputes
    assert dispute.field == "phone"
    assert {each.value for each in dispute.candidates} == {"10011111111", "10022222222"}
    assert person_document(await record(city, person)).ethnicity == "02"

    settle = SettleDispute("person", person, "phone", "10033333333")
    refused = await do(city, "wg003", "dispute.settle", settle, bases={person: 4})
    assert [reason.code for reason in refused.reasons] == ["forbidden"]
    await done(city, "dj01", "dispute.settle", settle, bases={person: 4})
    full = person_full(await record(city, person))
    assert (full.phone, full.disputes) == ("10033333333", [])
    lines = queries.history_of(await record(city, person), await city.actor("dj01"))
    phones = [(line.old, line.new, line.disputed) for line in lines if line.field == "phone"]
    assert [new for _, new, _ in phones] == ["10033333333", "10022222222", "10011111111", PHONE]
    assert [disputed for _, _, disputed in phones] == [False, True, False, False]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"number": "330304199301019919", "id_type": "111"}, "payload.fields.number"),
        ({"sex": "7"}, "payload.fields.sex"),
        ({"phone": "call me"}, "payload.fields.phone"),
        ({"name": " "}, "payload.fields.name"),
        ({}, "payload.fields"),
        ({"birth": "2999-01-01"}, "payload.fields.birth"),
        ({"room": str(uuid4())}, "payload.fields.room"),
        ({"shoe": 43}, "payload.fields"),
    ],
)
async def test_a_faulty_edit_names_its_field_and_repeats_no_value(
    city: City, fields: dict[str, Any], field: str
) -> None:
    person = await somebody(city)
    outcome = await do(city, "wg003", "person.edit", {"person": person, "fields": fields})
    assert outcome.outcome == "rejected"
    assert {reason.field for reason in outcome.reasons} == {field}
    said = msgspec.json.encode(outcome).decode()
    assert not any(str(value) in said for value in fields.values() if len(str(value)) > 2)


async def test_only_those_of_the_place_may_touch_a_person_and_only_with_the_right(
    city: City,
) -> None:
    person = await somebody(city)
    edit = EditPerson(person, PersonFields(sex="1"))
    for user, code in (("wg020", "not_found"), ("cz01", "forbidden")):
        outcome = await do(city, user, "person.edit", edit, bases={person: 1})
        assert [reason.code for reason in outcome.reasons] == [code]


async def test_a_room_takes_its_people_along_to_another_grid_and_late_edits_still_count(
    city: City,
) -> None:
    person = await somebody(city)
    before = await record(city, person)
    room = UUID(str(before.writes[0].values["room"]))
    other = await grid_of(city, "wg020")
    await done(city, "dj01", "room.edit", EditRoom(room, RoomFields(grid=other)), bases={room: 1})
    after = await record(city, person)
    assert (after.grid, after.version) == (other, 2)
    async with database.connection() as conn:
        rows = await conn.fetch(
            "select bucket from bucket_member where entity = $1 and not removed", person
        )
    assert {row["bucket"] for row in rows} == {
        f"grid:{other}/people.masked", f"grid:{other}/people.full"
    }  # fmt: skip
    edit = EditPerson(person, PersonFields(sex="1"))
    await done(city, "wg003", "person.edit", edit, bases={person: 1})  # had them at version 1
    outcome = await do(city, "wg003", "person.edit", edit, bases={person: 2})
    assert [reason.code for reason in outcome.reasons] == ["not_found"]


async def test_who_has_moved_away_is_nobodys_there_after_a_month_whatever_an_author_says_they_saw(
    city: City,
) -> None:
    person = await somebody(city)
    elsewhere = await room_in(city, await grid_of(city, "wg020"))
    move = EditPerson(person, PersonFields(room=elsewhere))
    await done(city, "dj01", "person.edit", move, bases={person: 1})
    edit = EditPerson(person, PersonFields(sex="1"))
    city.now += timedelta(days=30)
    await done(city, "wg003", "person.edit", edit)
    city.now += timedelta(days=10)
    outcome = await do(city, "wg003", "person.edit", edit)
    assert [reason.code for reason in outcome.reasons] == ["not_found"]


async def test_a_clock_far_ahead_wins_no_dispute_for_ever(city: City) -> None:
    person = await somebody(city)
    edit = EditPerson(person, PersonFields(sex="1"))
    await done(city, "wg003", "person.edit", edit, occurred_at="2999-01-01T00:00:00Z")
    (write,) = (await record(city, person)).writes[1:]
    assert write.at <= city.now + timedelta(minutes=5)


async def test_devices_hold_what_the_county_and_the_post_allow(city: City) -> None:
    await somebody(city)
    worker, registrar = await city.actor("wg003"), await city.actor("dj01")
    registrar = replace(registrar, grids=worker.grids)
    for actor, people, holds in (
        (worker, "nothing", {"room"}),
        (worker, "full", {"room", "person"}),
        (registrar, "masked", {"room", "person"}),
        (registrar, "full", {"room", "person", "person.full"}),
    ):
        buckets = [
            b
            for b in buckets_of(replace(actor, device_people=people))
            if "/people" in b or "/rooms" in b
        ]
        kinds, page, said = set(), None, ""
        while True:
            answer = await pull(PullRequest(page=page), buckets, city.pulling)
            kinds |= {held.kind for held in answer.documents}
            said += "".join(bytes(held.document).decode() for held in answer.documents)
            page = answer.page
            if page is None:
                break
        assert kinds == holds
        assert (NUMBER in said) == (PHONE in said) == ("person.full" in holds)


async def test_planted_values_are_nowhere_in_the_clear(
    city: City, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in any row of any table, nor in what is logged while they are edited and refused."""
    person = await somebody(city)
    for fields in (PersonFields(phone="10099887767"), PersonFields(number="990304199301019919")):
        await do(city, "wg003", "person.edit", EditPerson(person, fields), bases={person: 1})
    async with database.connection() as conn:
        tables = await conn.fetch(
            "select c.oid::regclass::text as name from pg_class c join pg_namespace n "
            "on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p')"
        )
        for table in tables:
            rows = await conn.fetch(f"select t::text as row from {table['name']} t")
            text = "\n".join(row["row"] for row in rows)
            for planted in (NUMBER, PHONE, NAME, "10099887767"):
                assert planted not in text, table["name"]
                assert planted.encode().hex() not in text, table["name"]
    said = caplog.text + "".join(capsys.readouterr())
    assert not any(planted in said for planted in (NUMBER, PHONE, NAME, "990304199301019919"))


async def test_people_are_found_by_part_of_a_name_and_by_number_with_the_right(city: City) -> None:
    person = await somebody(city, name="欧阳金丝雀")
    kinds = city.ports.kinds

    async def found(user: str, text: str) -> list[UUID]:
        async with database.connection() as conn:
            page, _ = await queries.find(
                conn, await city.actor(user), kinds, CIPHER, "person", FindRecords(text=text)
            )
        return [each.id for each in page]

    for text in ("欧", "阳金", "金丝雀", NUMBER.lower(), "100-9988-7766"):
        assert person in await found("dj01", text), text
    assert person not in await found("dj01", "雀丝")
    assert await found("wg020", "欧阳") == []
    with pytest.raises(Exception, match="不能按号码"):
        await found("wg003", PHONE)


async def test_erasing_the_key_erases_every_personal_value(city: City) -> None:
    person = await somebody(city)
    async with database.transaction() as conn:
        await conn.execute("delete from subject_key where subject = $1", person)
    full = person_full(await record(city, person))
    assert (full.name, full.number, full.phone) == (None, None, None)
