-- Every event of every service, numbered without gaps for each organization.
create table event_feed_end (
  organization text primary key,
  number bigint not null
);

create table event_feed (
  organization text not null,
  number bigint not null,
  subject text not null,
  seq bigint not null,
  event jsonb not null,
  primary key (organization, number)
);
