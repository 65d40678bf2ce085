"""The web server process and its workers."""

import os
import resource
import socket
import tempfile
from contextlib import ExitStack

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from backend.core.halt import Halt
from backend.core.settings import Settings

CONNECTIONS = 10_000
"""Open at once in one process: every phone in use listens for the live signal. Left to itself the
server takes in 1,024 by all processes, and whoever comes after them waits without an answer.
"""
CALLING = 4096
"""Connections asked for and not yet taken in; the kernel's own limit is as much."""


def serve(settings: Settings, workers: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises Halt when the port is taken."""
    refuse_taken_port(settings)
    _allow_open_files()
    with ExitStack() as stack:
        os.environ.update(settings.environ())
        if workers > 1:
            folder = tempfile.TemporaryDirectory(prefix="xunge-metrics-")
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = stack.enter_context(folder)
        Server(
            "backend.app.asgi:application",
            factory=True,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            workers=workers,
            backlog=CALLING,
            backpressure=CONNECTIONS,
            websockets=False,
            log_level=LogLevels.warning,
            workers_kill_timeout=10,
        ).serve()


def _allow_open_files() -> None:
    """Each connection is an open file, of which systems allow 1,024 until asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def refuse_taken_port(settings: Settings) -> None:
    """Raises Halt when somebody else listens on our address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Halt(
                f"端口 {settings.port} 已被占用或不能使用({error.strerror}),"
                "请停止占用它的程序,或用 XUNGE_PORT 换一个端口"
            ) from error
