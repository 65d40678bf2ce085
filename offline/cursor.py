"""Where a reader stands: what it has seen of the database, sealed so that nobody can forge it."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from offline.ports import Connection
from offline.sealed import Cipher

S = TypeVar("S", bound=Struct)


class Unreadable(ValueError):
    """It was not sealed here, or not as this."""


class Seen(Struct, frozen=True, array_like=True):
    """A pg_snapshot, the last line of the ledger in it (its number and when it was received), and
    the epoch it was seen in.

    Lines are for ever, so a database without that line was put back to before it was written.
    """

    snapshot: str
    seq: int = 0
    received_at: datetime | None = None
    epoch: str | None = None


class View(Struct, frozen=True):
    """What one transaction sees: the epoch and its own place; and of others' places, whether this
    database ever was there (`undone`: not), and whether it still knows what left since
    (`forgotten`: not).
    """

    epoch: str
    now: Seen
    undone: bool
    forgotten: bool


_LOOK = """
with given as (
    select * from unnest($1::text[]::pg_snapshot[], $2::bigint[], $3::timestamptz[])
        as g (snapshot, seq, received_at)
)
select
    (select number || '-' || salt from epoch order by number desc limit 1) as epoch,
    pg_current_snapshot()::text as snapshot,
    coalesce(last.seq, 0) as seq,
    last.received_at,
    exists (select from given g
        where pg_snapshot_xmax(g.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
        or g.received_at is not null and not exists (
            select from journal j where j.seq = g.seq and j.received_at = g.received_at)
    ) as undone,
    exists (
        select from given g where pg_snapshot_xmin(g.snapshot) < pg_snapshot_xmax(h.snapshot)
    ) as forgotten
from (select snapshot from moment order by taken_at limit 1) h
left join lateral (select seq, received_at from journal order by seq desc limit 1) last on true
"""


async def look(conn: Connection, places: Sequence[Seen]) -> View:
    """This transaction's view, and of `places` whether it follows on all of them."""
    row = await conn.fetchrow(
        _LOOK,
        [place.snapshot for place in places],
        [place.seq for place in places],
        [place.received_at for place in places],
    )
    now = Seen(row["snapshot"], row["seq"], row["received_at"], row["epoch"])
    return View(row["epoch"], now, row["undone"], row["forgotten"])


def seal(cipher: Cipher, value: Struct, context: bytes) -> str:
    """A forged cursor from the future would make every device start anew."""
    sealed = cipher.seal(msgspec.json.encode(value), context)
    return base64.urlsafe_b64encode(sealed).decode()


def opened(cipher: Cipher, value: str, context: bytes, type_: type[S]) -> S:
    """What was sealed. Raises Unreadable."""
    try:
        plain = cipher.open(base64.urlsafe_b64decode(value), context)
        return msgspec.json.decode(plain, type=type_)
    except (ValueError, msgspec.DecodeError) as error:
        raise Unreadable from error
