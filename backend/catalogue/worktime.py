"""Working time: when a limit ends, counted in the hours of a city's calendar.

Limits of kind work_* count working time only (工作时, 工作日); urgent_* run on through nights and
holidays (紧急工作时); see shared-schemas/packs, unit notes of gbt30428-2-categories.json.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.catalogue.flow import Limit
from backend.catalogue.structs import Calendar

HORIZON = timedelta(days=3660)
"""A calendar without working hours must not be searched for ever."""


class NoWorkingTime(Exception):
    """The calendar has no working hours in the ten years after the start."""


class WorkingTime:
    """One calendar, made ready for counting. Instants are UTC; hours are of the calendar's zone."""

    def __init__(self, calendar: Calendar) -> None:
        self.code = calendar.code
        self._zone = ZoneInfo(calendar.zone)
        self._week = {
            int(day): [(time.fromisoformat(a), time.fromisoformat(b)) for a, b in hours]
            for day, hours in calendar.week.items()
        }
        self._special = {special.day: special.working for special in calendar.days}
        lengths = [m for hours in self._week.values() if (m := _minutes(hours)) > 0]
        self.day_minutes = Counter(lengths).most_common(1)[0][0] if lengths else 0
        """Minutes of an ordinary working day: what one work_day of a limit counts."""
        self._ordinary = next(
            (hours for hours in self._week.values() if _minutes(hours) == self.day_minutes), []
        )

    def due(self, start: datetime, limit: Limit, share: float = 1.0) -> datetime:
        """The instant at which `share` of a limit has passed since `start`.

        Raises NoWorkingTime.
        """
        match limit.unit:
            case "urgent_hour":
                return start + timedelta(hours=limit.value) * share
            case "urgent_day":
                return start + timedelta(days=limit.value) * share
            case "work_minute":
                minutes = limit.value
            case "work_hour":
                minutes = limit.value * 60
            case "work_day":
                minutes = limit.value * self.day_minutes
        return self.advance(start, timedelta(minutes=minutes) * share)

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
        """Working spans that end after `start`, in order, UTC."""
        day = start.astimezone(self._zone).date()
        last = day + HORIZON
        while day < last:
            for opens, closes in self._hours(day):
                ends = datetime.combine(day, closes, self._zone).astimezone(UTC)
                if ends > start:
                    yield datetime.combine(day, opens, self._zone).astimezone(UTC), ends
            day += timedelta(days=1)

    def _hours(self, day: date) -> list[tuple[time, time]]:
        working = self._special.get(day)
        usual = self._week.get(day.isoweekday(), [])
        if working is None:
            return usual
        return (usual or self._ordinary) if working else []


def _minutes(hours: list[tuple[time, time]]) -> int:
    return sum((b.hour - a.hour) * 60 + b.minute - a.minute for a, b in hours)
