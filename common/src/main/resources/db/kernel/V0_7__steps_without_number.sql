-- Steps are shown in the order of their plan. Nobody asks for this number, and counting cost every commit; a replica of
-- the version before goes on writing it.
alter table operation_step alter column number drop not null;
