"""The feed of bucket rows: what became of a bucket's members between two snapshots."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from offline.ports import Connection

Since = tuple[str | None, list[str]]
"""Buckets, and the snapshot since which their changes count; None: whatever they hold."""


class Place(Struct, frozen=True, array_like=True):
    """The row after which reading goes on."""

    xid: str = "0"
    seq: int = 0


_READ = """
select m.* from (
    select bucket, since, greatest(pg_snapshot_xmin(since), $4::text::xid8) as xid
    from unnest($1::text[], $2::text[]::pg_snapshot[]) as t (bucket, since)
) w
cross join lateral (
    select entity, bucket, kind, version, seq, xid, removed from bucket_member b
    where b.bucket = w.bucket
      and (b.xid, b.seq) > (w.xid, case w.xid when $4::text::xid8 then $5::bigint else 0 end)
      and case when w.since is null then not b.removed
          else not pg_visible_in_snapshot(b.xid, w.since) end
      and pg_visible_in_snapshot(b.xid, $3::text::pg_snapshot)
    order by b.xid, b.seq limit $6
) m
order by m.xid, m.seq limit $6
"""
"""One start, as a pair: with `xid >=` beside it the index would be read from the other's."""


async def read(
    conn: Connection, since: Sequence[Since], until: str, after: Place, limit: int
) -> list[Any]:
    """Rows that `until` sees and their bucket's `since` did not, in order of writing."""
    pairs = [(bucket, snapshot) for snapshot, buckets in since for bucket in buckets]
    return await conn.fetch(
        _READ,
        [bucket for bucket, _ in pairs],
        [snapshot for _, snapshot in pairs],
        until,
        after.xid,
        after.seq,
        limit,
    )


_CHECKSUMS = """
select w.bucket, encode(sha256(convert_to(coalesce((
    select string_agg(b.entity::text || ' ' || b.version || E'\\n', '' order by b.entity)
    from bucket_member b where b.bucket = w.bucket and not b.removed), ''), 'UTF8')), 'hex') as sum
from unnest($1::text[]) as w (bucket)
"""


async def checksums(conn: Connection, buckets: Sequence[str]) -> dict[str, str]:
    """PROTOCOL.md 5, by bucket. Ids sort alike as bytes and as text."""
    rows = await conn.fetch(_CHECKSUMS, list(buckets))
    return {row["bucket"]: row["sum"] for row in rows}
