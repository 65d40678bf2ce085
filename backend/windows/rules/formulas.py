"""What an indicator is made of, and its value, score and grade."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from backend.windows.rules.measures import MEASURES, Measure
from backend.windows.structs import Grade, Indicator, Scorecard

Counts = Mapping[Measure, int]
_CODES = {measure.name: measure for measure in MEASURES}
_JOIN = re.compile(r"\s+(plus|minus)\s+")


class UnknownMeasure(Exception):
    """A formula names what the code cannot count."""


class Term(Struct, frozen=True):
    """A measure, added or taken off."""

    measure: Measure
    sign: int


def terms(text: str) -> list[Term]:
    """`a plus b minus c` of measures' codes. Raises UnknownMeasure."""
    first, *rest = _JOIN.split(text.strip())
    found = [_term(first, 1)]
    for word, code in zip(rest[::2], rest[1::2], strict=True):
        found.append(_term(code, 1 if word == "plus" else -1))
    return found


def _term(code: str, sign: int) -> Term:
    if code not in _CODES:
        raise UnknownMeasure(code)
    return Term(_CODES[code], sign)


class Formula(Struct, frozen=True):
    """An indicator made ready."""

    code: str
    over: list[Term]
    under: list[Term]

    def value(self, counts: Counts) -> float | None:
        """A count, minutes, or a share; None when there is nothing to share by."""
        over = _sum(self.over, counts)
        if not self.under:
            return over
        under = _sum(self.under, counts)
        return over / under if under else None


def formula_of(indicator: Indicator) -> Formula:
    """Raises UnknownMeasure."""
    if indicator.kind == "ratio":
        return Formula(indicator.code, terms(indicator.numerator), terms(indicator.denominator))
    known = _CODES.get(indicator.code)
    over = [Term(known, 1)] if known else terms(indicator.numerator)
    return Formula(indicator.code, over, [])


def score_of(card: Scorecard, values: Mapping[str, float | None]) -> float | None:
    """0 to 100; None when none of its ratios has a value."""
    total = weights = 0.0
    for each in card.weights:
        value = values.get(each.indicator)
        if value is None:
            continue
        share = min(1.0, max(0.0, value))
        total += each.weight * (1 - share if each.inverted else share)
        weights += each.weight
    return round(100 * total / weights, 1) if weights else None


def grade_of(card: Scorecard, score: float | None) -> Grade | None:
    """The highest grade the score reaches."""
    if score is None:
        return None
    reached = [grade for grade in card.grades if score >= grade.at_least]
    return max(reached, key=lambda grade: grade.at_least, default=None)


def ranks(values: Sequence[float | None]) -> list[int | None]:
    """1 for the highest; equals share a rank, and those without a value have none."""
    order = sorted((value for value in values if value is not None), reverse=True)
    first = {value: n for n, value in reversed(list(enumerate(order, start=1)))}
    return [None if value is None else first[value] for value in values]


def _sum(parts: Sequence[Term], counts: Counts) -> int:
    return sum(part.sign * counts.get(part.measure, 0) for part in parts)
