"""The command line, `xunge`. Each command is a module of `backend.app.commands`."""

import sys

import click

from backend.app.commands import COMMANDS
from backend.core.halt import Halt


@click.group(commands=COMMANDS)
def xunge() -> None:
    """巡格:不丢、不重、看得见的基层治理。"""


def main() -> None:
    """Run a command; what stops it is one line and exit code 1."""
    try:
        xunge()
    except Halt as halt:
        click.secho(f"巡格:{halt}", fg="red", err=True)
        sys.exit(1)
