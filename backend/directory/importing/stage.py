"""From rows to directory states, with every reference checked against files and database."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from backend.core.ids import derived_id
from backend.core.sheets.declared import Line, header_of
from backend.core.sheets.findings import Findings
from backend.core.sheets.shelf import Known, Shelf, refer
from backend.directory.importing.polygons import Outline, check_overlaps, inner_points
from backend.directory.importing.rows import (
    AppointmentRow,
    AreaRow,
    OrgRow,
    PostRow,
    RoleRow,
    UserRow,
)
from backend.directory.permissions import PERMISSIONS
from backend.directory.states import (
    AppointmentState,
    AreaState,
    OrgState,
    PostState,
    RoleState,
    UserState,
)


class Directory(Struct):
    """The shelves of the directory."""

    area: Shelf[AreaState]
    org: Shelf[OrgState]
    role: Shelf[RoleState]
    post: Shelf[PostState]
    user: Shelf[UserState]
    appointment: Shelf[AppointmentState]

    def shelves(self) -> list[Shelf[Any]]:
        """In the order in which they refer to each other."""
        return [self.area, self.org, self.role, self.post, self.user, self.appointment]


class Places(Struct, frozen=True):
    """What other rooms' sheets refer to."""

    areas: Known
    orgs: Known


class DirectoryLines(Struct):
    """What the files say of the directory. None: no such sheet."""

    areas: list[Line[AreaRow]] | None = None
    outlines: Sequence[Outline] = ()
    orgs: list[Line[OrgRow]] | None = None
    roles: list[Line[RoleRow]] | None = None
    posts: list[Line[PostRow]] | None = None
    users: list[Line[UserRow]] | None = None
    appointments: list[Line[AppointmentRow]] | None = None


def stage_directory(
    lines: DirectoryLines, directory: Directory, county: str, findings: Findings
) -> None:
    """Bring the rows to the shelves. What is wrong goes to `findings` and is not brought."""
    _areas(lines, directory.area, county, findings)
    _orgs(lines.orgs, directory, county, findings)
    _roles(lines.roles, directory.role, findings)
    _posts(lines.posts, directory, county, findings)
    _users(lines.users, directory.user, county)
    _appointments(lines.appointments, directory, findings)


def known(what: str, shelf: Shelf[Any]) -> Known:
    """The codes of a shelf that there will be."""
    return Known(what, {state.code for state in shelf.after().values()})


def _areas(lines: DirectoryLines, shelf: Shelf[AreaState], county: str, findings: Findings) -> None:
    rows = lines.areas or []
    shelf.given = lines.areas is not None
    parents: dict[str, str | None] = {s.code: s.parent for s in shelf.existing.values()}
    parents |= {line.row.code: line.row.parent for line in rows}
    outlines = {outline.code: outline for outline in lines.outlines}
    polygons = {s.code: s.polygon for s in shelf.existing.values()}
    polygons |= {code: outline.polygon for code, outline in outlines.items()}
    for outline in lines.outlines:
        if outline.code not in parents and not findings.claimed(AreaRow.sheet, outline.code):
            findings.add(outline.where, "code", outline.code, "区划表里有的编码")
    for line in rows:
        row = line.row
        _validity(line, findings)
        for successor in row.successors:
            refer(findings, line, "successors", successor, Known("区划", parents))
        path = _path(line, parents, county, findings)
        polygon = polygons.get(row.code)
        if row.kind != "administrative" and polygon is None:
            findings.add(
                line.where, header_of(AreaRow, "code"), row.code, "GeoJSON 文件里有这个网格的边界"
            )
        if path is not None:
            fields = {name: getattr(row, name) for name in row.__struct_fields__}
            shelf.bring(
                line.where,
                AreaState(
                    id=derived_id("area", row.code),
                    county=county,
                    path=path,
                    polygon=polygon,
                    longitude=None,
                    latitude=None,
                    **fields,
                ),
            )
    _carry_along(shelf, outlines, parents)
    if shelf.brought:
        check_overlaps(shelf, outlines, findings)
        _place(shelf)


def _carry_along(
    shelf: Shelf[AreaState], outlines: Mapping[str, Outline], parents: Mapping[str, str | None]
) -> None:
    """Areas without a row of their own that change all the same: a new polygon, or a new place
    because something above them moved.
    """
    moved = {s.code: shelf.where[s.id] for s in shelf.brought.values()}
    for state in shelf.existing.values():
        if state.id in shelf.brought:
            continue
        above = _upwards(state.code, parents)
        path = state.path if above is None else "/".join(reversed(above))
        outline = outlines.get(state.code)
        polygon = outline.polygon if outline else state.polygon
        causes = [outline.where] if outline else [moved[c] for c in above or () if c in moved]
        if causes and (path, polygon) != (state.path, state.polygon):
            shelf.bring(causes[0], msgspec.structs.replace(state, path=path, polygon=polygon))


def _place(shelf: Shelf[AreaState]) -> None:
    points = inner_points(shelf.after().values())
    for id_, state in shelf.brought.items():
        longitude, latitude = points.get(state.code, (None, None))
        shelf.brought[id_] = msgspec.structs.replace(state, longitude=longitude, latitude=latitude)


def _path(
    line: Line[AreaRow], parents: Mapping[str, str | None], county: str, findings: Findings
) -> str | None:
    """The codes from the county down, or None with a finding."""
    header, parent = header_of(AreaRow, "parent"), line.row.parent
    if parent is not None and not refer(
        findings, line, "parent", parent, Known(AreaRow.sheet, parents)
    ):
        return None
    above = _upwards(line.row.code, parents)
    if above is None:
        if parent in parents:
            findings.add(line.where, header, parent, "最终到达区县:不绕圈,上级都在")
        return None
    if above[-1] != county:
        findings.add(line.where, header, above[-1], f"属于区县 {county}:一次只导入一个区县")
        return None
    return "/".join(reversed(above))


def _upwards(code: str, parents: Mapping[str, str | None]) -> list[str] | None:
    """The area and all above it, or None when that goes in a circle or into nothing."""
    codes = [code]
    while (parent := parents[codes[-1]]) is not None:
        if parent in codes or parent not in parents:
            return None
        codes.append(parent)
    return codes


def _validity(line: Line[AreaRow] | Line[AppointmentRow], findings: Findings) -> None:
    row = line.row
    if row.valid_to is not None and row.valid_to < row.valid_from:
        header = header_of(type(row), "valid_to")
        findings.add(line.where, header, row.valid_to, f"不早于 {row.valid_from}")


def _orgs(
    lines: list[Line[OrgRow]] | None,
    directory: Directory,
    county: str,
    findings: Findings,
) -> None:
    shelf = directory.org
    shelf.given = lines is not None
    areas = known("区划", directory.area)
    orgs = Known("部门", {*known("部门", shelf).codes} | {line.row.code for line in lines or []})
    for line in lines or []:
        row = line.row
        if row.parent is not None:
            refer(findings, line, "parent", row.parent, orgs)
        refer(findings, line, "area", row.area, areas)
        shelf.bring(
            line.where,
            OrgState(
                id=derived_id("org", row.code),
                code=row.code,
                name=row.name,
                kind=row.kind,
                parent=row.parent,
                area=row.area,
                county=county,
            ),
        )


def _roles(lines: list[Line[RoleRow]] | None, shelf: Shelf[RoleState], findings: Findings) -> None:
    shelf.given = lines is not None
    permissions = Known("权限", PERMISSIONS)
    for line in lines or []:
        row = line.row
        for permission in row.permissions:
            refer(findings, line, "permissions", permission, permissions)
        shelf.bring(
            line.where,
            RoleState(
                id=derived_id("role", row.code),
                code=row.code,
                name=row.name,
                permissions=row.permissions,
            ),
        )


def _posts(
    lines: list[Line[PostRow]] | None,
    directory: Directory,
    county: str,
    findings: Findings,
) -> None:
    shelf = directory.post
    shelf.given = lines is not None
    areas, orgs = known("区划", directory.area), known("部门", directory.org)
    roles = known("角色", directory.role)
    for line in lines or []:
        row = line.row
        refer(findings, line, "org", row.org, orgs)
        refer(findings, line, "role", row.role, roles)
        for area in row.areas:
            refer(findings, line, "areas", area, areas)
        shelf.bring(
            line.where,
            PostState(
                id=derived_id("post", row.code),
                code=row.code,
                name=row.name,
                org=row.org,
                role=row.role,
                areas=row.areas,
                categories=row.categories,
                county=county,
            ),
        )


def _users(lines: list[Line[UserRow]] | None, shelf: Shelf[UserState], county: str) -> None:
    shelf.given = lines is not None
    for line in lines or []:
        row = line.row
        shelf.bring(
            line.where,
            UserState(
                id=derived_id("user", row.code),
                code=row.code,
                name=row.name,
                county=county,
                active=row.active,
            ),
        )


def _appointments(
    lines: list[Line[AppointmentRow]] | None,
    directory: Directory,
    findings: Findings,
) -> None:
    shelf = directory.appointment
    shelf.given = lines is not None
    users, posts = known("人员", directory.user), known("岗位", directory.post)
    for line in lines or []:
        row = line.row
        refer(findings, line, "user", row.user, users)
        refer(findings, line, "post", row.post, posts)
        _validity(line, findings)
        shelf.bring(
            line.where,
            AppointmentState(
                id=derived_id("appointment", row.user, row.post, row.valid_from),
                user=row.user,
                post=row.post,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            ),
        )
