"""`xunge web`."""

import click

from backend.app.commands.common import surroundings
from backend.app.web import serve


@click.command()
@click.option("--workers", default=1, show_default=True, help="进程数")
def web(workers: int) -> None:
    """启动网页服务。"""
    serve(surroundings(), workers)
