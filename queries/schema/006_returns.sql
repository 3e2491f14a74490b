-- What providers tell of money that goes back, and what is not to be taken for it.

-- A refund that is begun and not done yet; null: no.
alter table events add column if not exists pending boolean;
-- The rest of a hold that was captured in part, where it is told as a refund too. Minor units, beside `minor`.
alter table events add column if not exists released bigint;

alter table payment_log add column if not exists pending boolean;
alter table payment_log add column if not exists released bigint;
