"""`xunge migrate`."""

import asyncio

import click

from backend.app.surroundings import reaching_database, surroundings
from backend.core import migrations


@click.command("migrate")
def command() -> None:
    """把数据库升级到当前版本,可重复执行。"""
    settings = surroundings()
    with reaching_database():
        asyncio.run(migrations.migrate(settings.database_url))
    click.echo("数据库已是当前版本")
