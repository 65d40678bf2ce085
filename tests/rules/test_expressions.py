"""Expressions: by shared vectors, and whatever is written and answered, as on the phone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.catalogue.expressions import ExpressionError, evaluate, names
from tests.rules.twin import Twin, alike

VECTORS = Path(__file__).parents[2] / "shared-schemas/rules/vectors/expressions.json"
CASES = json.loads(VECTORS.read_text())


@pytest.mark.parametrize("vector", CASES["values"], ids=lambda vector: vector["name"])
def test_value(vector: dict[str, Any]) -> None:
    assert alike(evaluate(vector["text"], vector["context"]), vector["value"])


@pytest.mark.parametrize("vector", CASES["errors"], ids=lambda vector: vector["text"])
def test_error(vector: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as raised:
        evaluate(vector["text"], {})
    assert (raised.value.position, raised.value.message) == (vector["position"], vector["message"])


def test_names_are_all_that_is_read() -> None:
    read = names("if(${a} > 1, . + now(), sum(${people/age})) or not(${b})")
    assert read == {"a", "people/age", "b"}


TEXTS = st.text("ab01 .-+Z张😀'", max_size=6) | st.sampled_from(
    ["2026-11-21T08:00:00+08:00", "2026-11-21T00:00:00Z", "2026-02-30T00:00:00Z", "-12.50"]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-20, 20)
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
ROWS = st.lists(st.dictionaries(st.sampled_from("abx"), SCALARS), max_size=3)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "a": SCALARS,
        "b": SCALARS | st.lists(SCALARS, max_size=3),
        "p": ROWS,
        ".": SCALARS,
        "now": TEXTS,
    },
)
LEAVES = st.one_of(
    st.sampled_from(["${a}", "${b}", "${p}", "${p/a}", "${none}", ".", "now()", "today()"]),
    st.sampled_from(["true()", "false()", "''", '"a"', "'张'"]),
    st.integers(0, 999).map(str),
    st.tuples(st.integers(0, 99), st.integers(0, 999)).map(lambda n: f"{n[0]}.{n[1]}"),
)
OPERATORS = [*"+-*=<>", "!=", "<=", ">=", " div ", " mod ", " and ", " or "]
ONE = ["not", "count", "sum", "string-length", "int", "number", "string", "count-selected", "-"]
TWO = ["selected", "contains", "starts-with", "round", "coalesce", "concat"]
PATTERN_PARTS = ["a", "b", "0", ".", "\\d", "\\w", "[a-b]", "[^a]", "(a|b0)", "张", "\\."]
PATTERNS = st.lists(
    st.tuples(st.sampled_from(PATTERN_PARTS), st.sampled_from(["", "", "?", "*", "+", "{1,2}"])),
    max_size=4,
).map(lambda parts: "".join(atom + times for atom, times in parts))


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map("".join),
        inner.map(lambda each: f"({each})"),
        st.tuples(st.sampled_from(ONE), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(TWO), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"if({', '.join(t)})"),
        st.tuples(inner, PATTERNS).map(lambda t: f"regex({t[0]}, '{t[1]}')"),
    )


EXPRESSIONS = st.recursive(LEAVES, grow, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(text=EXPRESSIONS, context=CONTEXTS)
def test_same_value_on_the_phone(twin: Twin, text: str, context: dict[str, Any]) -> None:
    assert alike(_asked(text, context), twin.ask("evaluate", text, context))


@settings(max_examples=300, deadline=None)
@given(text=EXPRESSIONS, cut=st.integers(0, 60), put=st.sampled_from([*"()'${},/.^*x1张😀 ", ""]))
def test_same_error_on_the_phone(twin: Twin, text: str, cut: int, put: str) -> None:
    broken = text[:cut] + put + text[cut + 1 :]
    assert alike(_asked(broken, {}), twin.ask("evaluate", broken, {}))


def _asked(text: str, context: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": evaluate(text, context)}
    except ExpressionError as error:
        return {"error": {"position": error.position, "message": error.message}}
