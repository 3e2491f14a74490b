-- Users who first paid in the range or pay again in it, with the moment of their second captured payment ever.
select user_key, epoch_us(min(first_capture_at, 2)[2]) as second_at
from payments
where mode = $mode::varchar
  and first_capture_at < $to::timestamp
  and user_key in (
      select user_key
      from payments
      where mode = $mode::varchar
        and first_capture_at >= $from::timestamp
        and first_capture_at < $to::timestamp
  )
group by user_key
having count(*) > 1
