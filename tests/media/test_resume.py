"""An unmodified tus-js-client against a real server, interrupted in every way we could think of."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend.core.ids import new_id
from tests.media.conftest import ROOT, Server, until
from tests.media.photos import large_photo, noisy_photo, real_photos, sha256


def tus_js(
    server: Server, path: Path, media: UUID, *, through: str = "", **options: Any
) -> dict[str, Any]:
    """Run the client to its end; its last word, with what the server confirmed on the way."""
    data = path.read_bytes()
    job = {
        "endpoint": f"{through or server.url}/api/uploads",
        "path": str(path),
        "token": server.worker.token,
        "metadata": {
            "id": str(media),
            "kind": "photo",
            "sha256": sha256(data),
            "name": "现场照片.jpg",
        },
        **options,
    }
    run = subprocess.run(
        ["node", "tests/media/upload.mjs", json.dumps(job)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    end: dict[str, Any]
    [end] = [line for line in lines if "end" in line]
    return end | {"confirmed": [line["confirmed"] for line in lines if "confirmed" in line]}


def stored(server: Server, media: UUID) -> str:
    got = httpx.get(f"{server.url}/api/media/{media}/original", headers=server.worker.headers)
    assert got.status_code == 200, got.text
    return sha256(got.content)


def offset(server: Server, media: UUID) -> int:
    got = httpx.head(f"{server.url}/api/uploads/{media}", headers=server.worker.headers)
    return int(got.headers["Upload-Offset"])


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.jpg"
    path.write_bytes(large_photo())
    return path


@contextmanager
def cut_after(port: int, limits: list[int]) -> Iterator[str]:
    """A line to the server whose connections break after so many bytes each; later ones hold."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket, limit: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if limit is not None and len(data) >= limit:
                    target.sendall(data[:limit])
                    break
                limit = None if limit is None else limit - len(data)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                limit = limits.pop(0) if limits else None
                threading.Thread(target=pump, args=(near, far, limit), daemon=True).start()
                threading.Thread(target=pump, args=(far, near, None), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.mark.parametrize(
    "options", [{}, {"during": True}, {"override": True}, {"chunkSize": 250_000}]
)
def test_an_upload_arrives_whole(server: Server, large: Path, options: dict[str, Any]) -> None:
    media = new_id()
    end = tus_js(server, large, media, **options)
    assert end["end"] == "success", end
    assert stored(server, media) == sha256(large.read_bytes())


def test_photos_of_many_cameras_arrive_and_are_shown(server: Server, large: Path) -> None:
    for path in [large, *real_photos()]:
        media = new_id()
        end = tus_js(server, path, media)
        if end["end"] == "error":
            assert end["status"] == 415, end
            continue
        assert stored(server, media) == sha256(path.read_bytes())
        view = httpx.get(f"{server.url}/api/media/{media}/view", headers=server.worker.headers)
        assert view.status_code in {200, 415}, (path, view.text)


def test_broken_connections_cost_nothing_but_time(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(noisy_photo(4_000_000))
    media = new_id()
    with cut_after(server.port, [1_500_000, 900_000, 400_000]) as line:
        end = tus_js(server, path, media, through=line, retryDelays=[50] * 20)
    assert end["end"] == "success", end
    assert stored(server, media) == sha256(path.read_bytes())


def test_a_client_that_stopped_goes_on_later(server: Server, large: Path) -> None:
    media = new_id()
    first = tus_js(server, large, media, chunkSize=200_000, stopAfter=400_000)
    assert first["end"] == "stopped"
    came = offset(server, media)
    assert 400_000 <= came < large.stat().st_size
    second = tus_js(server, large, media, url=first["url"])
    assert second["end"] == "success"
    assert second["began"] >= came
    assert stored(server, media) == sha256(large.read_bytes())


def test_a_lost_answer_to_the_announcement_does_not_double(server: Server, large: Path) -> None:
    media = new_id()
    tus_js(server, large, media, chunkSize=200_000, stopAfter=200_000)
    # The client forgot the address, as if the 201 had never come, and announces the same again.
    again = tus_js(server, large, media, retryDelays=[0, 0, 0])
    assert again["end"] == "success", again
    once_more = tus_js(server, large, media, retryDelays=[0, 0, 0])
    assert once_more["end"] == "success"
    assert stored(server, media) == sha256(large.read_bytes())


def test_a_killed_server_keeps_what_it_took(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(noisy_photo(4_000_000))
    data, media = path.read_bytes(), new_id()
    tus_js(server, path, media, chunkSize=100_000, stopAfter=100_000)
    came = offset(server, media)
    spooled = server.settings.data / "spool" / str(media)
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(
            f"PATCH /api/uploads/{media} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {server.worker.token}\r\nUpload-Offset: {came}\r\n"
            "Content-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(data) - came}\r\n\r\n".encode()
        )
        line.sendall(data[came : came + 1_000_000])
        until(lambda: spooled.stat().st_size > came)
        server.kill()
    kept = spooled.stat().st_size
    assert data.startswith(spooled.read_bytes())
    server.start_web()
    assert offset(server, media) == kept
    end = tus_js(server, path, media, url=f"{server.url}/api/uploads/{media}")
    assert end["end"] == "success", end
    assert end["began"] >= kept
    assert stored(server, media) == sha256(data)


def test_the_worker_makes_the_views_unasked(server: Server, large: Path) -> None:
    server.start("worker")
    tus_js(server, large, new_id())
    objects = server.settings.data / "objects"
    until(lambda: any(objects.glob("view/*/*.jpg")) and any(objects.glob("thumb/*/*.webp")))
