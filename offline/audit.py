"""The ledger's seal: every line's digest, in blocks that are chained by SM3.

A block holds the lines that the reader `audit` found together. Its digest covers their digests and
the block before, so that nobody changes, adds or drops a line unseen without making all later
blocks anew; what they were is in the log, and in whatever `verify` printed. Personal values are
sealed elsewhere and named in the lines by id and digest: erasing one leaves the chain valid.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash
from msgspec import Struct

from offline.ports import Connection
from offline.readers import Reader

log = logging.getLogger("xunge.audit")

NAME = "audit"
DIGEST_BYTES = 32
START = bytes(DIGEST_BYTES)
"""What the first block is chained to."""

_COLUMNS = (
    "seq",
    "xid",
    "occurred_at",
    "received_at",
    "author",
    "post",
    "area",
    "device",
    "session",
    "ip",
    "command",
    "kind",
    "entity",
    "version",
    "verb",
    "facts",
    "facts_version",
)
"""Never to change: what has been sealed is recomputed from these."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fault(Struct, frozen=True):
    """The first thing wrong: in which block, at which line of the journal, and what."""

    what: str
    block: int | None = None
    row: int | None = None


class Chain(Struct, frozen=True):
    """How far the chain holds. `head` is the last good block's digest, worth noting elsewhere."""

    blocks: int = 0
    rows: int = 0
    head: bytes = START
    fault: Fault | None = None


def canonical(row: Any) -> bytes:
    """A line as the bytes that are digested: each column in turn as `length:text,` in UTF-8, or `-`
    for none; times in microseconds since 1970 UTC.
    """
    return b"".join(map(_field, (row[name] for name in _COLUMNS)))


def _field(value: object) -> bytes:
    if value is None:
        return b"-"
    if isinstance(value, datetime):
        value = (value - _EPOCH) // timedelta(microseconds=1)
    text = str(value).encode()
    return b"%d:%b," % (len(text), text)


def _digest(*parts: bytes) -> bytes:
    digest = Hash(SM3())
    for part in parts:
        digest.update(part)
    return digest.finalize()


def _block(number: int, before: bytes, rows: Sequence[int], row_digests: bytes) -> bytes:
    return _digest(b"%d:" % number, before, b",".join(b"%d" % row for row in rows), row_digests)


async def _seal(conn: Connection, rows: Sequence[Any]) -> None:
    last = await conn.fetchrow(
        "select number, digest from audit_block order by number desc limit 1"
    )
    number, before = (last["number"] + 1, last["digest"]) if last else (1, START)
    numbers = [row["seq"] for row in rows]
    row_digests = b"".join(_digest(canonical(row)) for row in rows)
    digest = _block(number, before, numbers, row_digests)
    await conn.execute(
        "insert into audit_block (number, rows, row_digests, digest) values ($1, $2, $3, $4)",
        number,
        numbers,
        row_digests,
        digest,
    )
    log.info("audit_sealed", extra={"block": number, "rows": len(rows), "head": digest.hex()})


READER = Reader(NAME, _seal)


async def verify(conn: Connection) -> AsyncIterator[Chain]:
    """Recompute the chain block by block; the last Chain given tells how it ended.

    Within one REPEATABLE READ transaction. A long ledger takes its time: every line is read.
    """
    chain = Chain()
    while chain.fault is None:
        block = await conn.fetchrow(
            "select * from audit_block where number > $1 order by number limit 1", chain.blocks
        )
        if block is None:
            break
        chain = await _verified(conn, chain, block)
        yield chain
    if chain.fault is None and (row := await _unsealed(conn)) is not None:
        fault = Fault("这一行已被读过,却不在任何一块里:是事后补进来的", None, row)
        chain = Chain(chain.blocks, chain.rows, chain.head, fault)
    yield chain


async def _verified(conn: Connection, chain: Chain, block: Any) -> Chain:
    number = chain.blocks + 1
    fault = None
    if block["number"] != number:
        fault = Fault(f"第 {number} 块不见了", number)
    else:
        fault = await _row_fault(conn, block)
    if fault is None:
        digest = _block(number, chain.head, block["rows"], block["row_digests"])
        if digest != block["digest"]:
            fault = Fault("这一块与前一块接不上", number)
    if fault is not None:
        return Chain(chain.blocks, chain.rows, chain.head, fault)
    return Chain(number, chain.rows + len(block["rows"]), block["digest"])


async def _row_fault(conn: Connection, block: Any) -> Fault | None:
    number, sealed = block["number"], block["row_digests"]
    found = await conn.fetch("select * from journal where seq = any($1)", block["rows"])
    rows = {row["seq"]: row for row in found}
    for place, seq in enumerate(block["rows"]):
        if seq not in rows:
            return Fault("这一行不见了", number, seq)
        kept = sealed[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
        if _digest(canonical(rows[seq])) != kept:
            return Fault("这一行被改动过", number, seq)
    return None


async def _unsealed(conn: Connection) -> int | None:
    """The first line that the reader has passed and that is in no block, nor waits to be retried:
    it was put in later under an older transaction's number.
    """
    seq: int | None = await conn.fetchval(
        "select min(seq) from ("
        " select j.seq from journal j, journal_reader r"
        " where r.name = $1 and pg_visible_in_snapshot(j.xid, r.cursor)"
        " except select unnest(rows) from audit_block"
        " except select seq from dead_letter where reader = $1) t",
        NAME,
    )
    return seq
