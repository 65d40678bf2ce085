"""Settings over HTTP, for administrators, of their own county."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import State, UploadFile
from litestar.params import FromPath, JSONBody, MultipartBody, QueryParameter

from backend.app.configuring import listing
from backend.app.configuring.changing import (
    changed_meanwhile,
    plan_of,
    plan_rows,
    preview_of,
    token_of,
)
from backend.app.configuring.history import history_of
from backend.app.configuring.topics import UPLOADABLE, Definition
from backend.app.configuring.views import (
    Applied,
    ApplyRows,
    HistoryEntry,
    KindView,
    Preview,
    RowList,
    RowsChange,
)
from backend.app.importing.apply import apply
from backend.app.importing.collect import collect
from backend.app.importing.plan import Plan
from backend.core import database
from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.sheets.findings import Findings
from backend.directory.access import Caller, permission

MOST_BYTES = 5 * 1024 * 1024
SUFFIXES = (".xlsx", ".csv", ".json")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Token = Annotated[str, QueryParameter(min_length=1, max_length=64)]


@dataclass(frozen=True)
class SentFile:
    """A form with one file. A dataclass, because Litestar describes files in no struct."""

    file: UploadFile


class SettingsController(Controller):
    """What a city decides by tables. Everything written goes the way of a spreadsheet import."""

    path = "/api/settings"
    guards = (permission("admin.system"),)
    tags = ("settings",)

    @get("/kinds")
    async def kinds(self, actor: Caller) -> list[KindView]:
        """What can be looked at and set."""
        async with database.connection() as conn:
            return await listing.kinds(conn, actor.county)

    @get("/{kind:str}")
    async def rows(
        self,
        actor: Caller,
        kind: FromPath[str],
        q: Annotated[str, QueryParameter(max_length=128)] = "",
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
        entity: Annotated[UUID | None, QueryParameter()] = None,
    ) -> RowList:
        """A page of rows that hold every word of `q`."""
        async with database.connection() as conn:
            found = await listing.rows_of(conn, kind, actor.county)
        return listing.page_of(found, q, page, entity)

    @get("/{kind:str}/sheet")
    async def sheet(self, actor: Caller, kind: FromPath[str]) -> Response[bytes]:
        """All of it as a spreadsheet, to edit and upload again."""
        topic = listing.kind_of(kind)
        if isinstance(topic, Definition):
            raise not_found("表格")
        async with database.connection() as conn:
            rows = await listing.sheet_rows(conn, topic, actor.county)
        content = await asyncio.to_thread(listing.workbook, topic, rows)
        return _file(content, f"{topic.title}.xlsx", XLSX)

    @get("/{kind:str}/{entity:uuid}/history")
    async def history(
        self, actor: Caller, kind: FromPath[str], entity: FromPath[UUID]
    ) -> list[HistoryEntry]:
        """Its changes, the newest first."""
        async with database.connection() as conn:
            await listing.entity_of(conn, kind, actor.county, entity)
            return await history_of(conn, listing.kind_of(kind).kind, entity)

    @get("/{kind:str}/{entity:uuid}/definition")
    async def definition(
        self, actor: Caller, kind: FromPath[str], entity: FromPath[UUID]
    ) -> Response[bytes]:
        """A flow or form as its file."""
        definition = listing.kind_of(kind)
        if not isinstance(definition, Definition):
            raise not_found("文件")
        async with database.connection() as conn:
            state = await listing.entity_of(conn, kind, actor.county, entity)
        content = definition.text(state)
        cells = definition.cells(state)
        name = f"{kind}-{cells['编码']}-{cells['版本']}.json"
        return _file(content, name, "application/json")

    @post("/preview", status_code=200)
    async def preview(self, actor: Caller, data: JSONBody[RowsChange]) -> Preview:
        """What some rows would change."""
        async with database.connection() as conn:
            return preview_of(await plan_rows(conn, data, actor))

    @post("/apply", status_code=200)
    async def apply(self, actor: Caller, data: JSONBody[ApplyRows], state: State) -> Applied:
        """Write what was previewed."""
        async with database.connection() as conn:
            plan = await plan_rows(conn, data, actor)
        return await _write(plan, data.plan, actor, state)

    @post("/files/preview", status_code=200)
    async def preview_file(self, actor: Caller, data: MultipartBody[SentFile]) -> Preview:
        """What a spreadsheet, or a flow's or form's file, would change."""
        return preview_of(await _plan_of_file(data.file, actor))

    @post("/files/apply", status_code=200)
    async def apply_file(
        self, actor: Caller, data: MultipartBody[SentFile], plan: Token, state: State
    ) -> Applied:
        """Write what was previewed of the same file."""
        return await _write(await _plan_of_file(data.file, actor), plan, actor, state)


async def _plan_of_file(file: UploadFile, actor: Actor) -> Plan:
    name = Path(file.filename.replace("\\", "/")).name[-100:]
    if Path(name).suffix.lower() not in SUFFIXES or "\0" in name:
        raise Problem(400, "unknown_format", "请选择 xlsx、csv 或 json 文件", field="file")
    content = await file.read()
    if len(content) > MOST_BYTES:
        raise Problem(413, "too_large", "文件不能超过 5 MB,请分成几个文件", field="file")
    findings = Findings()
    with tempfile.TemporaryDirectory(prefix="xunge-settings-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        collected = await asyncio.to_thread(collect, [path], findings, lambda: None, UPLOADABLE)
    async with database.connection() as conn:
        return await plan_of(conn, collected, findings, actor)


async def _write(plan: Plan, token: str, actor: Actor, state: State) -> Applied:
    """Raises Problem 409 `changed_meanwhile` when the plan is not the one that was previewed."""
    if plan.findings or token_of(plan) != token:
        raise changed_meanwhile()
    touched = await apply(plan, {}, state.keyring, actor)
    await state.live.touch(touched)
    return Applied(len(plan.pending))


def _file(content: bytes, name: str, media_type: str) -> Response[bytes]:
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})
