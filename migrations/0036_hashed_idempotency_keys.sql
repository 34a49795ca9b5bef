-- Idempotency keys are kept as their SHA-256, in hexadecimal digits: clients make them of what they are about, as of a
-- contact's number. What is kept lasts for a day; what was kept by its plain key is not found any more.

delete from idempotency;
