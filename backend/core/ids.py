"""Identifiers: UUIDv7 where someone acts, uuid5 where an id derives from its cause."""

from uuid import UUID, uuid5

import uuid_utils.compat

_DERIVED = UUID("6f0e2a52-3c1c-5f0b-9d27-0b5a4c1e7a01")


def new_id() -> UUID:
    """A time-ordered UUIDv7, so that new rows land together in an index."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """The one id that follows from its cause: the same parts always give the same id."""
    return uuid5(_DERIVED, "\x1f".join(str(part) for part in parts))
