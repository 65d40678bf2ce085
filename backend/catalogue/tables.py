"""What a city decides by spreadsheet: categories, limits, calendars, dispatch, flows."""

from piccolo.columns import JSONB, UUID, Array, Boolean, Date, Integer, Text, Varchar
from piccolo.table import Table


class Category(Table, tablename="category"):
    """GB/T 30428.2 class (4 digits shorter) or subclass. `rule` rows carry the conditions."""

    id = UUID(primary_key=True)  # derived_id("category", county, code)
    county = Varchar(32, index=True)
    code = Varchar(32)  # 'C01' class, 'C0101' component subclass, 'E0101' event subclass
    name = Text()
    kind = Varchar(16)  # component, event
    parent = Varchar(32, null=True, default=None)
    synonyms = Array(base_column=Text(), default=list)
    flow = Varchar(32, default="city_management")
    photo_roles = Array(base_column=Varchar(16), default=list)  # required: near, far, reference
    album_allowed = Boolean(default=True)
    self_handling = Boolean(default=True)
    similar_metres = Integer(default=50)
    similar_days = Integer(default=7)
    collection_note = Text(default="")
    active = Boolean(default=True)
    form = Varchar(32, default="")
    check = Varchar(16, default="task")  # task, photo, same_period
    auto_dispatch = Boolean(default=False)
    version = Integer(default=1)


class Standard(Table, tablename="standard"):
    """One filing condition of a subclass with its closing standard and limit."""

    id = UUID(primary_key=True)  # derived_id("standard", county, category, number)
    county = Varchar(32, index=True)
    category = Varchar(32)
    number = Integer()
    filing_condition = Text()
    closing_standard = Text()
    limit_value = Integer()
    limit_unit = Varchar(16)  # work_hour, work_day, urgent_hour, urgent_day
    version = Integer(default=1)


class Calendar(Table, tablename="calendar"):
    """Working hours of a week and the days that differ. Times are of the county's time zone."""

    id = UUID(primary_key=True)  # derived_id("calendar", county, code)
    county = Varchar(32, index=True)
    code = Varchar(32)
    name = Text()
    zone = Varchar(32, default="Asia/Shanghai")
    week = JSONB()  # {"1": [["08:00","12:00"],["14:00","18:00"]], …, "7": []}, ISO weekdays
    version = Integer(default=1)


class CalendarDay(Table, tablename="calendar_day"):
    """A day that departs from the week: a holiday, or a weekend day that is worked."""

    id = UUID(primary_key=True)  # derived_id("calendar_day", county, calendar, day)
    county = Varchar(32, index=True)
    calendar = Varchar(32)
    day = Date()
    working = Boolean()
    name = Text(default="")
    version = Integer(default=1)


class DispatchRule(Table, tablename="dispatch_rule"):
    """category × area → org. The longest category prefix wins, then the deepest area."""

    id = UUID(primary_key=True)  # derived_id("dispatch_rule", county, category, area)
    county = Varchar(32, index=True)
    category = Varchar(32)  # code or prefix; '' = any
    area = Varchar(32)
    org = Varchar(32)
    limit_value = Integer(null=True, default=None)
    limit_unit = Varchar(16, null=True, default=None)
    standard = Text(default="")
    version = Integer(default=1)


class Flow(Table, tablename="flow"):
    """A flow's definition (catalogue.flow.Flow), versioned; running cases keep theirs."""

    id = UUID(primary_key=True)  # derived_id("flow", county, code, version)
    county = Varchar(32, index=True)
    code = Varchar(32)
    flow_version = Integer()
    definition = JSONB()
    version = Integer(default=1)


class Setting(Table, tablename="setting"):
    """A county's single values: lamp thresholds, late limit, photo wait."""

    id = UUID(primary_key=True)  # derived_id("setting", county, code)
    county = Varchar(32, index=True)
    code = Varchar(64)
    value = JSONB()
    version = Integer(default=1)


class Form(Table, tablename="form"):
    """A form's definition (catalogue.form.Form), versioned; filled forms keep theirs."""

    id = UUID(primary_key=True)  # derived_id("form", county, code, version)
    county = Varchar(32, index=True)
    code = Varchar(32)
    form_version = Integer()
    definition = JSONB()
    version = Integer(default=1)


class CalendarRule(Table, tablename="calendar_rule"):
    """Whose time runs by which calendar; '' = any."""

    id = UUID(primary_key=True)  # derived_id("calendar_rule", county, area, org, category)
    county = Varchar(32, index=True)
    area = Varchar(32, default="")
    org = Varchar(32, default="")
    category = Varchar(32, default="")
    calendar = Varchar(32)
    version = Integer(default=1)


class TargetGroup(Table, tablename="target_group"):
    """Orgs that an org often gives cases to together."""

    id = UUID(primary_key=True)  # derived_id("target_group", county, org, code)
    county = Varchar(32, index=True)
    org = Varchar(32)
    code = Varchar(32)
    name = Text()
    targets = JSONB()  # [GroupTarget]
    active = Boolean(default=True)
    version = Integer(default=1)
