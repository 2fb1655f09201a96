-- Why an operation was being undone, while an undo is stuck for a cause of its own; it is what it ends with.
alter table operation add column undone_for jsonb;
