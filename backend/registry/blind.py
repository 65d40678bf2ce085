"""Keyed hashes that people are found by: equal values can be found, not read."""

from itertools import pairwise

from offline.sealed import Cipher

_HEX = 16
"""Characters of a part's hash: enough that what is found by chance is rare."""


def number(cipher: Cipher, value: str) -> bytes:
    """Of an identity number."""
    return cipher.blind(f"number {value.upper()}")


def phone(cipher: Cipher, value: str) -> bytes:
    """Of a phone, however it is written."""
    return cipher.blind(f"phone {''.join(filter(str.isdecimal, value))}")


def parts(cipher: Cipher, name: str) -> list[str]:
    """Of every character and every two neighbours of a name."""
    return _hashes(cipher, {*name, *map("".join, pairwise(name))})


def wanted(cipher: Cipher, text: str) -> list[str]:
    """What the parts of a name must hold that has `text` in it."""
    return _hashes(cipher, set(map("".join, pairwise(text))) or {text})


def _hashes(cipher: Cipher, texts: set[str]) -> list[str]:
    return sorted(cipher.blind(f"name {text}").hex()[:_HEX] for text in texts)
