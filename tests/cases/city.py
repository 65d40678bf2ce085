"""The demo city, acted in as its people would: every write is a pushed command."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Self
from uuid import UUID, uuid4

import msgspec

from backend.app.writing import pulling, pushing
from backend.cases import ground
from backend.cases.documents import load
from backend.cases.ground import Ground, ground_of
from backend.cases.structs import ActOnCase, Case, MediaRef, MediaRole, ReportCase
from backend.core import database
from backend.core.actor import Actor
from backend.core.crypto import Keyring
from backend.core.ids import derived_id
from backend.core.position import Position
from backend.directory.actors import authors
from offline import epoch
from offline.batch import Sender
from offline.push import push
from offline.wire import Item, Outcome

COUNTY = "330304"
CATEGORY = "C0101"  # 上水井盖


def photo(role: MediaRole, **changes: Any) -> MediaRef:
    """A photo that some phone took."""
    id_ = uuid4()
    digest = sha256(id_.bytes).hexdigest()
    return MediaRef(**({"id": id_, "role": role, "sha256": digest, "size": 1000} | changes))


class City:
    """Acts as any user by their code; time stands still until moved."""

    def __init__(self, life: str) -> None:
        self.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # a Friday, 09:00 in the city
        self.touched: set[str] = set()
        keyring = Keyring(bytes(range(32)))
        ports = pushing(keyring, epoch.Life(life), self._publish)
        self.ports = msgspec.structs.replace(ports, now=lambda: self.now)
        self.pulling = pulling(keyring, epoch.Life(life))
        self._devices: dict[str, UUID] = {}
        self._seq = 0

    @classmethod
    async def open(cls) -> Self:
        async with database.transaction() as conn:
            return cls(await epoch.current(conn))

    async def _publish(self, buckets: set[str]) -> None:
        self.touched |= buckets

    async def ground(self) -> Ground:
        async with database.connection() as conn:
            return await ground_of(conn, COUNTY, self.now)

    def forget_ground(self) -> None:
        """What was configured behind the back of the import shows at once."""
        ground._kept.clear()

    async def actor(self, user: str, post: str | None = None) -> Actor:
        """Who a user is in their first post, or in the one named."""
        async with database.connection() as conn:
            row = await conn.fetchrow(
                'select u.id as "user", p.id as post from app_user u '
                'join appointment a on a."user" = u.code join post p on p.code = a.post '
                "where u.code = $1 and ($2::text is null or p.code = $2) "
                "order by p.code <> u.code, p.code limit 1",
                user,
                post,
            )
            key = (row["user"], row["post"], self.now)
            return (await authors(conn, [key]))[key]

    async def _device(self, user: str) -> UUID:
        if user not in self._devices:
            self._devices[user] = device = uuid4()
            async with database.connection() as conn:
                await conn.execute(
                    "insert into device (id, user_id, name, registered_at) "
                    "values ($1, $2, '测试机', now())",
                    device,
                    derived_id("user", user),
                )
        return self._devices[user]

    async def command(self, user: str, type_: str, payload: object, **envelope: Any) -> Item:
        """A command as the user's device would make it now."""
        actor = await self.actor(user, envelope.pop("in_post", None))
        self._seq += 1
        fields = {
            "id": uuid4(),
            "device": await self._device(user),
            "device_seq": self._seq,
            "user": actor.user,
            "post": actor.post,
            "type": type_,
            "occurred_at": self.now,
            "clock_offset_ms": 0,
            "payload": payload,
        }
        return Item(msgspec.json.encode(fields | envelope).decode())

    async def send(self, user: str, *items: Item) -> list[Outcome]:
        return await push(items, Sender(derived_id("user", user)), self.ports)

    async def report(self, user: str, **changes: Any) -> UUID:
        """A report that is taken; gives the case."""
        case = uuid4()
        outcome = (await self.try_report(user, case=case, **changes))[0]
        assert outcome.outcome == "accepted", outcome.reasons
        return case

    async def try_report(self, user: str, **changes: Any) -> list[Outcome]:
        fields: dict[str, Any] = {
            "case": uuid4(),
            "report": uuid4(),
            "category": CATEGORY,
            "description": "人行道上的井盖破了",
            "address": "站前路 12 号",
            "position": await self.point_of(user),
            "media": [photo("near"), photo("far"), photo("reference")],
        }
        envelope = {k: changes.pop(k) for k in ("occurred_at", "clock_offset_ms") if k in changes}
        payload = ReportCase(**(fields | changes))
        return await self.send(user, await self.command(user, "case.report", payload, **envelope))

    async def point_of(self, user: str) -> Position:
        """A point inside the user's first grid, else inside the county."""
        actor = await self.actor(user)
        grid = actor.areas[0].split("/")[-1]
        async with database.connection() as conn:
            row = await conn.fetchrow(
                "select longitude, latitude from area where code = $1 and polygon is not null "
                "union all (select longitude, latitude from area where kind = 'responsibility' "
                "order by code limit 1)",
                grid,
            )
        return Position(longitude=row["longitude"], latitude=row["latitude"], accuracy_m=8)

    async def try_act(self, user: str, case: UUID, action: str, **given: Any) -> Outcome:
        envelope = {k: given.pop(k) for k in ("occurred_at", "in_post") if k in given}
        payload = ActOnCase(case=case, action=action, **given)
        item = await self.command(user, "case.act", payload, **envelope)
        return (await self.send(user, item))[0]

    async def act(self, user: str, case: UUID, action: str, **given: Any) -> Case:
        """An action that is taken; a minute passes after it."""
        outcome = await self.try_act(user, case, action, **given)
        assert outcome.outcome == "accepted", outcome.reasons
        self.now += timedelta(minutes=1)
        return await self.case(case)

    async def case(self, case: UUID) -> Case:
        async with database.connection() as conn:
            return (await load(conn, [case], False))[case]

    async def answer(self, user: str, case: UUID, action: str, **given: Any) -> Case:
        """Answer the open task that the action is for."""
        task = (await self.case(case)).tasks[0]
        return await self.act(user, case, action, task=task.id, **given)
