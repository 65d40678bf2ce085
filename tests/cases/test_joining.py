"""Two reports of one hole: joined, handled once, and taken apart again when they were two."""

from uuid import UUID

import pytest

from backend.cases.documents import buckets, load
from backend.cases.structs import Case, MergeCases, SplitCase
from backend.core import database
from offline.wire import Outcome
from tests.cases.city import City, photo

FIRST, SECOND = "wg001", "wg002"
CLERK, DISPATCHER, LEADER = "sl01", "pq01", "zb01"


@pytest.fixture(autouse=True)
async def _may_merge(city: City) -> None:
    async with database.connection() as conn:
        await conn.execute(
            "update role set permissions = array_append(permissions, 'case.merge') "
            "where code = 'shift_leader' and not 'case.merge' = any(permissions)"
        )


async def _merge(city: City, user: str, case: UUID, merged: UUID) -> Outcome:
    payload = MergeCases(case, merged, "同一处井盖")
    return (await city.send(user, await city.command(user, "case.merge", payload)))[0]


async def _split(city: City, case: UUID, merged: UUID, reason: str = "是两处") -> Outcome:
    payload = SplitCase(case, merged, reason)
    return (await city.send(LEADER, await city.command(LEADER, "case.split", payload)))[0]


async def _two(city: City) -> tuple[Case, Case]:
    """Two reports of the same place by two workers; the second is being verified."""
    kept = await city.report(FIRST)
    merged = await city.report(SECOND, position=await city.point_of(FIRST))
    await city.act(CLERK, merged, "accept")
    worker = (await city.ground()).roster.workers[(await city.case(merged)).grid][0]
    await city.act(CLERK, merged, "verify", worker=worker.user)
    return await city.case(kept), await city.case(merged)


async def _task_state(task: UUID) -> str:
    async with database.connection() as conn:
        state: str = await conn.fetchval("select state from task where id = $1", task)
    return state


async def test_a_joined_report_follows_the_kept_case_and_both_histories_stay(city: City) -> None:
    kept, merged = await _two(city)
    outcome = await _merge(city, LEADER, kept.id, merged.id)
    assert (outcome.outcome, outcome.reasons) == ("accepted", [])
    after, gone = await city.case(kept.id), await city.case(merged.id)
    assert (gone.state, gone.ending, gone.merged_into) == ("merged", "merged", kept.id)
    assert [s.action for s in gone.steps] == ["report", "accept", "verify", "merge"]
    assert await _task_state(merged.tasks[0].id) == "void"
    assert [r.user for r in after.reports] == [kept.reports[0].user, merged.reports[0].user]
    second = f"user:{merged.reports[0].user}"
    assert second in buckets(after), "its reporter sees how the kept case goes on"
    async with database.connection() as conn:
        reports = await conn.fetch("select case_id from report where id = $1", gone.reports[0].id)
        told = await conn.fetchval("select count(*) from journal where verb = 'case.merged'")
        media = {m.id for m in merged.reports[0].media}
        linked = await conn.fetch(
            "select media_id from media_link where owner_id = $1 and media_id = any($2)",
            kept.id,
            list(media),
        )
    assert [row["case_id"] for row in reports] == [kept.id]
    assert told == 2
    assert {row["media_id"] for row in linked} == media, "whoever sees the case sees its photos"


async def test_splitting_restores_where_it_stood(city: City) -> None:
    kept, merged = await _two(city)
    await _merge(city, LEADER, kept.id, merged.id)
    city.now = city.now.replace(hour=3)
    assert (await _split(city, kept.id, merged.id, " ")).reasons[0].field == "payload.reason"
    outcome = await _split(city, kept.id, merged.id)
    assert (outcome.outcome, outcome.reasons) == ("accepted", [])
    after, back = await city.case(kept.id), await city.case(merged.id)
    assert (back.state, back.stage, back.ending, back.ended_at) == (
        "verifying",
        "accepted",
        None,
        None,
    )
    assert (back.merged_into, back.merged_state) == (None, None)
    assert [t.kind for t in back.tasks] == ["verify"], "somebody must still answer it"
    assert await _task_state(back.tasks[0].id) == "open"
    (clock,) = [c for c in back.clocks if c.stopped_at is None]
    assert (clock.name, clock.started_at) == ("verifying", back.changed_at)
    assert after.reports == kept.reports
    assert f"user:{merged.reports[0].user}" not in buckets(after)
    again = await _split(city, kept.id, merged.id)
    assert again.reasons[0].code == "not_merged"


async def test_assignments_the_merge_withdrew_are_open_again_after_the_split(city: City) -> None:
    kept, _ = await _two(city)
    other = await city.report(FIRST)
    for action, given in (("accept", {}), ("file", {"standard": 1})):
        await city.act(CLERK, other, action, **given)
    sent = await city.act(DISPATCHER, other, "dispatch")
    await _merge(city, LEADER, kept.id, other)
    gone = await city.case(other)
    assert [a.state for a in gone.assignments] == ["withdrawn"]
    await _split(city, kept.id, other)
    back = await city.case(other)
    assert (back.state, [a.state for a in back.assignments]) == ("dispatched", ["open"])
    running = {c.name for c in back.clocks if c.stopped_at is None}
    assert running == {c.name for c in sent.clocks if c.stopped_at is None}


@pytest.mark.parametrize("which", ["itself", "ended", "unknown", "no_right"])
async def test_what_cannot_be_merged_is_refused_with_its_field(city: City, which: str) -> None:
    kept, merged = await _two(city)
    case, other, user = kept.id, merged.id, LEADER
    expected = ("ended", "payload.merged")
    match which:
        case "itself":
            other, expected = case, ("same_case", "payload.merged")
        case "ended":
            await city.act(LEADER, merged.id, "void", reason="重复")
        case "unknown":
            other, expected = photo("near").id, ("not_found", "payload.merged")
        case "no_right":
            user, expected = FIRST, ("forbidden", "post")
    outcome = await _merge(city, user, case, other)
    assert outcome.outcome == "rejected"
    assert (outcome.reasons[0].code, outcome.reasons[0].field) == expected
    assert await city.case(kept.id) == kept


async def test_joined_twice_it_is_taken_apart_from_the_outside_in(city: City) -> None:
    kept, merged = await _two(city)
    third = await city.report(FIRST)
    await _merge(city, LEADER, kept.id, merged.id)
    await _merge(city, LEADER, third, kept.id)
    assert len((await city.case(third)).reports) == 3
    inner = await _split(city, kept.id, merged.id)
    assert inner.reasons[0].code == "merged_elsewhere"
    await _split(city, third, kept.id)
    await _split(city, kept.id, merged.id)
    async with database.connection() as conn:
        rows = await conn.fetch("select id, case_id from report")
        cases = await load(conn, [kept.id, merged.id, third], False)
    assert {row["id"]: row["case_id"] for row in rows} == {
        report.id: case.id for case in cases.values() for report in case.reports
    }
    assert {len(case.reports) for case in cases.values()} == {1}
