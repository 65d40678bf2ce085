"""A small city to import, and the act of importing."""

from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from backend.app.importing.collect import collect, files_of
from backend.app.importing.plan import Plan, make_plan
from backend.app.importing.run import Session
from backend.core import database as core_database
from backend.core.settings import Settings
from backend.core.sheets.findings import Finding, Findings
from tests.city.small import City


class Import:
    """Runs imports against the test's database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.said = ""

    async def plan(self, *paths: Path) -> Plan:
        """Check without writing."""
        findings = Findings()
        collected = collect(files_of(paths), findings, lambda: None)
        async with core_database.connection() as conn:
            return await make_plan(conn, collected, findings)

    async def findings(self, *paths: Path) -> Sequence[Finding]:
        """What is wrong with the files."""
        return (await self.plan(*paths)).findings.sorted()

    async def statuses(self, *paths: Path) -> Counter[str]:
        """How many rows are new, changed, unchanged, missing."""
        plan = await self.plan(*paths)
        assert not plan.findings.sorted()
        return Counter(each.status for each in plan.differences)

    async def run(self, *paths: Path) -> bool:
        """Import for good."""
        screen = StringIO()
        session = Session(self._settings, Console(file=screen, width=200))
        done = await session.run(files_of(paths), None, None, confirm=None)
        self.said = screen.getvalue()
        return done


@pytest.fixture
def importing(database: Settings) -> Import:
    """Imports into an empty database."""
    return Import(database)


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A small city that is right."""
    folder = tmp_path / "city"
    folder.mkdir()
    return City(folder)
