"""A question as it was asked, with its buckets, its groups and its filters, read from the address."""

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from ledger import micros

COMMON = {"from", "to", "interval", "tz", "as_of", "mode", "currency", "group_by", "compare"}
DIMENSIONS = {
    "platform", "bot", "category", "country", "developer", "acquisition", "path", "credential", "provider", "network",
    "method", "wallet",
}
UTC = timezone.utc
SECOND = 1_000_000
DAY = 86_400 * SECOND


def instant(us):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def us_of(moment):
    return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def duration(text):
    """`90m`, `24h`, `7d`, `6w` in microseconds."""
    return int(text[:-1]) * {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}[text[-1]] * SECOND


class Bucket:
    """Half-open, in microseconds; `whole` where the range does not cut it."""

    __slots__ = ("index", "start", "end", "whole", "complete")

    def __init__(self, index, start, end, whole, complete):
        self.index, self.start, self.end, self.whole, self.complete = index, start, end, whole, complete

    def __contains__(self, time):
        return time is not None and self.start <= time < self.end


class Question:
    def __init__(self, path, default_as_of=None):
        parts = urlsplit(path)
        self.path, self.metric = path, parts.path.rsplit("/", 1)[1]
        self.parameters, self.filters, given = {}, [], {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            dimension = name.rstrip("!")
            # `platform=` and `provider=` filter; `path` is a dimension too.
            if dimension in DIMENSIONS:
                wanted = [None if word == "(none)" else word for word in value.split(",")]
                self.filters.append((dimension, name.endswith("!"), wanted))
            elif name in COMMON:
                given[name] = value
            else:
                self.parameters[name] = value
        self.tz = ZoneInfo(given.get("tz", "UTC"))
        self.interval = given.get("interval")
        self.as_of = micros(given["as_of"].replace(" ", "+")) if "as_of" in given else default_as_of
        self.mode = given.get("mode", "live")
        self.currency = given.get("currency", "USD")
        self.compare = given.get("compare")
        self.group_by = given["group_by"].split(",") if "group_by" in given else []
        self.start, self.end = self.range(given.get("from"), given.get("to"))
        self.buckets = self.cut(self.start, self.end)

    def range(self, start, end):
        """What is not given: the end is `as_of`, the start some days before it; neither: the last complete days."""
        days = timedelta(days=182 if self.metric == "forecast" else 30)
        if start is None and end is None:
            end = instant(self.as_of).astimezone(self.tz).date().isoformat()
        until = self.as_of if end is None else self.edge(end)
        if start is not None:
            return self.edge(start), until
        wall = instant(until).astimezone(self.tz).replace(tzinfo=None) - days
        return us_of(wall.replace(tzinfo=self.tz)), until

    def edge(self, text):
        """A date or local time of the zone, or RFC 3339."""
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return us_of(moment if moment.tzinfo else moment.replace(tzinfo=self.tz))

    def floor(self, us):
        """The beginning of the calendar bucket that a moment is in."""
        local = instant(us).astimezone(self.tz)
        if self.interval == "hour":
            start = us - (local.minute * 60 + local.second) * SECOND - local.microsecond
            # Where the clock changes by half an hour, an hour begins with the change.
            same_clock = instant(start).astimezone(self.tz).utcoffset() == local.utcoffset()
            return start if same_clock else self.after(start)
        day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
        if self.interval == "week":
            day -= timedelta(days=day.weekday())
        elif self.interval == "month":
            day = day.replace(day=1)
        elif self.interval == "quarter":
            day = day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
        elif self.interval == "year":
            day = day.replace(day=1, month=1)
        return us_of(day.replace(tzinfo=self.tz))

    def after(self, us):
        """The beginning of the calendar bucket after the one that begins at a moment."""
        local = instant(us).astimezone(self.tz).replace(tzinfo=None)
        if self.interval == "hour":
            return us + (3_600 - local.minute * 60 - local.second) * SECOND - local.microsecond
        # A day in a zone whose midnight is missing begins after it; the noon before is safe ground.
        day = (local + timedelta(hours=12)).replace(hour=0, minute=0, second=0, microsecond=0)
        months = {"month": 1, "quarter": 3, "year": 12}.get(self.interval)
        if months:
            total = day.year * 12 + day.month - 1 + months
            day = day.replace(year=total // 12, month=total % 12 + 1, day=1)
        else:
            day += timedelta(days=7 if self.interval == "week" else 1)
        return us_of(day.replace(tzinfo=self.tz))

    def cut(self, start, end):
        """The calendar buckets of a range, the first and the last clipped to it."""
        if self.interval is None:
            return [Bucket(0, start, end, True, end <= self.as_of)]
        buckets, edge = [], self.floor(start)
        while edge < end:
            following = self.after(edge)
            whole = edge >= start and following <= end
            low, high = max(edge, start), min(following, end)
            buckets.append(Bucket(len(buckets), low, high, whole, whole and high <= self.as_of))
            edge = following
        return buckets

    def before(self):
        """Where the period before a range without an interval begins."""
        first, after = (instant(us).astimezone(self.tz).replace(tzinfo=None) for us in (self.start, self.end))
        if any(us_of(local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=self.tz, fold=0)) != us
               for local, us in ((first, self.start), (after, self.end))):
            return 2 * self.start - self.end
        first, after = first.date(), after.date()
        month_before = (first - timedelta(days=1)).replace(day=1)
        is_month = first.day == after.day == 1 and (first + timedelta(days=31)).replace(day=1) == after
        start = month_before if is_month else first - (after - first)
        return us_of(datetime(start.year, start.month, start.day, tzinfo=self.tz))

    def bucket_of(self, time):
        """The bucket that a moment falls into, or None."""
        if time is None or not self.start <= time < self.end:
            return None
        low, high = 0, len(self.buckets) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.buckets[middle].start <= time:
                low = middle
            else:
                high = middle - 1
        return self.buckets[low]

    def keeps(self, values, only=None):
        """Whether what has these values of dimensions passes the filters; `only` names the filters that apply."""
        for dimension, negated, wanted in self.filters:
            if only is not None and dimension not in only:
                continue
            found = values.get(dimension) in wanted
            if found == negated:
                return False
        return True

    def group(self, values):
        """The values of the groups, in the asked order."""
        return tuple(values.get(name) for name in self.group_by)
