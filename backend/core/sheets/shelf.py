"""One kind of configuration during an import: what is there, what the files bring, what differs."""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.core.sheets.declared import Line, SheetRow, header_of
from backend.core.sheets.findings import Findings, Where


class Stored(Protocol):
    """A configuration struct."""

    @property
    def id(self) -> UUID:
        """Derived from its codes."""
        ...

    @property
    def version(self) -> int:
        """How often it has changed."""
        ...


S = TypeVar("S", bound=Stored)


class Difference(Struct, Generic[S], frozen=True):
    """What becomes of one row. `after` has its new version; missing rows are kept as they are."""

    kind: str
    status: Literal["new", "changed", "unchanged", "missing"]
    before: S | None
    after: S
    fields: tuple[str, ...] = ()


class Shelf(Generic[S]):
    """`given` says whether the files hold this kind at all: only then can a row be missing."""

    def __init__(self, kind: str, existing: Iterable[S]) -> None:
        self.kind = kind
        self.existing: dict[UUID, S] = {state.id: state for state in existing}
        self.brought: dict[UUID, S] = {}
        self.where: dict[UUID, Where] = {}
        self.given = False
        self.missing_parts: list[str] = []
        """Rows within an aggregate (a standard, a day) that the files no longer have."""

    def bring(self, where: Where, state: S) -> None:
        """Take a row from the files."""
        self.brought[state.id] = state
        self.where[state.id] = where

    def after(self) -> Mapping[UUID, S]:
        """What there will be."""
        return {**self.existing, **self.brought}

    def differences(self) -> list[Difference[S]]:
        """Every row that is there or comes, in the order of the files."""
        found = [self._difference(state) for state in self.brought.values()]
        if self.given:
            found += [
                Difference(self.kind, "missing", state, state)
                for id_, state in self.existing.items()
                if id_ not in self.brought
            ]
        return found

    def _difference(self, state: S) -> Difference[S]:
        before = self.existing.get(state.id)
        if before is None:
            return Difference(self.kind, "new", None, _versioned(state, 1))
        old, new = _values(before), _values(state)
        fields = tuple(name for name in new if old[name] != new[name])
        if not fields:
            return Difference(self.kind, "unchanged", before, before)
        return Difference(
            self.kind, "changed", before, _versioned(state, before.version + 1), fields
        )


def _versioned(state: S, version: int) -> S:
    changed: Any = msgspec.structs.replace(state, version=version)  # type: ignore[type-var]
    return changed  # type: ignore[no-any-return]


def _values(state: Any) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.structs.asdict(state)
    del values["version"]
    return values


class Known(Struct, frozen=True):
    """The codes of a kind that there will be, and the title of its sheet."""

    sheet: str
    codes: Collection[str]


def refer(findings: Findings, line: Line[Any], field: str, code: str, known: Known) -> bool:
    """Note an error unless a code exists; a likely slip of the finger gets a suggestion."""
    if code in known.codes or findings.claimed(known.sheet, code):
        return True
    close = get_close_matches(code, known.codes, 1)
    row: SheetRow = line.row
    hint = f"一个已有的{known.sheet}编码" + (f",是不是 {close[0]}" if close else "")
    findings.add(line.where, header_of(type(row), field), code, hint)
    return False
