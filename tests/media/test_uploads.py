"""What the tus server answers, over the whole application."""

import errno
import io
import os
import zipfile
from pathlib import Path
from typing import TypeAlias

import asyncpg
import httpx
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.media.commands import link
from backend.media.spool import open_spool
from tests.media.conftest import Person, Tus, claim, metadata
from tests.media.photos import bomb, photo, sha256

Own: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def test_it_says_what_it_can_do(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.options("/api/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "expiration", "termination"} <= set(
        answer.headers["Tus-Extension"].split(",")
    )
    assert int(answer.headers["Tus-Max-Size"]) == 30 * 1024 * 1024


async def test_strangers_and_other_versions_are_refused(
    tus: Tus, client: AsyncTestClient[Litestar], worker: Person
) -> None:
    stranger = await client.post("/api/uploads", headers={"Tus-Resumable": "1.0.0"})
    assert stranger.status_code == 401
    assert stranger.headers["Tus-Resumable"] == "1.0.0"
    newer = worker.headers | {"Tus-Resumable": "2.0.0"}
    for answer in (
        await client.post("/api/uploads", headers=newer),
        await client.patch(f"/api/uploads/{new_id()}", headers=newer),
        await client.head(f"/api/uploads/{new_id()}", headers=newer),
        await client.delete(f"/api/uploads/{new_id()}", headers=newer),
    ):
        assert answer.status_code == 412
        assert answer.headers["Tus-Version"] == "1.0.0"


async def test_an_upload_in_two_pieces(tus: Tus, worker: Person) -> None:
    data, media = photo(), new_id()
    created = await tus.create(worker, data, media)
    assert created.status_code == 201
    assert created.headers["Location"] == f"/api/uploads/{media}"
    assert created.headers["Upload-Offset"] == "0"
    assert created.headers["Upload-Expires"].endswith("GMT")
    first = await tus.patch(worker, media, data[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    head = await tus.head(worker, media)
    assert head.status_code == 200
    assert head.headers["Upload-Offset"] == "1000"
    assert head.headers["Upload-Length"] == str(len(data))
    assert head.headers["Cache-Control"] == "no-store"
    last = await tus.patch(worker, media, data[1000:], 1000)
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(data)))
    assert "Upload-Expires" not in last.headers
    got = await tus.client.get(f"/api/media/{media}/original", headers=worker.headers)
    assert got.content == data


def packed(*names: str) -> bytes:
    """A zip with files of these names."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as packing:
        for name in names:
            packing.writestr(name, "x")
    return whole.getvalue()


@pytest.mark.parametrize("offset", [0, 999, 1001])
async def test_a_wrong_offset_takes_nothing(tus: Tus, worker: Person, offset: int) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    await tus.patch(worker, media, data[:1000])
    answer = await tus.patch(worker, media, data[offset:], offset)
    assert answer.status_code == 409
    assert answer.json()["code"] == "upload_offset"
    assert (await tus.head(worker, media)).headers["Upload-Offset"] == "1000"


async def test_one_connection_at_a_time(tus: Tus, worker: Person, settings: Settings) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    with open_spool(settings).hold(media):
        answer = await tus.patch(worker, media, data)
    assert (answer.status_code, answer.json()["code"]) == (423, "upload_locked")
    assert (await tus.patch(worker, media, data)).status_code == 204


async def test_other_bytes_than_announced_are_dropped(tus: Tus, worker: Person) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media, declared="0" * 64)
    answer = await tus.patch(worker, media, data)
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert (await tus.head(worker, media)).status_code == 404
    assert (await tus.upload(worker, data, media)).status_code == 204


async def test_no_more_than_announced(tus: Tus, worker: Person) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    assert (await tus.patch(worker, media, data + b"more")).status_code == 413


REFUSED = [
    ("photo", bomb(), "media_too_many_pixels"),
    ("photo", b"<html><script>alert(1)</script></html>", "media_type"),
    ("photo", photo(form="GIF", exif=False), "media_type"),
    ("photo", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "media_type_heic"),
    ("photo", photo(form="PNG")[:-40], "media_unreadable"),
    ("photo", b"OggS" + bytes(60), "media_type"),
    ("audio", photo(), "media_type"),
    ("audio", b"MZ" + bytes(60), "media_type"),
    ("file", b"<html><script>alert(1)</script></html>", "media_type"),
    ("file", packed("note.txt"), "media_type"),
    ("file", packed("word/document.xml", "word/vbaProject.bin"), "media_type"),
]


async def test_what_is_no_photo_or_recording_is_refused_for_good(tus: Tus, worker: Person) -> None:
    for kind, data, code in REFUSED:
        media = new_id()
        answer = await tus.upload(worker, data, media, kind=kind)
        assert (answer.status_code, answer.json()["code"]) == (415, code)
        again = await tus.create(worker, data, media, kind=kind)
        assert (again.status_code, again.json()["code"]) == (415, code)


RECORDINGS = [
    (b"ID3\4\0\0\0\0\0\x23\0\0", "audio/mpeg"),
    (b"\xff\xfb\x90\x64" + bytes(8), "audio/mpeg"),
    (b"\xff\xf3\x90\x64" + bytes(8), "audio/mpeg"),
    (b"\xff\xf1\x50\x80" + bytes(8), "audio/aac"),
    (b"\0\0\0\x1cftypM4A ", "audio/mp4"),
    (b"\0\0\0\x18ftypiso5", "audio/mp4"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81", "audio/webm"),
    (b"OggS\0\2" + bytes(6), "audio/ogg"),
    (b"RIFF\x24\0\0\0WAVE", "audio/wav"),
]


async def test_recordings_are_told_by_their_bytes(tus: Tus, worker: Person) -> None:
    for head, content_type in RECORDINGS:
        media = new_id()
        assert (
            await tus.upload(worker, head + bytes(range(200)), media, kind="audio")
        ).status_code == 204
        got = await tus.client.get(f"/api/media/{media}/original", headers=worker.headers)
        assert got.headers["Content-Type"] == content_type


PAPERS = [
    (b"%PDF-1.7\n" + bytes(60), "application/pdf"),
    (
        packed("[Content_Types].xml", "word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        packed("[Content_Types].xml", "xl/workbook.xml"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
]


async def test_a_paper_is_told_by_its_bytes_and_only_downloaded(tus: Tus, worker: Person) -> None:
    for data, content_type in PAPERS:
        media = new_id()
        assert (await tus.upload(worker, data, media, kind="file")).status_code == 204
        got = await tus.client.get(f"/api/media/{media}/original", headers=worker.headers)
        assert got.content == data
        assert got.headers["Content-Type"] == content_type
        assert got.headers["Content-Disposition"] == "attachment"


async def test_a_recording_is_played_from_where_the_player_wants(tus: Tus, worker: Person) -> None:
    data, media = b"OggS\0\2" + bytes(range(200)), new_id()
    await tus.upload(worker, data, media, kind="audio")

    async def get(wanted: str) -> httpx.Response:
        headers = worker.headers | {"Range": wanted}
        return await tus.client.get(f"/api/media/{media}/original", headers=headers)

    part = await get("bytes=100-149")
    assert (part.status_code, part.content) == (206, data[100:150])
    assert part.headers["Content-Range"] == f"bytes 100-149/{len(data)}"
    assert (await get("bytes=150-")).content == data[150:]
    assert (await get("bytes=-10")).content == data[-10:]
    assert (await get("bytes=99999-")).status_code == 416
    assert (await get("lines=1-2")).status_code == 200


ANNOUNCEMENTS: list[tuple[dict[str, str], str, int, str]] = [
    ({"kind": "video"}, "10", 400, "kind"),
    ({"sha256": "A" * 64}, "10", 400, "sha256"),
    ({"id": "1"}, "10", 400, "id"),
    ({}, "0", 400, "Upload-Length"),
    ({}, "x", 400, "Upload-Length"),
    ({}, str(20 * 1024 * 1024 + 1), 413, "Upload-Length"),
    ({"kind": "audio"}, str(30 * 1024 * 1024 + 1), 413, "Upload-Length"),
]


async def test_an_announcement_is_checked(
    client: AsyncTestClient[Litestar], worker: Person
) -> None:
    for changed, length, status, field in ANNOUNCEMENTS:
        pairs = {"id": str(new_id()), "kind": "photo", "sha256": "a" * 64} | changed
        headers = {"Upload-Length": length, "Upload-Metadata": metadata(**pairs)}
        answer = await client.post("/api/uploads", headers=worker.headers | headers)
        assert answer.status_code == status, answer.text
        assert answer.json()["field"] == field


async def test_another_users_upload_is_out_of_reach(
    tus: Tus, worker: Person, colleague: Person
) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    assert (await tus.head(colleague, media)).status_code == 404
    assert (await tus.patch(colleague, media, data)).status_code == 404
    assert (
        await tus.client.delete(f"/api/uploads/{media}", headers=colleague.headers)
    ).status_code == 404
    taken = await tus.create(colleague, data, media)
    assert (taken.status_code, taken.json()["code"]) == (403, "media_id_taken")
    assert (await tus.patch(worker, media, data)).status_code == 204


async def test_an_id_that_anothers_command_names_is_his(
    tus: Tus, worker: Person, colleague: Person, connection: Own
) -> None:
    data, media = photo(), new_id()
    await link(connection, [claim(worker.user, media, data)])
    assert (await tus.create(colleague, data, media)).status_code == 403
    assert (await tus.create(worker, photo(10, 10), media)).status_code == 403
    assert (await tus.upload(worker, data, media)).status_code == 204


async def test_giving_up(tus: Tus, worker: Person, settings: Settings) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    await tus.patch(worker, media, data[:100])
    gone = await tus.client.delete(f"/api/uploads/{media}", headers=worker.headers)
    assert gone.status_code == 204
    assert (await tus.head(worker, media)).status_code == 404
    assert not (settings.data / "spool" / str(media)).exists()
    kept = new_id()
    await tus.upload(worker, data, kept)
    answer = await tus.client.delete(f"/api/uploads/{kept}", headers=worker.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "upload_complete")


async def test_an_expired_upload_begins_again(tus: Tus, worker: Person, connection: Own) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    await connection.execute("UPDATE media SET expires_at = now() WHERE id = $1", media)
    assert (await tus.head(worker, media)).status_code == 410
    assert (await tus.patch(worker, media, data)).status_code == 410
    assert (await tus.upload(worker, data, media)).status_code == 204


async def test_a_full_disk_loses_nothing(tus: Tus, worker: Person, settings: Settings) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    spooled = settings.data / "spool" / str(media)
    spooled.symlink_to("/dev/full")
    answer = await tus.patch(worker, media, data)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert int(answer.headers["Retry-After"]) > 0
    spooled.unlink()
    assert (await tus.patch(worker, media, data)).status_code == 204


async def test_a_disk_that_is_full_at_the_last_byte_loses_nothing_either(
    tus: Tus, worker: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    with monkeypatch.context() as full_disk:
        full_disk.setattr("backend.media.store.shutil.copyfileobj", full)
        answer = await tus.patch(worker, media, data)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
        assert (await tus.head(worker, media)).status_code == 503
    assert not [path for path in (settings.data / "objects").rglob("*") if path.is_file()]
    assert (await tus.head(worker, media)).headers["Upload-Offset"] == str(len(data))


async def test_bytes_left_complete_by_a_dead_process_are_finished(
    tus: Tus, worker: Person, settings: Settings
) -> None:
    data, media = photo(), new_id()
    await tus.create(worker, data, media)
    await tus.patch(worker, media, data[:-5])
    with (settings.data / "spool" / str(media)).open("ab") as file:
        file.write(data[-5:])
    head = await tus.head(worker, media)
    assert head.headers["Upload-Offset"] == str(len(data))
    got = await tus.client.get(f"/api/media/{media}/original", headers=worker.headers)
    assert got.content == data


async def test_a_second_upload_of_the_same_bytes_shares_the_object(
    tus: Tus, worker: Person, colleague: Person, settings: Settings
) -> None:
    data = photo()
    mine, theirs = new_id(), new_id()
    await tus.upload(worker, data, mine)
    await tus.upload(colleague, data, theirs)
    assert _originals(settings.data) == [sha256(data)]
    for person, media in ((worker, mine), (colleague, theirs)):
        got = await tus.client.get(f"/api/media/{media}/original", headers=person.headers)
        assert got.content == data


def _originals(data: Path) -> list[str]:
    return [name for _, _, names in os.walk(data / "objects" / "original") for name in names]
