"""Whoever reads the ledger can recompute every state and deadline; whoever reads the tables, the
document.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.cases.facts import CaseFact
from backend.cases.rules import clocks
from backend.catalogue.flow import Limit, State
from backend.catalogue.queries import Catalogue
from backend.catalogue.rules import recommend, state_of
from backend.catalogue.worktime import WorkingTime
from backend.core import database
from tests.cases.city import City, photo
from tests.cases.rows import same_rows
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


class Told(Struct):
    """What the ledger has told of a case so far."""

    at: datetime
    state: State
    clocks: dict[str, tuple[WorkingTime, Limit, datetime]] = {}  # by state, 'whole', assignment


async def test_every_state_deadline_and_lamp_is_recomputed_from_the_journal_alone(
    city: City,
) -> None:
    await _lived(city)
    ground = await city.ground()
    async with database.connection() as conn:
        journal = await conn.fetch("select * from journal where kind = 'case' order by seq")
        kept = await conn.fetch("select id, state, stage, ending, yellow_at, due_at from case_file")
    told: dict[UUID, Told] = {}
    for row in journal:
        fact = msgspec.json.decode(row["facts"], type=CaseFact)
        at = row["received_at"] if fact.late else row["occurred_at"]
        told[row["entity"]] = _told(told.get(row["entity"]), fact, at, ground.catalogue)
    assert len(kept) == len(told) == 7
    for row in kept:
        case = told[row["id"]]
        assert row["state"] == case.state.code
        assert (row["stage"], row["ending"]) == (case.state.stage, case.state.ending)
        clocks_ = case.clocks.values()
        yellow = min((working.due(at, limit, 0.8) for working, limit, at in clocks_), default=None)
        due = min((working.due(at, limit) for working, limit, at in clocks_), default=None)
        assert (row["yellow_at"], row["due_at"]) == (yellow, due)
        assert clocks.lamp(row["yellow_at"], row["due_at"], city.now) == clocks.lamp(
            yellow, due, city.now
        )


def _told(before: Told | None, fact: CaseFact, at: datetime, catalogue: Catalogue) -> Told:
    """By the flow, the standards and the matrix, not by the deadlines that the ledger names."""
    at = max(at, before.at) if before else at
    state = state_of(catalogue.flows[fact.flow, fact.flow_version], fact.state)
    if state.ending is not None:
        return Told(at, state)
    running = dict(before.clocks) if before else {}
    standards = {each.number: each for each in catalogue.categories[fact.category].standards}

    def begin(name: str, limit: Limit, org: str | None) -> None:
        working = clocks.working_of(catalogue, fact.category, org, fact.area_path)
        running[name] = (working, limit, at)

    if fact.standard is not None and "whole" not in running:
        begin("whole", standards[fact.standard].limit, None)
    if before is None or before.state != state:
        if before is not None:
            running.pop(before.state.code, None)
        if state.limit is not None:
            begin(state.code, state.limit, fact.closing_org)
    for part in fact.parts:
        running.pop(str(part.id), None)
        if part.state == "open":
            rule = recommend(catalogue.matrix, fact.category, fact.area_path)
            assert fact.standard is not None
            limit = rule.limit if rule and rule.limit else standards[fact.standard].limit
            begin(str(part.id), limit, part.org)
    return Told(at, state, running)


async def test_the_tables_and_the_document_say_the_same(city: City) -> None:
    await _lived(city)
    async with database.connection() as conn:
        ids = [row["id"] for row in await conn.fetch("select id from case_file")]
        for id_ in ids:
            await same_rows(conn, await city.case(id_))
            members = await conn.fetch(
                "select version from bucket_member where entity = $1 and not removed", id_
            )
            assert {row["version"] for row in members} == {(await city.case(id_)).version}
