-- Postgres instances, provisioned here or linked. What happened to one, and how it stands, is derived from its
-- operations and from what was last observed.
create table instance (
  id text primary key,
  organization text not null,
  name text not null,
  kind text not null check (kind in ('PROVISIONED', 'LINKED')),
  administrator text not null,
  -- Where it answers, once that is known.
  host text,
  port int,
  -- Of a linked one: encrypted with the installation's key.
  sealed_password text,
  supabase_reference text,
  -- The operation that brings it into being.
  operation text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (organization, name)
);

create table observation (
  instance text primary key references instance on delete cascade,
  state text not null check (state in ('UP', 'DOWN')),
  reason text,
  -- Since when it has been in this state, and when it was last looked at.
  since timestamptz not null,
  observed_at timestamptz not null
);
