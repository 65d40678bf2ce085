"""What the windows answer with."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from backend.cases.views import CaseRow
from backend.windows.rules.periods import PeriodKind
from backend.windows.structs import Grade, IndicatorKind, Subject


class IndicatorView(Struct, frozen=True):
    """A column. `confirmed`: false is to be marked on screen (口径待确认)."""

    code: str
    name: str
    kind: IndicatorKind
    numerator: str
    denominator: str
    period_rule: str
    source: str
    confirmed: bool
    weight: float | None  # in the score, where it has a part


class Figures(Struct, frozen=True, kw_only=True):
    """One subject's figures; lists are in the order of the columns. Shares are 0 to 1, durations
    working minutes; null where there is nothing to share by. `trend` is of the indicator or score
    that ranks, the asked period last.
    """

    key: str
    name: str
    has_parts: bool = False  # an area with areas under it
    score: float | None
    grade: Grade | None
    rank: int | None
    rank_before: int | None
    values: list[float | None]
    before: list[float | None]
    year_before: list[float | None]
    trend: list[float | None]


class Place(Struct, frozen=True):
    """An area on the way down to the one shown."""

    code: str
    name: str


class Evaluation(Struct, frozen=True, kw_only=True):
    """综合评价 of one period. `as_of`: the figures know the ledger until then; null before the
    first reading. `unreadable`: lines of the ledger that could not be counted.
    """

    subject: Subject
    period: PeriodKind
    start: date
    end: date  # not part of it
    as_of: datetime | None
    unreadable: int
    place: Place
    above: list[Place]  # from the actor's own areas down
    ranked_by: str  # an indicator's code, or score
    scorecard: str
    grades: list[Grade]
    indicators: list[IndicatorView]
    total: Figures
    rows: list[Figures]


class Counted(Struct, frozen=True):
    """Something a figure counts, `n` times (minutes, for a duration), with its case."""

    thing: UUID
    at: datetime
    n: int
    case: CaseRow


class Drill(Struct, frozen=True):
    """What a figure counts, newest first, a page at a time; `total` is the figure itself."""

    total: int
    as_of: datetime | None
    items: list[Counted]
    next: str | None
