-- Whether the filters on a dimension keep a row: its value is any of a list and none of another, and a list that is
-- null filters nothing. No value is an empty text: in a list that stands for rows without a value, which so pass the
-- first list only where it names them, and the second unless it does.
create or replace macro kept(value, any_of, none_of) as
    (any_of is null or coalesce(value, '') in any_of) and (none_of is null or coalesce(value, '') not in none_of);
