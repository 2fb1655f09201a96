-- Old keys are forgotten in portions, and those who ask what goes on do not read what has ended.
create index idempotency_key_age on idempotency_key (claimed_at);
create index operation_active on operation (organization, created_at desc) where phase <> 'ENDED';
