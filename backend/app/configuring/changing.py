"""Changes through the same staging, checks and writing as an import's."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from backend.app.configuring.topics import DEFINITIONS, EDITABLE, TOPICS
from backend.app.configuring.views import (
    CellChange,
    FindingView,
    Preview,
    RowChange,
    RowsChange,
)
from backend.app.importing.collect import Collected, collect_sheet
from backend.app.importing.plan import Plan, make_plan
from backend.app.importing.report import name_of
from backend.core.actor import Actor
from backend.core.errors import Problem
from backend.core.sheets.declared import Sheet
from backend.core.sheets.findings import Findings, Where
from backend.core.sheets.shelf import Difference
from offline.ports import Connection

SHOWN = 200
"""Changes and missing rows listed one by one; beyond that a count is enough."""


def collected_rows(change: RowsChange, findings: Findings) -> Collected:
    """The rows as a sheet that came in no file. Raises Problem 400 for a sheet that is not for the
    screen.
    """
    if change.sheet not in {row_type.sheet for row_type in EDITABLE}:
        names = "、".join(row_type.sheet for row_type in EDITABLE)
        raise Problem(400, "unknown_sheet", f"这里只能改这些表:{names}", field="sheet")
    headers = list(dict.fromkeys(header for row in change.rows for header in row))
    rows = {
        number: [row.get(header, "").strip() for header in headers]
        for number, row in enumerate(change.rows, start=2)
    }
    return collect_sheet(Sheet(Where("", change.sheet), headers, rows), findings)


async def plan_rows(conn: Connection, change: RowsChange, actor: Actor) -> Plan:
    """What the rows would do. Raises Problem 409 `changed_meanwhile` when what they are based on is
    no longer so, and 409 `already_there` when rows to be added are there.
    """
    findings = Findings()
    plan = await plan_of(conn, collected_rows(change, findings), findings, actor)
    plan.missing_parts = []
    plan.differences = [each for each in plan.differences if each.status != "missing"]
    _refuse_stale(plan, change.bases)
    if change.adding and not findings:
        added = [each for each in row_changes(plan) if each.status == "new"]
        if len(added) < len(change.rows):
            raise Problem(409, "already_there", "已有编码相同的一行,请查找出来再修改")
    return plan


def _refuse_stale(plan: Plan, bases: Mapping[UUID, int]) -> None:
    for each in plan.differences:
        version = each.before.version if each.before else 0
        if bases.get(each.after.id, version) != version:
            raise changed_meanwhile()


def changed_meanwhile() -> Problem:
    """Somebody else was quicker."""
    return Problem(409, "changed_meanwhile", "这期间数据又有变动,请看过最新的内容再改")


async def plan_of(conn: Connection, collected: Collected, findings: Findings, actor: Actor) -> Plan:
    """What would be done in the actor's county, within what its org looks after."""
    return await make_plan(conn, collected, findings, actor.county, keeper=actor.org)


def token_of(plan: Plan) -> str:
    """Names exactly this change to exactly this state."""
    steps = [(each.kind, each.after.version, each.after) for each in plan.pending]
    return sha256(msgspec.json.encode(steps, order="deterministic")).hexdigest()


def preview_of(plan: Plan) -> Preview:
    """For a person to decide on."""
    changes = [] if plan.findings else list(row_changes(plan))
    missing = [name_of(each) for each in plan.differences if each.status == "missing"]
    return Preview(
        plan=token_of(plan),
        count=len(changes),
        changes=changes[:SHOWN],
        missing=(missing + plan.missing_parts)[:SHOWN],
        findings=[
            FindingView(
                file=each.where.file,
                sheet=each.where.sheet,
                row=each.where.row,
                column=each.column,
                found=each.found,
                expected=each.expected,
            )
            for each in plan.findings.sorted()
        ],
    )


def row_changes(plan: Plan) -> Iterator[RowChange]:
    """The rows of every sheet that would not be the same afterwards."""
    for each in plan.pending:
        if each.kind in DEFINITIONS:
            yield _definition(each)
        for topic in TOPICS.values():
            if topic.kind == each.kind:
                old = _by_key(topic.cells(each.before) if each.before else [], topic.keys)
                new = _by_key(topic.cells(each.after), topic.keys)
                for key in {**old, **new}:
                    before, after = old.get(key), new.get(key)
                    if before != after:
                        yield RowChange(
                            sheet=topic.title,
                            name=" ".join(part for part in key if part),
                            status=_status(before, after),
                            cells=list(_cells(before, after)),
                        )


def _definition(each: Difference[Any]) -> RowChange:
    definition = DEFINITIONS[each.kind]
    cells = definition.cells(each.after)
    return RowChange(
        sheet=definition.title,
        name=f"{cells['编码']} 第 {cells['版本']} 版",
        status="new",
        cells=list(_cells(None, cells)),
    )


def _by_key(rows: list[dict[str, str]], keys: list[str]) -> dict[tuple[str, ...], dict[str, str]]:
    return {tuple(row[key] for key in keys): row for row in rows}


def _status(before: object, after: object) -> str:
    if before is None:
        return "new"
    return "removed" if after is None else "changed"


def _cells(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> Iterator[CellChange]:
    for header in before or after or {}:
        old = before[header] if before else None
        new = after[header] if after else None
        if old != new and (old or new):
            yield CellChange(header, old, new)
