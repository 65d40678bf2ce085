"""What is wrong in a file, where exactly, and what would be right."""

from collections.abc import Iterable

from msgspec import Struct


class Where(Struct, frozen=True):
    """A place in a file. `row` counts as spreadsheets do, from 1 with the header."""

    file: str
    sheet: str = ""
    row: int | None = None


class Finding(Struct, frozen=True):
    """One error: `found` is what stands there, `expected` what would be right (both Chinese)."""

    where: Where
    column: str
    found: str
    expected: str


class Findings:
    """Collects errors, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self._all: dict[Finding, None] = {}
        self._unread: dict[str, set[str]] = {}
        self.unreadable: set[str] = set()
        """Sheets of which nothing could be read."""

    def claim(self, sheet: str, code: str) -> None:
        """Note the code of a row that could not be read: what refers to it is not wrong as well."""
        self._unread.setdefault(sheet, set()).add(code)

    def claimed(self, sheet: str, code: str) -> bool:
        """Whether a code may stand in a row that could not be read."""
        return sheet in self.unreadable or code in self._unread.get(sheet, ())

    def add(self, where: Where, column: str, found: object, expected: str) -> None:
        """Note an error; an empty value is shown as 空."""
        text = str(found).strip()
        self._all[Finding(where, column, text or "空", expected)] = None

    def extend(self, findings: Iterable[Finding]) -> None:
        """Note several."""
        self._all.update(dict.fromkeys(findings))

    def sorted(self) -> list[Finding]:
        """By file, sheet, row."""
        return sorted(self._all, key=lambda f: (f.where.file, f.where.sheet, f.where.row or 0))

    def __bool__(self) -> bool:
        return bool(self._all)
