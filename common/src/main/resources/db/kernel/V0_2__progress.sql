-- Progress that a step reports extends its deadline up to a limit, and a retry after a child has failed asks another one.
alter table operation
  -- In milliseconds of the platform's running time. 0 where an older version entered the step: nothing extends it.
  add column step_limit bigint not null default 0,
  add column reported bigint not null default 0,
  add column generation int not null default 0;
