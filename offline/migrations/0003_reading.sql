-- Snapshots by time, one an hour. Tombstones older than the oldest are forgotten; that of the
-- beginning stands until some are.
create table moment (
    taken_at timestamptz primary key,
    snapshot pg_snapshot not null
);
insert into moment values ('1970-01-01', '1:1:');
create index bucket_member_removed on bucket_member (xid) where removed;

-- A bucket's documents as a file, sealed, in the object store. Whoever takes it goes on with what
-- `snapshot` had not seen. One that is retired stays until downloads under way have ended.
create table bucket_snapshot (
    id uuid primary key,
    bucket text not null,
    snapshot pg_snapshot not null,
    documents integer not null,
    bytes bigint not null,
    checksum text not null,
    made_at timestamptz not null,
    retired_at timestamptz
);
create unique index bucket_snapshot_current on bucket_snapshot (bucket) where retired_at is null;
