"""The base map a city supplies is read in ranges, and nothing else of the data folder is."""

from litestar import Litestar
from litestar.testing import AsyncTestClient

from backend.core.settings import Settings


async def test_without_base_maps_the_list_is_empty(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get("/basemaps/index.json")
    assert (answer.status_code, answer.json()) == (200, {})


async def test_a_base_map_is_read_in_ranges(
    client: AsyncTestClient[Litestar], settings: Settings
) -> None:
    folder = settings.data / "basemaps"
    folder.mkdir()
    (folder / "330304.pmtiles").write_bytes(bytes(range(100)))
    (folder / "index.json").write_text('{"330304": {"pmtiles": "/basemaps/330304.pmtiles"}}')
    assert "330304" in (await client.get("/basemaps/index.json")).json()
    part = await client.get("/basemaps/330304.pmtiles", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == bytes(range(10, 20))
    assert part.headers["content-range"] == "bytes 10-19/100"
    beyond = await client.get("/basemaps/330304.pmtiles", headers={"Range": "bytes=100-"})
    assert beyond.status_code == 416


async def test_nothing_else_of_the_data_folder_is_served(
    client: AsyncTestClient[Litestar], settings: Settings
) -> None:
    (settings.data / "secret").write_text("geheim")
    for name in ("..%2Fsecret", "secret", "330304.pmtiles"):
        assert (await client.get(f"/basemaps/{name}")).status_code == 404
