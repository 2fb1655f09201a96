-- What a reader of the feed may ask for, and since when each event is kept.
alter table event_feed
  add column taken_at timestamptz not null default clock_timestamp(),
  -- Without what every type begins with, and without its version: operation.ended
  add column type text not null
    generated always as (regexp_replace(event->>'type', '^slipway\.|\.v[0-9]+$', '', 'g')) stored,
  -- The operation that tells, and its kind; null in what is no event of an operation.
  add column operation text generated always as (event->'data'->>'operation') stored,
  add column kind text generated always as (event->'data'->>'kind') stored,
  -- What people called the subject then, where the event says so.
  add column subject_name text
    generated always as (
      coalesce(
        event->'data'->>'subjectName',
        event->'data'->>'name',
        event->'data'->>'newName',
        event->'data'->>'organizationName',
        case when event->'data'->>'user' = subject then event->'data'->>'userName' end)
    ) stored;

create index event_feed_of_operation on event_feed (organization, operation, number)
  where operation is not null;
-- Few operations have been asked for by another one.
create index event_feed_of_ancestors on event_feed using gin ((event->'data'->'ancestry'))
  where event->'data'->'ancestry' <> '[]';
-- Rows are written in the order of this time.
create index event_feed_taken on event_feed using brin (taken_at);
