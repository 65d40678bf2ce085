"""Claims by commands, and who may read what."""

import io
from collections.abc import Collection, Iterator
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest
from PIL import Image, ImageChops

from backend.core.actor import Actor
from backend.core.ids import derived_id, new_id
from backend.core.position import Position
from backend.media import queries
from backend.media.commands import link, taken
from backend.media.queries import awaited
from offline.ports import Connection
from tests.media.conftest import Person, Tus, claim
from tests.media.photos import LATITUDE, LONGITUDE, photo

Own: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
def shown() -> Iterator[set[UUID]]:
    """The owners of kind `trial` that everybody may see."""
    owners: set[UUID] = set()

    async def visible(_: Connection, __: Actor, ids: Collection[UUID]) -> set[UUID]:
        return owners & set(ids)

    queries.register_owner("trial", visible)
    yield owners
    del queries._OWNERS["trial"]


async def test_claims_come_before_or_after_the_bytes(
    tus: Tus, worker: Person, colleague: Person, connection: Own, shown: set[UUID]
) -> None:
    data, early, late = photo(), new_id(), new_id()
    shown |= {derived_id("owner", early), derived_id("owner", late)}
    await link(connection, [claim(worker.user, early, data)])
    url = f"/api/media/{early}/thumb"
    waiting = await tus.client.get(url, headers=colleague.headers)
    assert (waiting.status_code, waiting.json()["code"]) == (404, "media_awaited")
    await tus.upload(worker, data, early)
    assert (await tus.client.get(url, headers=colleague.headers)).status_code == 200

    url = f"/api/media/{late}/thumb"
    await tus.upload(worker, data, late)
    unclaimed = await tus.client.get(url, headers=colleague.headers)
    assert (unclaimed.status_code, unclaimed.json()["code"]) == (404, "not_found")
    await link(connection, [claim(worker.user, late, data)])
    assert (await tus.client.get(url, headers=colleague.headers)).status_code == 200


async def test_who_sees_no_owner_sees_no_photo(
    tus: Tus, worker: Person, colleague: Person, connection: Own, shown: set[UUID]
) -> None:
    data, media = photo(), new_id()
    await link(connection, [claim(worker.user, media, data)])
    for _ in range(2):
        for form in ("thumb", "view", "original"):
            url = f"/api/media/{media}/{form}"
            answer = await tus.client.get(url, headers=colleague.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert (await tus.client.get(url)).status_code == 401
        await tus.upload(worker, data, media)


async def test_the_original_has_its_own_right(
    tus: Tus, worker: Person, colleague: Person, connection: Own, shown: set[UUID]
) -> None:
    data, media = photo(), new_id()
    shown.add(derived_id("owner", media))
    await link(connection, [claim(worker.user, media, data)])
    await tus.upload(worker, data, media)
    url = f"/api/media/{media}/original"
    assert (await tus.client.get(url, headers=worker.headers)).content == data
    refused = await tus.client.get(url, headers=colleague.headers)
    assert (refused.status_code, refused.json()["field"]) == (403, "media.original")
    sound, recording = b"OggS\0\2" + bytes(60), new_id()
    shown.add(derived_id("owner", recording))
    await link(connection, [claim(worker.user, recording, sound)])
    await tus.upload(worker, sound, recording, kind="audio")
    heard = await tus.client.get(f"/api/media/{recording}/original", headers=colleague.headers)
    assert heard.content == sound


async def test_a_claim_on_anothers_photo_is_named_and_left_out(
    tus: Tus, worker: Person, colleague: Person, connection: Own, shown: set[UUID]
) -> None:
    data, media, fine = photo(), new_id(), new_id()
    await tus.upload(worker, data, media)
    greedy = [claim(colleague.user, media, data), claim(colleague.user, fine, data)]
    shown |= {each.owner for each in greedy}
    assert await taken(connection, greedy) == {media}
    await link(connection, greedy)
    answer = await tus.client.get(f"/api/media/{media}/view", headers=colleague.headers)
    assert answer.status_code == 404
    # First come, first served: the other id is now the colleague's.
    assert await taken(connection, [claim(worker.user, fine, data)]) == {fine}
    both = new_id()
    assert await taken(
        connection, [claim(worker.user, both, data), claim(colleague.user, both, data)]
    ) == {both}


async def test_a_claim_on_other_bytes_than_signed_is_named(
    tus: Tus, worker: Person, connection: Own
) -> None:
    media = new_id()
    await tus.upload(worker, photo(), media)
    assert await taken(connection, [claim(worker.user, media, photo(20, 20))]) == {media}


async def test_claiming_twice_changes_nothing(worker: Person, connection: Own) -> None:
    once = claim(worker.user, new_id(), photo())
    for _ in range(2):
        await link(connection, [once, once])
        assert await taken(connection, [once]) == set()
    assert await connection.fetchval("SELECT count(*) FROM media_link") == 1


async def test_awaited_are_those_without_bytes(tus: Tus, worker: Person, connection: Own) -> None:
    data, come, begun, unknown = photo(), new_id(), new_id(), new_id()
    await tus.upload(worker, data, come)
    await tus.create(worker, data, begun)
    assert await awaited(connection, {come, begun, unknown}) == {begun, unknown}
    assert await awaited(connection, set()) == set()


async def test_the_view_gets_its_watermark_when_the_claim_arrives(
    tus: Tus, worker: Person, connection: Own
) -> None:
    data, media = photo(), new_id()
    await tus.upload(worker, data, media)
    url = f"/api/media/{media}/view"
    plain = await tus.client.get(url, headers=worker.headers)
    assert "immutable" not in plain.headers["Cache-Control"]
    await link(connection, [claim(worker.user, media, data)])
    marked = await tus.client.get(
        url, headers=worker.headers | {"If-None-Match": plain.headers["ETag"]}
    )
    assert marked.status_code == 200
    assert "immutable" in marked.headers["Cache-Control"]
    before, after = (Image.open(io.BytesIO(each.content)) for each in (plain, marked))
    box = ImageChops.difference(before, after).point(lambda v: 255 if v > 60 else 0).getbbox()
    assert box is not None
    assert box[1] > before.height * 0.8
    again = await tus.client.get(
        url, headers=worker.headers | {"If-None-Match": marked.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_the_two_witnesses_are_compared(tus: Tus, worker: Person, connection: Own) -> None:
    data, same, other = photo(), new_id(), new_id()
    for media, position in (
        (same, Position(LONGITUDE, LATITUDE)),
        (other, Position(LONGITUDE, LATITUDE + 0.01)),
    ):
        await link(connection, [claim(worker.user, media, data, position=position)])
        await tus.upload(worker, data, media)
        await tus.client.get(f"/api/media/{media}/view", headers=worker.headers)
    rows = await connection.fetch("SELECT id, differs_s, differs_m FROM media")
    differs = {row["id"]: (row["differs_s"], row["differs_m"]) for row in rows}
    assert differs[same] == (0, 0)
    assert differs[other] == (0, pytest.approx(1112, abs=5))
