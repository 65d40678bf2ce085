"""The built app, served from memory with the caching that its parts allow."""

import gzip
import mimetypes
from hashlib import sha256
from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from backend.app import BUILT_APP
from backend.app.failures import AnyRequest
from backend.directory.access import public

FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
GZIP_FROM_BYTES = 860
INCOMPRESSIBLE = ("image/png", "image/jpeg", "image/webp", "font/", "audio/", "video/")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob: https://*.tianditu.gov.cn; "
        "connect-src 'self' https://*.tianditu.gov.cn; media-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(self)",
}

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("text/javascript", ".mjs")


class Asset(Struct, frozen=True):
    """A file of the app: its bytes, and the same gzipped when that is shorter."""

    content: bytes
    zipped: bytes | None
    media_type: str
    etag: str
    cache: str


def load_assets(folder: Path) -> dict[str, Asset]:
    """Every file under a folder by its path in the address, `index.html` among them."""
    return {
        path.relative_to(folder).as_posix(): _asset(path, folder)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def app_handler(folder: Path = BUILT_APP) -> HTTPRouteHandler:
    """A handler for every path nobody else has; empty of assets when the app is not built."""
    assets = load_assets(folder)

    @get(
        ["/", "/{path:path}"],
        guards=[public],
        name="pwa",
        include_in_schema=False,
        sync_to_thread=False,
        opt={"exclude_from_compression": True},  # it is gzipped already
    )
    def pwa(request: AnyRequest) -> Response[bytes]:
        path = request.path_params.get("path", "").strip("/")
        asset = assets.get(path or "index.html")
        if asset is None and _is_page(request, path):
            asset = assets.get("index.html")
        if asset is None:
            raise NotFoundException
        return _answer(request, asset)

    return pwa


def _asset(path: Path, folder: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    zipped = None
    if len(content) >= GZIP_FROM_BYTES and not media_type.startswith(INCOMPRESSIBLE):
        candidate = gzip.compress(content, mtime=0)
        zipped = candidate if len(candidate) < len(content) else None
    if media_type.endswith("json"):
        media_type += "; charset=utf-8"
    # Vite names by content only what it puts in assets/.
    hashed = path.relative_to(folder).parts[0] == "assets"
    cache = FOREVER if hashed else ASK_FIRST
    return Asset(content, zipped, media_type, f'"{sha256(content).hexdigest()[:20]}"', cache)


def _is_page(request: AnyRequest, path: str) -> bool:
    """Whether somebody opens a screen of the app by its address, rather than misses a file."""
    last = path.rsplit("/", 1)[-1]
    return "." not in last and "text/html" in request.headers.get("accept", "")


def _answer(request: AnyRequest, asset: Asset) -> Response[bytes]:
    headers = {"Cache-Control": asset.cache, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    headers |= SECURITY_HEADERS
    if request.headers.get("if-none-match") == asset.etag:
        return Response(b"", status_code=304, headers=headers)
    if asset.zipped and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.zipped, media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
