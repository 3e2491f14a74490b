-- Whether an annotation was retracted last; null where there is none of this id.
select arg_max(retracted, received_at) as retracted from annotations where id = $id::varchar
