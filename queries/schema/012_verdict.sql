-- A notice that is not counted: its type in its sender's words, and why it is quarantined where its type is counted.
-- A body that cannot be read has no type.
alter table events add column if not exists notice varchar;
alter table events add column if not exists reason varchar;

-- Earlier versions kept both in `extra`, as {"type":"…"} or {"reason":"…","type":"…"}: that text, else null.
create or replace macro uncounted_in(extra) as
    case
        when regexp_full_match(extra, '\{"type":"[^"\\]*"\}|\{"reason":"[^"\\]*","type":"[^"\\]*"\}') then extra
    end;
create or replace macro notice_in(told) as
    case when told <> '{"type":"unreadable"}' then regexp_extract(told, '"type":"([^"]*)"', 1) end;
create or replace macro reason_in(told) as
    case
        when told = '{"type":"unreadable"}' then 'unreadable'
        when told like '{"reason":%' then regexp_extract(told, '"reason":"([^"]*)"', 1)
    end;

update events
set notice = notice_in(extra), reason = reason_in(extra), extra = null
where kind = 'other' and uncounted_in(extra) is not null;
