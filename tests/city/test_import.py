"""What an import does to a city that is there."""

import json
from pathlib import Path

import openpyxl
import pytest
from argon2 import PasswordHasher

from backend.app.demo import LOGINS, PACK, load_demo_city
from backend.core.crypto import Keyring
from backend.core.ids import derived_id
from backend.core.settings import Settings
from backend.directory.passwords import Passwords
from offline.ports import Connection
from tests.city.conftest import Import
from tests.city.small import COUNTY, City


async def test_importing_twice_changes_nothing(
    importing: Import, city: City, connection: Connection
) -> None:
    folder = city.write()
    assert await importing.run(folder)
    lines = await connection.fetchval("select count(*) from journal")
    assert await importing.run(folder)
    assert "没有变化" in importing.said
    assert set(await importing.statuses(folder)) == {"unchanged"}
    assert await connection.fetchval("select count(*) from journal") == lines


async def test_one_changed_cell_is_one_update(
    importing: Import, city: City, connection: Connection
) -> None:
    await importing.run(city.write())
    lines = await connection.fetchval("select max(seq) from journal")
    city.set("部门", 3, "名称", "第一供水公司")
    await importing.run(city.write())
    assert "部门 water:name" in importing.said
    (fact,) = await connection.fetch("select * from journal where seq > $1", lines)
    assert (fact["kind"], fact["version"], fact["verb"]) == ("org", 2, "import")
    told = json.loads(fact["facts"])
    assert (told["old"], told["new"]) == ({"name": "供水公司"}, {"name": "第一供水公司"})
    row = await connection.fetchrow("select * from org where code = 'water'")
    assert (row["name"], row["version"]) == ("第一供水公司", 2)
    member = await connection.fetchrow("select * from bucket_member where entity = $1", row["id"])
    assert (member["bucket"], member["version"]) == (f"reference:{COUNTY}", 2)


async def test_the_ledger_tells_of_a_list_only_what_changed(
    importing: Import, city: City, connection: Connection
) -> None:
    await importing.run(city.write())
    city.set("立案标准", 3, "时限", "8工作时")
    await importing.run(city.write())
    facts = json.loads(
        await connection.fetchval("select facts from journal order by seq desc limit 1")
    )
    [old], [new] = facts["old"]["standards"], facts["new"]["standards"]
    assert (old["number"], old["limit"]) == (2, {"value": 4, "unit": "work_hour"})
    assert (new["number"], new["limit"]) == (2, {"value": 8, "unit": "work_hour"})


async def test_the_ledger_tells_of_a_flow_its_version_and_digest(
    importing: Import, city: City, connection: Connection
) -> None:
    await importing.run(city.write())
    facts = json.loads(await connection.fetchval("select facts from journal where kind = 'flow'"))
    told = facts["new"]["flow"]
    assert (told["code"], told["version"]) == (city.flow["code"], city.flow["version"])
    assert len(told["digest"]) == 64
    assert len(json.dumps(facts)) < 1000


@pytest.mark.parametrize(
    ("sheet", "row", "header", "value", "kind"),
    [
        ("类别", 3, "核查方式", "同时段核查", "category"),
        ("日历适用", 2, "日历", "night", "calendar_rule"),
        ("目标组", 3, "方式", "协办", "target_group"),
        ("标签", 2, "停用日期", "2027-12-31", "label"),
    ],
)
async def test_the_new_sheets_are_updated_cell_by_cell(
    importing: Import,
    city: City,
    connection: Connection,
    sheet: str,
    row: int,
    header: str,
    value: str,
    kind: str,
) -> None:
    city.sheets["日历"].append(["night", "夜班", "22:00-06:00", ""])
    await importing.run(city.write())
    lines = await connection.fetchval("select max(seq) from journal")
    city.set(sheet, row, header, value)
    assert (await importing.statuses(city.write()))["changed"] == 1
    await importing.run(city.write())
    [fact] = await connection.fetch("select * from journal where seq > $1", lines)
    assert (fact["kind"], fact["version"]) == (kind, 2)
    assert not (await importing.statuses(city.write()))["changed"]


async def test_a_target_left_out_of_its_group_is_gone(
    importing: Import, city: City, connection: Connection
) -> None:
    await importing.run(city.write())
    del city.sheets["目标组"][2]
    await importing.run(city.write())
    targets = json.loads(await connection.fetchval("select targets from target_group"))
    assert [target["org"] for target in targets] == ["water"]


@pytest.mark.parametrize("part", ["立案标准", "节假日"])
async def test_a_changed_part_updates_its_whole(importing: Import, city: City, part: str) -> None:
    await importing.run(city.write())
    city.set(part, 2, "立案条件" if part == "立案标准" else "名称", "改过的")
    statuses = await importing.statuses(city.write())
    assert statuses["changed"] == 1
    assert not statuses["new"]


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("任职", "任职 wg01 p1"),
        ("派遣规则", "派遣规则 C01"),
        ("立案标准", "立案标准 C0101 第 2 条"),
    ],
)
async def test_a_removed_row_is_reported_and_kept(
    importing: Import, city: City, connection: Connection, sheet: str, said: str
) -> None:
    await importing.run(city.write())
    before = await _count(connection)
    del city.sheets[sheet][-1]
    await importing.run(city.write())
    assert said in importing.said
    assert await _count(connection) == before


async def test_some_files_alone_leave_the_rest(importing: Import, city: City) -> None:
    folder = city.write()
    await importing.run(folder)
    statuses = await importing.statuses(folder / "部门.csv")
    assert statuses == {"unchanged": 2}


async def test_what_lies_under_a_moved_area_moves_along(
    importing: Import, city: City, connection: Connection
) -> None:
    await importing.run(city.write())
    header, _, east, *_ = city.sheets["区划"]
    west = ["999901002", "西街道", *east[2:]]
    moved = [*east[:4], west[0], *east[5:]]
    city.sheets = {"区划": [header, west, moved]}
    city.outlines = {}
    await importing.run(city.write())
    paths = await connection.fetch("select path from area where level = 4 order by code")
    above = f"{COUNTY}/999901002/999901001"
    assert [row["path"] for row in paths] == [f"{above}/999901001001", f"{above}/999901001002"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_csv_is_read_as_people_save_it(
    importing: Import, city: City, connection: Connection, encoding: str
) -> None:
    city.encoding = encoding
    await importing.run(city.write())
    assert await connection.fetchval("select name from org where code = 'water'") == "供水公司"


async def test_codes_that_a_spreadsheet_took_for_numbers_come_back_whole(
    importing: Import, city: City, tmp_path: Path
) -> None:
    folder = city.write()
    await importing.run(folder)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "部门"
    sheet.append(city.sheets["部门"][0])
    sheet.append(["centre", "指挥中心", "中心", None, float(COUNTY)])
    book.save(tmp_path / "部门.xlsx")
    assert await importing.statuses(tmp_path / "部门.xlsx") == {"unchanged": 1, "missing": 1}


async def test_the_ledger_says_who_was_appointed_but_no_names(
    importing: Import, city: City, connection: Connection
) -> None:
    await importing.run(city.write())
    facts = await connection.fetch("select facts::text from journal")
    assert any('"wg01"' in row["facts"] for row in facts)
    assert not any("样立春" in row["facts"] for row in facts)
    commands = await connection.fetch("select distinct command from journal")
    assert len(commands) == 1


async def test_an_initial_password_never_replaces_one(
    importing: Import, city: City, database: Settings, connection: Connection
) -> None:
    city.set("人员", 2, "初始密码", "first-Password-1")
    await importing.run(city.write())
    city.set("人员", 2, "初始密码", "second-Password-2")
    await importing.run(city.write())
    identity = derived_id("identity", "password", "wg01")
    secret = await connection.fetchval("select secret from identity where id = $1", identity)
    passwords = Passwords(Keyring(database.secret))
    assert (await passwords.verify("first-Password-1", identity, secret)).right


async def test_the_demo_city_loads_once(database: Settings, connection: Connection) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=32)
    passwords = Passwords(Keyring(database.secret), hasher)
    assert await load_demo_city(database, passwords=passwords) == LOGINS
    before = await _count(connection)
    assert await load_demo_city(database) == LOGINS
    assert await _count(connection) == before
    kinds = await connection.fetch(
        "select kind, level, count(*) from area group by 1, 2 order by 2"
    )
    assert [tuple(row) for row in kinds] == [
        ("administrative", 1, 1),
        ("administrative", 2, 13),
        ("administrative", 3, 197),
        ("responsibility", 4, 942),
    ]
    events = 9  # of the hub; the rest are the reference data's
    assert await connection.fetchval("select count(*) from standard") == 519 + events
    assert PACK.name == "330304"


async def _count(connection: Connection) -> dict[str, int]:
    tables = "area org role post app_user appointment category standard dispatch_rule journal"
    return {
        table: await connection.fetchval(f"select count(*) from {table}")
        for table in tables.split()
        if table != "journal"
    }
