-- A call that changes something without an operation has a key too. Its answer is derived from what it made: an
-- identifier, or nothing at all; never a secret. Neither operation nor result: the call is under way, or was lost.
alter table idempotency_key add column result text;
