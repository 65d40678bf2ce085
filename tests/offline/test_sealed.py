"""What a device sealed before a wipe arrives all the same, whoever brings it."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.core.crypto import Keyring, Unsealable
from backend.core.sealing import Seal
from offline.batch import Sender
from offline.push import push
from offline.reading import DeviceKey, distrust, read
from offline.receipts import Arrival
from offline.wire import Item
from tests.offline import toy
from tests.offline.toy import World
from tests.offline.vectors import COMMANDS, SEAL

DEVICE, USER = UUID(COMMANDS["device"]["id"]), UUID(COMMANDS["user"])
PUBLIC = base64.b64decode(COMMANDS["device"]["public_key"])
COLLEAGUE = Sender(uuid4())
SEALED = Item(sealed=COMMANDS["item"]["sealed"])


@pytest.fixture
def phone(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The vectors' device and its user, known here."""
    monkeypatch.setattr(toy, "USER", USER)
    register(world, DeviceKey(frozenset({USER}), PUBLIC, False))
    return world


def register(world: World, key: DeviceKey) -> None:
    async def keys(conn: Any, ids: Any) -> Any:
        return {DEVICE: key}

    world._keys = keys  # type: ignore[method-assign]


@pytest.mark.parametrize("vector", SEAL["readable"], ids=lambda v: v["info"] or "empty")
def test_what_is_sealed_to_the_installation_opens_by_its_secret(vector: Any) -> None:
    seal = Seal(Keyring(base64.b64decode(SEAL["secret"])))
    assert seal.public_key == SEAL["seal_key"]
    opened = seal.open(base64.b64decode(vector["sealed"]), vector["info"].encode())
    assert opened.decode() == vector["plain"]


@pytest.mark.parametrize("vector", SEAL["unreadable"], ids=lambda v: v["why"])
def test_what_was_altered_or_meant_for_something_else_does_not_open(vector: Any) -> None:
    with pytest.raises(Unsealable):
        toy.SEAL.open(base64.b64decode(vector["sealed"]), vector["info"].encode())


def test_digests_and_signatures_are_over_the_very_bytes() -> None:
    device = DeviceKey(frozenset({USER}), PUBLIC, False)

    def said(vector: Any) -> tuple[str, str | None]:
        arrival = read(Item(vector["body"], vector["signature"]), USER)
        assert isinstance(arrival, Arrival)
        doubt = distrust(
            device,
            author=USER,
            sender=USER,
            data=arrival.body,
            signature=arrival.signature,
        )
        return arrival.digest.hex(), doubt.code if doubt else None

    for vector in COMMANDS["signed"]:
        assert said(vector) == (vector["digest"], None)
    for vector in COMMANDS["not_signed"]:
        assert said(vector)[1] == "bad_signature", vector["why"]


async def test_a_colleague_brings_what_a_wiped_phone_had_not_sent(phone: World) -> None:
    [outcome] = await push([SEALED], COLLEAGUE, phone.pushing)
    assert outcome.outcome == "accepted", outcome.reasons
    assert outcome.receipt is not None
    assert outcome.receipt.digest == COMMANDS["item"]["digest"]
    [row] = await phone.pool.fetch("select author from journal")
    assert row["author"] == USER
    [again] = await push([SEALED], Sender(USER), phone.pushing)
    assert again.outcome == "repeated", "it had been sent open, or by another"


async def test_a_stopped_phones_items_are_taken_from_their_author_only(phone: World) -> None:
    register(phone, DeviceKey(frozenset({USER}), PUBLIC, True))
    [thief] = await push([SEALED], COLLEAGUE, phone.pushing)
    assert (thief.outcome, thief.reasons[0].code) == ("held", "not_author")
    assert await phone.pool.fetchval("select count(*) from kept_command") == 0
    [author] = await push([SEALED], Sender(USER), phone.pushing)
    assert author.outcome == "accepted"


async def test_what_cannot_be_opened_is_said_so_and_stops_no_other(phone: World) -> None:
    items = [Item(sealed=each["sealed"]) for each in COMMANDS["unreadable_items"]]
    outcomes = await push([*items, SEALED], Sender(USER), phone.pushing)
    assert [o.outcome for o in outcomes] == ["rejected"] * len(items) + ["accepted"]
    for outcome in outcomes[:-1]:
        assert (outcome.id, outcome.reasons[0].code) == (None, "unreadable")
