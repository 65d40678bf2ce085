"""What may be asked of lists, counters, maps and exports of cases."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from backend.cases.rules.clocks import Lamp
from backend.cases.structs import CallBackState, Supervision
from backend.catalogue.flow import Severity, Stage

Code = Annotated[str, Meta(max_length=64)]
Codes = Annotated[list[Code], Meta(max_length=40)]
Scope = Literal["own", "below", "own_and_below"]
Mine = Literal["owned", "reported"]
Period = Literal["today", "week", "month"]
Moment = Annotated[datetime, Meta(tz=True)]
SHAPE_LENGTH = 10_000
"""Characters of a shape: a polygon of 200 points with some forty each."""


class Filters(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list, counter, map or export shows; all given conditions hold at once, and of several
    values of one any. Also what a saved search keeps.
    """

    box: Code | None = None
    q: Annotated[str, Meta(max_length=64)] | None = None
    """Part of a number, title, description, address or outside number, from one character on."""
    number: Annotated[str, Meta(max_length=40)] | None = None  # part of it
    category: Code | None = None  # with what lies under it, by parent or by the code's beginning
    source: Codes = []
    flow: Code | None = None
    state: Codes = []
    stage: Stage | None = None
    ended: bool | None = None  # 已办结的, 在办的
    lamp: Lamp | None = None
    area: Code | None = None  # with what lies under it
    grid: Code | None = None
    org: Code | None = None  # had or has any part in the case
    main_org: Code | None = None  # has or last had the main part
    scope: Scope | None = None
    """Cases in which the actor's own org, those below it in the org tree, or either have or had a
    part; none given: all within reach.
    """
    mine: Mine | None = None  # 我包案的, 我上报的
    reported_within: Period | None = None
    """The city's day, week from Monday, or month that it is when somebody looks: a saved search
    means the same tomorrow.
    """
    reported_since: Moment | None = None
    reported_until: Moment | None = None  # not included, as for ended_until
    ended_since: Moment | None = None
    ended_until: Moment | None = None
    reporter: UUID | None = None  # the user who reported
    phone: Annotated[str, Meta(max_length=20)] | None = None
    """An outside reporter's, whole; only for posts with person.unmask."""
    label: Code | None = None
    urgent: bool | None = None
    severity: Severity | None = None
    suspended: bool | None = None
    sensitive: bool | None = None
    supervision: Supervision | None = None
    call_back: CallBackState | None = None
    shape: Annotated[str, Meta(max_length=SHAPE_LENGTH)] | None = None
    """On the map, WGS-84 degrees, longitude first: `rectangle:west,south,east,north`,
    `circle:longitude,latitude,metres` or `polygon:longitude,latitude,…` of 3 to 200 points.
    """
