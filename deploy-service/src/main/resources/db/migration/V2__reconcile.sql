-- Whether executors are meant to run: STOPPED from the moment the platform is asked to stop until it starts again. Who
-- begins to restore holds this row for share.
create table platform_wish (
  only_row boolean primary key default true check (only_row),
  wish text not null check (wish in ('RUNNING', 'STOPPED')),
  since timestamptz not null default clock_timestamp()
);
insert into platform_wish (wish) values ('RUNNING');

-- Whether it is somebody else's server, whose certificate the platform's authority has not signed.
alter table database_access add column linked boolean not null default false;
