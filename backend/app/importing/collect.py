"""From a folder or some files to typed lines of every room's sheets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from backend.catalogue.importing import rows as catalogue_rows
from backend.catalogue.importing.flows import FlowFile, read_flow
from backend.catalogue.importing.form_rows import FormRow
from backend.catalogue.importing.forms import PREFIX, FormFile, forms_of, read_form
from backend.catalogue.importing.stage import CatalogueLines
from backend.core.sheets.declared import Line, Sheet, SheetRow, read_rows
from backend.core.sheets.files import SHEET_SUFFIXES, read_sheets
from backend.core.sheets.findings import Findings, Where
from backend.directory.importing import rows as directory_rows
from backend.directory.importing.polygons import Outline, read_outlines
from backend.directory.importing.stage import DirectoryLines
from backend.labels.importing import LabelRow

ROWS: tuple[type[SheetRow], ...] = (
    *directory_rows.ROWS,
    *catalogue_rows.ROWS,
    LabelRow,
)
SUFFIXES = (*SHEET_SUFFIXES, ".geojson", ".json")
R = TypeVar("R", bound=SheetRow)


class Collected(Struct):
    """Everything the files say, and the digest of their bytes."""

    directory: DirectoryLines
    catalogue: CatalogueLines
    labels: list[Line[LabelRow]] | None
    digest: str


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files to read, folders opened; a spreadsheet program's lock files and notes left out."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.iterdir()) if path.is_dir() else [path]
    return [
        path
        for path in found
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(("~$", "."))
    ]


def collect(
    paths: Sequence[Path],
    findings: Findings,
    progress: Callable[[], None],
    row_types: Sequence[type[SheetRow]] = ROWS,
) -> Collected:
    """Read files; `progress` is called after each. What is wrong goes to `findings`, and so do
    sheets that are not of `row_types`.
    """
    sheets: dict[str, list[Sheet]] = {row_type.sheet: [] for row_type in row_types}
    outlines: list[Outline] = []
    flows: list[FlowFile] = []
    forms: list[FormFile] = []
    digest = sha256()
    for path in paths:
        digest.update(path.read_bytes())
        match path.suffix.lower():
            case ".geojson":
                outlines += read_outlines(path, findings)
            case ".json" if path.name.startswith(PREFIX):
                form = read_form(path, findings)
                forms += [form] if form else []
            case ".json":
                flow = read_flow(path, findings)
                flows += [flow] if flow else []
            case _:
                _sort(read_sheets(path, findings), sheets, findings)
        progress()
    return _lines(sheets, outlines, flows, forms, digest.hexdigest(), findings)


def collect_sheet(sheet: Sheet, findings: Findings) -> Collected:
    """The same of one sheet that did not come in a file."""
    digest = sha256(msgspec.json.encode(sheet)).hexdigest()
    return _lines({sheet.where.sheet: [sheet]}, [], [], [], digest, findings)


def _lines(
    sheets: Mapping[str, list[Sheet]],
    outlines: list[Outline],
    flows: list[FlowFile],
    forms: list[FormFile],
    digest: str,
    findings: Findings,
) -> Collected:
    def lines(row_type: type[R]) -> list[Line[R]] | None:
        given = sheets.get(row_type.sheet)
        if not given:
            return None
        for extra in given[1:]:
            findings.add(
                extra.where, "", extra.where.sheet, f"只有一份,{given[0].where.file} 里已有"
            )
        return read_rows(given[0], row_type, findings)

    return Collected(
        DirectoryLines(
            areas=lines(directory_rows.AreaRow),
            outlines=outlines,
            orgs=lines(directory_rows.OrgRow),
            roles=lines(directory_rows.RoleRow),
            posts=lines(directory_rows.PostRow),
            users=lines(directory_rows.UserRow),
            appointments=lines(directory_rows.AppointmentRow),
        ),
        CatalogueLines(
            categories=lines(catalogue_rows.CategoryRow),
            standards=lines(catalogue_rows.StandardRow),
            calendars=lines(catalogue_rows.CalendarRow),
            days=lines(catalogue_rows.DayRow),
            calendar_rules=lines(catalogue_rows.CalendarRuleRow),
            targets=lines(catalogue_rows.TargetRow),
            rules=lines(catalogue_rows.DispatchRow),
            settings=lines(catalogue_rows.SettingRow),
            flows=flows,
            forms=[*forms, *forms_of(lines(FormRow) or [], findings)],
        ),
        lines(LabelRow),
        digest,
    )


def _sort(found: list[Sheet], sheets: dict[str, list[Sheet]], findings: Findings) -> None:
    for sheet in found:
        if sheet.where.sheet in sheets:
            sheets[sheet.where.sheet].append(sheet)
        else:
            where = Where(sheet.where.file, sheet.where.sheet)
            expected = f"工作表(csv 则是文件)名为 {'、'.join(sheets)} 之一;说明请放在“说明”表里"
            findings.add(where, "", sheet.where.sheet, expected)
