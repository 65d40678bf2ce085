"""Sealing at rest by the national algorithms: SM4-GCM, HMAC-SM3, HKDF-SM3.

Every key is derived from the installation's one secret by its purpose, so that a value sealed for
one purpose opens for no other. A sealed value is format (1) ‖ nonce (12) ‖ ciphertext ‖ tag (16);
random nonces hold for 2³² values a key, far beyond what one purpose seals.
"""

import os
from collections.abc import Callable
from functools import cache, partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Algorithm
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LEDGER = "ledger"
"""The purpose of the key that personal values and kept bodies of the ledger are sealed with."""
SYNC = "sync"
"""The purpose of the key that devices' cursors are sealed with."""

SNAPSHOTS = "snapshots"
"""The purpose of the key that buckets' files are sealed with: AES-256 (decision 0060)."""

FORMAT = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
SM4_KEY_BYTES = 16
INDEX_KEY_BYTES = 32


class Unsealable(ValueError):
    """A sealed value that was altered, moved to another context, or sealed by another key."""


class Cipher:
    """SM4-GCM under one key. `context` says whose value it is (a row's id) and is not stored:
    a value copied to another row does not open there. `blind` is the keyring's index of the same
    purpose.
    """

    def __init__(self, key: bytes, blind: Callable[[str], bytes]) -> None:
        self._algorithm = SM4(key)
        self.blind = blind

    def seal(self, value: bytes, context: bytes) -> bytes:
        """Encrypt under a fresh random nonce."""
        nonce = os.urandom(NONCE_BYTES)
        encryptor = Algorithm(self._algorithm, GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(context)
        return FORMAT + nonce + encryptor.update(value) + encryptor.finalize() + encryptor.tag

    def open(self, value: bytes, context: bytes) -> bytes:
        """Decrypt. Raises Unsealable."""
        nonce, rest = value[1 : 1 + NONCE_BYTES], value[1 + NONCE_BYTES :]
        if value[:1] != FORMAT or len(rest) < TAG_BYTES:
            raise Unsealable
        tag = rest[-TAG_BYTES:]
        decryptor = Algorithm(self._algorithm, GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(context)
        try:
            return decryptor.update(rest[:-TAG_BYTES]) + decryptor.finalize()
        except InvalidTag as error:
            raise Unsealable from error

    def under(self, key: bytes) -> "Cipher":
        """The same cipher under a subject's own key; erasing that key erases what it sealed."""
        return Cipher(key, self.blind)


class Keyring:
    """The keys of one installation."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret of the settings, 32 random bytes."""

        @cache
        def derived(purpose: str, length: int) -> bytes:
            return HKDF(SM3(), length, salt=None, info=purpose.encode()).derive(secret)

        self.derived = derived

    def cipher(self, purpose: str) -> Cipher:
        """What seals the values of one purpose, such as `password` or `journal`."""
        key = self.derived(f"seal:{purpose}", SM4_KEY_BYTES)
        return Cipher(key, partial(self.index, purpose))

    def index(self, purpose: str, value: str) -> bytes:
        """A keyed blind index (HMAC-SM3): equal values of one purpose can be found, not read."""
        mac = HMAC(self.derived(f"index:{purpose}", INDEX_KEY_BYTES), SM3())
        mac.update(value.encode())
        return mac.finalize()
