"""A whole import, shown as it goes."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from backend.app.importing.apply import apply, seal_passwords
from backend.app.importing.collect import collect
from backend.app.importing.plan import Plan, make_plan
from backend.app.importing.report import show_findings, show_plan
from backend.app.live import announce
from backend.catalogue.importing import rows as catalogue_rows
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.errors import Problem
from backend.core.halt import Halt
from backend.core.settings import Settings
from backend.core.sheets.declared import SheetRow
from backend.core.sheets.findings import Findings
from backend.core.sheets.writing import write_template
from backend.directory.importing import rows as directory_rows
from backend.directory.passwords import Passwords
from backend.labels.importing import LabelRow

TEMPLATES: dict[str, tuple[type[SheetRow], ...]] = {
    "directory.xlsx": directory_rows.ROWS,
    "catalogue.xlsx": (*catalogue_rows.ROWS, LabelRow),
}


def write_templates(folder: Path) -> list[Path]:
    """Write empty sheets for a city to fill in; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, row_types in TEMPLATES.items():
        write_template(folder / name, row_types)
    return [folder / name for name in TEMPLATES]


class Session:
    """One import at a terminal. The pool must be open."""

    def __init__(
        self, settings: Settings, console: Console, passwords: Passwords | None = None
    ) -> None:
        self._keyring = Keyring(settings.secret)
        self._passwords = passwords or Passwords(self._keyring)
        self._console = console

    async def run(
        self,
        files: Sequence[Path],
        county: str | None,
        redis: Redis | None,
        *,
        confirm: Callable[[], bool] | None,
    ) -> bool:
        """Check, preview, ask and write; whether the database now says what the files say.

        Raises Halt when a row changed between preview and writing.
        """
        findings = Findings()
        with self._progress("读取文件", len(files)) as step:
            collected = collect(files, findings, step)
        async with database.connection() as conn:
            plan = await make_plan(conn, collected, findings, county)
        if findings:
            show_findings(self._console, findings.sorted())
            return False
        show_plan(self._console, plan)
        if not plan.pending and not plan.passwords:
            self._console.print("没有变化,不用写入。")
            return True
        if confirm is not None and not confirm():
            self._console.print("没有写入。")
            return False
        await self._write(plan, redis)
        return True

    async def _write(self, plan: Plan, redis: Redis | None) -> None:
        with self._progress("设初始密码", len(plan.passwords)) as step:
            sealed = await seal_passwords(plan, self._passwords, step)
        try:
            touched = await apply(plan, sealed, self._keyring)
        except Problem as problem:
            raise Halt(problem.message) from problem
        if redis is not None:
            with contextlib.suppress(RedisError):
                await announce(redis, touched)
        self._console.print(f"已写入 {len(plan.pending)} 行。", style="green")

    @contextlib.contextmanager
    def _progress(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda: bar.advance(task)
