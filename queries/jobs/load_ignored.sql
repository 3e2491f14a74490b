select source, field, meant, times
from source_ignored
order by source, field
