"""`xunge doctor`."""

import asyncio
import sys

import click

from backend.app.doctor import examine
from backend.app.surroundings import surroundings
from backend.core.settings import Settings


@click.command("doctor")
def command() -> None:
    """检查运行条件;有一项不满足时退出码为 1。"""
    if asyncio.run(_report(surroundings())):
        sys.exit(1)


async def _report(settings: Settings) -> int:
    faults = 0
    async for finding in examine(settings):
        faults += not finding.well
        mark, color = ("✓", "green") if finding.well else ("✗", "red")
        advice = "" if finding.well else f":{finding.advice}"
        click.secho(f"{mark} {finding.what}{advice}", fg=color)
    return faults
