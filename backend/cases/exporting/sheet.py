"""A spreadsheet of cases: one line each, what people sort and sum by in columns of their own.

All of this takes CPU: call it in a thread.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import xlsxwriter
from msgspec import Struct

from backend.cases.exporting import answers, words
from backend.cases.exporting.pictures import GROUPS, photos_of
from backend.cases.exporting.words import Names
from backend.cases.rules.clocks import instants, lamp
from backend.cases.structs import Case, Outside
from backend.core.clock import CITY_ZONE

Cell = str | int | float | datetime | None
PICTURES = 3
"""Photos shown of each part of a case's story; a column says how many there are in all."""
ROW_HEIGHT = 78
"""Points, of a line with photos."""
PHOTO = (280, 200)
"""The box of pixels that a photo fits into; shown at half of that, so that it can be enlarged."""
_SHARP = {"x_scale": 0.5, "y_scale": 0.5, "x_offset": 2, "y_offset": 2}
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula when a cell is edited or saved as CSV."""


class Row(Struct, frozen=True):
    """A case with what a line needs besides. `at`: as of when lamps are shown."""

    case: Case
    outside: Outside
    names: Names
    at: datetime


class Column(NamedTuple):
    """A title, a width in characters, and what stands under it."""

    title: str
    width: float
    value: Callable[[Row], Cell]


def _state(row: Row) -> Cell:
    return row.names.state(row.case)


def _lamp(row: Row) -> Cell:
    shown = None if row.case.ended_at else lamp(*instants(row.case.clocks), row.at)
    return words.LAMPS[shown] if shown else ""


def _orgs(row: Row, kind: str) -> Cell:
    return row.names.orgs(
        part.org for part in row.case.assignments if part.kind == kind and part.state != "withdrawn"
    )


def _result(row: Row) -> Cell:
    """What those who handled it said last."""
    actions = {
        action.code
        for flow in [row.names.flow(row.case)]
        if flow
        for action in flow.actions
        if "answer_assignment" in action.effects
    }
    said = (s.opinion for s in reversed(row.case.steps) if s.action in actions and s.opinion)
    return next(said, "")


def _standard(row: Row) -> Cell:
    category = row.names.ground.catalogue.categories.get(row.case.category)
    standards = category.standards if category else []
    found = (s.filing_condition for s in standards if s.number == row.case.standard)
    return next(found, "")


def _call_back(row: Row) -> Cell:
    call = row.case.call_back
    if call is None or call.state != "done":
        return words.CALL_BACKS[call.state] if call else ""
    said = {True: "满意", False: "不满意", None: "未联系上"}[call.satisfied]
    return f"{said}:{call.reason}" if call.reason else said


def _forms(row: Row) -> Cell:
    forms = row.names.ground.catalogue.forms
    filled = [
        answers.lines(form.items, report.answers, row.names)
        for report in row.case.reports
        if report.form and (form := forms.get((report.form.code, report.form.version)))
    ]
    return "\n".join(line for lines in filled for line in lines)


COLUMNS: Sequence[Column] = (
    Column("编号", 24, lambda r: r.case.number),
    Column("状态", 11, _state),
    Column("灯牌", 8, _lamp),
    Column("大类", 14, lambda r: r.names.class_of(r.case.category)),
    Column("小类", 16, lambda r: r.names.category(r.case.category)),
    Column("标题", 20, lambda r: r.case.title),
    Column("问题描述", 40, lambda r: r.case.description),
    Column("地址", 26, lambda r: r.case.address),
    Column("所在区划与网格", 34, lambda r: r.names.place(r.case.area_path)),
    Column("经度", 12, lambda r: r.case.position.longitude),
    Column("纬度", 12, lambda r: r.case.position.latitude),
    Column("来源", 12, lambda r: words.SOURCES[r.case.reports[0].source]),
    Column("登记人", 10, lambda r: r.names.user(r.case.reports[0].user)),
    Column("来件号", 18, lambda r: r.case.reports[0].outside_number),
    Column("举报人", 9, lambda r: r.outside.name),
    Column("举报电话", 14, lambda r: r.outside.phone),
    Column("上报时间", 22, lambda r: r.case.reported_at),
    Column("到期时间", 22, lambda r: instants(r.case.clocks)[1]),
    Column("办结时间", 22, lambda r: r.case.ended_at),
    Column("紧急", 6, lambda r: _yes(r.case.urgent)),
    Column("等级", 9, lambda r: [*words.SEVERITIES.values()][r.case.severity]),
    Column("敏感", 6, lambda r: _yes(r.case.sensitive)),
    Column("挂账", 6, lambda r: _yes(r.case.suspended)),
    Column("督办", 10, lambda r: words.SUPERVISION.get(r.case.supervision or "")),
    Column("标签", 16, lambda r: r.names.labels(r.case.labels)),
    Column("主办部门", 20, lambda r: _orgs(r, "main")),
    Column("协办部门", 24, lambda r: _orgs(r, "assist")),
    Column("结案权限", 18, lambda r: r.names.org(r.case.closing_org)),
    Column("立案条件", 30, _standard),
    Column("处置情况", 36, _result),
    Column("核查未通过次数", 10, lambda r: r.case.failed_checks),
    Column("回访", 16, _call_back),
    Column("表单内容", 36, _forms),
)


class Book:
    """A workbook in the making: lines go to disk as they come.

    photos: with columns for them. facts: what the second sheet says of the export itself.
    """

    def __init__(self, path: Path, facts: Sequence[tuple[str, str]], *, photos: bool) -> None:
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": path.parent})
        self._sheet = self._book.add_worksheet("案件")
        self._photos = photos
        self._rows = 0
        common = {"valign": "top", "text_wrap": True, "font_size": 11}
        self._text = self._book.add_format(common)
        self._quoted = self._book.add_format(common | {"quote_prefix": True})
        self._moment = self._book.add_format(
            common | {"num_format": 'yyyy"年"m"月"d"日" hh:mm', "text_wrap": False, "align": "left"}
        )
        self._degrees = self._book.add_format(common | {"num_format": "0.000000"})
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#D9ECEA", "border": 1, "valign": "vcenter"}
            | {"text_wrap": True}
        )
        self._lay_out()
        self._tell(facts)

    def _lay_out(self) -> None:
        titles = [(column.title, column.width) for column in COLUMNS]
        if self._photos:
            titles.append(("照片数", 8))
            titles += [(f"{group}照片 {n}", 20) for group in GROUPS for n in range(1, PICTURES + 1)]
        self._sheet.set_row(0, 32)
        for column, (title, width) in enumerate(titles):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, title, self._head)
        self._last = len(titles) - 1
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_landscape()
        self._sheet.set_paper(8)  # A3
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_footer("&C第 &P 页，共 &N 页")

    def _tell(self, facts: Sequence[tuple[str, str]]) -> None:
        about = self._book.add_worksheet("导出说明")
        about.set_column(0, 0, 12)
        about.set_column(1, 1, 80)
        for row, (name, value) in enumerate(facts):
            about.write_string(row, 0, name, self._head)
            about.write_string(row, 1, clean(value), self._text)

    def add(self, rows: Sequence[Row], files: Mapping[UUID, Path]) -> None:
        """The next lines, with the photos that have a file."""
        for row in rows:
            self._rows += 1
            if self._photos:
                self._sheet.set_row(self._rows, ROW_HEIGHT)
            for number, column in enumerate(COLUMNS):
                self._write(number, column.value(row))
            if self._photos:
                self._show(row.case, files)

    def close(self) -> None:
        """Finish the file."""
        self._sheet.autofilter(0, 0, self._rows, self._last)
        self._book.close()

    def abandon(self) -> None:
        """Let go of what is open; nothing is finished."""
        for each in self._book.worksheets():
            each.row_data_fh.close()

    def _write(self, column: int, value: Cell) -> None:
        sheet, row = self._sheet, self._rows
        if value is None or value == "":
            return
        if isinstance(value, datetime):
            local = value.astimezone(CITY_ZONE).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, self._moment)
        elif isinstance(value, str):
            text = clean(value)
            style = self._quoted if text.startswith(_FORMULA) else self._text
            sheet.write_string(row, column, text, style)
        else:
            style = self._degrees if isinstance(value, float) else self._text
            sheet.write_number(row, column, value, style)

    def _show(self, case: Case, files: Mapping[UUID, Path]) -> None:
        photos = photos_of(case, files)
        column = len(COLUMNS)
        self._write(column, len(photos))
        for group in GROUPS:
            shown = [photo for photo in photos if photo.group == group][:PICTURES]
            for place, photo in enumerate(shown, column + 1):
                file = files.get(photo.media)
                if file is None:
                    self._write(place, "照片未到")
                    continue
                options = {"description": photo.caption, "object_position": 1, **_SHARP}
                self._sheet.insert_image(self._rows, place, str(file), options)
            column += PICTURES


def clean(text: str) -> str:
    """Without what no spreadsheet or PDF can hold."""
    return _UNSAFE.sub("", text).replace("\r\n", "\n")


def _yes(value: bool) -> str:  # noqa: FBT001 - a cell's value
    return "是" if value else ""
