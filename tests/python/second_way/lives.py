"""Bots by their lives: the growth of the population, its milestones, and the first steps after a registration."""

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import groupby
from math import log

from bots import groups, per_view, rows_of
from folded import checkouts
from question import DAY, Bucket, duration
from statistics_of import percentile, ratio, wilson


def registered_at(bot):
    """The earliest registration, else the first event that names the bot, and whether it is inferred so."""
    told = next((e.time for e in bot.events if e.kind == "bot.registered"), None)
    return (bot.first_named, True) if told is None else (told, False)


@per_view
def first_captures(view):
    """When each bot first had a live captured payment."""
    first = {}
    for payment in view.payments("live").values():
        if payment.bot and payment.captured_at is not None:
            first[payment.bot] = min(payment.captured_at, first.get(payment.bot, payment.captured_at))
    return first


@per_view
def lives(view):
    """Of every bot the moments that change it: (time, flows, differences of the population's three counts)."""
    return {key: life(bot, first_captures(view).get(key)) for key, bot in view.bots.items()}


def life(bot, captured):
    """What changes a bot: its membership, whether it is suspended, and whether it can take payments."""
    inferred = registered_at(bot)[1]
    # An inferred registration comes before what it was inferred from.
    facts = [(bot.first_named, "bot.registered", None)] if inferred else []
    facts += [(e.time, e.kind, e.payments_enabled) for e in bot.events]
    if captured is not None:
        facts.append((captured, "captured", None))
    facts.sort(key=lambda fact: fact[0])
    entered = member = suspended = enabled = paid = False
    before, changes = (0, 0, 0), []
    for time, together in groupby(facts, key=lambda fact: fact[0]):
        together, flows = list(together), []
        kinds = {kind for _, kind, _ in together}
        for _, kind, told in together:
            # Who registers again while a member does not enter, and so stays suspended.
            if kind in ("bot.suspended", "bot.reinstated", "bot.retired") or kind == "bot.registered" and not member:
                suspended = kind == "bot.suspended"
            enabled = enabled if told is None else told
        paid = paid or "captured" in kinds
        if "bot.retired" in kinds:
            flows = ["retired"] if member else []
            member = False
        elif not member and kinds & {"bot.registered", "bot.reinstated"}:
            flows = ["reinstated"] if entered else ["registered", "inferred"] if inferred else ["registered"]
            entered = member = True
        after = (int(member), int(member and suspended), int(member and (enabled or paid)))
        if flows or after != before:
            changes.append((time, flows, tuple(b - a for a, b in zip(before, after))))
        before = after
    return changes


def growth(view, question):
    """The population at the edges of the buckets, and what came and went inside."""
    edges = [bucket.start for bucket in question.buckets]
    found = {}
    for key, group in groups(view, question).items():
        for time, flows, differences in lives(view)[key]:
            if time >= question.end:
                continue
            # The place -1 holds what was before the range.
            place = bisect_right(edges, time) - 1
            counts = found.setdefault(group, {}).setdefault(place, Counter())
            for name, difference in zip(("closing", "suspended", "payment_enabled"), differences):
                counts[name] += difference
            counts.update(flows)
    for group, places in found.items():
        before = places.get(-1, Counter())
        for bucket in question.buckets:
            counts = places.setdefault(bucket.index, Counter())
            counts["opening"] = before["closing"]
            for name in ("closing", "suspended", "payment_enabled"):
                counts[name] += before[name]
            before = counts
    # A group whose bots all had left before the range does not occur in it.
    within = range(len(question.buckets))
    found = {group: places for group, places in found.items() if any(any(places[i].values()) for i in within)}

    def row(group, bucket):
        counts = found.get(group, {}).get(bucket.index, Counter())
        names = "opening registered reinstated retired closing inferred suspended payment_enabled".split()
        told = {name: counts[name] for name in names}
        opening, closing = told["opening"], told["closing"]
        flow = told["registered"] + told["reinstated"] - told["retired"]
        days = (bucket.end - bucket.start) / DAY
        return told | {
            "residual": opening + flow - closing,
            "growth_rate": ratio(closing - opening, opening),
            "doubling_days": days * log(2) / log(closing / opening) if closing > opening > 0 else None,
        }

    return rows_of(question, found, row), []


def marks(highest):
    """Every 1, 3 and 10 times a power of ten that was reached, and the next."""
    numbers, power = [], 1
    while True:
        for number in (power, 3 * power):
            numbers.append(number)
            if number > highest:
                return numbers
        power *= 10


def milestones(view, question):
    """When each population first reached each number; the default numbers are those of the highest population."""
    changes = {}
    for key, group in groups(view, question).items():
        for time, _, (difference, _, _) in lives(view)[key]:
            if time < question.end:
                changes.setdefault(group, Counter())[time] += difference
    records = {}
    for group in changes or [(None,) * len(question.group_by)]:
        # Every height with the moment at which it was reached first.
        population, record = 0, [(0, None)]
        for time, difference in sorted(changes.get(group, {}).items()):
            population += difference
            if population > record[-1][0]:
                record.append((population, time))
        records[group] = record
    asked = question.parameters.get("at", "reached")
    highest = max(record[-1][0] for record in records.values())
    numbers = marks(highest) if asked == "reached" else [int(number) for number in asked.split(",")]
    bucket = Bucket(0, question.start, question.end, True, question.end <= question.as_of)
    rows = []
    for group, record in records.items():
        heights = [height for height, _ in record]
        for number in numbers:
            place = bisect_left(heights, number)
            rows.append({
                "bucket": bucket, **dict(zip(question.group_by, group)), "population": number,
                "reached_at": record[place][1] if place < len(record) else None, "peak": record[-1][0],
            })
    return rows, ["population"]


@per_view
def steps(view, mode):
    """Of every bot the sorted times of its conversations, checkouts and captured payments."""
    taken = {"conversation": {}, "checkout": {}, "payment": {}}
    started = {}
    for e in view.events:
        if e.kind == "conversation.started" and (e.mode == mode or mode == "test"):
            # A conversation counts where it began.
            started.setdefault((e.platform, e.conversation_id), e.time)
    for key, time in started.items():
        if mode == "live" or key in view.tested:
            taken["conversation"].setdefault(view.talks[key].bot, []).append(time)
    for checkout in checkouts(view, mode):
        taken["checkout"].setdefault((checkout.values["platform"], checkout.values["bot"]), []).append(checkout.time)
    for payment in view.payments(mode).values():
        if payment.bot and payment.captured_at is not None:
            taken["payment"].setdefault(payment.bot, []).append(payment.captured_at)
    for of_bot in taken.values():
        for times in of_bot.values():
            times.sort()
    return taken


def activation(view, question):
    """Of the bots registered in a bucket, those that took each first step within the window, and how soon."""
    window = duration(question.parameters.get("window", "30d"))
    counts, taken = {}, {}
    for key, group in groups(view, question).items():
        start, _ = registered_at(view.bots[key])
        bucket = question.bucket_of(start)
        if bucket is None:
            continue
        counts[group, bucket.index] = counts.get((group, bucket.index), 0) + 1
        for step, times in steps(view, question.mode).items():
            times = times.get(key, [])
            place = bisect_left(times, start)
            if place < len(times) and times[place] <= start + window:
                taken.setdefault((group, bucket.index, step), []).append(times[place] - start)

    def row(group, bucket):
        mature = bucket.end + window <= question.as_of
        registered = counts.get((group, bucket.index), 0)
        delays = {step: taken.get((group, bucket.index, step), []) for step in ("conversation", "checkout", "payment")}
        told = {"registered": registered}
        for step, values in delays.items():
            median = percentile(values, 0.5)
            told[f"with_{step}"] = len(values)
            told[f"median_days_to_{step}"] = median / DAY if mature and values else None
        paid = len(delays["payment"])
        told["rate"] = ratio(paid, registered) if mature else None
        told["ci_low"], told["ci_high"] = wilson(paid, registered) if mature else (None, None)
        return told

    return rows_of(question, {group for group, _ in counts}, row), []


METRICS = {
    "bot-growth": (growth, [
        ("far", "from=2025-01-01&to=2025-04-15&interval=day"),
        ("far", "from=2025-01-05T09:30&to=2025-04-10T12:00&interval=week&tz=Asia/Kathmandu&group_by=platform"),
        ("end", "from=2024-12-01&to=2025-06-01&interval=month&tz=America/New_York&group_by=category,country"),
        ("end", "from=2025-01-01&to=2025-05-01&platform=messenger,web&country!=US&developer!=dev1"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&tz=Australia/Lord_Howe&group_by=platform"),
        ("mid", "from=2025-02-01&to=2025-03-01&interval=hour&tz=Asia/Kolkata"),
        ("far", "from=2025-03-08&to=2025-03-11&interval=hour&tz=America/New_York"),
        ("far", "from=2025-04-05T12:00&to=2025-04-07T06:00&interval=hour&tz=Australia/Lord_Howe&group_by=platform"),
        ("end", "from=2025-01-03T09:07&to=2025-04-20T18:59&interval=day&tz=Europe/Berlin&country!=US,DE"),
        ("end", "from=2025-01-01&to=2025-06-01&interval=quarter&group_by=developer"),
        ("mid", "from=2024-06-01&to=2026-02-01&interval=year&tz=Pacific/Apia&group_by=category,platform"),
        ("far", "from=2025-03-09&to=2025-04-14&interval=week&tz=America/St_Johns&group_by=developer&platform=web,telegram"),
        ("mid", "from=2025-02-03T00:30&to=2025-02-17T00:30&group_by=country&category!=news"),
        ("far", "from=2025-01-01&to=2025-04-15&interval=month&category=nothing&group_by=platform"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&mode=test"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=bot,platform&bot=21-b0,21-b4,21-b11,shop,nobody"),
        ("mid", "from=2025-01-01&to=2025-04-01&tz=Asia/Kathmandu&group_by=bot,platform&category!=news"),
        # As most people ask: without `as_of`, over everything there is or without a range.
        ("now", "from=2025-01-01&to=2025-05-01&interval=day&tz=Pacific/Chatham"),
        ("end", "from=2025-03-01&group_by=platform"),
    ]),
    "milestones": (milestones, [
        ("far", "from=2025-01-01&to=2025-04-15"),
        ("end", "from=2025-01-01&to=2025-04-15&at=1,2,5,10,20,40,60,1000,100000&group_by=platform"),
        ("mid", "from=2025-01-01&to=2025-04-15&at=7,70,700&tz=America/New_York&platform!=telegram"),
        ("mid", "from=2025-01-20&to=2025-03-01T07:13&tz=Asia/Kathmandu&group_by=category"),
        ("far", "from=2025-02-01&to=2025-05-01&interval=week&group_by=country,platform"),
        ("end", "from=2025-01-01&to=2025-02-15&at=3,11,29,37,43,51,59,2400,2600,2800&developer!=dev1"),
        ("far", "from=2025-01-01&to=2025-07-01&at=61,62,63,64,65,66,67,68,69,70,71,72,2810,2820,3000,4510,4530,4558,4559"),
        ("end", "from=2025-01-01&to=2025-04-15&category=nothing"),
        ("now", "to=2025-06-01&at=1,2,5,10,20,40,60,1000"),
    ]),
    "bot-activation": (activation, [
        ("far", "from=2024-12-30&to=2025-04-28&interval=week&tz=Asia/Kathmandu&group_by=platform"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=day&window=36h&country!=DE"),
        ("far", "from=2025-01-05T09:30&to=2025-04-20T12:15&interval=month&tz=America/New_York&group_by=developer"),
        ("far", "from=2025-01-01&to=2025-05-01&group_by=country,platform&window=7d"),
        ("end", "from=2025-02-01&to=2025-04-15&interval=week&tz=Australia/Lord_Howe&window=14d&platform=messenger"),
        ("mid", "from=2025-01-01&to=2025-01-06&interval=hour&tz=Asia/Kolkata&window=90m"),
        ("far", "from=2025-01-01&to=2025-07-01&interval=quarter&window=365d&category!=news"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&mode=test&group_by=developer"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=bot,platform&bot!=21-b0,21-b4"),
        ("mid", "from=2025-01-01&to=2025-04-01&bot=21-b0,21-b4,21-b11,nobody&group_by=category,bot"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&tz=Asia/Kathmandu&window=36h"),
    ]),
}
