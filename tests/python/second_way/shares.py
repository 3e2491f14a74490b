"""The metrics `provider-share`, `declines`, `change` and `coverage`: who takes part, why it fails and what changed."""

from folded import DECLINES, folded
from money import Total, text
from payments import MOVEMENTS, amounts
from question import DAY, Bucket, instant, us_of
from statistics_of import counted, newcombe, ratio, wilson

SEEN = 90 * DAY
UNNAMED = ("none", "unknown")
COUNTS = ("payments", "attributed", "with_network", "with_conversation")


class Share:
    """What a value of a dimension has in a bucket."""

    def __init__(self):
        self.payments = 0
        self.totals = {name: Total() for name in MOVEMENTS}


def provider_share(view, question):
    """Who has which share of the payments and of the money, and how concentrated they are."""
    dimension = question.parameters.get("dimension", "provider")
    cohort = question.parameters.get("basis", "activity") == "cohort"
    original = question.currency == "original"
    cells, names = {}, set()
    for one in folded(view, question.mode):
        if not question.keeps(one.values):
            continue
        currency = one.currency if original else question.currency
        name = (question.group(one.values), currency, one.values[dimension])
        for kind, moved in zip(MOVEMENTS, (one.captures, one.refunds, one.lost, one.reversals)):
            for time, minor in moved:
                at = one.dated_at if cohort and kind != "gross" else time
                if question.start - SEEN <= at < question.end:
                    names.add(name)
                bucket = question.bucket_of(at)
                if bucket:
                    cell = cells.setdefault((bucket.index, *name), Share())
                    cell.totals[kind].add(one.money(view, minor, question.currency))
        bucket = question.bucket_of(one.captured_at)
        if bucket:
            cells[bucket.index, *name].payments += 1
    if original:
        # A currency has rows where it occurs in the range itself.
        occurs = {name[1] for _, *name in cells}
        names = {name for name in names if name[1] in occurs}
    names = names or {(question.group({}), None if original else question.currency, None)}
    rows = []
    for bucket in question.buckets:
        for whole in {name[:2] for name in names}:
            values = [name[2] for name in names if name[:2] == whole]
            of_values = {value: cells.get((bucket.index, *whole, value)) or Share() for value in values}
            rows += shares(question, bucket, whole, of_values)
    return rows, ["value", "currency"]


def concentration(sizes):
    """Herfindahl and Hirschman's index of the named values, of per cent; None where there are none."""
    total = sum(sizes)
    return sum((100 * size / total) ** 2 for size in sizes) if total else None


def shares(question, bucket, whole, cells):
    """The rows of a bucket, group and currency."""
    group, currency = whole
    minor = {value: amounts(cell.totals, currency) for value, cell in cells.items()}
    named = [value for value in cells if value not in UNNAMED]
    count = sum(cell.payments for cell in cells.values())
    gross = sum(one["gross"] or 0 for one in minor.values())
    hhi = concentration([cells[value].payments for value in named])
    top = max((cells[value].payments for value in named), default=0)
    of_all = {
        "hhi": hhi,
        "hhi_by_amount": concentration([minor[value]["gross"] or 0 for value in named]),
        "effective_number": 10_000 / hhi if hhi else None,
        "top1": ratio(top, count) if top else None,
        "covered_share": ratio(sum(cells[value].payments for value in named), count),
    }
    rows = []
    for value, cell in cells.items():
        told = {name: None if one is None else text(one, currency) for name, one in minor[value].items()}
        rows.append({
            "bucket": bucket,
            **dict(zip(question.group_by, group)),
            "value": value,
            "currency": currency,
            "payments": cell.payments,
            **{name: told[name] for name in ("gross", "refunded", "disputed_lost", "net")},
            **counted("share_by_count", cell.payments, count),
            "share_by_amount": ratio(minor[value]["gross"], gross) if minor[value]["gross"] is not None else None,
            **of_all,
        })
    return rows


def declines(view, question):
    """Failed attempts by the code and the kind of their first failure."""
    declined_only = question.parameters.get("failures", "all") == "declined"
    found, names = {}, set()
    for one in folded(view, question.mode):
        for attempt in one.attempts:
            values = one.of(attempt)
            bucket = question.bucket_of(attempt.decided_at)
            wanted = attempt.kind in DECLINES if declined_only else attempt.kind is not None
            if bucket and wanted and question.keeps(values):
                name = (question.group(values), attempt.code, attempt.kind)
                names.add(name)
                for key in ((bucket.index, *name), (bucket.index, name[0])):
                    found[key] = found.get(key, 0) + 1
    rows = []
    for bucket in question.buckets:
        for group, code, kind in names or {(question.group({}), None, None)}:
            attempts, whole = found.get((bucket.index, group, code, kind), 0), found.get((bucket.index, group), 0)
            low, high = wilson(attempts, whole)
            rows.append({
                "bucket": bucket,
                **dict(zip(question.group_by, group)),
                "decline_code": code,
                "failure_kind": kind,
                "attempts": attempts,
                "share": ratio(attempts, whole),
                "n": whole,
                "ci_low": low,
                "ci_high": high,
            })
    return rows, ["decline_code", "failure_kind"]


def cases(one, of):
    """What a rate is over: when it was decided, the dimensions it has, and whether it is good."""
    if of == "payment_success":
        first = one.counted[:1]
        return [(attempt.decided_at, one.values, one.captured_at is not None) for attempt in first]
    chosen = one.counted if of == "attempt_approval" else [a for a in one.attempts[:1] if a.counts]
    return [(attempt.decided_at, one.of(attempt), attempt.approved) for attempt in chosen]


def earlier(question):
    """The earlier bucket of each: as many calendar buckets before, or the same a year before."""
    compare = question.compare or "previous_period"

    def a_year_before(us):
        local = instant(us).astimezone(question.tz).replace(tzinfo=None)
        day = min(local.day, 28) if local.month == 2 else local.day
        return us_of(local.replace(year=local.year - 1, day=day).replace(tzinfo=question.tz))

    buckets = question.buckets
    if compare == "previous_year":
        edges = [(a_year_before(bucket.start), a_year_before(bucket.end)) for bucket in buckets]
    elif question.interval is None:
        edges = [(question.before(), question.start)]
    else:
        before, edge = [], question.floor(question.start)
        for _ in buckets:
            start = question.floor(edge - 1)
            before.append((start, edge))
            edge = start
        edges = before[::-1]
    return [Bucket(index, start, end, True, end <= question.as_of) for index, (start, end) in enumerate(edges)]


def change(view, question):
    """Why a rate changed against an earlier period: the parts' weights, and the parts themselves."""
    of = question.parameters.get("of", "attempt_approval")
    dimension = question.parameters.get("dimension", "provider")
    before = earlier(question)
    now, then, names = {}, {}, set()
    for one in folded(view, question.mode):
        for time, values, good in cases(one, of):
            if not question.keeps(values):
                continue
            name = (question.group(values), values[dimension])
            bucket = question.bucket_of(time)
            for period, at in ((now, bucket), (then, next((b for b in before if time in b), None))):
                if at:
                    names.add(name)
                    n, x = period.get((at.index, *name), (0, 0))
                    period[at.index, *name] = (n + 1, x + good)
    names = names or {(question.group({}), None)}
    rows = []
    for bucket in question.buckets:
        for group in {group for group, _ in names}:
            values = [value for other, value in names if other == group]
            told = {value: now.get((bucket.index, group, value), (0, 0)) for value in values}
            prior = {value: then.get((bucket.index, group, value), (0, 0)) for value in values}
            comparable = bucket.complete and before[bucket.index].complete
            for value, columns in explained(told, prior if comparable else None).items():
                rows.append({"bucket": bucket, **dict(zip(question.group_by, group)), "value": value, **columns})
    return rows, ["value"]


def difference(prefix, now, then):
    """How far a rate of (cases, good ones) has changed, and the interval of that; None where a period has no case."""
    (n, x), (n_before, x_before) = now, then
    low, high = newcombe(x, n, x_before, n_before)
    changed = x / n - x_before / n_before if n and n_before else None
    return {f"{prefix}difference": changed, f"{prefix}ci_low": low, f"{prefix}ci_high": high}


def explained(now, then):
    """The parts of a change by value: of (cases, good ones) in both periods; an earlier one of None is not compared."""
    compared, then = then is not None, then or {}
    n, n_before = (sum(n for n, _ in period.values()) for period in (now, then))
    x, x_before = (sum(x for _, x in period.values()) for period in (now, then))
    both = n and n_before
    mean = (x / n + x_before / n_before) / 2 if both else None
    found = {}
    for value, (cases_now, good) in now.items():
        cases_then, good_then = then.get(value, (0, 0))
        w, w_before = ratio(cases_now, n), ratio(cases_then, n_before)
        r, r_before = ratio(good, cases_now), ratio(good_then, cases_then)
        mix = within = None
        if both:
            # Present in one period only, it has its rate there in both.
            one = r if r is not None else r_before
            other = r_before if r_before is not None else r
            mix = (w - w_before) * ((one + other) / 2 - mean) if one is not None else 0.0
            within = (w + w_before) / 2 * (one - other) if one is not None else 0.0
        found[value] = {
            "weight": w,
            "weight_previous": w_before,
            "n": cases_now,
            "n_previous": cases_then if compared else None,
            "rate": r,
            "rate_previous": r_before,
            "mix": mix,
            "within": within,
            **difference("", (cases_now, good), (cases_then, good_then)),
            **difference("whole_", (n, x), (n_before, x_before)),
        }
    return found


def coverage(view, question):
    """How many of each provider's payments are joined to a bot, a conversation and a network."""
    found, names = {}, set()
    for one in folded(view, question.mode):
        bucket = question.bucket_of(one.captured_at)
        if bucket and question.keeps(one.values):
            name = (question.group(one.values), one.values["provider"])
            names.add(name)
            counts = found.setdefault((bucket.index, *name), dict.fromkeys(COUNTS, 0))
            counts["payments"] += 1
            counts["attributed"] += one.payment.bot is not None
            counts["with_network"] += one.values["network"] != "unknown"
            counts["with_conversation"] += one.payment.talk is not None
    rows = []
    for bucket in question.buckets:
        for group, provider in names or {(question.group({}), None)}:
            counts = found.get((bucket.index, group, provider)) or dict.fromkeys(COUNTS, 0)
            low, high = wilson(counts["attributed"], counts["payments"])
            rows.append({
                "bucket": bucket,
                **dict(zip(question.group_by, group)),
                "provider": provider,
                **counts,
                "unattributed": counts["payments"] - counts["attributed"],
                "join_rate": ratio(counts["attributed"], counts["payments"]),
                "ci_low": low,
                "ci_high": high,
            })
    return rows, ["provider"]


METRICS = {
    "provider-share": (provider_share, [
        ("far", "from=2025-01-01&to=2025-05-01&interval=month"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=week&dimension=network&tz=Asia/Kathmandu&currency=EUR"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&dimension=method&group_by=platform"),
        ("end", "from=2025-01-01&to=2025-05-01&dimension=wallet&currency=original"),
        ("mid", "from=2025-01-15&to=2025-04-01&interval=month&basis=cohort&dimension=network&platform=messenger"),
        ("far", "from=2025-04-25&to=2025-05-25&interval=week"),
        ("far", "from=2025-01-10T07:30&to=2025-04-20T19:15&interval=week&tz=Asia/Kolkata&basis=cohort&currency=JPY"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=country&credential=new"),
        ("mid", "from=2025-02-01&to=2025-03-01&interval=day&dimension=wallet&tz=America/New_York&method!=bank"),
        ("far", "from=2025-05-20&to=2025-08-20&interval=month&dimension=network&currency=original"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=quarter&dimension=network&group_by=provider&currency=original"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&mode=test&dimension=method"),
        ("end", "from=2024-01-01&to=2024-02-01&interval=week&group_by=platform"),
        ("far", "from=2025-03-30&to=2025-03-31&interval=hour&tz=Europe/Berlin&group_by=path&dimension=method"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category,acquisition&currency=EUR"),
        ("mid", "from=2025-02-01&to=2025-04-01&dimension=network&developer!=dev1&group_by=developer&currency=GBP"),
        ("now", "from=2024-12-20&to=2025-12-20&dimension=network"),
    ]),
    "declines": (declines, [
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=provider"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=week&failures=declined&tz=America/New_York"),
        ("mid", "from=2025-01-01&to=2025-04-01&group_by=network,platform&path!=redirect"),
        ("far", "from=2025-01-10T07:30&to=2025-04-20T19:15&interval=week&tz=Asia/Kolkata&group_by=method,wallet"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&failures=declined&group_by=country,credential"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=day&network=visa,amex&bot!=nobody"),
        ("far", "from=2025-01-01&to=2025-05-01&mode=test&group_by=path"),
        ("far", "from=2024-01-01&to=2024-03-01&interval=month&group_by=provider"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category,acquisition"),
        ("mid", "from=2025-01-01&to=2025-04-01&developer!=dev1&group_by=developer&failures=declined"),
        ("now", "from=2024-12-20&to=2025-12-20&group_by=provider"),
    ]),
    "change": (change, [
        ("far", "from=2025-02-01&to=2025-04-01&interval=month"),
        ("far", "from=2025-02-01&to=2025-04-01&interval=month&of=first_attempt_approval&dimension=network"),
        ("end", "from=2025-02-03&to=2025-04-07&interval=week&of=payment_success&tz=Asia/Kathmandu&group_by=platform"),
        ("mid", "from=2025-02-01&to=2025-05-01&interval=month&dimension=method"),
        ("far", "from=2025-03-01&to=2025-05-01&interval=month&of=payment_success&dimension=wallet&group_by=path"),
        ("end", "from=2025-03-05T12:00&to=2025-04-09T12:00&interval=week&tz=America/New_York"),
        ("far", "from=2025-03-01&to=2025-03-31&interval=day&of=first_attempt_approval&platform!=telegram"),
        ("far", "from=2025-02-15&to=2025-04-01&dimension=network&group_by=credential"),
        ("far", "from=2026-01-01&to=2026-05-01&interval=month&compare=previous_year&group_by=country"),
        ("far", "from=2026-02-10&to=2026-03-20&interval=day&compare=previous_year&tz=America/New_York&of=payment_success"),
        ("mid", "from=2025-01-27&to=2025-03-03&interval=week&dimension=method&network!=visa"),
        ("far", "from=2025-03-10&to=2025-03-17&tz=America/New_York&dimension=method"),
        ("far", "from=2025-03-01&to=2025-04-01&tz=Europe/Berlin&bot!=(none)"),
        ("far", "from=2025-04-01&to=2025-05-01&interval=month&mode=test"),
        ("far", "from=2025-02-01&to=2025-05-01&interval=month&group_by=category"),
        ("mid", "from=2025-02-03&to=2025-03-10&interval=week&of=payment_success&acquisition!=ad&group_by=acquisition&dimension=network"),
        ("now", "from=2025-03-01&to=2025-04-01&interval=month"),
    ]),
    "coverage": (coverage, [
        ("far", "from=2025-01-01&to=2025-05-01&interval=month"),
        ("mid", "from=2025-01-01&to=2025-04-01&group_by=platform,method"),
        ("end", "from=2025-01-10T07:30&to=2025-04-20T19:15&interval=week&tz=Asia/Kolkata&group_by=country"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&group_by=provider,credential&network!=visa"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=quarter&mode=test&group_by=wallet"),
        ("far", "from=2025-02-01&to=2025-02-15&interval=day&tz=Pacific/Chatham&bot!=nobody&path=in_thread,redirect"),
        ("far", "from=2024-01-01&to=2024-03-01&interval=month&group_by=platform"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=acquisition,developer"),
        ("mid", "from=2025-01-01&to=2025-04-01&category!=news&group_by=category"),
        ("now", "from=2024-12-20&to=2025-12-20"),
    ]),
}
