-- What organizations are called that were renamed: an application that was asked for before, under the old name, comes
-- into being under the new one.
create table organization_name (
  organization text primary key,
  name text not null
);
