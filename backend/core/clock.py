"""What time it is: passed in wherever time decides something, so that tests need not wait."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

Clock = Callable[[], datetime]

CITY_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Where dates of appointments and working days are read; all China keeps it, all year round."""


def utc_now() -> datetime:
    """The server's clock, UTC."""
    return datetime.now(UTC)
