"""How a command finds the servers it works with."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from asyncpg import InterfaceError, PostgresError

from backend.app import embedded
from backend.core.halt import Halt
from backend.core.settings import Settings, load_settings


def surroundings() -> Settings:
    """The settings, with the servers of a running `xunge up` where no URL is given.

    Raises Halt when there is neither.
    """
    settings = load_settings()
    if not settings.production:
        settings = msgspec.structs.replace(
            settings,
            database_url=settings.database_url
            or embedded.running_postgres(settings.data / "postgres"),
            redis_url=settings.redis_url or embedded.running_valkey(settings.data / "valkey"),
        )
    if not (settings.database_url and settings.redis_url):
        raise Halt("请设置 DATABASE_URL 和 REDIS_URL,或先在另一个窗口运行 xunge up")
    return settings


@contextmanager
def reaching_database() -> Iterator[None]:
    """Say in one line that the database cannot be reached. Raises Halt."""
    try:
        yield
    except (OSError, InterfaceError, PostgresError, TimeoutError) as error:
        raise Halt(f"数据库 DATABASE_URL 连不上({error}),请检查地址、用户和网络") from error
