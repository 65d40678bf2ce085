"""What a cell of the sheet 参数 may say."""

from pathlib import Path
from typing import Any

import pytest

from backend.catalogue.settings import SETTINGS, SettingError, checked, value_of
from tests.city.conftest import Import
from tests.city.small import City


@pytest.mark.parametrize(
    ("code", "given", "kept"),
    [
        ("late_hours", 48, 48),
        ("sensitive_keywords", "上访、聚集", ["上访", "聚集"]),
        ("sensitive_keywords", ["上访"], ["上访"]),
        ("sensitive_keywords", "上访", ["上访"]),
        (
            "flow_by_source",
            "public=event_hub、peer=event_hub",
            {"public": "event_hub", "peer": "event_hub"},
        ),
        ("check_rules", "fewest_open", ["fewest_open"]),
    ],
)
def test_a_value_is_kept_by_its_type(code: str, given: Any, kept: Any) -> None:
    assert checked(code, given) == kept


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("late_hours", "一天"),
        ("late_hours", -1),
        ("late_hours", True),
        ("retire_days", 0),
        ("sensitive_keywords", 5),
        ("sensitive_keywords", ""),
        ("flow_by_source", "nobody=event_hub"),
        ("flow_by_source", "event_hub"),
        ("check_rules", "nearest"),
        ("late_minutes", 5),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(code: str, given: Any) -> None:
    with pytest.raises(SettingError):
        checked(code, given)


def test_every_default_is_a_value_one_could_set() -> None:
    for code, setting in SETTINGS.items():
        assert value_of({}, code) == setting.default
        if setting.default not in ([], {}):
            assert checked(code, setting.default) == setting.default


async def test_an_import_names_the_wrong_setting(tmp_path: Path, importing: Import) -> None:
    city = City(tmp_path)
    city.sheets["参数"] += [
        ["late_hour", "24"],
        ["retire_days", "很久"],
        ["flow_by_source", "public=event_hob"],
    ]
    found = await importing.findings(city.write())
    assert {(f.where.row, f.column) for f in found} == {(3, "编码"), (4, "值"), (5, "值")}
