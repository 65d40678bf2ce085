"""`xunge up`."""

import click

from backend.app.up import run
from backend.core.settings import load_settings


@click.command("up")
@click.option("--workers", default=1, show_default=True, help="网页服务的进程数")
@click.option("--demo/--no-demo", default=True, help="数据库为空时是否载入示范城市")
def command(workers: int, *, demo: bool) -> None:
    """在本机启动全部服务,用于试用:数据库、队列、网页、后台任务和示范城市。"""
    run(load_settings(), workers, demo=demo)
