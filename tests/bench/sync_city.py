"""The city of the sync benches: grids whose buckets are full of cases, and devices signed in."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from backend.app import demo_registry
from backend.cases.documents import case_row
from backend.cases.structs import Case, Report
from backend.cases.tables import CaseFile
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.position import Position
from backend.core.settings import Settings
from backend.core.setwise import Rows
from offline import epoch
from offline.ports import Connection
from tests.bench import stage
from tests.bench.workload import COUNTY

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
CATEGORIES = ["C0101", "C0102", "C0103", "C0105", "C0110"]
WHERE = ["站前路", "景山街", "温瑞大道", "瓯海大道", "学院西路", "梧慈路", "雪山路", "月落垟街"]
WHAT = ["井盖破损", "路灯不亮", "路面积水", "车辆占道", "垃圾堆积", "护栏倾斜", "管道漏水", "树倒"]
NOTES = ["影响行人通行", "夜间看不清", "居民多次反映", "靠近学校门口", "雨天更严重", "请尽快处理"]

REFERENCE = f"reference:{COUNTY}"
FILED_S = 600

_case = Rows(CaseFile)


def cases_of(grid: str) -> str:
    """The bucket of a grid's open cases."""
    return f"grid:{grid}/cases"


class Grid(Struct, frozen=True):
    """A responsibility grid and a point in it (WGS-84)."""

    code: str
    path: str
    longitude: float
    latitude: float


class Device(Struct, frozen=True):
    """A grid worker's phone, signed in."""

    token: str
    user: UUID
    grids: list[str]

    @property
    def buckets(self) -> list[str]:
        """What it may hold, as far as the sync benches fill it."""
        return [REFERENCE, f"user:{self.user}", *map(cases_of, self.grids)]


async def grids_of(conn: Connection, count: int) -> list[Grid]:
    """So many of the demo city's grids."""
    rows = await conn.fetch(
        "select code, path, longitude, latitude from area where kind = 'responsibility' "
        "order by code limit $1",
        count,
    )
    assert len(rows) == count
    return [Grid(*row) for row in rows]


async def drop_indexes(conn: Connection) -> None:
    """Without those by which desks find cases a million are filled in a fraction of the time."""
    for row in await conn.fetch(
        "select indexrelid::regclass::text as name from pg_index "
        "where indrelid = 'case_file'::regclass and not indisprimary"
    ):
        name = row["name"]
        await conn.execute(f"alter table case_file drop constraint if exists {name}")
        await conn.execute(f"drop index if exists {name}")


async def fill(conn: Connection, grids: Sequence[Grid], each: int) -> None:
    """`each` open cases into every grid's bucket, as hotline clerks type them: no photos, and no
    reporter among our devices. Their documents have 1,400 to 1,520 bytes as sent, uncompressed.
    """
    first, *others = grids
    cases = list(_cases(first, each))
    await conn.copy_records_to_table(
        "case_file", columns=_case.columns, records=map(case_row, cases)
    )
    for place, grid in enumerate(others, start=1):
        await conn.execute(_ALIKE, first.code, grid.code, grid.path, place)
    await conn.execute(_MEMBERS, [grid.code for grid in grids])
    await conn.execute("vacuum analyze case_file")
    await conn.execute("vacuum analyze bucket_member")


_given = [n for n in _case.columns if n not in ("id", "number", "grid", "area_path", "document")]
_ALIKE = f"""
insert into case_file (id, number, grid, area_path, document, {", ".join(_given)})
select n.id, n.number, $2, $3, convert_to(replace(replace(replace(replace(
    convert_from(c.document, 'UTF8'), c.id::text, n.id::text), c.number, n.number),
    c.area_path, $3), c.grid, $2), 'UTF8'), {", ".join(f"c.{name}" for name in _given)}
from case_file c cross join lateral (
    select md5(c.id::text || $2)::uuid as id,
        left(c.number, -9) || lpad($4::int::text, 3, '0') || right(c.number, 6) as number
) n
where c.grid = $1
"""
_MEMBERS = """
insert into bucket_member (entity, bucket, kind, version)
select id, 'grid:' || grid || '/cases', 'case', version from case_file where grid = any($1)
"""


async def people(city: Settings, grid: str, rooms: int) -> int:
    """So many rooms in a grid, recorded by the demo registrar with who lives there; how many do."""
    database.configure(city.database_url)
    await database.open_pool()
    async with database.transaction() as conn:
        life = await epoch.current(conn)
    said = list(demo_registry.town([(grid, "远处")], rooms))
    await demo_registry.record(Keyring(city.secret), life, uuid4(), said)
    await database.close_pool()
    return len(said) - rooms


def _cases(grid: Grid, count: int) -> Iterator[Case]:
    dice = random.Random(330304)

    def someone() -> UUID:
        return UUID(int=dice.getrandbits(128), version=4)

    for number in range(count):
        at = BEGINNING + timedelta(milliseconds=number * 1993)
        said = [dice.choice(WHAT), *dice.sample(NOTES, dice.randint(0, 3))]
        place = f"{dice.choice(WHERE)} {dice.randint(1, 400)} 号"
        yield Case(
            id=someone(),
            version=dice.randint(1, 9),
            number=f"{COUNTY}-{at:%Y%m%d}-{number:09}",
            county=COUNTY,
            flow="city_management",
            flow_version=1,
            state="reported",
            stage="reported",
            category=dice.choice(CATEGORIES),
            description=",".join(said),
            address=place,
            position=Position(
                longitude=round(grid.longitude + dice.uniform(-0.002, 0.002), 6),
                latitude=round(grid.latitude + dice.uniform(-0.002, 0.002), 6),
                accuracy_m=round(dice.uniform(4, 60), 1),
            ),
            grid=grid.code,
            area_path=grid.path,
            reported_at=at,
            changed_at=at + timedelta(minutes=dice.randint(0, 3000)),
            entered_at=at,
            closing_org="oh-zx",
            reports=[
                Report(
                    id=someone(),
                    source="hotline",
                    user=someone(),
                    post=someone(),
                    occurred_at=at,
                    received_at=at,
                    description="",
                )
            ],
        )


async def file(city: Settings, conn: Connection, buckets: Sequence[str]) -> float:
    """Seconds in which the real worker has made the files of these buckets, and any others."""
    begun = time.perf_counter()
    with stage.worker(city):
        async with asyncio.timeout(FILED_S):
            while await _filed(conn, buckets) < len(buckets):
                await asyncio.sleep(0.5)
    return time.perf_counter() - begun


async def _filed(conn: Connection, buckets: Sequence[str]) -> int:
    made = await conn.fetchval(
        "select count(*) from bucket_snapshot where bucket = any($1) and retired_at is null",
        buckets,
    )
    return int(made)


async def settle(conn: Connection, grids_each: Sequence[Sequence[Grid]]) -> list[Device]:
    """A grid worker with a signed-in phone for each list of grids."""
    count = len(grids_each)
    devices = [
        Device(f"sync-token-{n}", UUID(int=2**127 + n, version=4), [grid.code for grid in grids])
        for n, grids in enumerate(grids_each)
    ]
    names = [f"sync{n:05}" for n in range(count)]
    users = [device.user for device in devices]
    await conn.execute(
        "insert into role (id, code, name, permissions) "
        "values (gen_random_uuid(), 'sync', '同步压测', $1)",
        ["case.report", "task.answer"],
    )
    await conn.execute(
        "insert into app_user (id, code, name, county) "
        "select id, name, name, $3 from unnest($1::uuid[], $2::text[]) t (id, name)",
        users,
        names,
        COUNTY,
    )
    await conn.executemany(
        "insert into post (id, code, name, org, role, areas, county) "
        "values ($1, $2::text, $2::text, 'oh-zx', 'sync', $3, $4)",
        [(d.user, name, d.grids, COUNTY) for d, name in zip(devices, names, strict=True)],
    )
    await conn.execute(
        'insert into appointment (id, "user", post, valid_from) '
        "select gen_random_uuid(), name, name, '2020-01-01' from unnest($1::text[]) t (name)",
        names,
    )
    await conn.execute(
        "insert into device (id, user_id, name, public_key, registered_at) "
        "select id, id, 'sync', ''::bytea, now() from unnest($1::uuid[]) t (id)",
        users,
    )
    await conn.execute(
        "insert into session (id, token, user_id, post_id, device_id, created_at, expires_at) "
        "select id, sha256(token::bytea), id, id, id, now(), now() + interval '12 hours' "
        "from unnest($1::uuid[], $2::text[]) t (id, token)",
        users,
        [device.token for device in devices],
    )
    return devices
