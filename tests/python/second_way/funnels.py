"""The funnel: who came in by the first step, and how far and how fast from there."""

from bisect import bisect_left

from ledger import names_user, user_of
from question import duration
from statistics_of import counted, percentile, ratio, wilson

SHORT = {"started": "conversation.started", "catalog": "catalog.viewed", "checkout": "checkout.started"}
WHOLE = ("platform", "bot", "category", "country", "developer", "acquisition")
CHECKOUT = ("path", "credential")
COUNTS = ("entered", "reached", "dropped", "open", "open_reached")
RATES = (
    "rate", "ci_low", "ci_high", *counted("rate_from_previous", 0, 0), "median_seconds", "p90_seconds",
    "seconds_from_previous",
)


class Step:
    """An event that may be a step of a funnel, and whose it is."""

    __slots__ = ("event", "time", "talk", "user", "bot")

    def __init__(self, event, talk, user, bot):
        self.event, self.time, self.talk, self.user, self.bot = event, event.time, talk, user, bot


def is_payment(step):
    return step in ("paid", "begun") or step.startswith("transaction.")


def of_payments(view, mode, step):
    """A payment's steps are where the payment belongs, whatever they name themselves."""
    found = []
    for payment in view.payments(mode).values():
        if step == "paid":
            facts = [f for f in payment.facts if f.kind in ("transaction.authorized", "transaction.captured")][:1]
        else:
            facts = [f for f in payment.facts if f.kind == step] if step != "begun" else payment.facts[:1]
        user = payment.user or (view.talks[payment.talk].user if payment.talk else None)
        for fact in facts:
            found.append(Step(fact, payment.talk, user, payment.bot))
    return sorted(found, key=lambda one: one.event.order)


def of_conversations(view, mode, step):
    """The events of a type; what leads to a test is taken from the conversations that have one."""
    for e in view.events:
        if e.kind == step:
            key = (e.platform, e.conversation_id)
            if e.mode == mode or (mode == "test" and e.kind != "checkout.started" and key in view.tested):
                talk = view.talks[key]
                user = user_of(e) if names_user(e) else talk.user
                yield Step(e, key, user, talk.bot)


def steps_of(view, mode, unit, step):
    """Everything that is this step, by unit, in order."""
    name = ("steps", mode, unit, step)
    if name not in view.cache:
        found = {}
        source = of_payments if is_payment(step) else of_conversations
        for one in source(view, mode, SHORT.get(step, step)):
            owner = one.talk if unit == "conversation" else one.user
            if owner is not None:
                found.setdefault(owner, []).append(one)
        view.cache[name] = found
    return view.cache[name]


def first_since(steps, low, high=None):
    """The first of these at or after a moment, and no later than another."""
    place = bisect_left(steps, low, key=lambda one: one.time)
    return steps[place] if place < len(steps) and (high is None or steps[place].time <= high) else None


class Entry:
    """A unit that entered: its attributes, and the moments of the steps it reached."""

    __slots__ = ("values", "times", "closed")

    def __init__(self, values, times, closed):
        self.values, self.times, self.closed = values, times, closed


def walk(steps, found, unit, first, window):
    """The moments of the steps that were reached: each the earliest at or after the one before, none twice."""
    used = {steps[0]: {first}}
    times = [first.time]
    for step in steps[1:]:
        of_unit, taken = found[step].get(unit, ()), used.setdefault(step, set())
        place = bisect_left(of_unit, times[-1], key=lambda one: one.time)
        while place < len(of_unit) and of_unit[place] in taken:
            place += 1
        if place == len(of_unit) or of_unit[place].time > first.time + window:
            break
        taken.add(of_unit[place])
        times.append(of_unit[place].time)
    return times


def attributes(view, mode, unit, name, first, window):
    """What the unit is by its entry, its first checkout since and its first transaction since."""
    talk = view.talks.get(first.talk)
    key = name[:2] if unit == "user" else talk.bot
    bot = view.bots.get(key)
    until = first.time + window if unit == "user" else None
    checkout = first_since(steps_of(view, mode, unit, "checkout").get(name, []), first.time, until)
    since = first.time if unit == "user" else 0
    transaction = first_since(steps_of(view, mode, unit, "begun").get(name, []), since, until)
    return {
        "platform": name[0],
        "bot": bot and bot.key[1],
        "category": bot and bot.category,
        "country": (talk and talk.country) or (bot and bot.country),
        "developer": bot and bot.developer,
        "acquisition": talk and talk.acquisition,
        "path": checkout and checkout.event.path,
        "credential": checkout and checkout.event.credential,
        "provider": transaction and transaction.event.provider,
    }


def entries(view, question, steps, unit, window):
    """The entries of each bucket: a conversation's first ever, a user's first in each bucket."""
    found = {step: steps_of(view, question.mode, unit, step) for step in steps}
    entered = {bucket.index: [] for bucket in question.buckets}
    for name, firsts in found[steps[0]].items():
        seen = set()
        for first in firsts[:1] if unit == "conversation" else firsts:
            bucket = question.bucket_of(first.time)
            if bucket is None or bucket.index in seen:
                continue
            seen.add(bucket.index)
            values = attributes(view, question.mode, unit, name, first, window)
            times = walk(steps, found, name, first, window)
            entered[bucket.index].append(Entry(values, times, first.time + window <= question.as_of))
    return entered


def visible(steps, index):
    """The dimensions that split a step: the whole funnel's, a checkout's from there on, a payment's likewise."""
    payment = next((k for k, step in enumerate(steps) if is_payment(step)), len(steps))
    checkout = steps.index("checkout") if "checkout" in steps else payment
    since = {**dict.fromkeys(WHOLE, 0), **dict.fromkeys(CHECKOUT, checkout), "provider": payment}
    return {name for name, first in since.items() if index >= first}


def figures(members, index, comparable):
    """A row's columns over the entries that are in it."""
    closed = [entry.times for entry in members if entry.closed]
    there = [times for times in closed if len(times) > index]
    still = [entry.times for entry in members if not entry.closed]
    reached, before = len(there), sum(len(times) >= index for times in closed)
    low, high = wilson(reached, len(closed))

    def seconds(values, share):
        middle = percentile(values, share)
        return None if middle is None else middle / 1e6

    elapsed = [times[index] - times[0] for times in there]
    return {
        "entered": len(members),
        "reached": reached,
        "dropped": len(closed) - reached,
        "open": len(still),
        "open_reached": sum(len(times) > index for times in still),
        "rate": ratio(reached, len(closed)),
        "ci_low": low,
        "ci_high": high,
        **(counted("rate_from_previous", reached, before) if index and comparable else counted("rate_from_previous", 0, 0)),
        "median_seconds": seconds(elapsed, 0.5),
        "p90_seconds": seconds(elapsed, 0.9),
        "seconds_from_previous": seconds([times[index] - times[index - 1] for times in there], 0.5) if index else None,
    }


def conversion(view, question):
    """One row for each bucket, group and step; a group that does not split a step has no figures there."""
    steps = question.parameters.get("steps", "started,checkout,paid").split(",")
    short = {full: name for name, full in SHORT.items()}
    steps = [short.get(step, step) for step in steps]
    unit = question.parameters.get("unit", "conversation")
    entered = entries(view, question, steps, unit, duration(question.parameters.get("window", "24h")))

    # Filters that leave out what has no value.
    wanted = {dimension for dimension, negated, values in question.filters if negated == (None in values)}
    asked = {*question.group_by, *(dimension for dimension, _, _ in question.filters)}
    splits = [asked & visible(steps, index) for index in range(len(steps))]
    members, groups = {}, set()
    for bucket, found in entered.items():
        for entry in found:
            for index, split in enumerate(splits):
                values = {name: entry.values[name] for name in split}
                group = question.group(values)
                # What does not split a step has no value there: a group finds none, and `!=` keeps it. A filter
                # that wants a value has no figures before its dimension, but rows for what it will find.
                if question.keeps(values | {name: entry.values[name] for name in wanted}):
                    members.setdefault((bucket, index, group), []).append(entry)
                    groups.add(group)

    rows = []
    for bucket in question.buckets:
        for group in groups or {(None,) * len(question.group_by)}:
            named = {name for name, value in zip(question.group_by, group) if value is not None}
            for index, step in enumerate(steps):
                row = {"bucket": bucket, **dict(zip(question.group_by, group)), "step_index": index + 1}
                row["step"] = step if step not in steps[:index] else f"{step} {steps[:index].count(step) + 1}"
                if named <= splits[index] and wanted <= splits[index]:
                    comparable = index == 0 or splits[index] == splits[index - 1]
                    row |= figures(members.get((bucket.index, index, group), []), index, comparable)
                else:
                    row |= dict.fromkeys(COUNTS + RATES)
                rows.append(row)
    return rows, ["step_index"]


METRICS = {
    "conversion": (conversion, [
        ("far", "from=2025-01-01&to=2025-04-15&interval=day&tz=America/New_York"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=week&tz=Asia/Kathmandu&group_by=platform"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=country,acquisition"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=path"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=credential,platform"),
        ("far", "from=2025-01-01&to=2025-05-01&group_by=provider"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&tz=Asia/Kathmandu"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&unit=user&window=90m"),
        ("far", "from=2025-01-01&to=2025-04-01&interval=week&unit=user&platform=messenger&country!=US"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&steps=started,product.viewed,cart.updated,checkout,paid"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&steps=checkout,transaction.failed,transaction.captured,transaction.refunded&window=60d&unit=user"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&steps=product.viewed,product.viewed,conversation.message,conversation.ended&window=15m"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&mode=test"),
        ("far", "from=2025-04-05&to=2025-04-07&interval=hour&tz=Australia/Lord_Howe&unit=user"),
        ("far", "from=2025-03-09&to=2025-03-10&interval=hour&tz=America/New_York&group_by=platform"),
        ("mid", "from=2025-01-03T09:30&to=2025-02-20T17:45&interval=day&tz=Asia/Kathmandu&group_by=bot&bot=21-b0,21-b4,21-b11,nobody"),
        ("end", "from=2024-12-15&to=2025-05-20&interval=quarter&group_by=platform,path,provider"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&path=in_thread"),
        ("end", "from=2025-01-01&to=2025-05-01&credential=saved,new&acquisition=ad,link&group_by=acquisition,credential"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&unit=user&group_by=path,country&window=7d"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&unit=user&steps=checkout,paid&group_by=provider&window=90d"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=week&steps=catalog,conversation.message,paid,transaction.refunded&window=90d&group_by=provider"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&steps=paid,transaction.captured,transaction.disputed&window=60d&group_by=path,platform"),
        ("end", "from=2025-04-08&to=2025-04-12&interval=day&window=1m&steps=started,conversation.message"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&mode=test&steps=started,conversation.message,checkout,transaction.initiated,paid&unit=user&group_by=credential"),
        ("end", "from=2025-01-01&to=2025-05-01&path!=redirect&group_by=path"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&steps=started,catalog,checkout,paid&unit=user&provider!=stripe&credential!=saved&group_by=platform"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=week&provider!=stripe,paypal&path=in_thread,redirect&group_by=credential"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&path=(none),redirect&country=(none)"),
        ("end", "from=2025-01-01&to=2025-05-01&path!=(none)&provider!=(none),stripe"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category,developer"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&category!=news&group_by=developer&window=3h"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&unit=user&group_by=category,acquisition&developer!=dev1"),
        ("end", "from=2025-01-01&to=2025-05-01&steps=product.viewed,checkout,paid&group_by=developer,path&mode=test"),
        ("now", "from=2024-12-20&to=2025-12-20&group_by=platform"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&group_by=platform&unit=user&tz=Asia/Kathmandu"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&group_by=platform&steps=started,product.viewed,cart.updated,checkout,paid&tz=Asia/Kathmandu"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&group_by=platform&steps=product.viewed,product.viewed,conversation.message,conversation.message,conversation.ended&window=15m"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&group_by=platform&steps=started,transaction.failed,transaction.captured&window=7d&unit=user"),
        ("now", "from=2024-12-30&to=2025-04-28&interval=week&group_by=platform&steps=checkout,paid,transaction.refunded,transaction.refunded&window=60d"),
        ("end", "interval=week&tz=Asia/Kathmandu&group_by=platform"),
    ]),
}
