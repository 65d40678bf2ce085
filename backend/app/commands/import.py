"""`xunge import`."""  # noqa: N999 - commands are modules of their name

import asyncio
import sys
from pathlib import Path

import click
from redis.asyncio import Redis
from rich.console import Console

from backend.app.importing.collect import files_of
from backend.app.importing.run import Session, write_templates
from backend.app.surroundings import reaching_database, surroundings
from backend.core import database, migrations
from backend.core.halt import Halt
from backend.core.settings import Settings

FILE = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("import")
@click.argument("paths", nargs=-1, type=FILE)
@click.option("--templates", type=FOLDER, help="不导入,只把空白模板写到这个文件夹")
@click.option("--county", help="区县编码;文件和数据库里只有一个区县时不用写")
@click.option("--yes", is_flag=True, help="预览后不再询问,直接写入")
def command(paths: tuple[Path, ...], templates: Path | None, county: str | None, yes: bool) -> None:  # noqa: FBT001
    """从表格导入一个城市的基础数据:文件夹,或 xlsx、csv、geojson、json 文件。

    先整体检查并预览,确认后一次写入;有一处错误就什么都不写。重复导入不会重复。
    """
    if templates is not None:
        for path in write_templates(templates):
            click.echo(path)
        return
    files = files_of(paths)
    if not files:
        raise Halt("没有可导入的文件:请写明文件夹,或 xlsx、csv、geojson、json 文件")
    if not asyncio.run(_import(surroundings(), files, county, yes=yes)):
        sys.exit(1)


async def _import(settings: Settings, files: list[Path], county: str | None, *, yes: bool) -> bool:
    with reaching_database():
        await migrations.migrate(settings.database_url)
        await database.open_pool()
    try:
        session = Session(settings, Console())
        async with Redis.from_url(settings.redis_url) as redis:
            return await session.run(files, county, redis, confirm=None if yes else _confirm)
    finally:
        await database.close_pool()


def _confirm() -> bool:
    if not sys.stdin.isatty():
        raise Halt("这里不能询问是否写入;看过预览后请加 --yes 再运行")
    return click.confirm("写入数据库?", default=False)
