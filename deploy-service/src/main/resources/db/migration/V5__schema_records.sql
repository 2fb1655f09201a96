-- Which versions' migrations are applied, of every database that an application has or had. An instance has one for each
-- application.
create table schema_record (
  application text not null references application on delete cascade,
  instance text not null,
  -- Oldest version first; what each has changed, and what the schema was then.
  record jsonb not null,
  primary key (application, instance)
);
create index schema_record_of_instance on schema_record (instance);

insert into schema_record (application, instance, record)
select a.id, a.instance,
       jsonb_build_object('applied', jsonb_agg(
         jsonb_build_object('version', at.version, 'changed', v.migrated) order by at.position))
  from application a
 cross join lateral unnest(a.schema_at) with ordinality as at (version, position)
  left join version v on v.application = a.id and v.id = at.version
 group by a.id, a.instance;

alter table application drop column schema_at;
alter table version drop column migrated;

-- The instance that the version's folder was made ready for: its configuration says where the databases are. Null while
-- it is not ready, and while nobody can tell: a version that runs is where its application is, others are made ready anew.
alter table version add column ready_for text;
update version v set ready_for = a.instance from application a where a.id = v.application and v.manifest is not null
   and (v.id = a.serving or exists (select from executor e where e.application = a.id and e.version = v.id));
