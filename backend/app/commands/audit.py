"""`xunge audit`."""

import asyncio
import sys

import click

from backend.app.surroundings import reaching_database, surroundings
from backend.core import database
from backend.core.settings import Settings
from offline import audit
from offline.audit import Chain


@click.group("audit")
def command() -> None:
    """审计:账本的封存链。"""


@command.command("verify")
def verify() -> None:
    """重新计算封存链;有一处不符时指出第一处,退出码为 1。

    链头请另行记下:以后再核对时,同一块的摘要不应改变。
    """
    chain = asyncio.run(_verify(surroundings()))
    click.echo(f"已核对 {chain.blocks} 块、{chain.rows} 行,链头 {chain.head.hex()}")
    fault = chain.fault
    if fault is None:
        click.secho("账本完整,没有改动", fg="green")
        return
    place = [
        f"第 {fault.block} 块" if fault.block else "",
        f"第 {fault.row} 行" if fault.row else "",
    ]
    click.secho(f"✗ {''.join(place)}:{fault.what}", fg="red")
    sys.exit(1)


async def _verify(settings: Settings) -> Chain:
    database.configure(settings.database_url)
    with reaching_database():
        await database.open_pool()
    chain = Chain()
    try:
        async with database.snapshot() as conn:
            async for chain in audit.verify(conn):
                if sys.stderr.isatty():
                    click.echo(f"\r第 {chain.blocks} 块", nl=False, err=True)
    finally:
        await database.close_pool()
    return chain
