-- What is over is looked for by its age, without reading what is not.
create index invitation_unused on invitation (expires_at) where used_at is null;
create index refresh_token_age on refresh_token (used_at);
