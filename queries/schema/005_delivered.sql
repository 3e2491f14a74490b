-- Every commit says by which earlier one figures had been shown that its events may change: the one before it, or,
-- of the commits of one import, the last before the import began. Those made so far say the one before.
create temp table commits_so_far as from commits;
drop table commits;

-- One row per commit group: its stamp is `received_at` of every event in it.
create table commits (
    version     bigint    not null,
    received_at timestamp not null,
    events      bigint    not null,
    first_time  timestamp not null, -- earliest and latest `time` of its events
    last_time   timestamp not null,
    shown_at    timestamp           -- stamp of the last commit of which figures had been shown; null: there was none
);
insert into commits
select version, received_at, events, first_time, last_time, lag(received_at) over (order by received_at)
from commits_so_far
order by version;
drop table commits_so_far;

-- Events whose quarter hour had ended by the `shown_at` of their commit: figures that may have been shown
-- changed. Counted by the quarter hour (UTC) of the event and by stamp of receipt; the next version folds all again.
drop table late_events;
create table late_events (
    quarter     timestamp not null,
    received_at timestamp not null,
    events      bigint    not null
);
