"""Nothing lost, nothing doubled, while many push the same commands and connections are cut."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct

from backend.app.writing import KINDS
from backend.cases.documents import case_row
from backend.cases.tables import CaseFile
from backend.core import database
from backend.core.setwise import Rows
from tests.cases.city import City
from tests.chaos.storm import FINAL, Storm

CASES = 45


class Found(Struct):
    """What the database holds when the storm is over."""

    receipts: dict[UUID, Any]
    waiting: set[UUID]
    journal: list[Any]
    states: dict[str, Mapping[UUID, Any]]
    rows: list[Any]
    members: list[Any]


async def _found() -> Found:
    async with database.connection() as conn:
        journal = await conn.fetch(
            "select * from journal where kind in ('case', 'task') order by entity, version"
        )
        ids = {
            kind: [r["entity"] for r in journal if r["kind"] == kind] for kind in ("case", "task")
        }
        return Found(
            receipts={
                row["command"]: row
                for row in await conn.fetch("select * from receipt where type like 'case.%'")
            },
            waiting={
                row["id"]
                for row in await conn.fetch("select id from kept_command where outcome = 'held'")
            },
            journal=journal,
            states={kind: await KINDS[kind].load(conn, ids[kind], False) for kind in ids},
            rows=await conn.fetch(f"select {', '.join(Rows(CaseFile).columns)} from case_file"),
            members=await conn.fetch("select * from bucket_member where kind in ('case', 'task')"),
        )


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_receipt_has_its_effects_once_and_no_case_is_stuck(
    city: City, seed: int
) -> None:
    async with database.connection() as conn:
        await conn.execute("create table witness (seq bigint primary key)")
    storm = Storm(city, seed)
    await storm.prepare(CASES)
    await storm.rage()
    assert storm.cut > 5, "it was a storm"
    found = await _found()
    _each_command_has_one_answer(storm, found)
    _effects_are_as_the_receipts_say(found)
    _rows_and_buckets_are_as_the_documents_say(found)
    async with database.connection() as conn:
        unseen = "select count(*) from (select seq from journal except select seq from witness) t"
        assert await conn.fetchval(unseen) == 0, "the reader has seen each line, and once"
        assert await conn.fetchval("select count(*) from dead_letter") == 0


def _each_command_has_one_answer(storm: Storm, found: Found) -> None:
    for sent in storm.sent:
        receipt = found.receipts.get(sent.command.id)
        assert (receipt is None) == (sent.command.id in found.waiting)
        told = Counter(answer.outcome for answer in sent.answers)
        assert told["accepted"] <= 1
        if receipt is None:  # it waits, as it must, for one that was refused or waits itself
            assert not told.keys() & set(FINAL)
            [before] = sent.command.after
            assert before in found.waiting or found.receipts[before]["outcome"] == "rejected"
        else:
            wrong = {"accepted": "rejected", "rejected": "accepted"}[receipt["outcome"]]
            assert wrong not in told
    codes = {r.code for sent in storm.sent for answer in sent.answers for r in answer.reasons}
    assert "internal" not in codes, "a connection that is cut is no fault of the command"


def _effects_are_as_the_receipts_say(found: Found) -> None:
    effects = Counter(row["command"] for row in found.journal if row["kind"] == "case")
    for command, receipt in found.receipts.items():
        left_evidence = receipt["outcome"] == "rejected" and receipt["entity"] is not None
        expected = 1 if receipt["outcome"] == "accepted" or left_evidence else 0
        assert effects[command] == expected
    versions = defaultdict(list)
    for row in found.journal:
        versions[row["entity"]].append(row["version"])
    assert {e: v for e, v in versions.items() if v != list(range(1, len(v) + 1))} == {}
    for states in found.states.values():
        for state in states.values():
            assert state.version == len(versions[state.id])


def _rows_and_buckets_are_as_the_documents_say(found: Found) -> None:
    assert len({row["number"] for row in found.rows}) == CASES
    for row in found.rows:
        case = found.states["case"][row["id"]]
        assert tuple(row.values()) == case_row(case)
        acts = [step.id for step in case.steps if step.user]
        assert len(acts) == len(set(acts))
    stored: dict[UUID, set[str]] = defaultdict(set)
    for row in found.members:
        if not row["removed"]:
            assert row["version"] == found.states[row["kind"]][row["entity"]].version
            stored[row["entity"]].add(row["bucket"])
    for kind, states in found.states.items():
        for id_, state in states.items():
            assert stored[id_] == KINDS[kind].buckets(state)
