"""A case's clocks: started on entering a state, stopped on leaving it; the lamp follows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from backend.cases.structs import Clock, Span
from backend.catalogue.flow import Limit
from backend.catalogue.worktime import WorkingTime

Lamp = Literal["green", "yellow", "red"]

WHOLE = "whole"
"""The clock of the case as a whole, from filing to its end."""


def start(
    id_: UUID,
    name: str,
    limit: Limit,
    at: datetime,
    working: WorkingTime,
    yellow_ratio: float,
    owner: UUID | None = None,
) -> Clock:
    """A clock that begins to run at `at`, with the instants at which its lamp changes."""
    return Clock(
        id=id_,
        owner=owner,
        name=name,
        limit=limit,
        calendar=working.code,
        spans=[Span(at)],
        started_at=at,
        yellow_at=working.due(at, limit, yellow_ratio),
        due_at=working.due(at, limit),
    )


def stop(clocks: Iterable[Clock], at: datetime, *, keep_whole: bool) -> list[Clock]:
    """Stop what runs; the case's whole clock runs on unless the case has ended."""
    return [
        clock
        if clock.stopped_at is not None or (keep_whole and clock.name == WHOLE)
        else replace(
            clock, stopped_at=at, spans=[*clock.spans[:-1], Span(clock.spans[-1].since, at)]
        )
        for clock in clocks
    ]


def instants(clocks: Iterable[Clock]) -> tuple[datetime | None, datetime | None]:
    """When the case's lamp turns yellow and red: the earliest among its running clocks."""
    running = [clock for clock in clocks if clock.stopped_at is None]
    if not running:
        return None, None
    return min(c.yellow_at for c in running), min(c.due_at for c in running)


def lamp(yellow_at: datetime | None, due_at: datetime | None, now: datetime) -> Lamp | None:
    """Green until `yellow_at`, yellow until `due_at`, red after; None when nothing runs."""
    if yellow_at is None or due_at is None:
        return None
    if now > due_at:
        return "red"
    return "yellow" if now >= yellow_at else "green"
