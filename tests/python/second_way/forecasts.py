"""What was counted so far, and what a damped trend expects of the buckets after the range."""

from math import floor

from folded import folded
from lives import growth
from money import Total, text
from question import Bucket, duration
from smoothing import LEAST, ahead

COLUMNS = ("value", "low_80", "high_80", "low_95", "high_95", "model_error", "baseline_error")

# An estimate of more minor units is no amount.
LARGEST = 1e30


def population(view, question):
    """The closing population by group, without a currency, and bucket."""
    counts = {}
    for row in growth(view, question)[0]:
        group = tuple(row[name] for name in question.group_by)
        counts.setdefault((group, None), []).append(row["closing"])
    return counts


def payments(view, question):
    """The payments of a bucket at their first capture."""
    counts = {}
    for payment in folded(view, question.mode):
        bucket = question.bucket_of(payment.captured_at)
        if bucket and question.keeps(payment.values):
            name = (question.group(payment.values), None)
            counts.setdefault(name, [0] * len(question.buckets))[bucket.index] += 1
    return counts


def gross(view, question):
    """The money captured in a bucket in minor units; None where there is some and nothing of it converts."""
    totals = {}
    for payment in folded(view, question.mode):
        for time, minor in payment.captures:
            bucket = question.bucket_of(time)
            if bucket and question.keeps(payment.values):
                currency = payment.currency if question.currency == "original" else question.currency
                name = (question.group(payment.values), currency)
                cells = totals.setdefault(name, [Total() for _ in question.buckets])
                cells[bucket.index].add(payment.money(view, minor, question.currency))
    return {name: [cell.minor(name[1]) for cell in cells] for name, cells in totals.items()}


SERIES = {"bots": population, "payments": payments, "gross": gross}


def buckets_ahead(question, horizon):
    """The whole buckets that end after the origin, up to the horizon: a number of them, a duration or a date."""
    edge = question.floor(question.end)
    found = []
    number = int(horizon) if horizon.isdigit() else None
    if number is None:
        limit = question.edge(horizon) if "-" in horizon else question.end + duration(horizon)
    while len(found) < number if number is not None else edge < limit:
        following = question.after(edge)
        found.append(Bucket(len(found), edge, following, True, False))
        edge = following
    return found


def learnt(question, values):
    """The values of the complete buckets, from the first that is not 0 and after the last that is unknown."""
    known = [value for bucket, value in zip(question.buckets, values) if bucket.complete]
    while None in known or known[:1] == [0]:
        known.pop(0)
    return known


def told(of, currency, number):
    """A number as it is told: money in its currency's decimals, counts to the sixth, a half going up."""
    if number is None:
        return None
    if of != "gross":
        return floor(number * 1e6 + 0.5) / 1e6
    return text(round(number), currency) if abs(number) < LARGEST else None


def forecast(view, question):
    """The counted buckets of the range, then the expected ones."""
    if question.interval is None:
        question.interval = "day"
        question.buckets = question.cut(question.start, question.end)
    of = question.parameters.get("of", "bots")
    coming = buckets_ahead(question, question.parameters.get("horizon", "6w"))
    complete = [bucket for bucket in question.buckets if bucket.complete]
    # Buckets of the range that are not learnt from lie between what is known and what is asked.
    last = next((b.index for b in reversed(question.buckets) if b.end <= question.floor(question.end)), -1)
    between = last - complete[-1].index if complete else 0
    series = SERIES[of](view, question)
    if not series:
        # No money at all is 0 of the asked currency, and nothing where none is asked.
        original = of == "gross" and question.currency == "original"
        currency = question.currency if of == "gross" and not original else None
        series[(None,) * len(question.group_by), currency] = [None if original else 0] * len(question.buckets)

    rows = []
    for (group, currency), values in series.items():
        name = {**dict(zip(question.group_by, group)), "currency": currency}
        for bucket, value in zip(question.buckets, values):
            row = {"bucket": bucket, **name, "horizon_start": None, **dict.fromkeys(COLUMNS)}
            rows.append(row | {"value": told(of, currency, value)})
        history = learnt(question, values)
        steps = [between + bucket.index + 1 for bucket in coming]
        expected = ahead(history, steps) if len(history) >= LEAST else [[None] * len(COLUMNS)] * len(coming)
        for bucket, numbers in zip(coming, expected):
            row = {"bucket": bucket, **name, "horizon_start": bucket.start}
            rows.append(row | {column: told(of, currency, one) for column, one in zip(COLUMNS, numbers)})
    return rows, ["currency", "horizon_start"]


METRICS = {
    "forecast": (forecast, [
        ("far", "from=2025-01-01&to=2025-04-14&interval=week"),
        ("mid", "from=2025-01-01&to=2025-02-15&interval=day&horizon=10&tz=America/New_York&group_by=platform"),
        ("far", "from=2025-01-01&to=2025-04-14&interval=week&of=payments&horizon=4"),
        ("far", "from=2025-01-01&to=2025-04-14&interval=week&of=gross&currency=EUR&horizon=28d"),
        ("far", "from=2025-01-01&to=2025-04-10T12:00&interval=week&horizon=45d&tz=Asia/Kathmandu"),
        ("end", "from=2024-12-01&to=2025-04-20&interval=week&of=payments&group_by=country&horizon=3"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&of=gross&group_by=platform&currency=GBP&horizon=2025-05-07"),
        ("far", "from=2025-01-01&to=2025-04-10&of=gross&currency=original&horizon=12&interval=week"),
        ("end", "from=2025-02-01&to=2025-04-05&of=payments&platform=messenger&country!=US&horizon=5"),
        ("far", "from=2025-03-08&to=2025-03-10&interval=hour&of=payments&tz=America/New_York&horizon=12h"),
        ("far", "from=2025-03-01&to=2025-04-01&interval=week&horizon=1"),
        ("far", "from=2025-01-01&to=2025-03-30&of=gross&currency=JPY&horizon=10d&tz=America/New_York"),
        ("far", "from=2025-01-01&to=2025-04-14&of=payments&mode=test&interval=week"),
        ("far", "from=2025-01-01&to=2025-04-14&interval=week&of=gross&currency=KWD&country=US,GB&group_by=country"),
        ("mid", "from=2025-01-06&to=2025-06-16&interval=week&of=bots&group_by=platform,country&horizon=2"),
        ("far", "from=2025-02-01&to=2025-03-20&interval=day&of=bots&group_by=platform&horizon=7d&tz=Australia/Lord_Howe"),
        ("end", "interval=week&of=payments"),
    ]),
}
