"""Any order of arrival, what waits for what was rejected, and who may put it right."""

import random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline.batch import Sender
from offline.kept import LAST_RETRY
from offline.ordering import in_order, second_name
from offline.push import push, retry_held
from offline.reading import DeviceKey, read
from offline.receipts import Arrival
from offline.wire import Item, Outcome
from tests.offline.toy import DEVICE, SENDER, USER, Author, World, Write


def id_of(item: Item) -> UUID:
    return UUID(msgspec.json.decode(item.body)["id"])


async def kept(world: World) -> list[tuple[UUID, str]]:
    rows = await world.pool.fetch("select id, outcome from kept_command order by received_at, id")
    return [(row["id"], row["outcome"]) for row in rows]


async def decide(world: World, item: Item, decision: str, reason: str = "已核对") -> None:
    """As `backend.app.deciding` writes it down."""
    arrival = read(item, USER)
    assert isinstance(arrival, Arrival)
    done = await world.pool.execute(
        "update kept_command set decision = $3, decision_reason = $4, next_try_at = $5 "
        "where id = $1 and digest = $2",
        *(arrival.command.id, arrival.digest, decision, reason, world.now),
    )
    assert done == "UPDATE 1"


def tree(world: World, parents: list[int | None]) -> list[Item]:
    """Commands of which each waits for its parent, if any."""
    items: list[Item] = []
    for parent in parents:
        after = [] if parent is None else [id_of(items[parent])]
        items.append(world.item(Write(uuid4(), "a"), after=after))
    return items


async def test_in_one_push_any_order_will_do(world: World) -> None:
    items = tree(world, [None, 0, 1, 1, None, 4, 2])
    random.Random(4).shuffle(items)
    outcomes = await push(items, SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["accepted"] * len(items)
    assert [o.id for o in outcomes] == [id_of(item) for item in items]
    assert await kept(world) == []


async def test_what_one_push_frees_elsewhere_frees_the_rest_of_it(world: World) -> None:
    first, second, third = tree(world, [None, 0, 1])
    assert (await push([second], SENDER, world.pushing))[0].outcome == "held"
    outcomes = await push([third, first], SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["accepted", "accepted"]
    assert await kept(world) == []
    assert (await push([third], SENDER, world.pushing))[0].outcome == "repeated"


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(-1, 8), min_size=2, max_size=9),
    st.randoms(use_true_random=False),
    st.integers(1, 4),
)
async def test_every_order_and_every_cut_ends_with_all_of_them_applied(
    world: World, parents: list[int], dice: random.Random, cut: int
) -> None:
    items = tree(world, [p if 0 <= p < n else None for n, p in enumerate(parents)])
    dice.shuffle(items)
    for start in range(0, len(items), cut):
        await push(items[start : start + cut], SENDER, world.pushing)
    assert await kept(world) == []


def test_those_that_wait_in_a_circle_come_last(world: World) -> None:
    a, b = uuid4(), uuid4()
    items = [
        world.item(Write(uuid4(), "a"), id=a, after=[b]),
        world.item(Write(uuid4(), "a"), id=b, after=[a]),
        world.item(Write(uuid4(), "a")),
    ]
    arrivals = [each for each in (read(i, USER) for i in items) if isinstance(each, Arrival)]
    assert in_order(arrivals) == [2, 0, 1]


async def wrong_and_dependent(world: World) -> tuple[Item, Item]:
    wrong = world.item(Write(uuid4(), "a", "refuse me"))
    dependent = world.item(Write(uuid4(), "a", "dependent"), after=[id_of(wrong)])
    outcomes = await push([wrong, dependent], SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["rejected", "held"]
    return wrong, dependent


async def test_the_correction_of_a_correction_frees_what_waited_for_the_first(
    world: World,
) -> None:
    wrong, dependent = await wrong_and_dependent(world)
    worse = world.item(Write(uuid4(), "a", "refuse me"), corrects=id_of(wrong))
    right = world.item(Write(uuid4(), "a"), corrects=id_of(worse))
    assert (await push([worse], SENDER, world.pushing))[0].outcome == "rejected"
    assert (await push([right], SENDER, world.pushing))[0].outcome == "accepted"
    assert (await push([dependent], SENDER, world.pushing))[0].outcome == "repeated"
    later = world.item(Write(uuid4(), "a"), after=[id_of(wrong)])
    assert (await push([later], SENDER, world.pushing))[0].outcome == "accepted"


async def test_only_what_was_rejected_can_be_corrected_and_only_by_its_author(
    world: World,
) -> None:
    wrong, dependent = await wrong_and_dependent(world)
    good = world.item(Write(uuid4(), "a"))
    await push([good], SENDER, world.pushing)
    [outcome] = await push(
        [world.item(Write(uuid4(), "a"), corrects=id_of(good))], SENDER, world.pushing
    )
    assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "corrects")
    stranger = uuid4()
    for table in ("receipt", "kept_command"):
        await world.pool.execute(
            f"update {table} set author = $1 where outcome = 'rejected'", stranger
        )
    [outcome] = await push(
        [world.item(Write(uuid4(), "a"), corrects=id_of(wrong))], SENDER, world.pushing
    )
    assert (outcome.outcome, outcome.reasons[0].field) == ("rejected", "corrects")
    assert (await push([dependent], SENDER, world.pushing))[0].outcome == "held"


async def test_a_correction_of_something_never_seen_frees_only_its_own_authors_commands(
    world: World,
) -> None:
    """The device's words had been refused before they were read, or we have lost our answer."""
    unseen, other = uuid4(), uuid4()

    async def authors(conn: Any, wanted: Any) -> Any:
        return {key: Author(key[0], key[1]) for key in wanted}

    world._authors = authors  # type: ignore[method-assign]
    mine = world.item(Write(uuid4(), "a"), after=[unseen])
    theirs = world.item(Write(uuid4(), "a"), after=[unseen], user=other)
    for item, sender in ((mine, SENDER), (theirs, Sender(other))):
        assert (await push([item], sender, world.pushing))[0].outcome == "held"
    correction = world.item(Write(uuid4(), "a"), corrects=unseen)
    assert (await push([correction], SENDER, world.pushing))[0].outcome == "accepted"
    assert (await push([mine], SENDER, world.pushing))[0].outcome == "repeated"
    assert (await push([theirs], Sender(other), world.pushing))[0].outcome == "held"


async def test_the_authors_correction_frees_what_others_based_on_the_rejected_one(
    world: World,
) -> None:
    other = uuid4()

    async def authors(conn: Any, wanted: Any) -> Any:
        return {key: Author(key[0], key[1]) for key in wanted}

    world._authors = authors  # type: ignore[method-assign]
    wrong, _ = await wrong_and_dependent(world)
    theirs = world.item(Write(uuid4(), "a"), after=[id_of(wrong)], user=other)
    assert (await push([theirs], Sender(other), world.pushing))[0].outcome == "held"
    right = world.item(Write(uuid4(), "a"), corrects=id_of(wrong))
    assert (await push([right], SENDER, world.pushing))[0].outcome == "accepted"
    assert (await push([theirs], Sender(other), world.pushing))[0].outcome == "repeated"
    later = world.item(Write(uuid4(), "a"), after=[id_of(wrong)], user=other)
    assert (await push([later], Sender(other), world.pushing))[0].outcome == "accepted"


async def test_of_a_thousand_that_wait_some_go_at_once_and_the_rest_soon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offline.kept.WOKEN_AT_ONCE", 2)
    first, *others = tree(world, [None, 0, 0, 0, 0, 0])
    await push(others, SENDER, world.pushing)
    assert (await push([first], SENDER, world.pushing))[0].outcome == "accepted"
    assert len(await kept(world)) == 3
    await retry_held(world.pushing)
    assert await kept(world) == []


async def test_a_person_lets_a_command_go_on_without_what_it_waits_for(world: World) -> None:
    _, dependent = await wrong_and_dependent(world)
    last = world.item(Write(uuid4(), "a"), after=[id_of(dependent)])
    await push([last], SENDER, world.pushing)
    await decide(world, dependent, "go_on")
    [outcome] = await retry_held(world.pushing)
    assert (outcome.id, outcome.outcome) == (id_of(dependent), "accepted")
    assert (await push([last], SENDER, world.pushing))[0].outcome == "repeated", "and what followed"
    assert [outcome for _, outcome in await kept(world)] == ["rejected"]


async def test_what_an_earlier_life_accepted_is_refused_by_a_person_alone(world: World) -> None:
    item = world.item(Write(uuid4(), "a", "refuse me"))
    again = msgspec.structs.replace(item, accepted_in="0-aa")
    for _ in range(2):
        [outcome] = await push([again], SENDER, world.pushing)
        assert (outcome.outcome, outcome.reasons[0].code) == ("held", "undone")
    world.now += LAST_RETRY
    [outcome] = await retry_held(world.pushing)
    assert outcome.outcome == "held", "it is remembered that it was accepted once"
    await decide(world, again, "refuse", "另行登记")
    [outcome] = await push([again], SENDER, world.pushing)
    assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "refused_by_person")


async def test_a_device_that_asks_first_is_told_what_was_decided(world: World) -> None:
    _, dependent = await wrong_and_dependent(world)
    await decide(world, dependent, "refuse", "重复上报")
    [outcome] = await push([dependent], SENDER, world.pushing)
    assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "refused_by_person")
    assert "重复上报" in outcome.reasons[0].message
    assert outcome.receipt is not None
    assert await retry_held(world.pushing) == []
    correction = world.item(Write(uuid4(), "a"), corrects=id_of(dependent))
    assert (await push([correction], SENDER, world.pushing))[0].outcome == "accepted"


async def clashing(world: World, first: str = "one") -> tuple[Item, Item]:
    note, id_ = uuid4(), uuid4()
    one = world.item(Write(note, "a", first), id=id_)
    two = world.item(Write(note, "a", "two"), id=id_)
    await push([one], SENDER, world.pushing)
    [outcome] = await push([two], SENDER, world.pushing)
    assert outcome.outcome == "clash"
    return one, two


async def texts(world: World) -> list[str]:
    return [row["text"] for row in await world.pool.fetch("select text from note")]


async def test_of_two_contents_the_first_stands_if_a_person_says_so(world: World) -> None:
    one, two = await clashing(world)
    await decide(world, two, "refuse", "以先到的为准")
    [outcome] = await retry_held(world.pushing)
    assert outcome.outcome == "rejected"
    for _ in range(2):
        [outcome] = await push([two], SENDER, world.pushing)
        assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "refused_by_person")
        assert outcome.receipt is not None
        arrival = read(two, USER)
        assert isinstance(arrival, Arrival)
        assert outcome.receipt.digest == arrival.digest.hex()
    assert (await push([one], SENDER, world.pushing))[0].outcome == "repeated"
    assert await texts(world) == ["one"]
    better = world.item(Write(uuid4(), "a", "three"), corrects=id_of(two))
    assert (await push([better], SENDER, world.pushing))[0].outcome == "accepted"


@pytest.mark.parametrize("first", ["one", "refuse me"])
async def test_of_two_contents_the_second_stands_if_a_person_says_so(
    world: World, first: str
) -> None:
    one, two = await clashing(world, first)
    await decide(world, two, "go_on")
    [outcome] = await retry_held(world.pushing)
    assert (outcome.outcome, outcome.id) == ("accepted", id_of(two))
    assert outcome.receipt is not None
    [again] = await push([two], SENDER, world.pushing)
    assert (again.outcome, again.receipt) == ("repeated", outcome.receipt)
    assert (await push([one], SENDER, world.pushing))[0].outcome in ("repeated", "rejected")
    assert await texts(world) == ["two"]
    assert "clash" not in [outcome for _, outcome in await kept(world)]
    arrival = read(two, USER)
    assert isinstance(arrival, Arrival)
    name = second_name(id_of(two), arrival.digest)
    assert await world.pool.fetchval("select outcome from receipt where command = $1", name)


async def test_nobody_fills_the_table_with_clashes_in_anothers_name(world: World) -> None:
    item = world.item(Write(uuid4(), "a"))
    await push([item], SENDER, world.pushing)

    async def keys(conn: Any, ids: Any) -> Any:
        return {DEVICE: DeviceKey(frozenset(), None, True)}

    world._keys = keys  # type: ignore[method-assign]
    forged = world.item(Write(uuid4(), "b"), id=id_of(item))
    [outcome] = await push([forged], SENDER, world.pushing)
    assert (outcome.outcome, outcome.reasons[0].code) == ("held", "not_author")
    assert await kept(world) == []


async def test_a_hundred_waiting_for_one_another_backwards_take_one_round(world: World) -> None:
    items = tree(world, [None, *range(99)])
    outcomes: list[Outcome] = await push(items[::-1], SENDER, world.pushing)
    assert {o.outcome for o in outcomes} == {"accepted"}
