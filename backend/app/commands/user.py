"""`xunge user`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table

from backend.app.surroundings import reaching_database, surroundings
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.errors import Problem
from backend.core.halt import Halt
from backend.core.settings import Settings
from backend.directory.passwords import Passwords
from backend.directory.users import UserLine, Users, listed

T = TypeVar("T")


@click.group("user")
def command() -> None:
    """添加用户,重置密码,查看用户。"""


@command.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--post", required=True, help="岗位编码,从今天起任职")
def add(code: str, name: str, post: str) -> None:
    """添加一个用户:编码(也是登录名)和姓名。"""
    settings = surroundings()
    password = asyncio.run(_within(settings, lambda: _users(settings).add(code, name, post)))
    _give_out(code, password)


@command.command("reset")
@click.argument("code")
def reset(code: str) -> None:
    """给用户一个新密码;他在各处的登录随即失效。"""
    settings = surroundings()
    _give_out(code, asyncio.run(_within(settings, lambda: _users(settings).reset(code))))


@command.command("list")
def show() -> None:
    """列出所有用户。"""
    lines: list[UserLine] = asyncio.run(_within(surroundings(), listed))
    table = Table("编码", "姓名", "岗位", "状态")
    for line in lines:
        state = ("可登录" if line.signs_in else "未设密码") if line.active else "已停用"
        table.add_row(line.code, line.name, "、".join(line.posts), state)
    Console().print(table)


def _users(settings: Settings) -> Users:
    keyring = Keyring(settings.secret)
    return Users(keyring, Passwords(keyring))


async def _within(settings: Settings, act: Callable[[], Awaitable[T]]) -> T:
    with reaching_database():
        database.configure(settings.database_url)
        await database.open_pool()
    try:
        return await act()
    except Problem as problem:
        raise Halt(problem.message) from problem
    finally:
        await database.close_pool()


def _give_out(code: str, password: str) -> None:
    click.echo(f"用户 {code} 的密码:{password}")
    click.echo("只显示这一次;首次登录后须修改")
