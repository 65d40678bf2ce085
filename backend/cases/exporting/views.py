"""What one asks for and is told of exports."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from backend.cases.finding.filters import Filters

ExportKind = Literal["xlsx", "xlsx_pictures", "pdf", "pdf_process"]
ExportState = Literal["waiting", "making", "ready", "failed"]


class AskExport(Struct, frozen=True):
    """A file of exactly the cases that a list with these filters shows."""

    kind: ExportKind
    filters: Filters


class Export(Struct, frozen=True, kw_only=True):
    """A file that is being made, ready, or could not be made (`error` says why, in Chinese).

    about: the filters in words; name: of the file, once ready; size: bytes; total: cases, once
    counted; expires_at: when the file is deleted; fetched: whether its owner has had it.
    """

    id: UUID
    kind: ExportKind
    about: str
    state: ExportState
    done: int
    total: int | None
    error: str
    name: str
    size: int | None
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    fetched: bool
