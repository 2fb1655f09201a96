-- What people are told of a step that waits: since when a child was asked for, and whether the last attempt has failed.
alter table operation_step
  add column asked_at timestamptz,
  add column failing boolean not null default false;

-- The newest successes of a plan say how long it usually takes.
create index operation_succeeded on operation (kind, signature, ended_at desc) where outcome = 'SUCCEEDED';
