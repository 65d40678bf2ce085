"""Whoever reads the ledger can recompute every state and deadline; whoever reads the tables, the
document.
"""

from typing import Any

import msgspec

from backend.cases.documents import assignment_rows, case_row, clock_rows, report_rows
from backend.cases.rules import clocks
from backend.catalogue.flow import Limit
from backend.catalogue.rules import state_of
from backend.core import database
from tests.cases.city import City, photo
from tests.cases.test_main_line import CLERK, DISPATCHER, _handler_of, _single_worker


async def _lived(city: City) -> None:
    """Some cases in every corner of the flow."""
    worker = await _single_worker(city)
    for end in range(7):
        case = await city.report(worker)
        if end == 1:
            await city.act(CLERK, case, "refuse", reason="不在范围")
        if end >= 2:
            await city.act(CLERK, case, "accept")
        if end >= 3:
            await city.act(CLERK, case, "file", standard=1 + end % 2)
        if end >= 4:
            sent = await city.act(DISPATCHER, case, "dispatch")
            handler = await _handler_of(city, sent.assignments[0].org)
        if end >= 5:
            await city.act(handler, case, "handle", opinion="好", media=[photo("after")])
            verdict = "failed" if end == 5 else "passed"
            await city.answer(
                worker, case, "answer_check", verdict=verdict, media=[photo("evidence")]
            )
        if end == 6:
            await city.act(CLERK, case, "close")


async def test_every_state_deadline_and_lamp_is_recomputed_from_the_journal_alone(
    city: City,
) -> None:
    await _lived(city)
    ground = await city.ground()
    working = ground.catalogue.working
    async with database.connection() as conn:
        journal = await conn.fetch("select * from journal where kind = 'case' order by seq")
        kept = await conn.fetch("select id, state, stage, ending, yellow_at, due_at from case_file")
    found: dict[Any, dict[str, Any]] = {}
    for row in journal:
        facts = msgspec.json.decode(row["facts"])
        at = row["received_at"] if facts["late"] else row["occurred_at"]
        if row["verb"] == "case.reported":
            flow = ground.catalogue.flows[facts["flow"], facts["flow_version"]]
            mine = {"category": facts["category"], "running": {}, "at": at, "limit": None}
            found[row["entity"]] = mine
            to = facts["state"]
        else:
            mine = found[row["entity"]]
            at = max(at, mine["at"])
            to = facts["to"]
        mine["at"] = at
        state = state_of(flow, to)
        if "standard" in facts:
            category = ground.catalogue.categories[mine["category"]]
            chosen = next(s for s in category.standards if s.number == facts["standard"])
            mine["running"]["whole"] = (chosen.limit, at)
        if "limit_value" in facts:
            mine["limit"] = Limit(facts["limit_value"], facts["limit_unit"])
        whole = {"whole": mine["running"]["whole"]} if "whole" in mine["running"] else {}
        limit = mine["limit"] if state.assignment_clock else state.limit
        mine["running"] = {} if state.ending else whole | ({to: (limit, at)} if limit else {})
        mine["state"] = state
    assert len(kept) == len(found) == 7
    for row in kept:
        mine = found[row["id"]]
        assert row["state"] == mine["state"].code
        assert (row["stage"], row["ending"]) == (mine["state"].stage, mine["state"].ending)
        running = mine["running"].values()
        yellow = min((working.due(s, lim, 0.8) for lim, s in running), default=None)
        due = min((working.due(s, lim) for lim, s in running), default=None)
        assert (row["yellow_at"], row["due_at"]) == (yellow, due)
        assert clocks.lamp(row["yellow_at"], row["due_at"], city.now) == clocks.lamp(
            yellow, due, city.now
        )


async def test_the_tables_and_the_document_say_the_same(city: City) -> None:
    await _lived(city)
    async with database.connection() as conn:
        ids = [row["id"] for row in await conn.fetch("select id from case_file")]
        for id_ in ids:
            case = await city.case(id_)
            for table, rows, where in (
                ("case_file", [case_row(case)], "id"),
                ("report", report_rows(case), "case_id"),
                ("assignment", assignment_rows(case), "case_id"),
                ("clock", clock_rows(case), "case_id"),
            ):
                stored = await conn.fetch(f"select * from {table} where {where} = $1", id_)
                assert {tuple(map(_same, r)) for r in stored} == {
                    tuple(map(_same, r)) for r in rows
                }
            members = await conn.fetch(
                "select version from bucket_member where entity = $1 and not removed", id_
            )
            assert {row["version"] for row in members} == {case.version}


def _same(value: object) -> str:
    """Values as text; JSON without its blanks."""
    return value.replace(": ", ":").replace(", ", ",") if isinstance(value, str) else str(value)
