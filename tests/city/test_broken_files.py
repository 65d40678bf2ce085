"""Files that are broken, or made to break us: one finding, and never a row lost in silence."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from backend.core.sheets.declared import read_rows
from backend.core.sheets.files import read_sheets
from backend.core.sheets.findings import Findings
from backend.directory.importing.rows import OrgRow

ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row></sheetData></worksheet>'
)


def _book(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A good workbook of orgs with one part of its archive changed."""
    good = path / "good.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "部门"
    for row in (("编码", "名称"), ("o1", "一"), ("o2", "二")):
        sheet.append(row)
    book.save(good)
    with (
        zipfile.ZipFile(good) as source,
        zipfile.ZipFile(path / "changed.xlsx", "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in source.namelist():
            data = source.read(name)
            changed.writestr(name, change(data) if name.endswith(part) else data)
    return path / "changed.xlsx"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("sheet1.xml", lambda data: data[: len(data) // 2]),
        ("sheet1.xml", lambda _: ENTITIES),
        ("[Content_Types].xml", lambda _: b"garbage"),
        ("styles.xml", lambda _: b"<styleSheet"),
    ],
)
def test_a_broken_workbook_is_named(
    tmp_path: Path, part: str, change: Callable[[bytes], bytes]
) -> None:
    findings = Findings()
    assert read_sheets(_book(tmp_path, part, change), findings) == []
    assert [found.where.file for found in findings.sorted()] == ["changed.xlsx"]


def test_rows_beyond_a_wrongly_noted_size_are_read(tmp_path: Path) -> None:
    path = _book(tmp_path, "sheet1.xml", lambda data: data.replace(b'ref="A1:B3"', b'ref="A1"'))
    [sheet] = read_sheets(path, Findings())
    assert sheet.headers == ["编码", "名称"]
    assert list(sheet.rows.values()) == [["o1", "一"], ["o2", "二"]]


@pytest.mark.parametrize("cells", ["a\0b", "x" * 200_000, '"未闭合\n2,b'])
def test_a_broken_csv_is_named(tmp_path: Path, cells: str) -> None:
    path = tmp_path / "部门.csv"
    path.write_text(f"编码,名称\n1,{cells}\n", encoding="utf-8")
    findings = Findings()
    assert read_sheets(path, findings) == []
    assert [found.where.file for found in findings.sorted()] == ["部门.csv"]


def test_a_header_that_stands_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "部门.csv"
    path.write_text("编码,名称,名称\no1,一,二\n", encoding="utf-8")
    findings = Findings()
    [sheet] = read_sheets(path, findings)
    read_rows(sheet, OrgRow, findings)
    assert ("名称", "只出现一次的表头") in {(f.column, f.expected) for f in findings.sorted()}
