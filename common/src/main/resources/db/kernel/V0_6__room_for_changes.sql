-- Most changes of an operation and of its subject touch no indexed column. With room on the page the new row stays
-- beside the old one and no index hears of it.
alter table operation set (fillfactor = 50);
alter table subject set (fillfactor = 50);
alter table operation_step set (fillfactor = 80);

-- The ledger only grows; what a step has planned is found without reading all of it.
create index ledger_of_operation on ledger (operation, step) where state <> 'GONE';
