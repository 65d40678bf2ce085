"""Values at rest open only where they belong."""

import pytest
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from hypothesis import given
from hypothesis import strategies as st

from backend.core.crypto import FORMAT, Cipher, Keyring, Unsealable

KEYRING = Keyring(bytes(range(32)))


def test_sm4_gcm_gives_the_standards_answer() -> None:
    """RFC 8998, appendix A.1."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    cipher = Cipher(key, KEYRING.cipher("ledger").blind)
    nonce = bytes.fromhex("00001234567800000000ABCD")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    )
    tag = bytes.fromhex("83DE3541E4C2B58177E065A9BF7B62EC")
    context = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([char]) * 8 for char in bytes.fromhex("AABBCCDDEEFFEEAA"))
    assert cipher.open(FORMAT + nonce + sealed + tag, context) == plain


def test_hmac_sm3_gives_the_standards_answer() -> None:
    """GM/T 0042-2015, appendix D.3."""
    mac = HMAC(bytes(range(1, 33)), SM3())
    mac.update(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2)
    assert mac.finalize().hex() == (
        "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"
    )


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_sealed_opens_to_the_same(value: bytes, context: bytes) -> None:
    cipher = KEYRING.cipher("phone")
    sealed = cipher.seal(value, context)
    assert Keyring(bytes(range(32))).cipher("phone").open(sealed, context) == value
    assert sealed != cipher.seal(value, context)


@given(st.data())
def test_no_altered_byte_goes_unnoticed(data: st.DataObject) -> None:
    sealed = KEYRING.cipher("phone").seal(b"13800000000", b"row")
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytes([sealed[at] ^ data.draw(st.integers(1, 255))])
    with pytest.raises(Unsealable):
        KEYRING.cipher("phone").open(sealed[:at] + changed + sealed[at + 1 :], b"row")


def test_a_value_opens_for_its_own_row_purpose_and_installation_only() -> None:
    sealed = KEYRING.cipher("phone").seal(b"13800000000", b"row 1")
    for cipher, context in (
        (KEYRING.cipher("phone"), b"row 2"),
        (KEYRING.cipher("name"), b"row 1"),
        (Keyring(bytes(32)).cipher("phone"), b"row 1"),
    ):
        with pytest.raises(Unsealable):
            cipher.open(sealed, context)
    with pytest.raises(Unsealable):
        KEYRING.cipher("phone").open(b"", b"row 1")


def test_a_subjects_key_is_carried_sealed() -> None:
    cipher = KEYRING.cipher("journal")
    wrapped = cipher.seal(bytes(range(16)), b"subject")
    sealed = cipher.under(cipher.open(wrapped, b"subject")).seal("王小明".encode(), b"value")
    assert cipher.under(bytes(range(16))).open(sealed, b"value").decode() == "王小明"
    with pytest.raises(Unsealable):
        cipher.open(sealed, b"value")


def test_an_index_finds_equal_values_of_one_purpose() -> None:
    assert KEYRING.index("phone", "138") == Keyring(bytes(range(32))).index("phone", "138")
    others = {
        KEYRING.index("phone", "139"),
        KEYRING.index("name", "138"),
        Keyring(bytes(32)).index("phone", "138"),
    }
    assert KEYRING.index("phone", "138") not in others
