"""`xunge epoch`."""

import asyncio

import click

from backend.app.surroundings import reaching_database, surroundings
from backend.core import database
from backend.core.settings import Settings
from offline import epoch


@click.group("epoch")
def command() -> None:
    """数据库的世代:恢复备份之后要开始新的一代。"""


@command.command("begin")
@click.option("--reason", default="恢复备份", help="记入数据库的原因。")
def begin(reason: str) -> None:
    """开始新的一代,每次恢复备份或切换主库之后、放人进来之前运行一次。

    各设备下次同步时会重新取全部数据,并把最近 30 天已受理的内容再报一遍,
    备份之后丢失的就补回来了。多运行一次无害,只是费流量。
    """
    name = asyncio.run(_begin(surroundings(), reason))
    click.echo(f"已开始新的一代 {name}")


async def _begin(settings: Settings, reason: str) -> str:
    database.configure(settings.database_url)
    with reaching_database():
        await database.open_pool()
    try:
        async with database.transaction() as conn:
            await epoch.refuse_foreign(conn)
            return await epoch.begin(conn, reason)
    finally:
        await database.close_pool()
