"""Photos that outlived a wipe: encrypted on the way, their author's whoever brings them."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from backend.core.ids import new_id
from backend.core.settings import Settings
from tests.media.conftest import Person, Tus, metadata
from tests.offline.vectors import COMMANDS

Own: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PHOTO = COMMANDS["media"]
MEDIA = UUID(PHOTO["id"])
PLAIN, ENCRYPTED = base64.b64decode(PHOTO["plain"]), base64.b64decode(PHOTO["encrypted"])


@pytest.fixture
async def author(people: dict[str, Person], connection: Own) -> Person:
    """The vectors' user in the worker's place, with the vectors' device."""
    worker, user = people["worker"], UUID(COMMANDS["user"])
    await connection.execute("update app_user set id = $2 where id = $1", worker.user, user)
    await connection.execute(
        "update session set user_id = $2 where user_id = $1", worker.user, user
    )
    await connection.execute(
        "insert into device (id, user_id, users, name, public_key, registered_at) "
        "values ($1, $2, array[$2::uuid], '手机', $3, $4)",
        UUID(COMMANDS["device"]["id"]),
        user,
        base64.b64decode(COMMANDS["device"]["public_key"]),
        datetime.now(UTC),
    )
    return Person(user, worker.token, worker.name)


async def announce(
    client: AsyncTestClient[Litestar], person: Person, **changed: str
) -> httpx.Response:
    pairs = {name: PHOTO[name] for name in ("id", "kind", "sha256", "sealed")} | changed
    headers = {
        "Upload-Length": str(PHOTO["upload_length"]),
        "Upload-Metadata": metadata(**pairs) if changed else PHOTO["upload_metadata"],
    }
    return await client.post("/api/uploads", headers=person.headers | headers)


async def test_a_colleague_brings_a_photo_and_it_is_its_authors(
    tus: Tus,
    client: AsyncTestClient[Litestar],
    author: Person,
    colleague: Person,
    settings: Settings,
) -> None:
    created = await announce(client, colleague)
    assert created.status_code == 201, created.text
    assert (await tus.patch(colleague, MEDIA, ENCRYPTED[:100])).status_code == 204
    again = await announce(client, colleague)
    assert again.headers["Upload-Offset"] == "100"
    head = await tus.head(colleague, MEDIA)
    assert head.headers["Upload-Length"] == str(len(ENCRYPTED))
    last = await tus.patch(colleague, MEDIA, ENCRYPTED[100:], 100)
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(ENCRYPTED)))
    got = await client.get(f"/api/media/{MEDIA}/original", headers=author.headers)
    assert got.content == PLAIN
    path = f"/api/media/{MEDIA}/original"
    assert (await client.get(path, headers=colleague.headers)).status_code == 404
    assert (await announce(client, author)).headers["Upload-Offset"] == str(len(ENCRYPTED))
    assert [each for each in settings.data.rglob("*") if each.name.startswith(".plain-")] == []
    assert not Path(settings.data / "spool" / str(MEDIA)).exists()


async def test_what_was_begun_open_goes_on_encrypted_after_a_wipe(
    tus: Tus, client: AsyncTestClient[Litestar], author: Person, colleague: Person
) -> None:
    assert (await tus.create(author, PLAIN, MEDIA)).status_code == 201
    await tus.patch(author, MEDIA, PLAIN[:300])
    created = await announce(client, colleague)
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "0")
    assert (await tus.patch(colleague, MEDIA, ENCRYPTED)).status_code == 204
    got = await client.get(f"/api/media/{MEDIA}/original", headers=author.headers)
    assert got.content == PLAIN
    stored = await tus.create(author, PLAIN, MEDIA)
    assert stored.headers["Upload-Offset"] == str(len(PLAIN)), "and open again: it is there"


async def test_damaged_bytes_are_dropped_and_may_come_again(
    tus: Tus, client: AsyncTestClient[Litestar], author: Person
) -> None:
    await announce(client, author)
    damaged = await tus.patch(author, MEDIA, ENCRYPTED[:-1] + bytes([ENCRYPTED[-1] ^ 1]))
    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum_mismatch")
    assert (await announce(client, author)).headers["Upload-Offset"] == "0"
    assert (await tus.patch(author, MEDIA, ENCRYPTED)).status_code == 204


async def test_nobody_is_made_the_author_of_what_they_did_not_take(
    tus: Tus, client: AsyncTestClient[Litestar], author: Person, colleague: Person, connection: Own
) -> None:
    for changed, status, code in (
        ({"sealed": "=="}, 400, "upload_metadata"),
        ({"sealed": COMMANDS["item"]["sealed"]}, 400, "unreadable"),
        ({"id": str(new_id())}, 400, "unreadable"),
        ({"sha256": "0" * 64}, 403, "bad_signature"),
    ):
        refused = await announce(client, colleague, **changed)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    await connection.execute("update device set revoked_at = now()")
    stolen = await announce(client, colleague)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "not_author")
    assert (await announce(client, author)).status_code == 201
    await connection.execute("delete from device")
    unknown = await announce(client, author)
    assert (unknown.status_code, unknown.json()["code"]) == (403, "unknown_device")


async def test_bytes_left_complete_by_a_dead_process_are_opened_and_finished(
    tus: Tus, client: AsyncTestClient[Litestar], author: Person, settings: Settings
) -> None:
    await announce(client, author)
    await tus.patch(author, MEDIA, ENCRYPTED[:-5])
    with (settings.data / "spool" / str(MEDIA)).open("ab") as file:
        file.write(ENCRYPTED[-5:])
    assert (await tus.head(author, MEDIA)).headers["Upload-Offset"] == str(len(ENCRYPTED))
    got = await client.get(f"/api/media/{MEDIA}/original", headers=author.headers)
    assert got.content == PLAIN
