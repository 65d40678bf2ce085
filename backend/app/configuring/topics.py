"""What an administrator may look at and set: every sheet of an import, from the rows' side and from
the stored side, so that screen and spreadsheet are one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from backend.catalogue.importing import rows as catalogue
from backend.catalogue.importing.form_rows import FormRow
from backend.catalogue.importing.stage import WEEK
from backend.catalogue.structs import (
    Calendar,
    Category,
    FlowDocument,
    FormDocument,
    TargetGroup,
)
from backend.core.sheets.declared import SheetRow, cells_of, header_of, known_in_order
from backend.directory.importing import rows as directory
from backend.labels.importing import LabelRow

Rows = Callable[[Any], Sequence[SheetRow]]
Cells = dict[str, str]


class Topic(Struct, frozen=True, kw_only=True):
    """One sheet. `kind` is the entity that its rows are stored in, `part` the field of it that
    holds them when they are only a part. `editable`: by an administrator's screen; what decides who
    may do what, and people, stay with whoever runs the servers. `whole`: an entity is what its rows
    say, so a row is taken out by leaving it out; `shared` fields are alike in all its rows.
    """

    code: str
    title: str
    kind: str
    row_type: type[SheetRow]
    rows: Rows
    editable: bool = True
    part: str = ""
    whole: bool = False
    shared: tuple[str, ...] = ()

    @property
    def headers(self) -> list[str]:
        """Of its columns, in order."""
        return known_in_order(self.row_type)

    @property
    def keys(self) -> list[str]:
        """The headers by which a row is known."""
        return [header_of(self.row_type, name) for name in self.row_type.key]

    def texts(self, row: SheetRow) -> Cells:
        """A row as it would stand in the sheet."""
        return dict(zip(self.headers, cells_of(row), strict=True))

    def cells(self, state: Any) -> list[Cells]:
        """A stored entity's rows likewise."""
        return [self.texts(row) for row in self.rows(state)]


def _alike(row_type: type[SheetRow]) -> Rows:
    names = row_type.__struct_fields__
    return lambda state: [row_type(**{name: getattr(state, name) for name in names})]


def _standards(state: Category) -> Sequence[SheetRow]:
    return [
        catalogue.StandardRow(
            category=state.code,
            number=each.number,
            filing_condition=each.filing_condition,
            closing_standard=each.closing_standard,
            limit=each.limit,
        )
        for each in state.standards
    ]


def _calendar(state: Calendar) -> Sequence[SheetRow]:
    week: dict[str, Any] = {name: state.week[str(day)] for day, name in enumerate(WEEK, start=1)}
    return [catalogue.CalendarRow(code=state.code, name=state.name, zone=state.zone, **week)]


def _days(state: Calendar) -> Sequence[SheetRow]:
    return [
        catalogue.DayRow(calendar=state.code, day=each.day, working=each.working, name=each.name)
        for each in state.days
    ]


def _targets(state: TargetGroup) -> Sequence[SheetRow]:
    return [
        catalogue.TargetRow(
            org=state.org,
            code=state.code,
            name=state.name,
            target=each.org,
            kind=each.kind,
            requirement=each.requirement,
            active=state.active,
        )
        for each in state.targets
    ]


def _topic(code: str, row_type: type[SheetRow], rows: Rows | None = None, **more: Any) -> Topic:
    fields: dict[str, Any] = {"kind": code, "rows": rows or _alike(row_type)} | more
    return Topic(code=code, title=row_type.sheet, row_type=row_type, **fields)


TOPICS: dict[str, Topic] = {
    topic.code: topic
    for topic in (
        _topic("category", catalogue.CategoryRow),
        _topic("standard", catalogue.StandardRow, _standards, kind="category", part="standards"),
        _topic("dispatch_rule", catalogue.DispatchRow),
        _topic(
            "target_group",
            catalogue.TargetRow,
            _targets,
            part="targets",
            whole=True,
            shared=("name", "active"),
        ),
        _topic("label", LabelRow),
        _topic("calendar", catalogue.CalendarRow, _calendar),
        _topic("day", catalogue.DayRow, _days, kind="calendar", part="days"),
        _topic("calendar_rule", catalogue.CalendarRuleRow),
        _topic("setting", catalogue.SettingRow),
        _topic("org", directory.OrgRow, editable=False),
        _topic("post", directory.PostRow, editable=False),
        _topic("role", directory.RoleRow, editable=False),
    )
}
"""By code, in the order in which they are shown."""
EDITABLE: tuple[type[SheetRow], ...] = tuple(
    topic.row_type for topic in TOPICS.values() if topic.editable
)
UPLOADABLE: tuple[type[SheetRow], ...] = (*EDITABLE, FormRow)
"""A form is many rows that make sense only together: no screen edits one of them."""


class Definition(Struct, frozen=True):
    """A kind that is a whole text with a version, kept as JSON."""

    code: str
    title: str
    cells: Callable[[Any], Cells]
    content: Callable[[Any], Struct]

    @property
    def kind(self) -> str:
        """Of the entity."""
        return self.code

    def text(self, state: Any) -> bytes:
        """As a file that can be edited and uploaded again."""
        return msgspec.json.format(msgspec.json.encode(self.content(state)), indent=2)


def _flow(state: FlowDocument) -> Cells:
    flow = state.flow
    return {
        "编码": flow.code,
        "名称": flow.name,
        "版本": str(flow.version),
        "状态": str(len(flow.states)),
        "动作": str(len(flow.actions)),
    }


def _form(state: FormDocument) -> Cells:
    form = state.form
    return {
        "编码": form.code,
        "名称": form.name,
        "版本": str(form.version),
        "题目": str(len(form.items)),
    }


DEFINITIONS: dict[str, Definition] = {
    "flow": Definition("flow", "流程", _flow, lambda state: state.flow),
    "form": Definition("form", "表单", _form, lambda state: state.form),
}
