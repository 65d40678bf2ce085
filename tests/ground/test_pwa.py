"""How the built app is served: fresh where it must be, kept where it may be."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from backend.app.failures import HANDLERS
from backend.app.pwa import app_handler

PAGE = {"Accept": "text/html,*/*"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[AsyncTestClient[Litestar]]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>巡格</title>")
    (tmp_path / "sw.js").write_text("self.skipWaiting()")
    (tmp_path / "manifest.webmanifest").write_text('{"name":"巡格"}')
    (tmp_path / "assets" / "index-3f9a.js").write_text("export const a = 1;\n" * 200)
    app = Litestar([app_handler(tmp_path)], exception_handlers=HANDLERS, openapi_config=None)
    async with AsyncTestClient(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/index.html", "/sw.js", "/manifest.webmanifest"])
async def test_what_names_the_rest_is_asked_for_each_time(
    site: AsyncTestClient[Litestar], path: str
) -> None:
    answer = await site.get(path, headers=PAGE)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    again = await site.get(path, headers=PAGE | {"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_named_by_content_is_kept_for_good(site: AsyncTestClient[Litestar]) -> None:
    answer = await site.get("/assets/index-3f9a.js", headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 200
    assert answer.text.startswith("export const a")


async def test_a_screen_opens_by_its_address(site: AsyncTestClient[Litestar]) -> None:
    answer = await site.get("/tasks/0193a", headers=PAGE)
    assert answer.status_code == 200
    assert "巡格" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/assets/index-0000.js", "/../pyproject.toml", "/favicon.ico"])
async def test_a_missing_file_is_not_a_screen(site: AsyncTestClient[Litestar], path: str) -> None:
    answer = await site.get(path, headers=PAGE)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
