"""Forms from JSON (`form-*.json`) and from the sheet 表单, checked so that each can be filled."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct

from backend.catalogue.flow import CONDITION_NAMES
from backend.catalogue.form import Field, FieldKind, Form, Group, Item, Repeat
from backend.catalogue.forms.soundness import Defect, defects
from backend.catalogue.importing.form_rows import FormRow
from backend.core.sheets.declared import Line, header_of
from backend.core.sheets.findings import Findings, Where

PREFIX = "form-"
"""How the name of a form's JSON file begins; any other JSON is a flow."""
HELP = "见 docs/forms.md"


class FormFile(Struct, frozen=True):
    """A form, and where it was found."""

    where: Where
    form: Form


def read_form(path: Path, findings: Findings) -> FormFile | None:
    """The form of a JSON file; None, with findings, when it cannot be used."""
    where = Where(path.name)
    try:
        raw = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.add(where, "", error, f"JSON,{HELP}")
        return None
    try:
        form = msgspec.convert(raw, Form)
    except (msgspec.ValidationError, RecursionError) as error:
        findings.add(where, _at(raw, str(error)), error, HELP)
        return None
    found = [*_unread(raw, msgspec.to_builtins(form), ""), *_defects(form)]
    for defect in found:
        column = " ".join(filter(None, (defect.item, defect.part)))
        findings.add(where, column, defect.found, defect.expected)
    return None if found else FormFile(where, form)


def forms_of(lines: Sequence[Line[FormRow]], findings: Findings) -> list[FormFile]:
    """The forms that the rows of the sheet make up; what is wrong goes to `findings`."""
    found: list[FormFile] = []
    seen: set[str] = set()
    for code, some in groupby(lines, key=lambda line: line.row.form):
        group = list(some)
        if code in seen:
            expected = "同一张表单的行连着写"
            findings.add(group[0].where, header_of(FormRow, "form"), code, expected)
        seen.add(code)
        if findings.claimed(FormRow.sheet, code):
            continue  # a row of it could not be read: the rest makes no sense
        file = _built(group, findings)
        found += [file] if file is not None else []
    return found


def _built(lines: list[Line[FormRow]], findings: Findings) -> FormFile | None:
    first = lines[0]
    if first.row.kind != "form":
        expected = "表单的第一行类型写“表单”,标题写表单名"
        findings.add(first.where, header_of(FormRow, "kind"), first.row.form, expected)
        return None
    items = _Builder(findings).items(lines[1:])
    if items is None:
        return None
    row = first.row
    form = Form(code=row.form, name=row.label or row.form, version=row.version, items=items)
    where = {line.row.name: line.where for line in lines if not line.row.kind.startswith("end_")}
    found = _defects(form)
    for defect in found:
        part = defect.part if defect.part in FormRow.__struct_fields__ else "name"
        at = where.get(defect.item, first.where)
        findings.add(at, header_of(FormRow, part), defect.found, defect.expected)
    return None if found else FormFile(first.where, form)


class _Builder:
    """Nests rows by their begins and ends."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.right = True

    def items(self, lines: list[Line[FormRow]]) -> list[Item] | None:
        whole: list[Item] = []
        open_: list[tuple[Line[FormRow], list[Item]]] = []
        for line in lines:
            here = open_[-1][1] if open_ else whole
            match line.row.kind:
                case "form":
                    self._wrong(line, "表单", "一张表单只有一行“表单”")
                case "group" | "repeat":
                    inner: list[Item] = []
                    here.append(self._container(line, inner))
                    open_.append((line, inner))
                case "end_group" | "end_repeat":
                    self._close(line, open_)
                case _:
                    here.append(self._field(line))
        for line, _ in open_:
            self._wrong(line, line.row.name, "后面有它的结束行")
        return whole if self.right else None

    def _wrong(self, line: Line[FormRow], found: str, expected: str, part: str = "kind") -> None:
        self.findings.add(line.where, header_of(FormRow, part), found, expected)
        self.right = False

    def _close(self, line: Line[FormRow], open_: list[tuple[Line[FormRow], list[Item]]]) -> None:
        begun = open_.pop()[0].row if open_ else None
        if begun is None or line.row.kind != f"end_{begun.kind}":
            self._wrong(line, line.row.name, "前面有同类的开始行,里外不交叉")
        elif line.row.name != begun.name:
            self._wrong(line, line.row.name, f"写 {begun.name}:它结束的那一组", "name")

    def _container(self, line: Line[FormRow], items: list[Item]) -> Item:
        row = line.row
        self._named(line)
        if row.kind == "group":
            return Group(name=row.name, label=row.label, items=items, visible=row.visible)
        low, high = row.minimum or 0, 50 if row.maximum is None else row.maximum
        if int(low) != low or int(high) != high:
            self._wrong(line, f"{low:g}–{high:g}", "整数", "maximum")
        return Repeat(
            name=row.name,
            label=row.label,
            items=items,
            visible=row.visible,
            minimum=int(low),
            maximum=int(high),
        )

    def _field(self, line: Line[FormRow]) -> Field:
        row = line.row
        self._named(line)
        given = {part: getattr(row, part) for part in _FIELD_PARTS}
        return Field(kind=cast(FieldKind, row.kind), **given)

    def _named(self, line: Line[FormRow]) -> None:
        if not line.row.name:
            self._wrong(line, "", "必填", "name")


_FIELD_PARTS = [
    name for name in Field.__struct_fields__ if name in FormRow.__struct_fields__ and name != "kind"
]


def _defects(form: Form) -> list[Defect]:
    return defects(form.items, CONDITION_NAMES)


def _at(raw: Any, error: str) -> str:
    """The item that a decoding error speaks of, by the names around it."""
    names: list[str] = []
    here = raw
    match = re.search(r"\$((?:\.items\[\d+\])+)", error)
    for index in re.findall(r"\d+", match[1]) if match else []:
        here = here["items"][int(index)]
        names.append(str(here.get("name", index)) if isinstance(here, dict) else index)
    return ".".join(names)


def _unread(raw: Any, whole: Any, at: str) -> Iterator[Defect]:
    """Names that no part of a form has: a misspelt one would silently not apply."""
    if isinstance(raw, list) and isinstance(whole, list):
        for each, read in zip(raw, whole, strict=True):
            yield from _unread(each, read, at)
    elif isinstance(raw, dict) and isinstance(whole, dict):
        name = str(raw.get("name", at)) if "type" in raw else at
        for key, value in raw.items():
            if key not in whole:
                yield Defect(name, key, key, f"表单里有的字段,{HELP}")
            else:
                yield from _unread(value, whole[key], name)
