-- What a person decided of a kept command: `go_on` with it whatever it waits for or clashes with, or
-- `refuse` it. It is carried out when the command is taken up again.
alter table kept_command add column decision text;
alter table kept_command add column decision_reason text;
update kept_command set next_try_at = null where outcome <> 'held';
drop index kept_command_due;
create index kept_command_due on kept_command (next_try_at) where next_try_at is not null;
create index kept_command_listed on kept_command (outcome, received_at, id);
