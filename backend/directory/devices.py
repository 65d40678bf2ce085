"""Phones and browsers that have signed in. A device makes its own id and its signing key.

A device holds one session at a time. When a colleague signs in on it, the row is bound to them and
the former session ends. It remembers everyone who has signed in on it: what they left queued there
is still signed by its key, and may come with whoever's session is next. A key that comes later
speaks for nobody before: its maker may be anyone who knew the id.
"""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from backend.core.errors import Problem, not_found
from backend.directory.structs import NewDevice
from offline.ports import Connection


def key_of(device: NewDevice) -> bytes | None:
    """The key in DER. Raises Problem 400 `device_key` unless it is a P-256 key, or none."""
    if device.public_key is None:
        return None
    try:
        der = base64.b64decode(device.public_key, validate=True)
        key = load_der_public_key(der)
    except (binascii.Error, ValueError) as error:
        raise _bad_key() from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise _bad_key()
    return der


async def register(
    conn: Connection, device: NewDevice, key: bytes | None, user: UUID, now: datetime
) -> bool:
    """Bind the device to a user and end the session it held; answers whether the user is new to it.

    Raises Problem 403 `device_revoked`, and 409 `device_taken` when the id is known by another key.
    """
    name = device.name.replace("\0", "")
    row = await conn.fetchrow(
        "insert into device (id, user_id, name, public_key, registered_at) "
        "values ($1, $2, $3, $4, $5) on conflict (id) do update set name = device.name "
        "returning user_id, public_key, revoked_at, xmax = 0 as made",
        device.id,
        user,
        name,
        key,
        now,
    )
    if row["revoked_at"] is not None:
        raise Problem(
            403, "device_revoked", "这台设备已被停用，请重新登记后再登录", field="device.id"
        )
    if row["public_key"] is not None and row["public_key"] != key:
        raise Problem(
            409, "device_taken", "这台设备的标识与登记的密钥不符，请重新登记", field="device.id"
        )
    await conn.execute(
        "update device set user_id = $2, name = $3, public_key = $4, seen_at = $5, "
        "users = case when public_key is null and $4::bytea is not null then array[$2::uuid] "
        "when $2 = any(users) then users else users || $2 end where id = $1",
        device.id,
        user,
        name,
        key,
        now,
    )
    await conn.execute("delete from session where device_id = $1", device.id)
    return bool(row["made"] or row["user_id"] != user)


async def revoke(conn: Connection, device: UUID, owner: UUID, now: datetime) -> None:
    """Stop a device of one's own for good and end its session. Raises Problem 404."""
    revoked = await conn.fetchval(
        "update device set revoked_at = coalesce(revoked_at, $3) "
        "where id = $1 and user_id = $2 returning id",
        device,
        owner,
        now,
    )
    if revoked is None:
        raise not_found("设备")
    await conn.execute("delete from session where device_id = $1", device)


def _bad_key() -> Problem:
    return Problem(
        400, "device_key", "设备密钥格式不对，请更新到最新版本后再试", field="device.public_key"
    )
