"""Floors that need a web server: one that checks the session and does nothing more, and files.

python -m tests.bench.bare [folder]   serves GET /bare, and the folder's files at /files
"""

import sys
from pathlib import Path

from granian.constants import Interfaces, Loops
from granian.server import Server
from litestar import Litestar, post

from backend.app.asgi import application
from backend.core.settings import load_settings
from backend.directory.access import Caller, signed_in


@post("/bare", guards=[signed_in], status_code=200)
async def bare(actor: Caller) -> str:
    """As little as a signed-in device can be answered."""
    return str(actor.user)


def service() -> Litestar:
    """The service with one more address."""
    app = application()
    app.register(bare)
    return app


if __name__ == "__main__":
    settings = load_settings()
    Server(
        "tests.bench.bare:service",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=int(sys.argv[1]),
        static_path_route=["/files"],
        static_path_mount=[Path(sys.argv[2])],
    ).serve()
