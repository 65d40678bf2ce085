"""What the evaluation has learnt from the ledger, and a city's indicators and score cards.

Marks and tallies are made by the reader `indicators` alone, and can be dropped and made anew.
"""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigSerial,
    Boolean,
    Date,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table


class IndicatorMark(Table, tablename="indicator_mark"):
    """`n` of a measure for one thing of a case; see rules.claims. A figure is a sum of these."""

    id = BigSerial(primary_key=True)
    case_id = UUID()
    thing = UUID()
    measure = SmallInt()  # rules.measures.Measure
    at = Timestamptz()
    settled = Timestamptz()
    n = Integer()
    place = Text()  # area path of the time
    org = Varchar(32, null=True, default=None)
    post = UUID(null=True, default=None)
    person = UUID(null=True, default=None)
    in_area = Boolean(default=True)


class IndicatorTally(Table, tablename="indicator_tally"):
    """Sums of marks by day or month of `at` and of `settled` (the city's zone), for one subject
    within one place: the place itself (kind area, key empty), an org, a post or a person. Only
    where sums would be long; see tallying.DEPTHS.
    """

    id = BigSerial(primary_key=True)
    unit = Varchar(8)  # day, month
    kind = Varchar(8)  # area, org, post, person
    depth = SmallInt()  # of place: 1 the county
    at = Date()
    place = Text()
    key = Text()
    settled = Date()
    reported = Integer(default=0)
    public_reported = Integer(default=0)
    valid_reported = Integer(default=0)
    missed = Integer(default=0)
    self_handled = Integer(default=0)
    accept_due = Integer(default=0)
    accepted = Integer(default=0)
    accepted_on_time = Integer(default=0)
    verify_due = Integer(default=0)
    verified_on_time = Integer(default=0)
    filed = Integer(default=0)
    file_due = Integer(default=0)
    filed_on_time = Integer(default=0)
    dispatch_due = Integer(default=0)
    dispatched = Integer(default=0)
    dispatched_on_time = Integer(default=0)
    dispatch_wrong = Integer(default=0)
    handle_due = Integer(default=0)
    handled = Integer(default=0)
    handled_on_time = Integer(default=0)
    handled_late = Integer(default=0)
    unhandled_late = Integer(default=0)
    reworked = Integer(default=0)
    shirked = Integer(default=0)
    extended = Integer(default=0)
    suspended = Integer(default=0)
    suspended_time = Integer(default=0)
    check_due = Integer(default=0)
    checked_on_time = Integer(default=0)
    check_failed_twice = Integer(default=0)
    close_due = Integer(default=0)
    closed = Integer(default=0)
    closed_on_time = Integer(default=0)
    close_due_closed = Integer(default=0)
    call_back_due = Integer(default=0)
    called_back = Integer(default=0)
    satisfied = Integer(default=0)
    rated = Integer(default=0)


class Indicator(Table, tablename="indicator"):
    """指标: a count that the code can take, or a ratio of such, under a city's own name."""

    id = UUID(primary_key=True)  # derived_id("indicator", county, code)
    county = Varchar(32, index=True)
    code = Varchar(32)
    position = Integer()  # in lists
    name = Text()
    numerator = Text()
    denominator = Text(default="")
    period_rule = Text(default="")
    scope = Array(base_column=Varchar(16), default=list)  # area, grid, org, post, person, category
    kind = Varchar(16)  # count, ratio, duration
    source = Text(default="")
    confirmed = Boolean(default=False)
    version = Integer(default=1)


class Scorecard(Table, tablename="scorecard"):
    """评分卡: which indicators make a subject's score, and what the score is called."""

    id = UUID(primary_key=True)  # derived_id("scorecard", county, code)
    county = Varchar(32, index=True)
    code = Varchar(32)
    subject = Varchar(8)  # area, org, post, person
    name = Text()
    weights = JSONB()  # [structs.Weight]
    grades = JSONB()  # [structs.Grade]
    version = Integer(default=1)
