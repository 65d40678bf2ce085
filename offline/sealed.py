"""Personal values of the ledger, each under a key of the person it is about."""

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol
from uuid import UUID, uuid4

from msgspec import Struct

from offline.ports import Connection


class Cipher(Protocol):
    """Authenticated encryption, filled in by core. `context` is bound to the ciphertext; `open`
    raises ValueError when the value was altered or sealed for another context. `blind` is a keyed
    hash: equal values can be found by it, not read.
    """

    def seal(self, value: bytes, context: bytes) -> bytes: ...

    def open(self, value: bytes, context: bytes) -> bytes: ...

    def under(self, key: bytes) -> "Cipher": ...

    def blind(self, value: str) -> bytes: ...


class Sealed(Struct, frozen=True):
    """What rows and facts hold in place of a personal value. `digest` is salted, hex. `blind` is
    what the value can be found by, if anybody may look for it.
    """

    id: UUID
    subject: UUID
    digest: str
    blind: bytes | None = None

    def fact(self) -> dict[str, str]:
        """How the ledger names it."""
        return {"id": str(self.id), "digest": self.digest}


def reference(subject: UUID, value: bytes, blind: bytes | None = None) -> Sealed:
    """A new reference. The id salts the digest, so that equal values cannot be told."""
    id_ = uuid4()
    return Sealed(id_, subject, sha256(id_.bytes + value).hexdigest(), blind)


async def write(conn: Connection, cipher: Cipher, values: Sequence[tuple[Sealed, bytes]]) -> None:
    """Store values under their subjects' keys, making the keys that are missing."""
    if not values:
        return
    subjects = list({ref.subject for ref, _ in values})
    await conn.execute(
        "insert into subject_key select * from unnest($1::uuid[], $2::bytea[]) "
        "on conflict do nothing",
        subjects,
        [cipher.seal(os.urandom(16), subject.bytes) for subject in subjects],
    )
    keys = {
        row["subject"]: cipher.under(cipher.open(row["sealed_key"], row["subject"].bytes))
        for row in await conn.fetch(
            "select subject, sealed_key from subject_key where subject = any($1)", subjects
        )
    }
    await conn.copy_records_to_table(
        "sealed_value",
        columns=("id", "subject", "digest", "sealed", "blind"),
        records=[
            (
                ref.id,
                ref.subject,
                bytes.fromhex(ref.digest),
                keys[ref.subject].seal(value, ref.id.bytes),
                ref.blind,
            )
            for ref, value in values
        ],
    )


async def read(conn: Connection, cipher: Cipher, id_: UUID) -> bytes | None:
    """The value, or None once the subject's key has been erased."""
    return (await read_all(conn, cipher, [id_])).get(id_)


async def read_all(conn: Connection, cipher: Cipher, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Values by id; those whose subject's key has been erased are missing."""
    if not ids:
        return {}
    rows = await conn.fetch(
        "select v.id, v.subject, v.sealed, k.sealed_key from sealed_value v "
        "join subject_key k using (subject) where v.id = any($1)",
        ids,
    )
    keys = {
        subject: cipher.under(cipher.open(key, subject.bytes))
        for subject, key in {row["subject"]: row["sealed_key"] for row in rows}.items()
    }
    return {row["id"]: keys[row["subject"]].open(row["sealed"], row["id"].bytes) for row in rows}
