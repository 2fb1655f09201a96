-- Whether the databases were made, or made as they have to be, since instance-service puts a guard against breaking
-- migrations into them. Linked servers have none.
alter table database_access add column guarded boolean not null default false;
update database_access set guarded = linked;
