-- Organizations that their last member is leaving, and until when nothing begins in them for that reason.
create table departure (
  organization text primary key,
  until timestamptz not null
);
