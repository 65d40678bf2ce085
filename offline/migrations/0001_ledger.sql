-- The ledger. Rows are only ever added; a trigger holds even the owner to it.
create sequence journal_seq;

create table journal (
    seq bigint not null default nextval('journal_seq'),
    xid xid8 not null default pg_current_xact_id(),
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    author uuid,
    post uuid,
    area text,
    device uuid,
    session uuid,
    ip text,
    command uuid,
    kind text,
    entity uuid,
    version integer,
    verb text not null,
    facts jsonb not null default '{}',
    facts_version smallint not null default 1,
    primary key (seq)
) partition by range (seq);
create index journal_xid on journal (xid);
create index journal_entity on journal (entity, version);
create table journal_p0 partition of journal for values from (1) to (10000000);
create table journal_p1 partition of journal for values from (10000000) to (20000000);

create function forbid_change() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only';
end $$;
-- By row, so that every partition has it too; a partition takes the other when it is made.
create trigger journal_append_only before update or delete on journal
    for each row execute function forbid_change();
create trigger journal_not_emptied before truncate on journal
    for each statement execute function forbid_change();
create trigger journal_not_emptied before truncate on journal_p0
    for each statement execute function forbid_change();
create trigger journal_not_emptied before truncate on journal_p1
    for each statement execute function forbid_change();
revoke update, delete, truncate on journal from public;

-- Personal values of the ledger: erasing the subject's key erases the value.
create table subject_key (
    subject uuid primary key,
    sealed_key bytea not null
);
create table sealed_value (
    id uuid primary key,
    subject uuid not null,
    digest bytea not null,
    sealed bytea not null
);

-- What became of every command; those by rule have the nil id for device, author and post.
-- Bodies are kept only of those that were not accepted.
create table receipt (
    command uuid primary key,
    digest bytea not null,
    signature text,
    device uuid not null,
    device_seq bigint not null,
    author uuid not null,
    post uuid not null,
    type text not null,
    corrects uuid,
    outcome text not null,
    reasons jsonb not null default '[]',
    entity uuid,
    version integer,
    number text,
    received_at timestamptz not null,
    epoch text not null
);
create index receipt_corrects on receipt (corrects) where corrects is not null;
create table kept_command (
    id uuid not null,
    digest bytea not null,
    outcome text not null,
    reasons jsonb not null,
    type text not null,
    author uuid not null,
    sealed_body bytea not null,
    signature text,
    waits_for uuid[] not null default '{}',
    session_user_id uuid not null,
    received_at timestamptz not null,
    tries integer not null default 0,
    next_try_at timestamptz,
    primary key (id, digest)
);
create index kept_command_waiting on kept_command using gin (waits_for) where outcome = 'held';
create index kept_command_due on kept_command (next_try_at) where outcome = 'held';

-- What each device may hold. One row per bucket and entity: the feed compacts itself.
create sequence bucket_seq;
create table bucket_member (
    entity uuid not null,
    bucket text not null,
    kind text not null,
    version integer not null,
    seq bigint not null default nextval('bucket_seq'),
    xid xid8 not null default pg_current_xact_id(),
    removed boolean not null default false,
    primary key (entity, bucket)
) with (fillfactor = 80);
create index bucket_member_feed on bucket_member (bucket, xid, seq);

-- Which life of the database this is: a restore or failover starts a new epoch.
create table epoch (
    number integer generated always as identity primary key,
    system_identifier bigint not null,
    timeline integer not null,
    salt text not null,
    reason text not null,
    started_at timestamptz not null default now()
);

-- Where background readers of the journal stand, and what they could not do.
create table journal_reader (
    name text primary key,
    cursor pg_snapshot not null,
    target pg_snapshot,
    after_seq bigint not null default 0
);
create table dead_letter (
    id bigint generated always as identity primary key,
    reader text not null,
    seq bigint not null,
    error text not null,
    attempts integer not null,
    next_try_at timestamptz,
    created_at timestamptz not null default now(),
    unique (reader, seq)
);

-- The audit's seal: blocks of the journal, each chained to the one before by SM3. A row's digest is
-- kept beside its block's, 32 bytes each in the order of `rows`, so that a fault can be named.
create table audit_block (
    number integer primary key,
    rows bigint[] not null,
    row_digests bytea not null,
    digest bytea not null,
    made_at timestamptz not null default now()
);
