"""Days, weeks, months, quarters, half-years and years by the city's calendar."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from backend.core.clock import CITY_ZONE

PeriodKind = Literal["day", "week", "month", "quarter", "half", "year"]
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
TREND = 12
"""How many periods a trend shows, the asked one last."""


class Period(Struct, frozen=True):
    """[start, end): whole days of the city's zone. Weeks begin on Monday."""

    kind: PeriodKind
    start: date
    end: date

    @property
    def since(self) -> datetime:
        """The instant it begins, UTC."""
        return _midnight(self.start)

    @property
    def until(self) -> datetime:
        """The instant it ends, UTC; not part of it."""
        return _midnight(self.end)

    @property
    def monthly(self) -> bool:
        """Whether it is made of whole months."""
        return self.kind in MONTHS


def city_day(at: datetime) -> date:
    """The city's date at an instant."""
    return at.astimezone(CITY_ZONE).date()


def period_of(kind: PeriodKind, day: date) -> Period:
    """The period of a kind that a day lies in."""
    if kind == "day":
        return Period(kind, day, day + timedelta(days=1))
    if kind == "week":
        start = day - timedelta(days=day.weekday())
        return Period(kind, start, start + timedelta(days=7))
    months = MONTHS[kind]
    start = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(kind, start, _months_on(start, months))


def earlier(period: Period, steps: int) -> Period:
    """The period of the same kind so many before (环比)."""
    if period.monthly:
        start = _months_on(period.start, -steps * MONTHS[period.kind])
    else:
        start = period.start - (period.end - period.start) * steps
    return period_of(period.kind, start)


def year_before(period: Period) -> Period:
    """The same period of the year before (同比): a week is the one 52 weeks earlier, 29 February
    the 28th.
    """
    if period.kind == "week":
        return earlier(period, 52)
    year, month, day = period.start.year - 1, period.start.month, period.start.day
    if (month, day) == (2, 29):
        day = 28
    return period_of(period.kind, date(year, month, day))


def trend_of(period: Period) -> list[Period]:
    """The last periods up to this one, oldest first."""
    return [earlier(period, steps) for steps in reversed(range(TREND))]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CITY_ZONE).astimezone(UTC)


def _months_on(start: date, months: int) -> date:
    count = start.year * 12 + start.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
