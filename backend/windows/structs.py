"""A city's indicators and score cards."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Subject = Literal["area", "org", "post", "person"]
Scope = Literal["area", "grid", "org", "post", "person", "category"]
IndicatorKind = Literal["count", "ratio", "duration"]  # duration: working minutes


class Indicator(Struct, frozen=True, kw_only=True):
    """指标. A count's code names what the code can count (rules.measures), or its numerator says of
    which of those it is made; a ratio's numerator and denominator are codes, joined by `plus` and
    `minus`. `confirmed`: whether the city has confirmed the formula (口径).
    """

    id: UUID
    version: int
    county: str
    code: str
    position: int
    name: str
    numerator: str
    denominator: str = ""
    period_rule: str = ""
    scope: list[Scope] = []
    kind: IndicatorKind = "count"
    source: str = ""
    confirmed: bool = False


class Weight(Struct, frozen=True):
    """A ratio's part in a score. inverted: less is better."""

    indicator: str
    weight: Annotated[float, Meta(gt=0)]
    inverted: bool = False


class Grade(Struct, frozen=True):
    """What a score from `at_least` on (0 to 100) is called, and how it is coloured."""

    code: str
    name: str
    at_least: float
    colour: Literal["green", "blue", "yellow", "orange", "red"]


class Scorecard(Struct, frozen=True, kw_only=True):
    """评分卡 of one kind of subject: the weighted mean of its ratios, in percent. A ratio without a
    denominator is left out, with its weight.
    """

    id: UUID
    version: int
    county: str
    code: str
    subject: Subject
    name: str
    weights: list[Weight]
    grades: list[Grade]
