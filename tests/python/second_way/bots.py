"""Bots by what they do: which were active when, and which came back; and what else is counted by the bot."""

from bisect import bisect_left, bisect_right
from collections import Counter

from ledger import names_user, user_of
from question import SECOND
from statistics_of import ratio, wilson

QUARTER = 900 * SECOND
ACTIVE = {
    "conversation.started", "conversation.message", "catalog.viewed", "product.viewed", "cart.updated",
    "checkout.started", "transaction.initiated", "transaction.authorized", "transaction.captured",
    "transaction.requires_action", "transaction.failed",
}


def per_view(compute):
    """Keeps what a function of a view and a mode gives in the view's cache."""

    def kept(view, *mode):
        key = (compute.__name__, *mode)
        if key not in view.cache:
            view.cache[key] = compute(view, *mode)
        return view.cache[key]

    return kept


def groups(view, question, keys=None):
    """The group of every bot, or of every user by their bot, that passes the filters."""
    found = {}
    for key in view.bots if keys is None else keys:
        bot = view.bots[key[:2]]
        values = {
            "platform": key[0], "bot": key[1], "category": bot.category, "country": bot.country,
            "developer": bot.developer,
        }
        if question.keeps(values):
            found[key] = question.group(values)
    return found


def rows_of(question, found, row):
    """A row of every bucket for every group that was found, or for a group of nulls if none was."""
    return [
        {"bucket": bucket, **dict(zip(question.group_by, group)), **row(group, bucket)}
        for bucket in question.buckets
        for group in found or [(None,) * len(question.group_by)]
    ]


def quarter(time):
    """The beginning of the quarter hour of UTC that a moment is in."""
    return time - time % QUARTER


def acts(view, mode):
    """The events of conversations that make active whom they name."""
    return (e for e in view.events if e.kind in ACTIVE and e.payment_id is None and e.mode == mode and e.direction != "out")


def moves(view, mode):
    """The payments with the facts that make active whom the payment belongs to."""
    for payment in view.payments(mode).values():
        yield payment, [fact.time for fact in payment.facts if fact.kind in ACTIVE]


@per_view
def bot_quarters(view, mode):
    """Of every bot the quarter hours in which it was active, sorted."""
    found = {}
    for e in acts(view, mode):
        found.setdefault((e.platform, e.bot_id), set()).add(quarter(e.time))
    for payment, times in moves(view, mode):
        if payment.bot and times:
            found.setdefault(payment.bot, set()).update(map(quarter, times))
    return {key: sorted(times) for key, times in found.items()}


@per_view
def user_times(view, mode):
    """Of every user the moments of activity, sorted; an event that names nobody is its conversation's user's."""
    found = {}
    for e in acts(view, mode):
        user = user_of(e) if names_user(e) else view.talks[e.platform, e.conversation_id].user
        found.setdefault(user, []).append(e.time)
    for payment, times in moves(view, mode):
        found.setdefault(payment.user, []).extend(times)
    return {key: sorted(times) for key, times in found.items() if key and times}


def places(times, edges, end):
    """Between which edges sorted moments before an end fall; 0 is before the first edge."""
    return {bisect_right(edges, time) for time in times[:bisect_left(times, end)]}


def activity(view, question):
    """Which bots are active in a bucket, beside the bucket before and all that was."""
    if question.interval:
        calendar = question.floor(question.start)
        edges = [question.floor(calendar - 1), calendar]
    else:
        edges = [question.before(), question.start]
    # Place 0 is long before, 1 the bucket before the range, 2 what the range cuts off, 3 the first bucket.
    edges = [quarter(edge) for edge in (*edges, *(bucket.start for bucket in question.buckets))]
    counts = {}
    chosen = groups(view, question)
    for key, times in bot_quarters(view, question.mode).items():
        active = places(times, edges, quarter(question.end)) if key in chosen else ()
        for place in active:
            following, before = 3 if place == 1 else place + 1, 1 if place == 3 else place - 1
            if place > 2:
                here = counts.setdefault((chosen[key], place - 3), Counter())
                here["active"] += 1
                here["retained" if before in active else "resurrected" if min(active) < place else "new"] += 1
            if following > 2 and place != 2 and following not in active:
                counts.setdefault((chosen[key], following - 3), Counter())["churned"] += 1
            if place == 1 or place > 2:
                counts.setdefault((chosen[key], following - 3), Counter())["before"] += 1

    def row(group, bucket):
        here = counts.get((group, bucket.index), Counter())
        told = {name: here[name] for name in ("active", "new", "retained", "resurrected", "churned")}
        gained = told["new"] + told["resurrected"]
        return told | {
            "quick_ratio": ratio(gained, told["churned"]),
            "residual": told["active"] - (here["before"] + gained - told["churned"]),
        }

    return rows_of(question, {group for group, place in counts if place < len(question.buckets)}, row), []


def retention(view, question):
    """What was active for the first time ever in a bucket, and how much of it later."""
    by_user = question.parameters.get("unit") == "user"
    times_of = (user_times if by_user else bot_quarters)(view, question.mode)
    # A bot's activity is known by the quarter hour only.
    rounded = (lambda edge: edge) if by_user else quarter
    edges = [rounded(bucket.start) for bucket in question.buckets]
    found, sizes, active = set(), Counter(), Counter()
    for key, group in groups(view, question, times_of).items():
        visited = places(times_of[key], edges, rounded(question.end))
        if visited - {0}:
            found.add(group)
        cohort = min(visited, default=0)
        if cohort:
            sizes[group, cohort - 1] += 1
            active.update((group, cohort - 1, place - 1) for place in visited)
    rows = []
    for group in found or [(None,) * len(question.group_by)]:
        for bucket in question.buckets:
            for cohort in question.buckets[:bucket.index + 1]:
                size = sizes[group, cohort.index]
                here = active[group, cohort.index, bucket.index] if bucket.complete else None
                low, high = (None, None) if here is None else wilson(here, size)
                rows.append({
                    "bucket": bucket, **dict(zip(question.group_by, group)), "cohort_start": cohort.start,
                    "cohort_size": size, "period": bucket.index - cohort.index, "active": here,
                    "share": None if here is None else ratio(here, size), "ci_low": low, "ci_high": high,
                })
    return rows, ["cohort_start"]


METRICS = {
    "bot-activity": (activity, [
        ("far", "from=2025-01-01&to=2025-04-15&interval=day&tz=America/New_York"),
        ("far", "from=2024-12-20&to=2025-04-25&interval=week&tz=Asia/Kathmandu&group_by=platform"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category,country"),
        ("mid", "from=2025-02-01&to=2025-02-08&interval=hour&tz=Pacific/Chatham&platform=messenger"),
        ("mid", "from=2025-01-10&to=2025-03-10&interval=week&developer!=dev0"),
        ("far", "from=2025-03-08T12:00&to=2025-03-10T12:00&interval=hour&tz=America/New_York"),
        ("far", "from=2025-04-05T12:00&to=2025-04-07T06:00&interval=hour&tz=Australia/Lord_Howe&group_by=platform"),
        ("end", "from=2025-02-05T09:37&to=2025-04-10T17:52&interval=week&tz=America/St_Johns&group_by=category"),
        ("end", "from=2025-03-12&to=2025-03-24&group_by=platform,bot&country=FR,GB"),
        ("far", "from=2025-02-12&to=2025-04-20&interval=month&tz=America/New_York&group_by=developer"),
        # The period before a week after the clock change, and before a calendar month.
        ("far", "from=2025-03-10&to=2025-03-17&tz=America/New_York&group_by=platform"),
        ("far", "from=2025-03-01&to=2025-04-01&tz=Europe/Berlin&country=(none),DE"),
        ("mid", "from=2025-01-15&to=2025-02-20T06:15&interval=day&tz=Asia/Kathmandu&country!=US,DE"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=week&mode=test&group_by=platform"),
        ("far", "from=2025-05-20&to=2025-06-20&interval=week"),
        ("end", "from=2024-11-10&to=2025-06-10&interval=quarter&tz=Pacific/Apia&category!=news,food"),
        ("now", "from=2025-01-01&to=2025-04-15&interval=day"),
    ]),
    "bot-retention": (retention, [
        ("far", "from=2024-12-30&to=2025-04-28&interval=week&tz=Asia/Kathmandu"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=platform"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&unit=user&group_by=country"),
        ("mid", "from=2025-01-06&to=2025-03-24&interval=week&unit=user&platform!=web"),
        ("far", "from=2025-01-08T09:30&to=2025-04-20T12:15&interval=month&tz=America/New_York&group_by=category"),
        ("end", "from=2025-03-28&to=2025-04-12&interval=day&tz=Europe/Berlin&group_by=platform"),
        ("far", "from=2025-03-08T18:00&to=2025-03-09T12:00&interval=hour&tz=America/New_York"),
        ("mid", "from=2025-01-20T10:07&to=2025-03-05T22:37&interval=week&tz=Asia/Kolkata&group_by=developer"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=quarter&unit=user&group_by=category,country"),
        ("far", "from=2025-03-08T18:00&to=2025-03-09T12:00&interval=hour&tz=America/New_York&unit=user&group_by=platform"),
        ("end", "from=2025-01-10T00:15&to=2025-03-20T00:15&interval=week&tz=Australia/Lord_Howe&unit=user&developer!=dev1"),
        ("far", "from=2025-02-06T00:15&to=2025-02-09T00:15&interval=day&tz=Asia/Kolkata&unit=user&group_by=country,category"),
        ("end", "from=2025-02-02T18:15&to=2025-02-03T11:20&interval=hour&unit=user&mode=test"),
        ("far", "from=2025-02-01&to=2025-04-01&unit=user&group_by=bot&country=FR"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&tz=Asia/Kathmandu&unit=user"),
    ]),
}
