"""What devices seal to the service: HPKE (RFC 9180), DHKEM(P-256, HKDF-SHA256), AES-256-GCM.

The private key derives from the installation's secret, so that every process opens what any device
sealed, however long ago. The national algorithms are for what the service keeps; a phone's browser
has these.
"""

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.core.crypto import Keyring, Unsealable

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-5)."""
SCALAR_BYTES = 48
"""Enough that the remainder by ORDER is as good as uniform (FIPS 186-5 A.2.1)."""


class Seal:
    """Opens what was sealed to the installation."""

    def __init__(self, keyring: Keyring) -> None:
        scalar = int.from_bytes(keyring.derived("seal:device", SCALAR_BYTES)) % (ORDER - 1) + 1
        self._key = ec.derive_private_key(scalar, ec.SECP256R1())
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = base64.b64encode(point).decode()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Decrypt `enc ‖ ciphertext` made for the same `info`. Raises Unsealable."""
        try:
            return SUITE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise Unsealable from error
