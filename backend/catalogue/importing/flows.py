"""A flow from JSON, checked so that no case can get stuck in it or fall out of it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from backend.catalogue.flow import Flow
from backend.catalogue.form import Form
from backend.catalogue.importing.flow_conditions import conditions, unanswerable
from backend.catalogue.importing.flow_faults import Fault, faults
from backend.catalogue.importing.flow_paths import dead_ends
from backend.core.sheets.findings import Findings, Where

PARTS = {"states": "状态", "actions": "动作", "boxes": "箱", "requests": "申请"}
"""What the lists of a flow hold, as an error names it."""


class FlowFile(Struct, frozen=True):
    """A flow and the file it came in."""

    where: Where
    flow: Flow


def read_flow(path: Path, findings: Findings) -> FlowFile | None:
    """The flow of a JSON file; None, with findings, when it cannot be used."""
    where = Where(path.name)
    try:
        raw = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.add(where, "", error, "JSON,写法见 docs/flows.md")
        return None
    try:
        flow = msgspec.convert(raw, Flow)
    except msgspec.ValidationError as error:
        findings.add(where, _at(raw, str(error)), error, "见 docs/flows.md 里允许的写法")
        return None
    found = [*_unread(raw, flow), *faults(flow)]
    if not found:
        found = [*conditions(flow), *dead_ends(flow)]
    for column, what, expected in found:
        findings.add(where, column, what, expected)
    return None if found else FlowFile(where, flow)


def check_answers(file: FlowFile, forms: Iterable[Form], findings: Findings) -> None:
    """What the flow asks and what its conditions read goes with the forms that a report fills."""
    for column, found, expected in unanswerable(file.flow, forms):
        findings.add(file.where, column, found, expected)


def _at(raw: Any, error: str) -> str:
    """The state, action, box or request that a decoding error speaks of."""
    match = re.search(r"\$\.(\w+)\[(\d+)\]", error)
    if match is None or match[1] not in PARTS:
        return ""
    return _name(match[1], raw[match[1]][int(match[2])])


def _name(part: str, each: Any) -> str:
    code = each.get("code", each.get("kind", "")) if isinstance(each, dict) else ""
    return f"{PARTS[part]} {code}".strip()


def _unread(raw: dict[str, Any], flow: Flow) -> Iterator[Fault]:
    """Names that no part of a flow has: a misspelt one would silently not apply."""
    whole: dict[str, Any] = msgspec.to_builtins(flow)
    for name, value in raw.items():
        if name not in whole:
            yield "", name, "流程里有的字段,见 docs/flows.md"
        elif name in PARTS:
            for one, read in zip(value, whole[name], strict=True):
                for unknown in _unknown(one, read):
                    yield _name(name, one), unknown, "这里有的字段,见 docs/flows.md"


def _unknown(raw: Any, read: Any) -> Iterator[str]:
    if isinstance(raw, dict) and isinstance(read, dict):
        for name, value in raw.items():
            if name not in read:
                yield name
            else:
                yield from _unknown(value, read[name])
    elif isinstance(raw, list) and isinstance(read, list):
        for one, other in zip(raw, read, strict=True):
            yield from _unknown(one, other)
