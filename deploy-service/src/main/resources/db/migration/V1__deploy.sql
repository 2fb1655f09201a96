-- Applications. How one stands is derived from its operations and from what was last observed of its executors.
create table application (
  id text primary key,
  organization text not null,
  -- A label that follows renamings, and the first part of the host.
  organization_name text not null,
  name text not null,
  language text not null check (language in ('NODE', 'PYTHON')),
  instance text not null,
  instance_name text not null,
  database_name text not null,
  -- What the next deploy will use.
  memory_mib int not null,
  minimum_executors int not null,
  -- The version that requests go to.
  serving text,
  -- The versions whose migrations are applied, oldest first.
  schema_at text[] not null default '{}',
  -- Of the last route told.
  route_revision bigint not null default 0,
  -- The highest identifier a version ever had here, so that none is given twice, whatever the clock does.
  last_version bigint not null default 0,
  -- The last deploy that was answered before it had ended; what becomes of it can be seen from the status alone.
  answered_early text,
  -- The operation that registered it.
  operation text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint application_name unique (organization, name),
  -- Two applications never share a database.
  constraint application_database unique (instance, database_name)
);

-- Versions that are kept. Their identifiers are milliseconds since 1970, as text.
create table version (
  application text not null references application on delete cascade,
  id text not null,
  -- SHA-256 of the archive.
  archive text not null,
  -- What was found in it; null until it was read.
  manifest jsonb,
  deployed boolean not null default false,
  -- Whether its migrations changed anything; null until they were run.
  migrated boolean,
  -- The last operation that worked on it.
  operation text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (application, id)
);

-- Executors that run or should. Why is their duty; whether they do is observed.
create table executor (
  id text primary key,
  application text not null references application on delete cascade,
  version text not null,
  host text not null,
  port int not null,
  admin_port int not null,
  memory_mib int not null,
  duty text not null check (duty in ('STARTING', 'SERVING', 'DRAINING')),
  -- When it got this duty.
  since timestamptz not null,
  -- What was last seen; null before the first look.
  up boolean,
  reason text,
  observed_at timestamptz
);
create index executor_of_application on executor (application, version);

-- Secrets, encrypted with the installation's key.
create table secret (
  application text not null references application on delete cascade,
  name text not null,
  sealed text not null,
  primary key (application, name)
);

-- How applications get to their databases, on each instance that they use or are moving to.
create table database_access (
  application text not null references application on delete cascade,
  instance text not null,
  host text not null,
  port int not null,
  role text not null,
  -- Encrypted with the installation's key.
  sealed_password text not null,
  -- Whether the databases and the role are known to be there.
  ensured boolean not null,
  primary key (application, instance)
);

-- The last route told of each application, those that are gone included: a gateway that has none of them any more
-- has heard it.
create table told_route (
  application text primary key,
  revision bigint not null,
  removed boolean not null
);

-- The gateways, when each was last heard of, and the revisions of the routes it has.
create table gateway (
  id text primary key,
  revisions jsonb not null,
  seen_at timestamptz not null
);
