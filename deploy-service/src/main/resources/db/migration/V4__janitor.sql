-- The installation this database belongs to, written when the platform first ran on it. A janitor that finds another one
-- on disk, or none here although applications are on disk, does not start.
create table installation (
  only_row boolean primary key default true check (only_row),
  id text not null,
  known_since timestamptz not null default clock_timestamp()
);

-- Where reality and the ledger disagree, as the janitor last saw it. A row goes when they agree again.
create table discrepancy (
  side text not null check (side in ('FOUND', 'MISSING')),
  kind text not null,
  name text not null,
  subject text not null,
  detail text not null,
  reason text not null,
  -- For people.
  since timestamptz not null default clock_timestamp(),
  -- In milliseconds of the platform's running time, which no jump of a clock moves: since when the janitor itself could
  -- remove it, without a look that said otherwise. Null while it could not.
  removable_since bigint,
  -- How many looks in a row have found it so.
  removable_looks int not null default 0,
  primary key (side, kind, name)
);
