-- Fields that no rule of the contract reads, by the source that sent them, as counted by the server from time to time.
create table if not exists source_ignored (
    source varchar not null, -- as in source_tallies
    field  varchar,          -- its path; null: all others together
    meant  varchar,          -- the path of the field that was probably meant
    times  bigint  not null
);
