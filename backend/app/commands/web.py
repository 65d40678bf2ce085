"""`xunge web`."""

import click

from backend.app.surroundings import surroundings
from backend.app.web import serve


@click.command("web")
@click.option("--workers", default=1, show_default=True, help="进程数")
def command(workers: int) -> None:
    """启动网页服务。"""
    serve(surroundings(), workers)
