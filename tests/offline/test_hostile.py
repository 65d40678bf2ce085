"""What a broken or hostile device may send: answered, never believed, and nobody else is harmed."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4, uuid5

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from offline.batch import Sender
from offline.pull import PageError, pull
from offline.push import push, retry_held
from offline.reading import DeviceKey
from offline.wire import Item, PullRequest
from tests.offline.toy import DEVICE, SENDER, USER, World, Write


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"device_seq": 2**63}, "device_seq"),
        ({"clock_offset_ms": 10**18}, "clock_offset_ms"),
        ({"occurred_at": "9999-12-31T23:59:59Z", "clock_offset_ms": 10**9}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
    ],
)
async def test_numbers_and_times_that_nothing_can_hold_are_rejected_not_held_for_ever(
    world: World, change: dict[str, Any], field: str
) -> None:
    [outcome] = await push([world.item(Write(uuid4(), "a"), **change)], SENDER, world.pushing)
    assert (outcome.outcome, outcome.reasons[0].field) == ("rejected", field)


async def test_no_person_takes_the_id_of_a_command_that_follows_from_its_cause(
    world: World,
) -> None:
    """Else whoever works out an alarm's would keep it from ringing."""
    item = world.item(Write(uuid4(), "a"), id=uuid5(uuid4(), "an alarm"))
    [outcome] = await push([item], SENDER, world.pushing)
    assert (outcome.outcome, outcome.reasons[0].field) == ("rejected", "id")
    assert outcome.receipt is None


async def test_one_that_breaks_us_stops_nothing_that_it_waits_for(world: World) -> None:
    first = world.item(Write(uuid4(), "a"))
    id_ = msgspec.json.decode(first.body)["id"]
    bad, good = (world.item(Write(uuid4(), "a", t), after=[id_]) for t in ("break", ""))
    assert [o.outcome for o in await push([bad, good], SENDER, world.pushing)] == ["held", "held"]
    assert (await push([first], SENDER, world.pushing))[0].outcome == "accepted"
    world.now += timedelta(minutes=2)
    outcomes = {o.id: o.outcome for o in await retry_held(world.pushing)}
    assert sorted(outcomes.values()) == ["accepted", "held"]


async def test_a_phone_whose_clock_was_never_set_is_heard(world: World) -> None:
    item = world.item(Write(uuid4(), "a"), occurred_at="1970-01-01T00:00:00Z", clock_offset_ms=None)
    assert (await push([item], SENDER, world.pushing))[0].outcome == "accepted"


async def test_a_body_nested_without_end_does_not_stop_the_others(world: World) -> None:
    good = world.item(Write(uuid4(), "a"))
    deep = Item(good.body[:-1] + ',"x":' + "[" * 100_000 + "]" * 100_000 + "}")
    outcomes = await push([deep, world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["rejected", "accepted"]


async def test_a_reason_never_quotes_what_was_sent(world: World) -> None:
    item = world.item({"note": "王小明13800138000", "place": 7}, origin="王小明13800138000")
    [outcome] = await push([item], SENDER, world.pushing)
    assert "1380013" not in msgspec.json.encode(outcome).decode()


async def test_two_of_one_id_in_a_push_each_keep_their_own_time(world: World) -> None:
    id_ = uuid4()
    first = world.item(Write(uuid4(), "a"), id=id_, occurred_at="2026-11-20T07:00:00Z")
    second = world.item(Write(uuid4(), "b"), id=id_, occurred_at="2026-11-20T07:30:00Z")
    outcomes = await push([first, second], SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["accepted", "clash"]
    at = await world.pool.fetchval("select occurred_at from journal")
    assert at.isoformat() == "2026-11-20T07:00:00+00:00"


async def test_a_held_command_is_not_journalled_under_the_session_that_frees_it(
    world: World,
) -> None:
    first, note = uuid4(), uuid4()
    world._keys, signed = _keyed(frozenset({USER}), revoked=False)  # type: ignore[method-assign]
    author = Sender(USER, uuid4(), "10.0.0.1")
    await push([signed(world.item(Write(note, "a"), after=[first]))], author, world.pushing)
    colleague = Sender(uuid4(), uuid4(), "10.0.0.2")
    await push([signed(world.item(Write(uuid4(), "a"), id=first))], colleague, world.pushing)
    [row] = await world.pool.fetch("select session, ip from journal where entity = $1", note)
    assert (row["session"], row["ip"]) == (None, None)


def _keyed(users: frozenset[Any], *, revoked: bool) -> tuple[Any, Any]:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    async def keys(_: Any, __: Any) -> Any:
        return {DEVICE: DeviceKey(users, public, revoked)}

    def signed(item: Item) -> Item:
        r, s = decode_dss_signature(private.sign(item.body.encode(), ec.ECDSA(hashes.SHA256())))
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return Item(item.body, base64.b64encode(raw).decode())

    return keys, signed


async def test_a_revoked_device_speaks_only_in_its_users_own_sessions(world: World) -> None:
    world._keys, signed = _keyed(frozenset({USER}), revoked=True)  # type: ignore[method-assign]
    item = signed(world.item(Write(uuid4(), "a")))
    [thief] = await push([item], Sender(uuid4()), world.pushing)
    assert (thief.outcome, thief.reasons[0].code) == ("held", "not_author")
    [owner] = await push([item], SENDER, world.pushing)
    assert owner.outcome == "accepted"


async def test_a_page_token_of_somebodys_own_making_is_refused(world: World) -> None:
    made = ["1-test", ["a"], ["b"], None, [["1:1:", 0, None], [[None, ["a"]]], ["0", 0]]]
    token = base64.urlsafe_b64encode(msgspec.json.encode(made)).decode()
    with pytest.raises(PageError):
        await pull(PullRequest(page=token), ["a", "b"], world.pulling)


async def test_a_device_with_hundreds_of_buckets_can_turn_the_page(world: World) -> None:
    buckets = [f"grid:3303040010010{n:05}/cases" for n in range(400)]
    notes = [world.item(Write(uuid4(), buckets[n % 400])) for n in range(600)]
    for start in (0, 300):
        await push(notes[start : start + 300], SENDER, world.pushing)
    page = await pull(PullRequest(), buckets, world.pulling)
    assert page.page is not None
    asked = msgspec.json.encode(PullRequest(page=page.page))
    last = await pull(msgspec.json.decode(asked, type=PullRequest), buckets, world.pulling)
    assert len(page.members) + len(last.members) == 600
