"""From bytes to commands: decode, digest, verify. Bad input is answered, never dropped."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Struct

from offline.receipts import Arrival
from offline.wire import Command, Item, Outcome, Reason

_command = msgspec.json.Decoder(Command)
_item = msgspec.json.Decoder(Item)
_nul = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The one character that PostgreSQL's text cannot hold, as JSON writes it."""
_at = re.compile(r" - at `\$?\.?(?P<path>[^`]*)`$")


MALFORMED = Reason("malformed", "内容不是有效的 JSON,请更新应用后重试")
UNREADABLE = Reason("unreadable", "加密的内容无法打开,可能已损坏,或是为另一套系统加密的", "sealed")
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""A clock that was never set says 1970; what lies beyond these says nothing, and overflows when
it is corrected.
"""


BY_RULE = UUID(int=0)
"""Stands for device, user, post and sender of a command that no person gave."""
DERIVED = 5
"""The version of ids that follow from their cause: the system's own commands have them."""


class _Name(Struct):
    id: UUID


def reason_of(error: msgspec.DecodeError) -> Reason:
    """A decoding error as a reason that names the field."""
    text = str(error)
    found = _at.search(text)
    if isinstance(error, msgspec.ValidationError):
        field = found["path"] if found else None
        if field is None and (missing := re.search(r"required field `([^`]+)`", text)):
            field = missing[1]
        # msgspec's words are not echoed: they may quote the value, and reasons are kept in clear.
        subject = f"“{field}”" if field else "内容"
        return Reason("invalid", f"{subject}不符合要求,请更新应用后重试", field or None)
    return MALFORMED


Unseal = Callable[[bytes, bytes], bytes]
"""Opens what a device sealed to the service for a purpose (`info`). Raises ValueError."""

SEALED_ITEM = b"xunge item"


def take(item: Item, sender: UUID, unseal: Unseal) -> Arrival | Outcome:
    """`read`, after opening the item if it is sealed."""
    if item.sealed is None:
        return read(item, sender)
    try:
        plain = unseal(base64.b64decode(item.sealed, validate=True), SEALED_ITEM)
        opened = _item.decode(plain)
    except (ValueError, RecursionError, msgspec.DecodeError):
        opened = None
    if opened is None or opened.sealed is not None:
        return Outcome(None, "rejected", reasons=[UNREADABLE])
    return read(msgspec.structs.replace(opened, accepted_in=item.accepted_in), sender)


def read(item: Item, sender: UUID) -> Arrival | Outcome:
    """Decode one pushed command, or say why it cannot be read."""
    body = item.body.encode()
    try:
        command = _command.decode(body)
    except msgspec.DecodeError as error:
        try:
            name: UUID | None = msgspec.json.decode(body, type=_Name).id
        except msgspec.DecodeError:
            name = None
        return Outcome(name, "rejected", reasons=[reason_of(error)])
    except RecursionError:  # nested without end
        return Outcome(None, "rejected", reasons=[MALFORMED])
    fault = _fault(item, command, sender)
    if fault is not None:
        return Outcome(command.id, "rejected", reasons=[fault])
    digest = sha256(body).digest()
    return Arrival(command, body, digest, item.signature, sender, accepted_in=item.accepted_in)


def _fault(item: Item, command: Command, sender: UUID) -> Reason | None:
    """What is wrong with an envelope that could be decoded."""
    if command.id.version == DERIVED and sender != BY_RULE:
        return Reason("invalid", "编号必须是随机的,请更新应用后重试", "id")
    if _nul.search(item.body):
        return Reason("invalid", "内容里有不能保存的字符,请删去后再提交", "payload")
    if command.occurred_at.tzinfo is None:
        return Reason("invalid", "发生时间缺少时区", "occurred_at")
    if not EARLIEST <= command.occurred_at < LATEST:
        return Reason("invalid", "发生时间不对,请校正手机的日期后重试", "occurred_at")
    return None


class DeviceKey(Struct, frozen=True):
    """A registered device: who has signed in on it, so that its signature can speak for them, and
    its public key (SubjectPublicKeyInfo DER) if it has one.
    """

    users: frozenset[UUID]
    public_key: bytes | None
    revoked: bool


def distrust(
    device: DeviceKey | None, *, author: UUID, sender: UUID, data: bytes, signature: str | None
) -> Reason | None:
    """Why it cannot be believed that `author` said `data` on the device, or None.

    The signature names the author, so any signed-in device may bring it. Without a key of its
    own a device speaks only for the user who is signed in. A revoked one, which may be in a thief's
    hands, speaks for nobody else: its users bring what was left on it in sessions of their own.
    """
    if device is None:
        return Reason("unknown_device", "这台设备没有登记,请重新登录", "device")
    if device.public_key is None:
        if sender == author and not device.revoked:
            return None
        return Reason("not_author", "只能提交自己的操作", "user")
    if sender != author and (device.revoked or author not in device.users):
        return Reason("not_author", "这台设备不是操作人的设备", "user")
    if not _signed(device.public_key, data, signature):
        return Reason("bad_signature", "设备签名不符,内容可能被改动", "signature")
    return None


def _signed(public_key: bytes, data: bytes, text: str | None) -> bool:
    try:
        raw = base64.b64decode(text or "", validate=True)
        if len(raw) != 64:
            return False
        r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        signature = encode_dss_signature(r, s)
        _key(public_key).verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=2000)
def _key(public_key: bytes) -> ec.EllipticCurvePublicKey:
    key = serialization.load_der_public_key(public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey), "checked when the device registered"
    return key
