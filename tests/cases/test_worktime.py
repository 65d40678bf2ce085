"""Deadlines in working time, as a clerk would count them on a calendar."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.catalogue.flow import Limit
from backend.catalogue.structs import Calendar, SpecialDay
from backend.catalogue.worktime import NoWorkingTime, WorkingTime

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = [("08:00", "12:00"), ("14:00", "18:00")]
WEEK: dict[str, list[tuple[str, str]]] = {
    str(day): HOURS if day <= 5 else [] for day in range(1, 8)
}
NATIONAL_DAY = [
    SpecialDay(date(2026, 10, day), working=False, name="国庆节") for day in range(1, 8)
] + [SpecialDay(date(2026, 10, 10), working=True, name="补班")]


def working(
    days: list[SpecialDay] = NATIONAL_DAY, week: dict[str, list[tuple[str, str]]] = WEEK
) -> WorkingTime:
    return WorkingTime(
        Calendar(
            id=uuid4(),
            version=1,
            county="330304",
            code="standard",
            name="标准",
            zone="Asia/Shanghai",
            week=week,
            days=days,
        )
    )


def city(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-11-20T09:00", Limit(2, "work_hour"), "2026-11-20T11:00"),
        ("2026-11-20T11:00", Limit(2, "work_hour"), "2026-11-20T15:00"),  # over the lunch break
        ("2026-11-20T17:00", Limit(2, "work_hour"), "2026-11-23T09:00"),  # over the weekend
        ("2026-11-20T17:00", Limit(1, "work_day"), "2026-11-23T17:00"),
        ("2026-11-21T10:00", Limit(30, "work_minute"), "2026-11-23T08:30"),  # found on a Saturday
        ("2026-09-30T17:30", Limit(1, "work_hour"), "2026-10-08T08:30"),  # over the holiday
        ("2026-10-09T17:00", Limit(2, "work_hour"), "2026-10-10T09:00"),  # into a worked Saturday
        ("2026-11-20T23:00", Limit(2, "urgent_hour"), "2026-11-21T01:00"),  # nights count
        ("2026-09-30T12:00", Limit(3, "urgent_day"), "2026-10-03T12:00"),  # holidays count
    ],
)
def test_a_limit_ends_when_a_clerk_would_say(start: str, limit: Limit, due: str) -> None:
    assert working().due(city(start), limit) == city(due)


instants = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
spans = st.integers(0, 60 * 400).map(lambda minutes: timedelta(minutes=minutes))


@given(start=instants, worked=spans)
def test_the_working_time_until_a_deadline_is_the_limit(start: datetime, worked: timedelta) -> None:
    time = working()
    assert time.between(start, time.advance(start, worked)) == worked


@given(start=instants, first=spans, second=spans)
def test_a_limit_may_be_spent_in_parts(
    start: datetime, first: timedelta, second: timedelta
) -> None:
    time = working()
    halfway = time.advance(start, first)
    assert time.between(start, time.advance(halfway, second)) == first + second


@given(start=instants, a=spans, b=spans)
def test_a_longer_limit_never_ends_earlier(start: datetime, a: timedelta, b: timedelta) -> None:
    time = working()
    assert (a <= b) == (time.advance(start, a) <= time.advance(start, b)) or a == b


def test_a_calendar_without_working_hours_is_an_error_not_a_loop() -> None:
    idle = working(days=[], week={str(day): [] for day in range(1, 8)})
    with pytest.raises(NoWorkingTime):
        idle.advance(city("2026-11-20T09:00"), timedelta(minutes=1))
