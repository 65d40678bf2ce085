"""How often something may be tried, counted in Redis for all processes together."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.errors import Problem

PATIENCE_S = 1
"""How long a silent Redis may keep somebody from signing in."""

_log = structlog.get_logger("limits")


class Limiter:
    """Counts in fixed windows. Without Redis everything is let through: it is a brake against
    floods, and what must never be passed (the lock-out by name) is kept in the database.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def hit(self, what: str, who: str, *, limit: int, window_s: int) -> None:
        """Count one try. Raises Problem 429 `too_many_requests` beyond `limit` in `window_s`."""
        key = f"limit:{what}:{who}"
        try:
            async with asyncio.timeout(PATIENCE_S), self._redis.pipeline(transaction=True) as pipe:
                pipe.set(key, 0, ex=window_s, nx=True)
                pipe.incr(key)
                pipe.ttl(key)
                _, tries, left_s = await pipe.execute()
        except (RedisError, OSError) as error:
            _log.warning("uncounted", what=what, error=type(error).__name__)
            return
        if tries > limit:
            wait = max(1, left_s)
            raise Problem(
                429, "too_many_requests", f"操作太频繁，请 {wait} 秒后再试", retry_after=wait
            )
