"""Deadlines in working time, as a clerk would count them on a calendar."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.catalogue.flow import Limit
from backend.catalogue.structs import Calendar, SpecialDay
from backend.catalogue.worktime import NoWorkingTime, WorkingTime
from tests.cases.minutes import Minutes

ZONE = ZoneInfo("Asia/Shanghai")
Hours = list[tuple[str, str]]
HOURS: Hours = [("08:00", "12:00"), ("14:00", "18:00")]
WEEK: dict[str, Hours] = {str(day): HOURS if day <= 5 else [] for day in range(1, 8)}
NIGHTS: dict[str, Hours] = {
    str(day): [("22:00", "06:00")] if day <= 5 else [] for day in range(1, 8)
}
ALWAYS: dict[str, Hours] = {str(day): [("00:00", "24:00")] for day in range(1, 8)}
SHIFTS: dict[str, Hours] = {
    str(day): [("06:00", "14:00"), ("14:00", "22:00"), ("22:00", "06:00")] for day in range(1, 8)
}
NATIONAL_DAY = [
    SpecialDay(date(2026, 10, day), working=False, name="国庆节") for day in range(1, 8)
] + [SpecialDay(date(2026, 10, 10), working=True, name="补班")]


def calendar(
    days: list[SpecialDay] = NATIONAL_DAY,
    week: dict[str, Hours] = WEEK,
    code: str = "standard",
) -> Calendar:
    return Calendar(
        id=uuid4(),
        version=1,
        county="330304",
        code=code,
        name="标准",
        zone="Asia/Shanghai",
        week=week,
        days=days,
    )


def working(days: list[SpecialDay] = NATIONAL_DAY, week: dict[str, Hours] = WEEK) -> WorkingTime:
    return WorkingTime(calendar(days, week))


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


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-11-18T23:00", Limit(2, "work_hour"), "2026-11-19T01:00"),  # past midnight
        ("2026-11-19T05:00", Limit(2, "work_hour"), "2026-11-19T23:00"),  # over the day
        ("2026-11-21T05:30", Limit(1, "work_hour"), "2026-11-23T22:30"),  # Friday's night, then off
        ("2026-11-18T22:00", Limit(1, "work_day"), "2026-11-19T06:00"),  # one night is a day
        # the holiday takes the nights that begin on it, not the morning of the one before
        ("2026-10-01T05:00", Limit(2, "work_hour"), "2026-10-08T23:00"),
    ],
)
def test_a_night_shift_runs_into_the_next_day(start: str, limit: Limit, due: str) -> None:
    assert working(week=NIGHTS).due(city(start), limit) == city(due)


@pytest.mark.parametrize("week", [ALWAYS, SHIFTS])
def test_round_the_clock_is_natural_time(week: dict[str, Hours]) -> None:
    time = working(days=[], week=week)
    start = city("2026-11-21T03:17")
    assert time.due(start, Limit(50, "work_hour")) == start + timedelta(hours=50)
    assert time.due(start, Limit(2, "work_day")) == start + timedelta(days=2)


def test_shifts_that_overlap_are_not_counted_twice() -> None:
    hours = [("20:00", "06:00")]
    day = [("05:00", "09:00")]
    time = working(days=[], week={str(d): hours if d % 2 else day for d in range(1, 8)})
    assert time.between(city("2026-11-16T20:00"), city("2026-11-17T09:00")) == timedelta(hours=13)


instants = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
spans = st.integers(0, 60 * 400).map(lambda minutes: timedelta(minutes=minutes))
weeks = st.sampled_from([WEEK, NIGHTS, ALWAYS, SHIFTS])


@given(start=instants, worked=spans, week=weeks)
def test_the_working_time_until_a_deadline_is_the_limit(
    start: datetime, worked: timedelta, week: dict[str, Hours]
) -> None:
    time = working(week=week)
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


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 300 * 1440),
    limit=st.builds(
        Limit,
        st.integers(1, 40),
        st.sampled_from(["work_minute", "work_hour", "work_day", "urgent_hour", "urgent_day"]),
    ),
    week=weeks,
)
def test_counting_agrees_with_stepping_minute_by_minute(
    start: int, limit: Limit, week: dict[str, Hours]
) -> None:
    begin = city("2026-01-01T00:00") + timedelta(minutes=start)
    model = Minutes(week, NATIONAL_DAY)
    assert working(week=week).due(begin, limit) == model.due(begin, [limit], lambda _: True)


def test_a_calendar_without_working_hours_is_an_error_not_a_loop() -> None:
    idle = working(days=[], week={str(day): [] for day in range(1, 8)})
    with pytest.raises(NoWorkingTime):
        idle.advance(city("2026-11-20T09:00"), timedelta(minutes=1))
