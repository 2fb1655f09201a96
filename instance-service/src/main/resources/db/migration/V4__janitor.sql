-- The janitor is the same in every service.
alter table discrepancy rename column instance to subject;
