"""A case as the write path holds it, as tables keep it, and as devices get it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.cases.finding import tally
from backend.cases.rules import clocks, parties
from backend.cases.structs import Case, MediaRef
from backend.cases.tables import (
    Assignment,
    CaseFile,
    Clock,
    OutsideReference,
    Report,
    Request,
)
from backend.core.ids import derived_id
from backend.core.setwise import Rows
from backend.media.commands import link
from backend.media.structs import Link
from offline.ports import Connection
from offline.work import Change, Kind, encode

_case = Rows(CaseFile)
_report = Rows(Report)
_assignment = Rows(Assignment)
_clock = Rows(Clock)
_request = Rows(Request)
_reference = Rows(OutsideReference)
_decoder = msgspec.json.Decoder(Case)

_TEXT = """
insert into case_text (case_id, number, body, pairs)
select id, number, body, text_pairs(body)
from (select id, number, lower(body) as body
      from unnest($1::uuid[], $2::text[], $3::text[]) as t(id, number, body)) given
on conflict (case_id) do update set body = excluded.body, pairs = excluded.pairs
"""


async def load(conn: Connection, ids: Sequence[UUID], lock: bool) -> Mapping[UUID, Case]:  # noqa: FBT001
    """Cases by id; with `lock`, FOR UPDATE in id order."""
    rows = await conn.fetch(
        f"select id, document from case_file where id = any($1) "  # noqa: S608
        f"order by id {'for update' if lock else ''}",
        ids,
    )
    return {row["id"]: _decoder.decode(row["document"]) for row in rows}


async def _stored(conn: Connection, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, bytes]]:
    rows = await conn.fetch("select id, version, document from case_file where id = any($1)", ids)
    return {row["id"]: (row["version"], row["document"]) for row in rows}


async def _save(conn: Connection, changes: Sequence[Change]) -> None:
    new = [c.after for c in changes if c.before is None]
    old = [c for c in changes if c.before is not None]
    await _case.insert(conn, [case_row(case) for case in new])
    await _case.upsert(conn, [case_row(c.after) for c in old])
    await _report.insert(conn, [r for case in new for r in report_rows(case)])
    await _report.upsert(conn, _differing(old, report_rows))
    await _write_texts(conn, [text_row(case) for case in new] + _differing(old, _text_rows))
    await tally.count_ended(conn, changes)
    await _reference.insert(conn, [r for case in new for r in reference_rows(case)])
    await _reference.upsert(conn, _differing(old, reference_rows))
    await _assignment.insert(conn, [r for case in new for r in assignment_rows(case)])
    await _assignment.upsert(conn, _differing(old, assignment_rows))
    await _request.upsert(conn, _differing(old, request_rows))
    await _clock.insert(conn, [r for case in new for r in clock_rows(case)])
    await _clock.upsert(conn, _differing(old, clock_rows))
    await link(conn, [c for change in changes for c in _claims(change)])


def claim(media: MediaRef, case: UUID, uploader: UUID, named_at: datetime, place: str = "") -> Link:
    """A case's claim on a photo or recording that its uploader names."""
    return Link(
        media=media.id,
        uploader=uploader,
        sha256=media.sha256,
        owner_kind="case",
        owner=case,
        role=media.role,
        place=place,
        taken_at=media.taken_at or named_at,
        position=media.position,
        origin=media.origin,
    )


def _claims(change: Change) -> list[Link]:
    """On what the steps brought, an assignment's, request's or directive's among it, and on what
    reports that joined by merging did.
    """
    case: Case = change.after
    steps = len(change.before.steps) if change.before else 0
    reports = {report.id for report in change.before.reports} if change.before else set()
    brought = [
        (media, step.user, step.occurred_at)
        for step in case.steps[steps:]
        if step.user is not None
        for media in step.media
    ] + [
        (media, report.user, report.occurred_at)
        for report in case.reports
        if report.id not in reports
        for media in report.media
    ]
    return [claim(media, case.id, user, at, case.address) for media, user, at in brought]


def _differing(changes: Iterable[Change], rows_of: Any) -> list[tuple[Any, ...]]:
    """The child rows that a change made or altered."""
    differing: list[tuple[Any, ...]] = []
    for change in changes:
        before = rows_of(change.before)
        differing += [row for row in rows_of(change.after) if row not in before]
    return differing


def case_row(case: Case) -> tuple[Any, ...]:
    """The case's row, in the order of the table's columns."""
    yellow_at, due_at = clocks.instants(case.clocks)
    open_main = (a.org for a in reversed(case.assignments) if a.kind == "main")
    own = {
        "longitude": case.position.longitude,
        "latitude": case.position.latitude,
        "source": case.reports[0].source,
        "photo": next((m.id for m in case.reports[0].media if m.role != "audio"), None),
        "org": next(open_main, None),
        "yellow_at": yellow_at,
        "due_at": due_at,
        "call_back": case.call_back.state if case.call_back else None,
        "parts": sorted(parties.parts(case)),
        "alarm_at": case.alarm.at if case.alarm else None,
        "document": encode(case),
    }
    return tuple(own[n] if n in own else getattr(case, n) for n in _case.columns)


def report_rows(case: Case) -> list[tuple[Any, ...]]:
    """The reports' rows. Those of a merged case are the kept case's, until it is split off."""
    if case.merged_into is not None:
        return []
    return [
        tuple(case.id if n == "case_id" else getattr(report, n) for n in _report.columns)
        for report in case.reports
    ]


def text_row(case: Case) -> tuple[UUID, str, str]:
    """What a case is found by when somebody types a few characters: id, number and words."""
    said = [case.title, case.description, case.address]
    for report in case.reports:
        said += [report.description, report.outside_number or ""]
    return case.id, case.number, "\n".join(dict.fromkeys(filter(None, said)))


def _text_rows(case: Case) -> list[tuple[UUID, str, str]]:
    return [text_row(case)]


async def _write_texts(conn: Connection, rows: Sequence[tuple[UUID, str, str]]) -> None:
    if rows:
        await conn.execute(_TEXT, *zip(*rows, strict=True))


def reference_rows(case: Case) -> list[tuple[Any, ...]]:
    """The outside numbers that reports came with; they go where the reports go."""
    if case.merged_into is not None:
        return []
    return [
        (
            derived_id("outside_reference", report.id),
            case.id,
            report.id,
            report.source,
            report.outside_number,
        )
        for report in case.reports
        if report.outside_number
    ]


def assignment_rows(case: Case) -> list[tuple[Any, ...]]:
    """The assignments' rows."""
    return [
        (
            each.id,
            case.id,
            each.org,
            each.post,
            each.kind,
            each.state,
            each.requirement,
            each.limit.value if each.limit else None,
            each.limit.unit if each.limit else None,
            each.assigned_at,
            each.answered_at,
            each.by_org,
            each.holder,
            each.failed_checks,
        )
        for each in case.assignments
    ]


def request_rows(case: Case) -> list[tuple[Any, ...]]:
    """The requests' rows."""
    return [
        tuple(own[n] if n in own else getattr(each, n) for n in _request.columns)
        for each in case.requests
        for own in [{"case_id": case.id, "answerers": sorted({str(w.user) for w in each.words})}]
    ]


def clock_rows(case: Case) -> list[tuple[Any, ...]]:
    """The clocks' rows."""
    return [
        (
            clock.id,
            case.id,
            clock.owner,
            clock.name,
            clock.limit.value,
            clock.limit.unit,
            clock.calendar,
            encode(clock.spans).decode(),
            clock.started_at,
            clock.yellow_at,
            clock.due_at,
            clock.stopped_at,
            clock.paused,
            clock.bundle,
        )
        for clock in case.clocks
    ]


def buckets(case: Case) -> frozenset[str]:
    """Who holds a case: its grid and its orgs while it is open; its reporters and task holders.

    An ended case leaves the grid and the orgs; reporters keep theirs until it ages out.
    """
    if case.retired_at is not None:
        return frozenset()
    holders = {f"user:{report.user}" for report in case.reports}
    if case.ending is None:
        holders.add(f"grid:{case.grid}/cases")
        holders |= {f"user:{task.user}" for task in case.tasks if task.user}
        holders |= {f"org:{a.org}/cases" for a in case.assignments if a.state == "open"}
    return frozenset(holders)


KIND = Kind("case", load, _save, lambda case: case, buckets, stored=_stored)
