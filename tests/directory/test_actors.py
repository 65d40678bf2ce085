"""Who acts, resolved in one query."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.core import database as core_database
from backend.core.settings import Settings
from backend.directory.actors import actor_of_session, authors
from tests.directory.conftest import Hands, Town
from tests.directory.test_sign_in import Web, token

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


class Counted:
    """A connection that counts the statements sent."""

    def __init__(self, connection: Any) -> None:
        self.statements = 0
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        self.statements += name in {"fetch", "fetchrow", "fetchval", "execute"}
        return getattr(self._connection, name)


async def test_a_session_is_resolved_in_one_query(
    web: Web, town: type[Town], clock: Hands, connection: Any
) -> None:
    held = await token(web)
    counted = Counted(connection)
    acting = await actor_of_session(counted, held["Authorization"].removeprefix("Bearer "), clock())
    assert counted.statements == 1
    assert acting.actor.user == town.wang
    assert acting.actor.areas == ("K/T/G1", "K/T/G2")
    assert acting.actor.grids == ("G1", "G2")


async def test_a_session_is_remembered_for_seconds_only(
    web: Web, connection: Any, clock: Hands
) -> None:
    held = await token(web)
    assert (await web.get("/api/devices", headers=held)).status_code == 200
    await connection.execute("update app_user set active = false")
    assert (await web.get("/api/devices", headers=held)).status_code == 200
    clock.move(seconds=5)
    assert (await web.get("/api/devices", headers=held)).status_code == 401


async def test_authors_are_judged_by_their_day_in_the_city(
    town: type[Town], database: Settings, connection: Any
) -> None:
    await connection.execute(
        "update appointment set valid_to = '2026-11-20' where post = 'P2' and \"user\" = 'wang'"
    )
    last_second = datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)
    in_post = (town.wang, town.handler_post, last_second)
    too_late = (town.wang, town.handler_post, last_second + timedelta(seconds=1))
    too_early = (town.wang, town.handler_post, datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    first_minute = (town.wang, town.handler_post, datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    not_his = (town.li, town.handler_post, last_second)
    his = (town.li, town.worker_post, NOW)
    counted = Counted(connection)
    found = await authors(
        counted, [in_post, too_late, too_early, first_minute, not_his, his, in_post]
    )
    assert counted.statements == 1
    assert set(found) == {in_post, first_minute, his}
    assert found[in_post].permissions == {"case.handle"}
    assert found[his].grids == ("G1", "G2")
    assert await authors(connection, []) == {}
    await connection.execute("update app_user set active = false where code = 'li'")
    async with core_database.connection() as pooled:
        assert await authors(pooled, [his]) == {}
