-- Applications that are deleted, for which nothing is bound any more. The rows stay: identifiers are never used again, and
-- nobody can tell how late a binding may arrive that was asked for before.
create table deleted_application (
  application text primary key,
  deleted_at timestamptz not null default clock_timestamp()
);
