"""The command line, `xunge`."""

import importlib
import sys

import click

from backend.app.commands import COMMANDS
from backend.core.halt import Halt


class Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Every command, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """The command of a name, None when there is none."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"backend.app.commands.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.command(cls=Commands)
def xunge() -> None:
    """巡格:不丢、不重、看得见的基层治理。"""


def main() -> None:
    """Run a command; what stops it is one line and exit code 1."""
    try:
        xunge()
    except Halt as halt:
        click.secho(f"巡格:{halt}", fg="red", err=True)
        sys.exit(1)
