"""The slow model of clocks: it looks at every minute and asks whether it counts. It knows nothing
of spans, and takes its calendar from the plain tables.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backend.catalogue.flow import Limit
from backend.catalogue.structs import SpecialDay

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
Hours = list[tuple[str, str]]


def _of(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class Minutes:
    """A calendar as the minutes of each day on which somebody works."""

    def __init__(self, week: dict[str, Hours], special: Sequence[SpecialDay] = ()) -> None:
        self._week = week
        self._special = {each.day: each.working for each in special}
        self._known: dict[datetime, bool] = {}
        lengths = [self._length(hours) for hours in week.values() if hours]
        self.usual = max(sorted(set(lengths), key=lengths.index), key=lengths.count)

    @staticmethod
    def _length(hours: Hours) -> int:
        return sum((_of(b) - _of(a)) % 1440 or 1440 for a, b in hours)

    def _hours(self, day: datetime) -> Hours:
        usual = self._week[str(day.isoweekday())]
        working = self._special.get(day.date())
        if working is None:
            return usual
        if not working:
            return []
        ordinary = next(h for h in self._week.values() if h and self._length(h) == self.usual)
        return usual or ordinary

    def works(self, instant: datetime) -> bool:
        """Whether the minute that begins then is working time."""
        if instant not in self._known:
            self._known[instant] = self._works(instant)
        return self._known[instant]

    def _works(self, instant: datetime) -> bool:
        local = instant.astimezone(ZONE)
        now = local.hour * 60 + local.minute
        today = any(
            _of(a) <= now < _of(b) or (_of(b) <= _of(a) <= now) for a, b in self._hours(local)
        )
        night = any(_of(b) <= _of(a) and now < _of(b) for a, b in self._hours(local - timedelta(1)))
        return today or night

    def length(self, limit: Limit) -> int:
        """Minutes of a limit."""
        of_unit = {
            "work_minute": 1,
            "work_hour": 60,
            "work_day": self.usual,
            "urgent_hour": 60,
            "urgent_day": 1440,
        }
        return limit.value * of_unit[limit.unit]

    def due(
        self,
        start: datetime,
        limits: Sequence[Limit],
        runs: Callable[[datetime], bool],
        share: float = 1,
    ) -> datetime:
        """The end of the minute that uses up a share (of whole minutes) of the limits, one after
        the other; `runs` says whether the clock runs in a minute.
        """
        at, wanted = start, sum(map(self.length, limits)) * share
        for limit in limits:
            natural = limit.unit.startswith("urgent")
            left = min(self.length(limit), wanted)
            wanted -= left
            while left:
                left -= runs(at) and (natural or self.works(at))
                at += MINUTE
        return at
