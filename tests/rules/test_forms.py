"""Filled forms: by shared vectors, and whatever is answered, as on the phone."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.catalogue.form import Group, Item, Repeat
from backend.catalogue.forms.checking import clean, faults
from backend.catalogue.forms.kinds import References
from backend.catalogue.forms.soundness import defects
from tests.rules.twin import Twin, alike

VECTORS = Path(__file__).parents[2] / "shared-schemas/rules/vectors/forms.json"
CASES = json.loads(VECTORS.read_text())
FORMS = {code: msgspec.convert(items, list[Item]) for code, items in CASES["forms"].items()}
NOW = {"now": "2026-11-21T10:00:00+08:00"}


@pytest.mark.parametrize("code", FORMS)
def test_the_forms_are_sound(code: str) -> None:
    assert defects(FORMS[code], set()) == []


@pytest.mark.parametrize("vector", CASES["examples"], ids=lambda vector: vector["name"])
def test_example(vector: dict[str, Any]) -> None:
    items = FORMS[vector["form"]]
    found = faults(items, vector["answers"], NOW, References(**vector.get("references", {})))
    assert [[each.code, each.field, each.message] for each in found] == vector["faults"]
    if "clean" in vector:
        kept = clean(items, vector["answers"], NOW)
        assert alike(kept, vector["clean"])
        assert alike(clean(items, kept, NOW), kept)


def test_a_flood_is_refused_as_one_fault() -> None:
    flood = {"people": [{"name": "x"}] * 2000}
    assert [each.code for each in faults(FORMS["crowd"], flood, NOW)] == ["too_large"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)  # fmt: skip


FITTING = [
    *["strike", "other", 17, 40, 121, "甲", "2026-11-21T08:00:00+08:00"],
    *[["road"], ["fire", "sign"], ["a", "a1"], ["m1"], {"longitude": 1, "latitude": 2.5}],
]


def answered(items: list[Item]) -> st.SearchStrategy[dict[str, Any]]:
    """Answers that often fit, sometimes do not, and sometimes belong to no field."""
    each: dict[str, st.SearchStrategy[Any]] = {}
    for item in items:
        fitting: st.SearchStrategy[Any]
        if isinstance(item, Group):
            fitting = answered(item.items)
        elif isinstance(item, Repeat):
            fitting = st.lists(answered(item.items), max_size=4)
        else:
            fitting = st.sampled_from(FITTING)
        each[item.name] = fitting | JSON
    return st.fixed_dictionaries({}, optional={**each, "nobody": JSON})


@pytest.mark.parametrize("code", FORMS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_same_verdict_on_the_phone(twin: Twin, code: str, data: st.DataObject) -> None:
    answers = data.draw(answered(FORMS[code]))
    items = msgspec.to_builtins(FORMS[code])
    found = msgspec.to_builtins(faults(FORMS[code], answers, NOW))
    there = twin.ask("formFaults", items, answers, NOW)["value"]
    # JavaScript puts unknown names that are numbers first.
    assert sorted(found, key=str) == sorted(there, key=str)
    kept = clean(FORMS[code], answers, NOW)
    assert alike(kept, twin.ask("cleanAnswers", items, answers, NOW)["value"])
