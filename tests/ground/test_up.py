"""`xunge up`: one start, one stop, nothing left behind and nothing lost."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from backend.app import embedded
from backend.app.up import refuse_full_disk
from backend.core.database import connect
from backend.core.halt import Halt
from backend.core.settings import load_settings
from tests.conftest import own_folder

STARTED = "按 Ctrl-C 停止"


class Up:
    """A running `xunge up` on a folder and a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.environ = {
            key: value
            for key, value in os.environ.items()
            if key not in ("DATABASE_URL", "REDIS_URL", "XUNGE_ENV", "XUNGE_SECRET")
        } | {"XUNGE_DATA": str(folder), "XUNGE_PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None
        self.started: list[psutil.Process] = []

    def xunge(self, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "backend.app", *arguments],
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, option: str = "--no-demo") -> None:
        log = self.folder / "up.log"
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.app", "up", option],
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while STARTED not in log.read_text():
            assert self.process.poll() is None, log.read_text()
            time.sleep(0.05)
        postmaster = embedded.postmaster(self.folder / "postgres")
        assert postmaster is not None
        self.started = [*psutil.Process(self.process.pid).children(recursive=True), postmaster]
        assert len(self.started) >= 4

    def stop(self, number: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(60)

    def end(self) -> None:
        """End whatever a failed test left running."""
        for process in self.started:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self.process:
            self.process.kill()
            self.process.wait()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def trial() -> Iterator[Up]:
    folder = own_folder()
    up = Up(folder)
    try:
        yield up
    finally:
        up.end()
        shutil.rmtree(folder)


@pytest.fixture
def up() -> Iterator[Up]:
    """Not started yet."""
    with trial() as one:
        yield one


@pytest.fixture(scope="module")
def running() -> Iterator[Up]:
    """Started, for tests that only look."""
    with trial() as one:
        one.start("--demo")
        yield one
        assert one.stop(signal.SIGTERM) == 0


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def kept_number(up: Up, statement: str) -> object:
    own = await connect(embedded.running_postgres(up.folder / "postgres"))
    try:
        return await own.fetchval(statement)
    finally:
        await own.close()


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_nothing_left(up: Up) -> None:
    assert not [process for process in up.started if lives(process)]
    assert not listening(up.port)


async def test_a_stop_leaves_no_process_and_a_second_start_keeps_the_data(up: Up) -> None:
    up.start()
    assert up.get("/ready").status_code == 200
    await kept_number(up, "CREATE TABLE kept AS SELECT 7 AS number")
    assert up.stop(signal.SIGTERM) == 0
    assert_nothing_left(up)

    up.start()
    assert await kept_number(up, "SELECT number FROM kept") == 7
    assert up.stop(signal.SIGINT) == 0
    assert_nothing_left(up)


def test_a_start_after_a_kill_takes_over_what_was_left(up: Up) -> None:
    up.start()
    left = up.started
    up.stop(signal.SIGKILL)
    assert [process for process in left if lives(process)]
    up.start()
    assert up.get("/ready").status_code == 200
    up.stop(signal.SIGTERM)
    up.started += left
    assert_nothing_left(up)


async def test_a_pid_file_from_before_a_reboot_misleads_nobody(up: Up) -> None:
    folder = up.folder / "postgres"
    with embedded.postgres(folder):
        lines = (folder / "postmaster.pid").read_text().splitlines()
    # After a reboot the number in it is somebody else's: here, this test's.
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    with embedded.postgres(folder):
        assert await kept_number(up, "SELECT 1") == 1


def test_a_newcomer_is_told_the_address_and_who_to_be(running: Up) -> None:
    said = (running.folder / "up.log").read_text()
    assert f"http://127.0.0.1:{running.port}" in said
    assert "受理员" in said
    assert "密码" in said


def test_two_thousand_phones_on_the_line_keep_nobody_out(running: Up) -> None:
    with ExitStack() as phones:
        for _ in range(2000):
            line = phones.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            line.sendall(b"GET /health HTTP/1.1\r\nHost: phone\r\n\r\n")
        assert running.get("/ready").status_code == 200


def test_a_second_up_on_the_same_folder_is_one_line(running: Up) -> None:
    second = running.xunge("up")
    assert second.returncode == 1
    assert (
        second.stderr.strip() == f"巡格:已有一个 xunge up 在使用 {running.folder},不需要再启动一个"
    )
    assert running.get("/ready").status_code == 200


def test_a_port_in_use_is_one_line(up: Up) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", up.port))
        other.listen()
        answer = up.xunge("up")
    assert answer.returncode == 1
    [line] = answer.stderr.strip().splitlines()
    assert f"端口 {up.port} 已被占用" in line
    assert "XUNGE_PORT" in line
    assert embedded.postmaster(up.folder / "postgres") is None


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Halt, match="磁盘空间不足"):
        refuse_full_disk(tmp_path)


def test_an_unreachable_database_is_one_line(up: Up) -> None:
    away = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    answer = up.xunge("migrate", **away)
    assert answer.returncode == 1
    [line] = answer.stderr.strip().splitlines()
    assert "数据库 DATABASE_URL 连不上" in line


def test_nothing_running_and_no_address_is_one_line(up: Up) -> None:
    answer = up.xunge("worker")
    assert answer.returncode == 1
    [line] = answer.stderr.strip().splitlines()
    assert "请设置 DATABASE_URL 和 REDIS_URL" in line


def test_doctor_finds_a_running_service_well(running: Up) -> None:
    answer = running.xunge("doctor")
    lines = [line for line in answer.stdout.splitlines() if "手机端" not in line]
    assert [line for line in lines if not line.startswith("✓")] == []
    assert "✓ 数据库快照函数可用" in lines
    assert "✓ 数据库参数 fsync = on" in lines


def test_doctor_refuses_trial_servers_and_secret_in_production(running: Up) -> None:
    settings = load_settings(running.environ)
    production = settings.environ() | {
        "XUNGE_ENV": "production",
        "DATABASE_URL": embedded.running_postgres(running.folder / "postgres"),
        "REDIS_URL": embedded.running_valkey(running.folder / "valkey"),
    }
    answer = running.xunge("doctor", **production)
    assert answer.returncode == 1
    assert "✗ 正式环境使用自备的数据库和队列" in answer.stdout
    assert "✗ 正式环境使用自己的密钥" in answer.stdout


def test_production_needs_a_secret(up: Up) -> None:
    answer = up.xunge("doctor", XUNGE_ENV="production")
    assert answer.returncode == 1
    [line] = answer.stderr.strip().splitlines()
    assert "XUNGE_SECRET" in line
