"""Passwords at rest: Argon2id, then sealed with SM4, so that a stolen table alone says nothing."""

import asyncio
from secrets import token_urlsafe
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from backend.core.crypto import Keyring

CONCURRENT = 2
"""Hashings at once: each takes 64 MiB and a core for 0.1 s."""


class Verdict(Struct, frozen=True):
    """Whether the password was right, and its new sealing when the cost has been raised since."""

    right: bool
    resealed: bytes | None = None


class Passwords:
    """Hashes and checks in threads. What is sealed opens for no other identity."""

    def __init__(self, keyring: Keyring, hasher: PasswordHasher | None = None) -> None:
        self._cipher = keyring.cipher("password")
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._decoy: str | None = None

    async def sealed(self, password: str, identity: UUID) -> bytes:
        """What to keep for a password of an identity."""
        async with self._slots:
            hashed = await asyncio.to_thread(self._hasher.hash, password)
        return self._cipher.seal(hashed.encode(), identity.bytes)

    async def verify(self, password: str, identity: UUID, sealed: bytes | None) -> Verdict:
        """Check a password. With nothing to check against (an unknown name) it works as long, and
        is wrong. Raises Unsealable when the stored value was tampered with.
        """
        if sealed is None:
            async with self._slots:
                await asyncio.to_thread(self._refuse, password)
            return Verdict(right=False)
        hashed = self._cipher.open(sealed, identity.bytes).decode()
        async with self._slots:
            right = await asyncio.to_thread(self._matches, hashed, password)
        if right and self._hasher.check_needs_rehash(hashed):
            return Verdict(right, await self.sealed(password, identity))
        return Verdict(right)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _refuse(self, password: str) -> None:
        self._decoy = self._decoy or self._hasher.hash(token_urlsafe())
        self._matches(self._decoy, password)
