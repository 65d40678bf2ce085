"""Writes sheets: templates for a city to fill in, and packs."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from backend.core.sheets.declared import SheetRow, cells_of, columns_of, required_of
from backend.core.sheets.files import COMMENT

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)


def write_template(path: Path, row_types: Sequence[type[SheetRow]]) -> None:
    """Empty sheets with headers, what each column holds, and one example (both as comment rows)."""
    book = _book()
    for row_type in row_types:
        sheet = _headed(book, row_type)
        columns, required = columns_of(row_type), required_of(row_type)
        notes, examples = [], []
        for name, column in columns.items():
            need = "必填" if name in required else "可空"
            notes.append(f"{need}。{column.note or column.format.hint}")
            examples.append(column.example)
        notes[0], examples[0] = f"{COMMENT} {notes[0]}", f"{COMMENT} {examples[0]}"
        for row in (notes, examples):
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                cell.font = Font(italic=True, color="808080")
    _save(book, path)


def write_rows(
    path: Path | BinaryIO, tables: Sequence[tuple[type[SheetRow], Iterable[SheetRow]]]
) -> None:
    """Sheets with rows. The same rows always give the same bytes. What begins with `=` is written
    as the text that it is: nobody's words become a formula on somebody else's machine.
    """
    book = _book()
    for row_type, rows in tables:
        sheet = _headed(book, row_type)
        for row in rows:
            texts = cells_of(row)
            sheet.append([text or None for text in texts])
            for cell, text in zip(sheet[sheet.max_row], texts, strict=True):
                if text.startswith("="):
                    cell.data_type = "s"
    _save(book, path)


def _book() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "xunge"
    book.properties.created = book.properties.modified = _EPOCH.replace(tzinfo=None)
    return book


def _headed(book: Workbook, row_type: type[SheetRow]) -> Worksheet:
    sheet: Worksheet = book.create_sheet(row_type.sheet)
    columns, required = columns_of(row_type), required_of(row_type)
    sheet.append([column.header for column in columns.values()])
    for index, (name, column) in enumerate(columns.items(), start=1):
        cell = sheet.cell(1, index)
        cell.font = Font(bold=True)
        if name in required:
            cell.fill = PatternFill("solid", fgColor="FFF2CC")
        cell.comment = Comment(column.note or column.format.hint, "xunge")
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.header) + 4)
        sheet.column_dimensions[letter].number_format = "@"
    sheet.freeze_panes = "A2"
    return sheet


def _save(book: Workbook, path: Path | BinaryIO) -> None:
    """Save without the time of saving, so that a generated file changes only with its rows."""
    raw = io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as made, zipfile.ZipFile(path, "w") as kept:
        for entry in made.infolist():
            content = made.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _fixed_time(content)
            kept.writestr(zipfile.ZipInfo(entry.filename, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)


def _fixed_time(core: bytes) -> bytes:
    """Openpyxl stamps `modified` at save, whatever was set."""
    head, tag, rest = core.partition(b"<dcterms:modified")
    _, close, tail = rest.partition(b"</dcterms:modified>")
    stamp = b' xsi:type="dcterms:W3CDTF">' + _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return head + tag + stamp + close + tail
