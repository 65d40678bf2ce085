"""The push bench's work: 200 users in 942 grids, each command signed by its user's device."""

import base64
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from backend.cases.structs import ActOnCase, MediaRef, ReportCase
from backend.core.ids import derived_id, new_id
from backend.core.position import Position
from offline.ports import Connection
from offline.wire import Item

USERS = 200
COUNTY = "330304"
PERMISSIONS = [
    f"case.{name}"
    for name in [
        "report",
        "register",
        "accept",
        "verify",
        "file",
        "dispatch",
        "check",
        "close",
        "void",
        "browse",
    ]
] + ["task.answer"]


class Hand:
    """A user with a device, in charge of some grids and, as bench staff, allowed everything."""

    def __init__(self, number: int) -> None:
        self.code = f"bench{number:03}"
        self.user = derived_id("user", self.code)
        self.post = derived_id("post", self.code)
        self.device = uuid4()
        self.token = f"bench-token-{number}"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.grids: list[tuple[str, float, float]] = []
        self.seq = 0

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def item(self, type_: str, payload: object, id_: UUID | None = None) -> Item:
        """A signed command made now."""
        self.seq += 1
        body = msgspec.json.encode(
            {
                "id": id_ or new_id(),
                "device": self.device,
                "device_seq": self.seq,
                "user": self.user,
                "post": self.post,
                "type": type_,
                "occurred_at": datetime.now(UTC),
                "clock_offset_ms": 0,
                "payload": payload,
            }
        )
        r, s = decode_dss_signature(self.key.sign(body, ec.ECDSA(hashes.SHA256())))
        signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
        return Item(body.decode(), signature)

    def report(self, category: str, dice: random.Random) -> tuple[UUID, Item]:
        """A report with three media references from one of the hand's grids."""
        _, longitude, latitude = dice.choice(self.grids)
        case = uuid4()
        payload = ReportCase(
            case=case,
            report=uuid4(),
            category=category,
            description="人行道上的井盖破了一个口子,晚上看不清,容易绊倒人",
            address=f"站前路 {dice.randint(1, 400)} 号门口",
            position=Position(longitude=longitude, latitude=latitude, accuracy_m=9.5),
            media=[
                MediaRef(
                    id=(media := uuid4()),
                    role=role,
                    sha256=sha256(media.bytes).hexdigest(),
                    size=dice.randint(100_000, 900_000),
                    taken_at=datetime.now(UTC),
                    position=Position(longitude=longitude, latitude=latitude, accuracy_m=9.5),
                )
                for role in ("near", "far", "reference")
            ],
        )
        return case, self.item("case.report", payload)

    def act(self, case: UUID, action: str, **given: object) -> Item:
        """An action on a case."""
        return self.item("case.act", ActOnCase(case=case, action=action, **given))  # type: ignore[arg-type]


async def settle(conn: Connection, hands: Sequence[Hand]) -> None:
    """Give the hands posts, devices and sessions; the demo city's own workers step aside."""
    grids = await conn.fetch(
        "select code, longitude, latitude from area where kind = 'responsibility' order by code"
    )
    assert len(grids) == 942
    for number, grid in enumerate(grids):
        hands[number % len(hands)].grids.append(tuple(grid))
    await conn.execute("delete from appointment")
    await conn.execute(
        "insert into role (id, code, name, permissions) "
        "values (gen_random_uuid(), 'bench', '压测', $1)",
        PERMISSIONS,
    )
    for hand in hands:
        await conn.execute(
            "insert into app_user (id, code, name, county) values ($1, $2::text, $2::text, $3)",
            hand.user,
            hand.code,
            COUNTY,
        )
        await conn.execute(
            "insert into post (id, code, name, org, role, areas, county) "
            "values ($1, $2::text, $2::text, 'oh-zx', 'bench', $3, $4)",
            hand.post,
            hand.code,
            [COUNTY, *(grid[0] for grid in hand.grids)],
            COUNTY,
        )
        await conn.execute(
            'insert into appointment (id, "user", post, valid_from) '
            "values (gen_random_uuid(), $1, $1, '2020-01-01')",
            hand.code,
        )
        await conn.execute(
            "insert into device (id, user_id, name, public_key, registered_at) "
            "values ($1, $2, 'bench', $3, now())",
            hand.device,
            hand.user,
            hand.public_key,
        )
        await conn.execute(
            "insert into session (id, token, user_id, post_id, device_id, created_at, expires_at) "
            "values (gen_random_uuid(), sha256($1::bytea), $2, $3, $4, now(), "
            "now() + interval '12 hours')",
            hand.token.encode(),
            hand.user,
            hand.post,
            hand.device,
        )
