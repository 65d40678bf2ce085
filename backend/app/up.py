"""Everything on one machine, started and stopped as one; for trying and testing."""

import asyncio
import fcntl
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import click
import msgspec
import psutil

from backend.app import BUILT_APP, embedded
from backend.app.demo import Login, load_demo_city
from backend.app.surroundings import reaching_database
from backend.app.web import refuse_taken_port
from backend.core import database, migrations
from backend.core.halt import Halt
from backend.core.settings import Settings

ROOM_NEEDED = 512 * 1024 * 1024
LOG = "xunge.log"
"""What the web and worker processes say, in the data folder."""
START_SECONDS = 60
STOP_SECONDS = 15


class Started(msgspec.Struct, frozen=True):
    """A child process, told from a later one with the same pid by its time of birth."""

    pid: int
    born: float


def run(settings: Settings, workers: int, *, demo: bool) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP, then stop all that was started. Raises Halt."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stack.enter_context(_alone(settings.data))
        stack.callback(click.echo, f"已停止,数据在 {settings.data}")
        _end_leftovers(settings.data)
        refuse_taken_port(settings)
        refuse_full_disk(settings.data)
        settings = _with_servers(settings, stack)
        with reaching_database():
            logins = asyncio.run(_prepare(settings, demo=demo))
        web = ("web", "--workers", str(workers))
        children = stack.enter_context(_children(settings, [web, ("worker",)]))
        _await_ready(settings, children)
        _announce(settings, logins)
        _watch(settings, children)


def refuse_full_disk(folder: Path) -> None:
    """Raises Halt when a folder's disk has less room than a start needs."""
    if shutil.disk_usage(folder).free < ROOM_NEEDED:
        raise Halt(f"磁盘空间不足:{folder} 所在磁盘至少要有 512 MB 空闲,请清理后再启动")


def _stop(*_: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(
            number, signal.SIG_IGN
        )  # an impatient second Ctrl-C must not cut the clean-up
    raise KeyboardInterrupt


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the data folder; the lock goes with the process, however that ends."""
    with (folder / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Halt(f"已有一个 xunge up 在使用 {folder},不需要再启动一个") from error
        yield


def _end_leftovers(folder: Path) -> None:
    """End the web and worker processes of a run that was killed."""
    record = folder / "up.json"
    if not record.exists():
        return
    with suppress(msgspec.DecodeError):
        for started in msgspec.json.decode(record.read_bytes(), type=list[Started]):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(started.pid)
                if _born(started.pid) == started:
                    process.terminate()
                    process.wait(STOP_SECONDS)
    record.unlink()


def _with_servers(settings: Settings, stack: ExitStack) -> Settings:
    """Embed what no URL is given for."""
    if not settings.database_url:
        url = stack.enter_context(embedded.postgres(settings.data / "postgres"))
        settings = msgspec.structs.replace(settings, database_url=url)
    if not settings.redis_url:
        url = stack.enter_context(embedded.valkey(settings.data / "valkey"))
        settings = msgspec.structs.replace(settings, redis_url=url)
    return settings


async def _prepare(settings: Settings, *, demo: bool) -> Sequence[Login]:
    await migrations.migrate(settings.database_url)
    if not demo:
        return ()
    await database.open_pool()
    try:
        return await load_demo_city(settings)
    finally:
        await database.close_pool()


@contextmanager
def _children(
    settings: Settings, commands: Sequence[Sequence[str]]
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run our own commands, each in a session of its own so that Ctrl-C is ours to pass on."""
    record = settings.data / "up.json"
    environ = os.environ | settings.environ()
    children: list[subprocess.Popen[bytes]] = []
    log = (settings.data / LOG).open("ab")
    try:
        for command in commands:
            line = [sys.executable, "-m", "backend.app", *command]
            children.append(
                subprocess.Popen(  # noqa: S603
                    line, env=environ, start_new_session=True, stdout=log, stderr=log
                )
            )
            record.write_bytes(msgspec.json.encode([_born(child.pid) for child in children]))
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            _await_end(child)
        log.close()
        record.unlink(missing_ok=True)


def _born(pid: int) -> Started:
    return Started(pid, psutil.Process(pid).create_time())


def _await_end(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _await_ready(settings: Settings, children: "Sequence[subprocess.Popen[bytes]]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(settings):
        _refuse_ended(settings, children)
        if time.monotonic() > deadline:
            raise Halt(f"服务在 {START_SECONDS} 秒内没有就绪,原因见 {settings.data / LOG}")
        time.sleep(0.1)


def _is_ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(_reachable(settings.host), settings.port, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _watch(settings: Settings, children: "Sequence[subprocess.Popen[bytes]]") -> None:
    while True:
        _refuse_ended(settings, children)
        time.sleep(0.5)


def _refuse_ended(settings: Settings, children: "Sequence[subprocess.Popen[bytes]]") -> None:
    if any(child.poll() is not None for child in children):
        raise Halt(f"网页服务或后台任务意外退出,原因见 {settings.data / LOG}")


def _announce(settings: Settings, logins: Sequence[Login]) -> None:
    click.secho(f"\n巡格已启动:http://{_reachable(settings.host)}:{settings.port}", bold=True)
    if not BUILT_APP.exists():
        click.echo("手机端还没有构建,现在只有接口;请安装 Node 20 后运行 make run")
    for login in logins:
        click.echo(f"  {login.name}\t密码 {login.password}\t{login.role}")
    click.echo(f"日志在 {settings.data / LOG},按 Ctrl-C 停止\n")
