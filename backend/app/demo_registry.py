"""The demo city's rooms and people: invented, recorded by the demo registrar as anyone would."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.app.writing import pushing
from backend.core import database
from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.halt import Halt
from backend.core.ids import derived_id, new_id
from backend.registry.rules.numbers import check_digit
from backend.registry.structs import PersonFields, RecordPerson, RecordRoom, RoomFields
from backend.registry.vocabulary import VOCABULARY
from offline import epoch
from offline.batch import Sender
from offline.push import push
from offline.wire import MAX_COMMANDS, Item

REGISTRAR = "dj01"
SEED = 330304
GRIDS, ROOMS = 12, 12
"""How many grids have a building, and how many rooms one has: some 150 rooms, some 350 people."""
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = ["样甲", "样乙", "样丙", "样丁", "样一", "样二", "样三", "试", "例", "样"]
_AREA = "990304"
"""No province has 99, so no number is anybody's."""


async def record_demo_people(keyring: Keyring, life: str) -> None:
    """Record the rooms and people of the first grids that have a worker. Raises Halt when one is
    refused.
    """
    async with database.transaction() as conn:
        grids = await conn.fetch(
            "select distinct a.code, a.name from post p join area a on a.code = any(p.areas) "
            "where p.role = 'grid_worker' and a.kind = 'responsibility' order by a.code limit $1",
            GRIDS,
        )
    said = town([(grid["code"], grid["name"]) for grid in grids], ROOMS)
    await record(keyring, life, derived_id("demo device", REGISTRAR), said)


async def record(
    keyring: Keyring, life: str, device: UUID, said: Iterable[RecordRoom | RecordPerson]
) -> None:
    """Push what the registrar says from a device that nobody else has. Raises Halt when one is
    refused.
    """
    ports = pushing(keyring, epoch.Life(life), _nobody_listens)
    async with database.transaction() as conn:
        who = await conn.fetchrow(
            'select u.id as "user", p.id as post from app_user u join post p on p.code = u.code '
            "where u.code = $1",
            REGISTRAR,
        )
        if who is None:  # a pack of another make
            return
        await conn.execute(
            "insert into device (id, user_id, name, registered_at) values ($1, $2, '示范数据', $3)",
            device,
            who["user"],
            utc_now(),
        )
    items = [_item(n, device, who, payload) for n, payload in enumerate(said, start=1)]
    for start in range(0, len(items), MAX_COMMANDS):
        for outcome in await push(items[start : start + MAX_COMMANDS], Sender(who["user"]), ports):
            if outcome.outcome not in ("accepted", "repeated"):
                raise Halt(f"示范人员没有导入: {outcome.reasons}")
    async with database.transaction() as conn:
        await conn.execute("update device set revoked_at = $2 where id = $1", device, utc_now())


async def _nobody_listens(_: set[str]) -> None:
    pass


def _item(number: int, device: UUID, who: Any, payload: Struct) -> Item:
    kind = "person" if isinstance(payload, RecordPerson) else "room"
    command = {
        "id": new_id(),
        "device": device,
        "device_seq": number,
        "user": who["user"],
        "post": who["post"],
        "type": f"{kind}.record",
        "occurred_at": utc_now(),
        "clock_offset_ms": 0,
        "payload": payload,
    }
    return Item(msgspec.json.encode(command).decode())


def town(grids: Sequence[tuple[str, str]], rooms: int) -> Iterator[RecordRoom | RecordPerson]:
    """So many rooms in each grid (code and name), each followed by who lives there: one to four
    people. The same for the same grids.
    """
    dice = random.Random(SEED)  # noqa: S311 - nobody's secret
    people = 0
    for code, name in grids:
        for number in range(rooms):
            building, place = divmod(number, ROOMS)
            floor, door = place // 2 + 1, place % 2 + 1
            room = derived_id("demo room", code, number)
            yield RecordRoom(
                room,
                RoomFields(
                    address=f"{name}样板路 {dice.randrange(1, 99)} 号",
                    building=f"{building + 1} 幢",
                    unit="1 单元",
                    floor=floor,
                    number=f"{floor}0{door}",
                    grid=code,
                    use="2",
                    occupancy=dice.choice(["own", "own", "let", "vacant"]),
                ),
            )
            for member in range(dice.randrange(1, 5)):
                people += 1
                person = derived_id("demo person", code, number, member)
                yield RecordPerson(person, _person(people, room, dice))


def _person(number: int, room: UUID, dice: random.Random) -> PersonFields:
    born = date(1940, 1, 1) + timedelta(days=dice.randrange(30_000))
    sex = dice.randrange(1, 3)
    first = f"{_AREA}{born:%Y%m%d}{(number * 2 + sex % 2) % 1000:03}"
    return PersonFields(
        name=dice.choice(_SURNAMES) + dice.choice(_GIVEN),
        id_type="111",
        number=first + check_digit(first),
        sex=str(sex),
        birth=born,
        ethnicity=dice.choice(["01"] * 9 + [*VOCABULARY["ethnicity"]]),
        phone=f"100{number:08}",  # no mobile number begins with 10
        kind=dice.choice(["registered", "registered", "floating", "apart"]),
        domicile=f"样本省样板市示范路 {number} 号",
        room=room,
    )
