update set_aside set state = $state::varchar where id = $id::varchar
