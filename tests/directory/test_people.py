"""Colleagues to choose from."""

from typing import Any

from tests.directory.conftest import user
from tests.directory.test_sign_in import Web, token


async def names(web: Web, which: str, who: str) -> list[tuple[str, list[str]]]:
    answer = await web.get(f"/api/people/{which}", headers=await token(web, who))
    assert answer.status_code == 200, answer.text
    return [(each["name"], sorted(each["grids"])) for each in answer.json()]


async def test_a_shift_goes_to_the_same_org_or_the_same_grid(
    web: Web, town: Any, connection: Any, passwords: Any
) -> None:
    await connection.execute(
        "insert into org (id, code, name, kind, area, county) values"
        " (gen_random_uuid(), 'V', '社区', 'community', 'K', 'K')"
    )
    for code, role, areas in (
        ("P3", "grid_worker", ["G1"]),  # another org, the same grid
        ("P4", "handler", ["G1"]),  # another org, answers no tasks there
    ):
        await connection.execute(
            "insert into post (id, code, name, org, role, areas, county)"
            " values (gen_random_uuid(), $1, '岗', 'V', $2, $3, 'K')",
            *(code, role, areas),
        )
    await user(connection, passwords, "zhao", "赵同格", {"P3": "2025-01-01"})
    await user(connection, passwords, "qian", "钱外人", {"P4": "2025-01-01"})
    await user(connection, passwords, "sun", "孙未到任", {"P1": "2099-01-01"})
    assert sorted(await names(web, "colleagues", "li")) == [
        ("王小明", ["G1", "G2"]),
        ("赵同格", ["G1"]),
    ]


async def test_owners_are_those_who_may_own(web: Web, town: Any, connection: Any) -> None:
    assert await names(web, "owners", "li") == []
    await connection.execute(
        "update role set permissions = permissions || '{case.own}' where code = 'handler'"
    )
    assert await names(web, "owners", "li") == [("王小明", [])]
