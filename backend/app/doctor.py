"""What must hold before people are let in, each as one line that says what to do."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from msgspec import Struct
from redis.exceptions import RedisError

from backend.app import BUILT_APP
from backend.app.worker import HEARTBEAT
from backend.core.database import connect
from backend.core.migrations import pending
from backend.core.queue import open_redis
from backend.core.settings import Settings
from offline import epoch

ROOM_NEEDED = 512 * 1024 * 1024
OLDEST_POSTGRES = 150000


class Finding(Struct, frozen=True):
    """One thing looked at: `what` it is and, when not `well`, what to do."""

    what: str
    well: bool
    advice: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, the cheapest first; one thing's failure hides no other's."""
    for finding in (_disk(settings), _app(), *_production(settings)):
        yield finding
    async for finding in _database(settings):
        yield finding
    async for finding in _redis(settings):
        yield finding


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    return Finding(
        f"磁盘空闲 {free // 2**20} MB",
        free >= ROOM_NEEDED,
        f"{settings.data} 所在磁盘至少要有 512 MB 空闲,请清理",
    )


def _app() -> Finding:
    if BUILT_APP.exists():
        return Finding("手机端已构建", well=True)
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    first = f"缺少程序 {'、'.join(missing)},请安装 Node 20,再" if missing else "请"
    return Finding("手机端已构建", well=False, advice=f"{first}运行 make run")


def _production(settings: Settings) -> list[Finding]:
    if not settings.production:
        return []
    own = str(settings.data)
    return [
        Finding(
            "正式环境使用自备的数据库和队列",
            bool(settings.database_url and settings.redis_url)
            and own not in settings.database_url
            and own not in settings.redis_url,
            "内置的数据库和队列只供试用,请设置 DATABASE_URL 和 REDIS_URL",
        ),
        Finding(
            "正式环境使用自己的密钥",
            len(set(settings.secret)) > 8 and not (settings.data / "secret").exists(),
            "XUNGE_SECRET 是试用时生成的或过于简单,请用 openssl rand -base64 32 另行生成,"
            f"并删除 {settings.data / 'secret'}",
        ),
    ]


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    try:
        connection = await connect(settings.database_url)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        yield Finding(
            "数据库可用",
            well=False,
            advice=f"DATABASE_URL 连不上({error}),请检查地址、用户和网络",
        )
        return
    try:
        yield Finding("数据库可用", well=True)
        version = await connection.fetchval("SELECT current_setting('server_version_num')::int")
        yield Finding(
            f"数据库版本 {version // 10000}",
            version >= OLDEST_POSTGRES,
            "需要 PostgreSQL 15 或更高版本",
        )
        yield await _snapshots(connection)
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            value = await connection.fetchval("SELECT current_setting($1)", name)
            advice = f"请把数据库参数 {name} 设为 on,否则断电会丢失已确认的数据"
            yield Finding(f"数据库参数 {name} = {value}", value not in ("off", "local"), advice)
        missing = await pending(connection)
        yield Finding("数据库结构是当前版本", not missing, "请运行 xunge migrate")
        if not missing:
            yield await _ledger(connection)
    finally:
        await connection.close()


async def _ledger(connection: Any) -> Finding:
    """A logical dump brings rows that readers would pass over in silence."""
    try:
        await epoch.refuse_foreign(connection)
    except epoch.ForeignLedger as foreign:
        return Finding("账本属于本数据库集群", well=False, advice=str(foreign))
    return Finding("账本属于本数据库集群", well=True)


async def _snapshots(connection: Any) -> Finding:
    """The write path reads without loss only where these answer as PostgreSQL's do."""
    try:
        visible = await connection.fetchval(
            "SELECT pg_visible_in_snapshot("
            "pg_snapshot_xmin(pg_current_snapshot()), pg_current_snapshot())"
        )
    except asyncpg.PostgresError:
        visible = None
    advice = "数据库不支持 pg_snapshot 函数,同步会丢数据;请换用 PostgreSQL 15 以上"
    return Finding("数据库快照函数可用", visible is False, advice)


async def _redis(settings: Settings) -> AsyncIterator[Finding]:
    redis = open_redis(settings.redis_url)
    try:
        alive = await redis.get(HEARTBEAT)
    except (RedisError, OSError):
        yield Finding("队列可用", well=False, advice="REDIS_URL 连不上,请检查地址、密码和网络")
        return
    finally:
        await redis.aclose()
    yield Finding("队列可用", well=True)
    yield Finding("后台任务在运行", alive is not None, "请启动 xunge worker")
