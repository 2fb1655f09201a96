-- What a runner assumes is asked for in the statements that write, and one of them calls this where it is no longer so:
-- then nothing of the transaction is stored.
create function not_as_seen() returns bigint language plpgsql as $$
begin
  raise exception using errcode = 'SW001', message = 'what is stored is not what was seen last';
end
$$;

-- What a column may hold is said by the types that write it. Postgres reads the text of every constraint anew for each
-- row that is written, which was a tenth of what an operation cost; what says that a row makes sense stays, as one.
alter table operation
  drop constraint operation_phase_check,
  drop constraint operation_stuck_in_check,
  drop constraint operation_outcome_check,
  drop constraint operation_check,
  drop constraint operation_check1,
  drop constraint operation_check2,
  add constraint operation_ends_whole check (
    (phase = 'ENDED') = (outcome is not null)
    and (phase = 'ENDED') = (ended_at is not null)
    and (phase = 'STUCK') = (stuck_in is not null));
-- The same goes for what is looked up twice: steps are written with their operation, and a subject's numbers under its
-- lock.
alter table operation_step
  drop constraint operation_step_direction_check,
  drop constraint operation_step_state_check,
  drop constraint operation_step_operation_fkey;
alter table outbox drop constraint outbox_topic_aggregate_seq_key;
