"""Words from above: whose they are, when an answer is due, and what supervision makes of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from backend.cases.rules import directives, parties
from backend.cases.rules.doing import Impossible
from backend.cases.structs import Case, Signature
from backend.catalogue.flow import Action, DirectiveKind, Limit, State
from tests.cases import bare
from tests.cases.test_worktime import city

AT = city("2026-11-20T17:00")
FLOW = bare.flow([State("handling", "处置中", "dispatched")])
CATALOGUE = bare.catalogue(FLOW)


def handled() -> Case:
    return bare.case(FLOW, AT, assignments=[bare.assignment("works")])


def direct(case: Case, kind: DirectiveKind, **given: Any) -> Case:
    action = Action(kind, "督办", [], directive=kind, effects=["direct"])
    order = bare.order(case, **({"opinion": "限期办结"} | given))
    return directives.direct(case, action, order, bare.doing(CATALOGUE, FLOW, AT, "county"))


def answer(case: Case, **given: Any) -> Case:
    order = bare.order(case, **({"opinion": "已到场"} | given))
    return directives.answer(case, order, bare.doing(CATALOGUE, FLOW, AT, "works"))


def test_supervising_asks_those_at_work_for_an_answer_by_then() -> None:
    case = direct(handled(), "supervise", limit=Limit(1, "work_day"))
    [directive] = case.directives
    assert (case.supervision, case.supervised) == ("supervised", True)
    assert directive.due_at == city("2026-11-23T17:00"), "a working day, over the weekend"
    assert "directed:works" in parties.parts(case)
    case = answer(case)
    [directive] = case.directives
    assert (directive.answer, directive.answered_at) == ("已到场", AT)
    assert "directed:works" not in parties.parts(case)
    assert case.supervision == "supervised", "until it is released"
    released = directives.release(directives.circulate(case))
    assert (released.supervision, released.supervised) == (None, False)


def test_an_instruction_is_signed_as_written_and_supervises_nothing() -> None:
    signed = Signature("王书记", "街道", "书记", AT - timedelta(hours=1))
    case = direct(handled(), "instruct", signature=signed)
    assert case.directives[0].signature == signed
    assert case.supervision is None
    with pytest.raises(Impossible, match="required"):
        answer(case)


def test_of_several_that_wait_the_answer_must_name_one() -> None:
    case = direct(handled(), "supervise", until=AT + timedelta(days=1))
    case = direct(case, "instruct", until=AT + timedelta(days=2))
    with pytest.raises(Impossible, match="required"):
        answer(case)
    second = case.directives[1].id
    case = answer(case, directive=second)
    assert [each.answered_at for each in case.directives] == [None, AT]
    with pytest.raises(Impossible, match="not_open"):
        answer(case, directive=second)
    with pytest.raises(Impossible, match="not_open"):
        answer(case, directive=uuid4())


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"opinion": "  "}, "required", "payload.opinion"),
        ({"until": AT}, "in_the_past", "payload.until"),
    ],
)
def test_a_directive_without_words_or_due_in_the_past_is_refused(
    given: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Impossible) as caught:
        direct(handled(), "supervise", **given)
    assert (caught.value.reason.code, caught.value.reason.field) == (code, field)


def test_what_is_not_supervised_is_neither_circulated_nor_released() -> None:
    for what in (directives.circulate, directives.release):
        with pytest.raises(Impossible, match="not_supervised"):
            what(handled())
