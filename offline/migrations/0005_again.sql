-- The life of the database in which a command was accepted that a restore has undone: what is pushed
-- again is never refused by rule.
alter table kept_command add column accepted_in text;
