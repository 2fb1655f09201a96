-- Who you are and what you may. Keys are ids; names are labels that may change.
-- Lock order everywhere: users by id, then organizations by id, then invitations. Whoever gives out a name first takes
-- the advisory lock that NameRegister names.

-- What signs in. Exists before its user does.
create table identity (
  id text primary key,
  name text not null unique,
  email text,
  password_hash text not null,
  created_at timestamptz not null
);

create table organization (
  id text primary key,
  name text not null,
  created_at timestamptz not null,
  -- Its only member has joined another one, or was removed from it; the name is free again.
  closed_at timestamptz
);
create unique index organization_name on organization (name) where closed_at is null;

create table account_user (
  id text primary key,
  identity text not null unique references identity,
  name text not null unique,
  given_name text not null,
  family_name text not null,
  company text not null,
  organization text not null references organization,
  admin boolean not null,
  created_at timestamptz not null
);
create index account_user_of_organization on account_user (organization, name);
create unique index account_user_admin on account_user (organization) where admin;

-- Secrets are kept as SHA-256: they are random, so there is nothing to guess that a slow hash would protect.
create table invitation (
  secret_hash bytea primary key,
  organization text not null references organization,
  made_by text not null references account_user,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  used_by text references account_user,
  used_at timestamptz
);
create index invitation_of_organization on invitation (organization);

create table device_authorization (
  device_code_hash bytea primary key,
  user_code text not null unique,
  client text not null,
  scope text not null,
  state text not null check (state in ('PENDING', 'APPROVED', 'DENIED', 'USED')),
  identity text references identity,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  polled_at timestamptz,
  check ((identity is not null) = (state in ('APPROVED', 'USED')))
);
create index device_authorization_expiry on device_authorization (expires_at);

create table refresh_token (
  token_hash bytea primary key,
  identity text not null references identity,
  client text not null,
  scope text not null,
  made_at timestamptz not null,
  used_at timestamptz not null,
  revoked_at timestamptz
);
create index refresh_token_of_identity on refresh_token (identity);

-- Keys of access tokens. The private half is encrypted with the installation's keys.
create table signing_key (
  id text primary key,
  public_key bytea not null,
  private_key_encrypted bytea not null,
  made_at timestamptz not null
);
