"""Catalogue rows where the table's shape is not the document's."""

from typing import Any
from uuid import UUID

from msgspec import Struct


class SettingState(Struct, frozen=True, kw_only=True):
    """A county's single value; any JSON."""

    id: UUID
    version: int = 0
    county: str
    code: str
    value: Any
