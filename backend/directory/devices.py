"""Phones and browsers that have signed in. A device makes its own id and its signing key.

A device holds one session at a time. When a colleague signs in on it, the row is bound to them and
the former session ends. It remembers everyone who has signed in on it: what they left queued there
is still signed by its key, and may come with whoever's session is next. A key that comes later
speaks for nobody before: its maker may be anyone who knew the id.

A device wipes others' data when it is told so, which it learns by the answer 401 `wipe`; the order
stands until it says that it has. Stopping a device for good orders that too. The copy of its data
key, by which a forgotten PIN is overcome, is erased with the order and with another user's sign-in.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import Struct

from backend.core.crypto import Cipher
from backend.core.errors import Problem, not_found
from backend.directory.structs import NewDevice
from offline.ports import Connection
from offline.reading import DeviceKey

DATA_KEY_BYTES = 32


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


class Registered(Struct, frozen=True):
    """new_here: whether the user is new to the device. data_key: the kept copy for them, base64."""

    new_here: bool
    data_key: str | None


async def register(
    conn: Connection,
    device: NewDevice,
    key: bytes | None,
    user: UUID,
    now: datetime,
    cipher: Cipher,
) -> Registered:
    """Bind the device to a user and end the session it held. cipher: seals data keys.

    Raises Problem 403 `device_revoked`, 409 `device_taken` when the id is known by another key, and
    400 `data_key`.
    """
    name = device.name.replace("\0", "")
    context = device.id.bytes + user.bytes
    copy = cipher.seal(_data_key(device.data_key), context) if device.data_key else None
    row = await conn.fetchrow(
        "insert into device (id, user_id, name, platform, public_key, registered_at) "
        "values ($1, $2, $3, $3, $4, $5) on conflict (id) do update set name = device.name "
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
    kept: bytes | None = await conn.fetchval(
        "update device set user_id = $2, platform = $3, public_key = $4, seen_at = $5, "
        "name = case when name = platform then $3 else name end, "
        "data_key = case when wipe_at is not null and wiped_at is null then null "
        "when user_id = $2 then coalesce($6, data_key) else $6 end, "
        "users = case when public_key is null and $4::bytea is not null then array[$2::uuid] "
        "when $2 = any(users) then users else users || $2 end where id = $1 returning data_key",
        device.id,
        user,
        name,
        key,
        now,
        copy,
    )
    await conn.execute("delete from session where device_id = $1", device.id)
    return Registered(
        new_here=row["made"] or row["user_id"] != user,
        data_key=base64.b64encode(cipher.open(kept, context)).decode() if kept else None,
    )


async def keys_of(conn: Connection, devices: Sequence[UUID]) -> dict[UUID, DeviceKey]:
    """What the signatures of some devices are judged by."""
    rows = await conn.fetch(
        "select id, users, public_key, revoked_at is not null as revoked from device "
        "where id = any($1)",
        devices,
    )
    return {
        row["id"]: DeviceKey(frozenset(row["users"]), row["public_key"], row["revoked"])
        for row in rows
    }


def _data_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != DATA_KEY_BYTES:
        raise Problem(400, "data_key", "数据密钥应为 32 字节的 base64", field="device.data_key")
    return key


Whose = tuple[str, object]
"""Which devices someone may act on: a condition on `device`, and its $2."""


def own(user: UUID) -> Whose:
    """Those bound to a user."""
    return "user_id = $2", user


def of_county(county: str) -> Whose:
    """Those whose user is of a county."""
    return "user_id in (select id from app_user where county = $2)", county


async def rename(conn: Connection, device: UUID, whose: Whose, name: str) -> None:
    """Call a device something else. Raises Problem 404."""
    await _change(conn, device, whose, "name = $3", name.replace("\0", ""))


async def revoke(conn: Connection, device: UUID, whose: Whose, now: datetime) -> None:
    """Stop a device for good; it is told to wipe itself. Raises Problem 404."""
    await _change(
        conn,
        device,
        whose,
        "revoked_at = coalesce(revoked_at, $3), data_key = null, "
        "wipe_at = case when revoked_at is null then $3 else wipe_at end, "
        "wiped_at = case when revoked_at is null then null else wiped_at end",
        now,
    )


async def order_wipe(conn: Connection, device: UUID, whose: Whose, now: datetime) -> None:
    """Tell a device to wipe itself. Raises Problem 404."""
    await _change(conn, device, whose, "wipe_at = $3, wiped_at = null, data_key = null", now)


async def confirm_wipe(conn: Connection, device: UUID, now: datetime) -> bool:
    """The device has wiped itself; answers whether it had been told to."""
    told = await conn.fetchval(
        "update device set wiped_at = $2 "
        "where id = $1 and wipe_at is not null and wiped_at is null returning true",
        device,
        now,
    )
    return bool(told)


async def _change(conn: Connection, device: UUID, whose: Whose, change: str, value: object) -> None:
    condition, who = whose
    changed = await conn.fetchval(
        f"update device set {change} where id = $1 and {condition} returning id",  # noqa: S608
        device,
        who,
        value,
    )
    if changed is None:
        raise not_found("设备")


def _bad_key() -> Problem:
    return Problem(
        400, "device_key", "设备密钥格式不对，请更新到最新版本后再试", field="device.public_key"
    )
