-- Which application uses which instance. Made while the instance's row is locked, as a destroy is accepted, so that one
-- excludes the other; an instance with bindings is not destroyed.
create table binding (
  application text not null,
  instance text not null references instance,
  -- As it was when the binding was made: for people.
  application_name text not null,
  bound_at timestamptz not null default clock_timestamp(),
  primary key (application, instance)
);
create index binding_of_instance on binding (instance);
