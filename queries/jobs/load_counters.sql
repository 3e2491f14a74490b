select source, epoch_us(last_delivery_at) as last_delivery_at, epoch_us(last_accepted_at) as last_accepted_at,
       deliveries, accepted, duplicates, conflicts, rejected, forged, unsupported, unparseable, lag_micros
from source_tallies
order by source
