"""What a phone works out offline is what the server works out: one set of vectors for both."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.cases.rules.checks import available
from backend.cases.rules.clocks import instants, lamp
from backend.cases.rules.context import of_case
from backend.cases.rules.parties import parts
from backend.cases.structs import Case, Clock
from backend.catalogue.flow import Flow
from backend.catalogue.structs import Category
from backend.core import geo
from backend.core.actor import Actor
from backend.registry.rules.numbers import birth_of, number_fault, sex_of

VECTORS = Path(__file__).parents[2] / "shared-schemas/rules/vectors"


def _load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


GEO, LAMPS, ACTIONS, PARTIES = map(_load, ("geo", "lamps", "actions", "parties"))
ID_NUMBERS = _load("id-numbers")


@pytest.mark.parametrize("vector", GEO["distances"])
def test_distance(vector: dict[str, Any]) -> None:
    metres = geo.distance_m(tuple(vector["from"]), tuple(vector["to"]))
    assert metres == pytest.approx(vector["metres"], abs=1e-6)


@pytest.mark.parametrize("vector", GEO["boxes"])
def test_box(vector: dict[str, Any]) -> None:
    longitude, latitude = vector["centre"]
    box = geo.box_around(longitude, latitude, vector["metres"])
    expected = [vector[edge] for edge in ("west", "south", "east", "north")]
    assert [box.west, box.south, box.east, box.north] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("vector", GEO["datums"])
def test_datum(vector: dict[str, Any]) -> None:
    there = geo.to_gcj02(*vector["wgs84"])
    assert there == pytest.approx(tuple(vector["gcj02"]), abs=1e-9)
    assert geo.to_wgs84(*there) == pytest.approx(tuple(vector["wgs84"]), abs=1e-9)


@pytest.mark.parametrize("vector", GEO["finds"])
def test_grid(vector: dict[str, Any]) -> None:
    index = geo.GridIndex(
        geo.Grid(
            code=grid["code"],
            path=grid["code"],
            kind="grid",
            valid_from=date(2000, 1, 1),
            valid_to=None,
            geojson=json.dumps(grid["polygon"]).encode(),
        )
        for grid in GEO["grids"]
    )
    longitude, latitude = vector["point"]
    found = index.find("grid", longitude, latitude, date(2026, 11, 21))
    assert (found.code if found else None) == vector["grid"]


@pytest.mark.parametrize("vector", LAMPS)
def test_lamp(vector: dict[str, Any]) -> None:
    clocks = msgspec.convert(vector["clocks"], list[Clock])
    now = msgspec.convert(vector["now"], datetime)
    assert lamp(*instants(clocks), now) == vector["lamp"]


@pytest.mark.parametrize("vector", ACTIONS["examples"], ids=lambda vector: vector["name"])
def test_actions(vector: dict[str, Any]) -> None:
    flow = msgspec.convert(ACTIONS["flow"], Flow)
    case = msgspec.convert(ACTIONS["case"] | vector["changes"], Case)
    given = vector["actor"]
    actor = Actor(
        user=UUID(given["user"]),
        post=UUID(int=0),
        org=given["org"],
        role="any",
        county="330304",
        areas=tuple(given["areas"]),
        categories=tuple(given["categories"]),
        permissions=frozenset(given["permissions"]),
    )
    category = Category(
        id=UUID(int=0),
        version=1,
        county="330304",
        code=case.category,
        name="any",
        kind="event",
        parent=None,
        check=vector.get("known", {}).get("check", "task"),
    )
    known = of_case(case, category, 0, {})
    assert [action.code for action in available(flow, case, actor, known)] == vector["actions"]


@pytest.mark.parametrize("vector", PARTIES["examples"], ids=lambda vector: vector["name"])
def test_parties(vector: dict[str, Any]) -> None:
    case = msgspec.convert(PARTIES["case"] | vector["changes"], Case)
    assert sorted(parts(case)) == vector["parts"]


@pytest.mark.parametrize("vector", ID_NUMBERS["valid"], ids=lambda vector: vector["number"])
def test_identity_number(vector: dict[str, Any]) -> None:
    number = vector["number"]
    assert number_fault(number, date.fromisoformat(ID_NUMBERS["today"])) is None
    assert str(birth_of(number)) == vector["birth"]
    assert sex_of(number) == vector["sex"]


@pytest.mark.parametrize("vector", ID_NUMBERS["invalid"], ids=lambda vector: vector["why"])
def test_faulty_identity_number(vector: dict[str, Any]) -> None:
    fault = number_fault(vector["number"], date.fromisoformat(ID_NUMBERS["today"]))
    assert fault == vector["fault"]
