"""`xunge worker`."""

import asyncio

import click
from redis.exceptions import RedisError

from backend.app.logs import configure_logs
from backend.app.surroundings import surroundings
from backend.app.worker import run_worker
from backend.core.halt import Halt


@click.command("worker")
def command() -> None:
    """启动后台任务。"""
    settings = surroundings()
    configure_logs(production=settings.production)
    try:
        asyncio.run(run_worker(settings))
    except RedisError as error:
        raise Halt("队列 REDIS_URL 连不上,请检查地址和网络后重新启动") from error
