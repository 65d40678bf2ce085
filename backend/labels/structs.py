"""A label: a word that a city puts on things, with an owner and a place where it holds."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

LabelKind = Literal["case"]
"""What a label may be put on. More come with their domains."""
Colour = Literal["grey", "red", "orange", "yellow", "green", "blue", "purple"]


class Label(Struct, frozen=True, kw_only=True):
    """标签. `area` is where it holds (a code; what lies under it too), `org` who looks after it."""

    id: UUID
    version: int
    county: str
    code: str
    name: str
    kind: LabelKind = "case"
    definition: str = ""  # when to put it on
    org: str
    area: str
    colour: Colour = "grey"
    valid_from: date
    valid_to: date | None = None  # inclusive; what carries the label keeps it
