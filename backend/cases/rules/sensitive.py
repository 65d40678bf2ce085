"""Sensitive keywords: what marks a case as sensitive (敏感)."""

import unicodedata
from collections.abc import Iterable


def is_sensitive(text: str, keywords: Iterable[str]) -> bool:
    """Whether any keyword stands in the text; width, case, spaces and characters nobody sees make
    no difference, so that `上 访` and `ＡＢＣ` are found.
    """
    plain = _plain(text)
    return any(word in plain for word in map(_plain, keywords) if word)


def _plain(text: str) -> str:
    """Comparable text: NFKC, lower case, without spaces and format characters."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", text).casefold()
        if not character.isspace() and unicodedata.category(character) != "Cf"
    )
