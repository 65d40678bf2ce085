"""A case and its parts, for finding and counting.

The whole aggregate is `document`, the very bytes that devices get; the columns beside it and the
child tables are what queries filter and join by. A test rebuilds one from the other.
"""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    DoublePrecision,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table


class CaseFile(Table, tablename="case_file"):
    """案件: one problem from its first report to its end."""

    id = UUID(primary_key=True)
    version = Integer()
    number = Varchar(40, unique=True)
    county = Varchar(32)
    flow = Varchar(32)
    flow_version = Integer()
    state = Varchar(32)
    stage = Varchar(16)
    ending = Varchar(16, null=True, default=None)
    category = Varchar(32)
    standard = Integer(null=True, default=None)
    grid = Varchar(32)
    area_path = Text()
    description = Text()
    address = Text()
    longitude = DoublePrecision()
    latitude = DoublePrecision()
    urgent = Boolean()
    suspended = Boolean()
    supervised = Boolean()
    severity = SmallInt()
    source = Varchar(16)
    photo = UUID(null=True, default=None)  # what a list shows
    org = Varchar(32, null=True, default=None)
    reported_at = Timestamptz()
    changed_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    yellow_at = Timestamptz(null=True, default=None)
    due_at = Timestamptz(null=True, default=None)
    title = Text(default="")
    closing_org = Varchar(32, null=True, default=None)
    supervision = Varchar(16, null=True, default=None)
    call_back = Varchar(16, null=True, default=None)
    sensitive = Boolean(default=False)
    merged_into = UUID(null=True, default=None)
    labels = Array(base_column=Varchar(32), default=list)
    parts = Array(base_column=Text(), default=list)  # rules.parties: 'main:ORG', 'owner:USER', …
    alarm_at = Timestamptz(null=True, default=None)
    document = Bytea()


class Report(Table, tablename="report"):
    """上报: what one reporter said. An outside reporter's name and phone are sealed elsewhere."""

    id = UUID(primary_key=True)
    case_id = UUID(index=True)
    source = Varchar(16)
    user = UUID(index=True)
    post = UUID()
    reporter = UUID(null=True, default=None)  # sealed_value
    occurred_at = Timestamptz()
    received_at = Timestamptz()
    description = Text()
    self_handled = Boolean()
    private = Boolean()
    call_back = Boolean()


class Assignment(Table, tablename="assignment"):
    """派遣: an org's part in a case."""

    id = UUID(primary_key=True)
    case_id = UUID(index=True)
    org = Varchar(32, index=True)
    post = UUID(null=True, default=None)
    kind = Varchar(16)
    state = Varchar(16)
    requirement = Text()
    limit_value = Integer(null=True, default=None)
    limit_unit = Varchar(16, null=True, default=None)
    assigned_at = Timestamptz()
    answered_at = Timestamptz(null=True, default=None)
    by_org = Varchar(32, null=True, default=None)
    holder = UUID(null=True, default=None)
    failed_checks = SmallInt(default=0)


class Request(Table, tablename="case_request"):
    """申请: what a party asks of those above, for the list of what waits for an answer."""

    id = UUID(primary_key=True)
    case_id = UUID(index=True)
    kind = Varchar(16)
    state = Varchar(16)
    level = SmallInt()
    answerer_org = Varchar(32, null=True, default=None)
    user = UUID()
    keeper = UUID(index=True)
    org = Varchar(32)
    reason = Text()
    asked_at = Timestamptz()
    old_due_at = Timestamptz(null=True, default=None)
    new_due_at = Timestamptz(null=True, default=None)
    answerers = Array(base_column=Text(), default=list)  # users who gave their word on it
    ended_at = Timestamptz(null=True, default=None)


class Clock(Table, tablename="clock"):
    """计时: of a case, or of an assignment, task or request that `owner` names."""

    id = UUID(primary_key=True)
    case_id = UUID(index=True)
    owner = UUID(null=True, default=None)
    name = Varchar(32)
    limit_value = Integer()
    limit_unit = Varchar(16)
    calendar = Varchar(32)
    spans = JSONB()
    started_at = Timestamptz()
    yellow_at = Timestamptz()
    due_at = Timestamptz()
    stopped_at = Timestamptz(null=True, default=None)
    paused = Boolean(default=False)
    bundle = Varchar(32, null=True, default=None)


class OutsideReference(Table, tablename="outside_reference"):
    """The number another system gave a report or a case."""

    id = UUID(primary_key=True)
    case_id = UUID(index=True)
    report_id = UUID(null=True, default=None)
    peer = Varchar(32)
    number = Varchar(200, index=True)


class SavedSearch(Table, tablename="saved_search"):
    """A search a user keeps under a name: working state, not a fact."""

    id = UUID(primary_key=True)
    user = UUID(index=True)
    county = Varchar(32)
    name = Varchar(60)
    filters = JSONB()  # cases.queries.Filters
    saved_at = Timestamptz()


class CaseExport(Table, tablename="case_export"):
    """A file being made of found cases, or ready to be fetched: working state. That somebody
    exported, and what, is in the ledger.
    """

    id = UUID(primary_key=True)
    user = UUID(index=True)
    post = UUID()
    county = Varchar(32)
    kind = Varchar(16)  # xlsx, xlsx_pictures, pdf, pdf_process
    sealed = Bytea()  # the filters: what somebody searched for may name a person
    state = Varchar(16)  # waiting, making, ready, failed
    done = Integer(default=0)
    total = Integer(null=True, default=None)
    error = Text(default="")
    size = BigInt(null=True, default=None)  # bytes
    asked_at = Timestamptz()
    ready_at = Timestamptz(null=True, default=None)
    fetched_at = Timestamptz(null=True, default=None)
