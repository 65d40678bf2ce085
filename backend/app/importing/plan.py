"""What an import would do: everything checked against the database, nothing written."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from backend.app.importing.collect import Collected
from backend.app.writing import KINDS
from backend.catalogue.documents import KINDS as CATALOGUE_KINDS
from backend.catalogue.importing.stage import (
    Catalogue,
    check_served,
    stage_catalogue,
)
from backend.core.rows import select_rows
from backend.core.sheets.findings import Findings, Where
from backend.core.sheets.shelf import Difference, Shelf
from backend.directory.documents import KINDS as DIRECTORY_KINDS
from backend.directory.importing.stage import Directory, Places, known, stage_directory
from backend.directory.states import OrgState
from backend.labels.importing import stage_labels
from offline.ports import Connection

TABLES = {"user": "app_user"}
"""Kinds whose table is not called the same."""


class Plan(Struct):
    """What would be done; only to be applied when there are no findings.

    passwords: user code -> first password, plain, for users without one.
    """

    county: str
    findings: Findings
    differences: list[Difference[Any]]
    missing_parts: list[str]
    passwords: dict[str, str]
    digest: str

    @property
    def pending(self) -> list[Difference[Any]]:
        """What has to be written."""
        return [each for each in self.differences if each.status in ("new", "changed")]


class _Root(Struct, frozen=True):
    code: str


async def make_plan(
    conn: Connection,
    collected: Collected,
    findings: Findings,
    county: str | None = None,
    keeper: str | None = None,
) -> Plan:
    """Check what the files say against what is there. `county` is needed only when neither the
    files nor the database leave one choice. `keeper` is the org of who asks: labels that neither it
    nor an org under it looks after are not its to change; None: all are.
    """
    county = county or await _county(conn, collected, findings)
    plan = Plan(county or "", findings, [], [], {}, collected.digest)
    if county is None:
        return plan
    directory = Directory(**{k.name: await shelf_of(conn, k.name, county) for k in DIRECTORY_KINDS})
    catalogue = Catalogue(**{k.name: await shelf_of(conn, k.name, county) for k in CATALOGUE_KINDS})
    stage_directory(collected.directory, directory, county, findings)
    places = Places(known("区划", directory.area), known("部门", directory.org))
    stage_catalogue(collected.catalogue, catalogue, places, county, findings)
    check_served(collected.directory.posts or [], catalogue.category, findings)
    labels = await shelf_of(conn, "label", county)
    kept_by = None if keeper is None else _under(keeper, directory.org.after().values())
    stage_labels(collected.labels, labels, places, kept_by, county, findings)
    shelves = [*directory.shelves(), *catalogue.shelves(), labels]
    await _strangers(conn, shelves, findings)
    plan.differences = [each for shelf in shelves for each in shelf.differences()]
    plan.missing_parts = [part for shelf in shelves for part in shelf.missing_parts]
    plan.passwords = await _first_passwords(conn, collected)
    return plan


def _under(org: str, orgs: Iterable[OrgState]) -> set[str]:
    """The org and all below it."""
    children: dict[str | None, list[str]] = defaultdict(list)
    for each in orgs:
        children[each.parent].append(each.code)
    found: set[str] = set()
    waiting = [org]
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting += children[code]
    return found


async def _county(conn: Connection, collected: Collected, findings: Findings) -> str | None:
    """The one root of the files' areas, else the one county that is there."""
    lines = [line for line in collected.directory.areas or [] if line.row.parent is None]
    roots = {line.row.code for line in lines}
    if len(lines) > 1:
        for line in lines[1:]:
            expected = f"有上级编码:一次只导入一个区县,{lines[0].row.code} 已是"
            findings.add(line.where, "上级编码", "", expected)
        return None
    if not roots:
        there = await select_rows(conn, "area", _Root, "parent is null")
        roots = {root.code for root in there}
    if len(roots) == 1:
        return roots.pop()
    expected = "区划表里有一行区县(上级编码为空),或用 --county 指明区县"
    findings.add(Where("全部文件"), "区县", "、".join(sorted(roots)), expected)
    return None


async def shelf_of(conn: Connection, kind: str, county: str) -> Shelf[Any]:
    """What is there of a kind in the county."""
    table = TABLES.get(kind, kind)
    if kind == "role":
        ids = await conn.fetch("select id from role")
    elif kind == "appointment":
        ids = await conn.fetch(
            "select a.id from appointment a join post p on p.code = a.post where p.county = $1",
            county,
        )
    else:
        ids = await conn.fetch(f"select id from {table} where county = $1", county)  # noqa: S608
    existing = await KINDS[kind].load(conn, [row["id"] for row in ids], False)  # noqa: FBT003
    return Shelf(kind, existing.values())


async def _strangers(conn: Connection, shelves: list[Shelf[Any]], findings: Findings) -> None:
    """Codes of the directory are unique over all counties: another county's must not be taken."""
    for shelf in shelves:
        new = [id_ for id_ in shelf.brought if id_ not in shelf.existing]
        for state in (await KINDS[shelf.kind].load(conn, new, False)).values():  # noqa: FBT003
            expected = "另一个编码:这个编码已由别的区县使用"
            findings.add(shelf.where[state.id], "编码", getattr(state, "code", ""), expected)


async def _first_passwords(conn: Connection, collected: Collected) -> dict[str, str]:
    given = {
        line.row.code: line.row.password
        for line in collected.directory.users or []
        if line.row.password
    }
    have = await conn.fetch(
        "select subject from identity where provider = 'password' and subject = any($1)",
        list(given),
    )
    return {code: given[code] for code in given.keys() - {row["subject"] for row in have}}
