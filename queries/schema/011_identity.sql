-- Which database this is: a random name, which the mark in the data folder holds too.
create table if not exists ledger_identity (
    id varchar not null
);
insert into ledger_identity select replace(uuid()::varchar, '-', '') where not exists (select 1 from ledger_identity);

-- Stamps of receipt that lay ahead of the clock and were moved back to it.
create table if not exists moved_stamps (
    moved_at timestamp not null, -- the clock, when they were moved
    was      timestamp not null,
    stamp    timestamp not null  -- what it is now
);
