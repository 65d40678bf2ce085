"""Suggested subclasses, over the demo city's own catalogue; docs/decisions/0051 has the figures."""

from collections import defaultdict

import pytest
from msgspec.structs import replace

from backend.cases.rules.recommending import recommendations
from backend.cases.rules.sensitive import is_sensitive
from backend.cases.suggesting import Ranker, suggest
from backend.catalogue.structs import Category, DispatchRule
from backend.core import database
from backend.core.ids import new_id
from tests.cases.city import City


@pytest.fixture
async def categories(city: City) -> list[Category]:
    found = (await city.ground()).catalogue.categories.values()
    return [each for each in found if each.parent is not None]


SAID = (
    ("人行道上的井盖破了", "上水井盖"),
    ("有人在路边摆摊卖水果", "占道经营"),
    ("楼道里停满了电动车", "消防隐患"),
    ("垃圾桶满了没人收", "垃圾满溢"),
    ("树倒了压在车上", "行道树"),
    ("工地晚上一直施工太吵", "噪声扰民"),
    ("路上有个大坑", "道路破损"),
    ("邻居吵架打起来了", "矛盾纠纷"),
    ("墙上贴满小广告", "非法小广告"),
    ("路灯不亮好几天了", "路灯"),
    ("下雨后路面积水很深", "道路积水"),
    ("共享单车乱停", "共享单车管理"),
    ("煤气味很重", "用气隐患"),
    ("烧烤店烟太大", "露天烧烤"),
)


async def test_what_people_say_leads_to_the_subclass(categories: list[Category]) -> None:
    ranker = Ranker(categories)
    names = {each.code: each.name for each in categories}
    found = {said: [names[code] for code in ranker.top(said)] for said, _ in SAID}
    assert {said: found[said] for said, wanted in SAID if wanted not in found[said]} == {}


async def test_most_held_out_conditions_are_found(categories: list[Category]) -> None:
    """A condition that was not learned, with its subclass's name: 8 in 10 among the first three."""
    hits = tried = 0
    for each in categories[::4]:
        for standard in each.standards:
            others = [s for s in each.standards if s is not standard]
            learned = [c for c in categories if c is not each] + [replace(each, standards=others)]
            tried += 1
            said = f"{each.name}{standard.filing_condition}"
            hits += each.code in Ranker(learned).top(said)
    assert hits >= 0.8 * tried


async def test_synonyms_that_were_never_learned_are_often_found(categories: list[Category]) -> None:
    named = defaultdict(set)
    for each in categories:
        for synonym in each.synonyms:
            named[synonym].add(each.code)
    ranker = Ranker([replace(each, synonyms=[]) for each in categories])
    hits = sum(bool(codes & set(ranker.top(synonym))) for synonym, codes in named.items())
    assert hits >= 0.55 * len(named)


async def test_a_suggestion_comes_while_the_description_is_typed(city: City) -> None:
    """Read from the county's own catalogue and closed cases."""
    async with database.connection() as conn:
        found = await suggest(conn, await city.ground(), "井盖破了", city.now)
    assert len(found) == 3
    assert all("井盖" in each.name for each in found)


async def test_closed_cases_teach_words_that_no_list_has(categories: list[Category]) -> None:
    said = "窨子口翘边"
    lamp = next(each.code for each in categories if each.name == "路灯")
    closed = [(lamp, "灯泡子翘边,一到夜里就黑"), ("gone", "翘边")]
    assert Ranker(categories).top(said)[:1] != [lamp]
    assert lamp in Ranker(categories, closed).top(said)


@pytest.mark.parametrize("text", ["", "   ", ";,。!", '" OR NEAR(', "\x00"])
async def test_words_that_say_nothing_suggest_nothing(
    categories: list[Category], text: str
) -> None:
    assert Ranker(categories).top(text) == []


RULE = DispatchRule(id=new_id(), version=1, county="c", category="C01", area="c", org="water")
NAMES = {"water": "供水公司", "road": "市政中心", "power": "供电公司"}


def test_like_cases_closed_near_by_are_a_reason() -> None:
    found = recommendations(RULE, ["road"] * 9 + ["water"] * 3 + ["gone"] * 2, 90, NAMES)
    assert [(each.org, each.reasons) for each in found] == [
        (
            "water",
            ["派遣规则:类别 C01,区划 c", "近 90 天附近同类 14 件中 3 件由供水公司处置"],
        ),
        ("road", ["近 90 天附近同类 14 件中 9 件由市政中心处置"]),
    ]


def test_two_cases_are_no_habit() -> None:
    assert [each.org for each in recommendations(RULE, ["road", "road"], 90, NAMES)] == ["water"]
    assert recommendations(None, ["road", "road"], 90, NAMES) == []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("多人聚集堵门", True),
        ("多人聚 集堵门", True),
        ("多人聚\u200b集", True),
        ("ＡＢＣ大厦", True),
        ("人已散去", False),
        ("聚会", False),
    ],
)
def test_sensitive_words_are_found_as_people_hide_them(text: str, marked: bool) -> None:
    assert is_sensitive(text, ["聚集", "abc", " "]) is marked
