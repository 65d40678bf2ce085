"""Working time: when a limit ends, counted in the hours of a city's calendar.

Limits of kind work_* count working time only (工作时, 工作日); urgent_* run on through nights and
holidays (紧急工作时); see shared-schemas/packs, unit notes of gbt30428-2-categories.json.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.catalogue.flow import Limit, LimitUnit
from backend.catalogue.structs import Calendar

NATURAL: tuple[LimitUnit, ...] = ("urgent_hour", "urgent_day")
"""Units that count nights and holidays too."""
DAY = timedelta(days=1)
MINUTES_OF_DAY = 1440
HORIZON = timedelta(days=3660)
"""A calendar without working hours must not be searched for ever."""


LONGEST: dict[LimitUnit, int] = {
    "work_minute": 100_000,
    "work_hour": 4_000,
    "work_day": 500,
    "urgent_hour": 24_000,
    "urgent_day": 1_000,
}
"""The longest limit that a city may set, some two years: calendars reach no further than HORIZON,
and extensions come on top.
"""


class NoWorkingTime(Exception):
    """The calendar has no working hours in the ten years after the start."""


Span = tuple[time, time]


class WorkingTime:
    """One calendar, made ready for counting. Instants are UTC; hours are of the calendar's zone.

    Hours that end at or before their beginning (22:00-06:00) run on into the next day and belong to
    the day on which they begin: a holiday takes the night that begins on it, not the one before.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.code = calendar.code
        self.zone = ZoneInfo(calendar.zone)
        self._week = {
            int(day): [(_time(a), _time(b)) for a, b in hours]
            for day, hours in calendar.week.items()
        }
        self._special = {special.day: special.working for special in calendar.days}
        lengths = [m for hours in self._week.values() if (m := _minutes(hours)) > 0]
        self.day_minutes = Counter(lengths).most_common(1)[0][0] if lengths else 0
        """Minutes of an ordinary working day: what one work_day of a limit counts."""
        self._ordinary = next(
            (hours for hours in self._week.values() if _minutes(hours) == self.day_minutes), []
        )

    def length(self, limit: Limit) -> timedelta:
        """How long a limit is, in the time that its unit counts."""
        match limit.unit:
            case "work_minute":
                return timedelta(minutes=limit.value)
            case "work_hour" | "urgent_hour":
                return timedelta(hours=limit.value)
            case "work_day":
                return timedelta(minutes=limit.value * self.day_minutes)
            case "urgent_day":
                return timedelta(days=limit.value)

    def due(self, start: datetime, limit: Limit, share: float = 1.0) -> datetime:
        """The instant at which `share` of a limit has passed since `start`.

        Raises NoWorkingTime.
        """
        return self.after(start, self.length(limit) * share, limit.unit)

    def after(self, start: datetime, span: timedelta, unit: LimitUnit) -> datetime:
        """The instant by which `span` has passed since `start`, in the time that a unit counts."""
        return start + span if unit in NATURAL else self.advance(start, span)

    def passed(self, start: datetime, end: datetime, unit: LimitUnit) -> timedelta:
        """What has passed from `start` to `end`, in the time that a unit counts."""
        return end - start if unit in NATURAL else self.between(start, end)

    def advance(self, start: datetime, worked: timedelta) -> datetime:
        """The instant by which `worked` working time has passed since `start`."""
        left = worked
        for opens, closes in self._spans(start):
            room = closes - max(opens, start)
            if room >= left:
                return max(opens, start) + left
            left -= room
        raise NoWorkingTime(self.code)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; zero when end is not after start."""
        total = timedelta()
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            total += min(closes, end) - max(opens, start)
        return total

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans that end after `start`, in order and apart, UTC."""
        day = start.astimezone(self.zone).date() - DAY  # whose night may still run
        last = day + HORIZON
        reached = start
        while day < last:
            for opens, closes in self._hours(day):
                until = day if closes > opens else day + DAY
                begins = datetime.combine(day, opens, self.zone).astimezone(UTC)
                ends = datetime.combine(until, closes, self.zone).astimezone(UTC)
                if ends > reached:
                    yield max(begins, reached), ends
                    reached = ends
            day += DAY

    def _hours(self, day: date) -> list[Span]:
        working = self._special.get(day)
        usual = self._week.get(day.isoweekday(), [])
        if working is None:
            return usual
        return (usual or self._ordinary) if working else []


def _time(text: str) -> time:
    return time() if text == "24:00" else time.fromisoformat(text)


def _minutes(hours: list[Span]) -> int:
    return sum(
        ((b.hour - a.hour) * 60 + b.minute - a.minute) % MINUTES_OF_DAY or MINUTES_OF_DAY
        for a, b in hours
    )
