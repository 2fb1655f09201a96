-- Who did what, from where, with which token, and what came of it. One row for each call; what came of it is written
-- into the row once, when it is known. Of organizations a row belongs to one, and of people who have none yet to the
-- first one they get.
create table audit (
  id text primary key,
  organization text,
  at timestamptz not null default clock_timestamp(),
  identity text not null,
  -- The name of whoever called, as it was then.
  actor text not null,
  action text not null,
  method text not null,
  path text not null,
  address text not null,
  agent text not null,
  -- Ids of tokens, never the tokens.
  token text,
  refresh_token text,
  request text not null,
  -- What came of it: an HTTP status, the operation that was begun, how long the answer took.
  status int,
  operation text,
  took_millis bigint,
  check ((status is null) = (took_millis is null))
);
create index audit_of_organization on audit (organization, at, id);
create index audit_without_organization on audit (identity) where organization is null;
create index audit_age on audit (at);

-- Nothing that stands in it is changed, and nothing is removed within a year.
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and old.at < clock_timestamp() - interval '365 days' then
    return old;
  end if;
  if tg_op = 'UPDATE'
    and (old.organization is null or new.organization is not distinct from old.organization)
    and (old.status is null
      or (new.status, new.operation, new.took_millis) is not distinct from (old.status, old.operation, old.took_millis))
    and to_jsonb(new) - '{organization,status,operation,took_millis}'::text[]
      = to_jsonb(old) - '{organization,status,operation,took_millis}'::text[]
  then
    return new;
  end if;
  raise exception 'the audit log is append-only';
end
$$;
create trigger audit_rows before update or delete on audit
  for each row execute function audit_is_append_only();
create trigger audit_table before truncate on audit
  for each statement execute function audit_is_append_only();

-- What people see of a refresh token.
alter table refresh_token
  add column id text not null unique default 'rft_' || replace(gen_random_uuid()::text, '-', '');
