"""Which documents a device may hold, and what has changed in them: place × subject × view."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from offline.ports import Connection


class Standing(Struct, frozen=True):
    """Where one entity stands after a change: the buckets that hold it at this version."""

    kind: str
    entity: UUID
    version: int
    buckets: frozenset[str]


async def rewrite(conn: Connection, standings: Sequence[Standing]) -> set[str]:
    """Rewrite the member rows of changed entities; leaving a bucket leaves a tombstone.

    Returns the buckets touched. A row gets a new sequence number and this transaction's xid, by
    which readers find it.
    """
    if not standings:
        return set()
    entities: list[UUID] = []
    names: list[str] = []
    kinds: list[str] = []
    versions: list[int] = []
    for standing in standings:
        for bucket in sorted(standing.buckets):
            entities.append(standing.entity)
            names.append(bucket)
            kinds.append(standing.kind)
            versions.append(standing.version)
    rows = await conn.fetch(
        """
        with present as (
            insert into bucket_member as m (entity, bucket, kind, version)
            select * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[])
            on conflict (entity, bucket) do update
            set version = excluded.version, seq = nextval('bucket_seq'),
                xid = pg_current_xact_id(), removed = false
            returning bucket
        ), gone as (
            update bucket_member m
            set version = s.version, seq = nextval('bucket_seq'),
                xid = pg_current_xact_id(), removed = true
            from unnest($5::uuid[], $6::int[]) as s(entity, version)
            where m.entity = s.entity and not m.removed
              and not exists (
                select from unnest($1::uuid[], $2::text[]) as p(entity, bucket)
                where p.entity = m.entity and p.bucket = m.bucket)
            returning m.bucket
        )
        select distinct bucket from (select * from present union all select * from gone) t
        """,
        entities,
        names,
        kinds,
        versions,
        [s.entity for s in standings],
        [s.version for s in standings],
    )
    return {row["bucket"] for row in rows}
