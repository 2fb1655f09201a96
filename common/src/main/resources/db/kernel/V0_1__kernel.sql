-- The operation kernel's tables, one set in each service's own database. Plain SQL over JDBC writes them.
-- Lock order everywhere: the subject's row first, then anything that belongs to it.

-- Time in which the platform runs. A replica adds to it every second, and never more than two seconds at once, so that
-- deadlines do not pass while everything is down.
create table platform_clock (
  only_row boolean primary key default true check (only_row),
  running_millis bigint not null,
  ticked_at timestamptz not null
);
insert into platform_clock values (true, 0, clock_timestamp());

create function platform_now() returns bigint language sql stable as $$
  select running_millis
       + least(greatest((extract(epoch from (clock_timestamp() - ticked_at)) * 1000)::bigint, 0), 2000)
  from platform_clock
$$;

-- What operations work on. It has one active operation, an epoch that every claim raises, and the number of its last
-- event.
create table subject (
  id text primary key,
  organization text not null,
  epoch bigint not null default 0,
  seq bigint not null default 0,
  active_operation text
);

create table operation (
  id text primary key,
  kind text not null,
  signature text not null,
  subject text not null references subject,
  subject_name text not null,
  organization text not null,
  requested_by text not null,
  -- Operations that wait for this one, the oldest first; they may live in other services.
  ancestry text[] not null default '{}',
  -- The operation on the same subject that goes on when this one has ended.
  resumes text references operation,
  phase text not null check (phase in ('QUEUED', 'RUNNING', 'UNWINDING', 'STUCK', 'ENDED')),
  stuck_in text check (stuck_in in ('RUNNING', 'UNWINDING')),
  outcome text check (outcome in ('SUCCEEDED', 'UNDONE', 'CANCELLED', 'SUPERSEDED', 'REFUSED', 'ABANDONED')),
  step text not null,
  admission text not null,
  attempts int not null default 0,
  cancel_requested boolean not null default false,
  past_pivot boolean not null default false,
  input jsonb not null,
  state jsonb not null,
  awaiting jsonb,
  awaiting_id text,
  child_end jsonb,
  waiting_for text,
  cause_code text,
  cause_message text,
  -- In milliseconds of the platform's running time.
  deadline bigint not null,
  step_deadline bigint not null,
  due_at timestamptz not null,
  leased_by text,
  leased_until timestamptz,
  epoch bigint not null default 0,
  -- Raised by every change that a reader can see.
  version bigint not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((phase = 'ENDED') = (outcome is not null)),
  check ((phase = 'ENDED') = (ended_at is not null)),
  check ((phase = 'STUCK') = (stuck_in is not null))
);
create index operation_due on operation (due_at) where phase in ('RUNNING', 'UNWINDING');
create index operation_leased on operation (leased_by) where leased_by is not null;
create index operation_of_subject on operation (subject, created_at desc);
create index operation_of_organization on operation (organization, created_at desc, id);
create index operation_awaiting on operation (awaiting_id) where awaiting_id is not null;

-- What happened to each step, in both directions.
create table operation_step (
  operation text not null references operation,
  step text not null,
  direction text not null check (direction in ('DO', 'UNDO')),
  number int not null,
  state text not null check (state in ('ENTERED', 'DONE', 'FAILED')),
  attempts int not null default 0,
  message text,
  entered_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  primary key (operation, step, direction)
);

-- Everything made outside the database. Rows go PLANNED, MADE, GONE and are never deleted.
create table ledger (
  number bigint generated always as identity primary key,
  subject text not null references subject,
  operation text not null references operation,
  step text not null,
  kind text not null,
  name text not null,
  state text not null check (state in ('PLANNED', 'MADE', 'GONE')),
  planned_at timestamptz not null default clock_timestamp(),
  made_at timestamptz,
  gone_at timestamptz,
  proof text,
  check ((state = 'GONE') = (proof is not null))
);
create unique index ledger_open on ledger (kind, name) where state <> 'GONE';
create index ledger_of_subject on ledger (subject, number);

-- Messages to send, in the order of seq for each aggregate; a row is deleted when Kafka has acknowledged it.
create table outbox (
  number bigint generated always as identity primary key,
  aggregate text not null,
  seq bigint not null,
  topic text not null,
  payload text not null,
  written_at timestamptz not null default clock_timestamp(),
  unique (topic, aggregate, seq)
);

-- The last seq seen of each aggregate, for each topic and sender.
create table inbox (
  topic text not null,
  source text not null,
  aggregate text not null,
  seq bigint not null,
  seen_at timestamptz not null default clock_timestamp(),
  primary key (topic, source, aggregate)
);

-- Messages that could not be understood; later ones of the same key queue behind them.
create table parked_message (
  number bigint generated always as identity primary key,
  topic text not null,
  message_key text not null,
  payload text not null,
  cause text not null,
  parked_at timestamptz not null default clock_timestamp()
);
create index parked_by_key on parked_message (topic, message_key, number);

-- A key that a caller gave to a mutating call, and the operation that call began.
create table idempotency_key (
  organization text not null,
  request text not null,
  key text not null,
  body_digest text not null,
  operation text references operation,
  claimed_at timestamptz not null default clock_timestamp(),
  primary key (organization, request, key)
);
