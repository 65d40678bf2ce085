-- By which a personal value can be found without being read: a keyed hash of it, when it has one.
alter table sealed_value add column blind bytea;
create index sealed_value_blind on sealed_value (blind) where blind is not null;
