"""The base map a city supplies: files in the data folder, read by phones in ranges.

`basemaps/index.json` names, per county, a PMTiles file beside it or a 天地图 token, and the 审图号:
`{"330304": {"pmtiles": "/basemaps/330304.pmtiles", "approval": "审图号:…"}}`. Map data is nobody's
secret, so that anyone may read it.
"""

import re
from pathlib import Path

from litestar import Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from backend.app.failures import AnyRequest
from backend.core.ranges import span
from backend.directory.access import public

FOLDER = "basemaps"
INDEX = "index.json"
MOST_AT_ONCE = 16 * 1024 * 1024
"""Bytes of one answer; whoever asks for a whole file gets its beginning and asks on."""

_NAME = re.compile(r"[0-9a-z_-]+\.pmtiles|index\.json")


@get(
    "/basemaps/{name:str}",
    guards=[public],
    include_in_schema=False,
    sync_to_thread=True,
    opt={"exclude_from_compression": True},
)
def basemap(name: FromPath[str], request: AnyRequest, state: State) -> Response[bytes]:
    """A part of a base map, or the list of them; empty when the city supplies none."""
    if _NAME.fullmatch(name) is None:
        raise NotFoundException
    path: Path = state.settings.data / FOLDER / name
    headers = {"Cache-Control": "no-cache", "Accept-Ranges": "bytes"}
    if not path.is_file():
        if name != INDEX:
            raise NotFoundException
        return Response(b"{}", media_type="application/json", headers=headers)
    if name == INDEX:
        return Response(path.read_bytes(), media_type="application/json", headers=headers)
    size = path.stat().st_size
    headers["ETag"] = f'"{path.stat().st_mtime_ns:x}-{size:x}"'
    start, end = span(request.headers.get("range", ""), size) or (0, size)
    end = min(end, start + MOST_AT_ONCE)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(end - start)
    return Response(
        content, status_code=206, media_type="application/octet-stream", headers=headers
    )
