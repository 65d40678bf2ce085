"""The first administrator, and whoever has forgotten a password."""

from typing import Any

import pytest
from click.testing import CliRunner, Result
from litestar import Litestar

from backend.app.cli import xunge
from backend.core.errors import Problem
from backend.core.halt import Halt
from backend.core.settings import Settings
from backend.directory.passwords import Passwords
from backend.directory.rules import password_fault
from backend.directory.users import Users, given_password, listed
from tests.directory.conftest import Hands, Town
from tests.directory.test_sign_in import WRONG, Web, sign_in, token


@pytest.fixture
def users(app: Litestar, passwords: Passwords, clock: Hands) -> Users:
    return Users(app.state.keyring, passwords, clock)


async def test_an_added_user_signs_in_and_must_change_the_password(
    web: Web, users: Users, connection: Any
) -> None:
    given = await users.add("Zhang.San", "张三", "P1")
    answer = await sign_in(web, "zhang.san", given)
    assert answer.status_code == 201
    assert answer.json()["name"] == "张三"
    assert answer.json()["must_change_password"]
    member = "select count(*) from bucket_member where bucket = 'reference:K' and kind = 'user'"
    assert await connection.fetchval(member) == 1
    for code, post in (("Zhang.San", "P1"), ("zhang.san", "P1"), ("new", "P9")):
        with pytest.raises(Problem):
            await users.add(code, "张三", post)


async def test_a_reset_ends_sessions_and_lifts_the_lock(web: Web, users: Users) -> None:
    held = await token(web)
    for _ in range(4):
        await sign_in(web, password=WRONG)
    given = await users.reset("wang")
    assert (await web.get("/api/session", headers=held)).status_code == 401
    assert (await sign_in(web, password=given)).status_code == 201
    with pytest.raises(Problem):
        await users.reset("nobody")
    lines = {line.code: line for line in await listed()}
    assert lines["wang"].posts == ["P1", "P2"]
    assert lines["wang"].signs_in


def test_passwords_given_out_keep_the_rules() -> None:
    given = {given_password(("wang", "王小明")) for _ in range(50)}
    assert len(given) == 50
    assert all(password_fault(password, ("wang",)) is None for password in given)
    assert not set("".join(given)) & set("0O1lI")


def test_the_command_line_gives_a_password_out_once(settings: Settings, town: type[Town]) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(xunge, ["user", *arguments], env=settings.environ())

    added = run("add", "zhang", "张三", "--post", "P1")
    assert added.exit_code == 0, added.output
    assert "zhang" in added.output
    reset = run("reset", "zhang")
    assert reset.exit_code == 0
    assert "张三" in run("list").output
    refused = run("add", "zhang", "张三", "--post", "P1")
    assert isinstance(refused.exception, Halt)
