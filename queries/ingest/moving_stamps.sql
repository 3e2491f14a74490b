-- What one move of stamps changes: an earlier one may have moved the same stamps.
create or replace temp table moving (moved_at timestamp, was timestamp, stamp timestamp)
