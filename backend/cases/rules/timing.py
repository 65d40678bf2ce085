"""When a clock's limit is used up: counted over the spans during which it ran."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.cases.structs import Span
from backend.catalogue.flow import Limit
from backend.catalogue.worktime import WorkingTime


def reach(
    spans: Sequence[Span], limits: Sequence[Limit], working: WorkingTime, share: float = 1.0
) -> datetime:
    """The instant by which `share` of all the limits together has passed while the clock ran, UTC.

    The limits are spent one after the other, each in its own time (a working day, then a natural
    one). The last span counts as running on, so that a paused clock tells what it would say if it
    ran again at once. Raises NoWorkingTime.
    """
    left = sum((working.length(limit) for limit in limits), timedelta()) * share
    place, at = 0, spans[0].since
    for limit in limits:
        part = min(left, working.length(limit))
        left -= part
        while part:
            until = spans[place].until if place + 1 < len(spans) else None
            room = part if until is None else working.passed(at, until, limit.unit)
            if room >= part:
                at = working.after(at, part, limit.unit)
                break
            part -= room
            place += 1
            at = spans[place].since
    return at
