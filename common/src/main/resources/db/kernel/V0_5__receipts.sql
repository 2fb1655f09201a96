-- Who verified that a thing is gone, and whom an operation asked: what its receipt is made of. Empty for what happened
-- before.
alter table ledger add column gone_by text references operation;
create index ledger_planned_by on ledger (operation, number);
create index ledger_gone_by on ledger (gone_by, number) where gone_by is not null;

alter table operation add column children text[] not null default '{}';
