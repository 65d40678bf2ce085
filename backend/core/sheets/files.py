"""Reads xlsx and csv into text, as people really save them."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from backend.core.sheets.declared import Sheet
from backend.core.sheets.findings import Findings, Where

SHEET_SUFFIXES = (".xlsx", ".csv")
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    InvalidFileException,
    KeyError,
    ValueError,
    EOFError,
    OSError,
)
MOST_BYTES = 200 * 1024 * 1024
"""Of a workbook unpacked; a small file may claim to hold more than the machine."""
MOST_ROWS = 100_000
MOST_COLUMNS = 100
COMMENT = "#"
"""A row whose first filled cell begins so is a note to people (the templates' examples are)."""


def read_sheets(path: Path, findings: Findings) -> list[Sheet]:
    """The sheets of a file; a CSV file is one sheet, named by the file. Sheets called 说明 and
    empty ones are left out.
    """
    tables = _csv(path, findings) if path.suffix.lower() == ".csv" else _xlsx(path, findings)
    return [
        sheet
        for title, rows in tables
        if title != "说明" and (sheet := _sheet(Where(path.name, title), rows)) is not None
    ]


def _sheet(where: Where, table: Iterable[list[str]]) -> Sheet | None:
    rows = {number: cells for number, cells in enumerate(table, start=1) if any(cells)}
    if not rows:
        return None
    first = next(iter(rows))
    body = {
        number: cells
        for number, cells in rows.items()
        if number != first and not next(filter(None, cells)).startswith(COMMENT)
    }
    return Sheet(where, rows[first], body)


def _xlsx(path: Path, findings: Findings) -> list[tuple[str, list[list[str]]]]:
    try:
        with path.open("rb") as file:  # openpyxl would leave it open when it fails
            with zipfile.ZipFile(file) as packed:
                size = sum(entry.file_size for entry in packed.infolist())
            if size > MOST_BYTES:
                findings.add(Where(path.name), "", f"{size} 字节", "展开后不超过 200 MB 的文件")
                return []
            values = openpyxl.load_workbook(file, read_only=True, data_only=True)
            formulas = openpyxl.load_workbook(file, read_only=True)
            tables = [
                (values_of.title.strip(), _table(path.name, values_of, formulas_of, findings))
                for values_of, formulas_of in zip(
                    values.worksheets, formulas.worksheets, strict=True
                )
            ]
    except _UNREADABLE as error:
        findings.add(Where(path.name), "", type(error).__name__, "能用表格软件打开的 xlsx 文件")
        return []
    return tables


def _table(name: str, values: Any, formulas: Any, findings: Findings) -> list[list[str]]:
    """A worksheet's text. Formulas count by the value that the program which saved them worked out;
    where it left none, a cell that looks filled would be read as empty.
    """
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # some programs note them wrong, and rows would be lost
    bounds = {"max_row": MOST_ROWS + 1, "max_col": MOST_COLUMNS, "values_only": True}
    table: list[list[str]] = []
    pairs = zip(values.iter_rows(**bounds), formulas.iter_rows(**bounds), strict=True)
    for number, (row, written) in enumerate(pairs, start=1):
        if number > MOST_ROWS:
            where = Where(name, values.title.strip())
            findings.add(where, "", f"超过 {MOST_ROWS} 行", "分成几个文件导入")
            break
        for column, (cell, text) in enumerate(zip(row, written, strict=True), start=1):
            if cell is None and text is not None:
                where = Where(name, values.title.strip(), number)
                expected = "公式算出的值:请在表格软件里打开并保存,或把公式粘贴为值"
                findings.add(where, get_column_letter(column), text, expected)
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        table.append(texts)
    return table


def _csv(path: Path, findings: Findings) -> Iterator[tuple[str, list[list[str]]]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            rows = [
                [cell.strip() for cell in row]
                for row in csv.reader(io.StringIO(text, newline=""), strict=True)
            ]
        except csv.Error:
            findings.add(
                Where(path.name), "", "引号不成对或单元格过长", "能用表格软件打开的 csv 文件"
            )
            return
        yield path.stem.strip(), rows
        return
    findings.add(Where(path.name), "", "无法识别的编码", "UTF-8 或 GB18030 编码的 csv 文件")


def _text(cell: object) -> str:
    """A cell as a person sees it: codes that a spreadsheet took for numbers come back whole."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else str(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
