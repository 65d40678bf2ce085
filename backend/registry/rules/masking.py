"""What of a personal value is shown to posts that may not see it: enough to tell people apart."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from backend.registry.structs import Dispute, Value

MOBILE = 11


def name(value: str) -> str:
    """王**."""
    return value[0] + "*" * (len(value) - 1)


def number(value: str) -> str:
    """330***********991X: the last four are what duplicates are suggested by."""
    return _middle(value, 3, 4) if len(value) > MOBILE else _middle(value, 0, 2)


def phone(value: str) -> str:
    """138****5678."""
    return _middle(value, 3, 4) if len(value) >= MOBILE else _middle(value, 0, 2)


def birth(value: str) -> str:
    """1990-**-**."""
    return f"{value[:4]}-**-**"


def domicile(value: str) -> str:
    """浙江省温州***."""
    return value[:5] + "***"


MASKS: Mapping[str, Callable[[str], str]] = {
    "name": name,
    "number": number,
    "phone": phone,
    "birth": birth,
    "domicile": domicile,
}
"""A person's fields that are personal."""


def masked(field: str, value: Value) -> Value:
    """A person's field as everyone may see it."""
    mask = MASKS.get(field)
    return mask(value) if mask and isinstance(value, str) and value else value


def masked_dispute(dispute: Dispute) -> Dispute:
    """The same with every value masked."""
    return replace(
        dispute,
        candidates=[
            replace(each, value=masked(dispute.field, each.value)) for each in dispute.candidates
        ],
    )


def _middle(value: str, head: int, tail: int) -> str:
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
