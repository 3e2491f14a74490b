"""Paying in the thread against leaving it: differences of rates, as they are and within strata."""

import math
from fractions import Fraction

from folded import checkouts
from question import duration, instant
from statistics_of import Z, newcombe, ratio, wilson, with_interval

COMPARISONS = (("path", "in_thread", "redirect"), ("path", "in_thread", "webview"), ("credential", "saved", "new"))


class Arm:
    """Checkouts, and how many of them were paid."""

    __slots__ = ("n", "paid")

    def __init__(self):
        self.n = self.paid = 0

    def add(self, paid):
        self.n += 1
        self.paid += paid

    @property
    def rate(self):
        return Fraction(self.paid, self.n)


def stratified_wilson(arms, weights):
    """Wilson's limits of each stratum at a narrower quantile, weighted (Yan and Su 2010, Statistics in
    Biopharmaceutical Research 2): narrower as the deviation of the sum is than the sum of the deviations. Where
    every stratum is all or nothing, only their sizes tell the deviations apart."""
    deviations = [float(w) * math.sqrt(arm.rate * (1 - arm.rate) / arm.n) for arm, w in zip(arms, weights)]
    if not any(deviations):
        deviations = [float(w) / math.sqrt(arm.n) for arm, w in zip(arms, weights)]
    z = Z * math.sqrt(math.fsum(one * one for one in deviations)) / math.fsum(deviations)
    limits = [wilson(arm.paid, arm.n, z) for arm in arms]
    return tuple(math.fsum(float(w) * limit[side] for w, limit in zip(weights, limits)) for side in (0, 1))


def stratified_newcombe(strata):
    """The difference standardised to both arms together, and its interval (Yan and Su 2010) within -1 and 1."""
    total = sum(one.n + other.n for one, other in strata)
    if not total:
        return None, None, None
    weights = [Fraction(one.n + other.n, total) for one, other in strata]
    difference = float(sum(w * (one.rate - other.rate) for w, (one, other) in zip(weights, strata)))
    ones, others = zip(*strata)
    (l1, u1), (l2, u2) = stratified_wilson(ones, weights), stratified_wilson(others, weights)
    f1, f2 = (float(sum(w * w / arm.n for w, arm in zip(weights, arms))) for arms in (ones, others))
    low = difference - Z * math.sqrt(f1 * l1 * (1 - l1) + f2 * u2 * (1 - u2))
    high = difference + Z * math.sqrt(f1 * u1 * (1 - u1) + f2 * l2 * (1 - l2))
    return difference, max(low, -1.0), min(high, 1.0)


def compared(level, baseline, strata):
    """The columns of one comparison: two arms over everything, and by stratum."""
    both = [(one, other) for one, other in strata if one.n and other.n]
    low, high = newcombe(level.paid, level.n, baseline.paid, baseline.n)
    adjusted, adjusted_low, adjusted_high = stratified_newcombe(both)
    return {
        "n": level.n,
        **with_interval("rate", level.paid, level.n),
        "baseline_n": baseline.n,
        **with_interval("baseline_rate", baseline.paid, baseline.n),
        "difference": float(level.rate - baseline.rate) if level.n and baseline.n else None,
        "ci_low": low,
        "ci_high": high,
        "adjusted_difference": adjusted,
        "adjusted_ci_low": adjusted_low,
        "adjusted_ci_high": adjusted_high,
        "adjusted_coverage": ratio(sum(one.n + other.n for one, other in both), level.n + baseline.n),
    }


def path_effect(view, question):
    """Three rows for each bucket and group, over the checkouts whose window is over."""
    window = duration(question.parameters.get("window", "24h"))
    arms, groups = {}, set()
    for checkout in checkouts(view, question.mode):
        bucket = question.bucket_of(checkout.time)
        if bucket is None or not question.keeps(checkout.values):
            continue
        group = question.group(checkout.values)
        groups.add(group)
        if checkout.time + window > question.as_of:
            continue
        paid = checkout.paid_at is not None and checkout.paid_at <= checkout.time + window
        day = instant(checkout.time).astimezone(question.tz)
        stratum = (checkout.values["platform"], checkout.values["country"], day.year, day.month)
        for dimension in ("path", "credential"):
            cell = arms.setdefault((bucket.index, group, dimension, checkout.values[dimension]), {})
            cell.setdefault(None, Arm()).add(paid)
            cell.setdefault(stratum, Arm()).add(paid)

    rows = []
    for bucket in question.buckets:
        for group in groups or {(None,) * len(question.group_by)}:
            for dimension, level, baseline in COMPARISONS:
                one, other = (arms.get((bucket.index, group, dimension, name), {}) for name in (level, baseline))
                strata = [(one.get(key, Arm()), other.get(key, Arm())) for key in one.keys() | other.keys() if key]
                row = {"bucket": bucket, **dict(zip(question.group_by, group))}
                row |= {"dimension": dimension, "level": level, "baseline": baseline}
                rows.append(row | compared(one.get(None, Arm()), other.get(None, Arm()), strata))
    return rows, ["dimension", "level", "baseline"]


METRICS = {
    "path-effect": (path_effect, [
        ("far", "from=2025-01-01&to=2025-05-01"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&tz=America/New_York&group_by=platform"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&tz=Asia/Kathmandu&window=1h"),
        ("far", "from=2025-01-10&to=2025-04-10&group_by=country&platform!=telegram&window=10m"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=quarter&group_by=bot&bot=21-b0,21-b4,21-b11,nobody&tz=Asia/Kathmandu"),
        ("end", "from=2025-03-30T13:00&to=2025-05-20&interval=day&tz=Australia/Lord_Howe&window=7d"),
        ("mid", "from=2025-01-01&to=2025-04-01&group_by=path&credential=new"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=credential,platform&path!=webview"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=year&country!=US&window=90d"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&tz=Pacific/Kiritimati&bot!=21-b1&window=1m"),
        ("far", "from=2025-01-01&to=2025-05-01&mode=test"),
        ("end", "from=2025-01-01&to=2025-05-01&group_by=country,credential&window=90d"),
        ("far", "from=2025-03-09&to=2025-03-10&interval=hour&tz=America/New_York&group_by=platform"),
        ("far", "from=2026-01-01&to=2026-03-01&interval=month&group_by=country"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category,acquisition"),
        ("mid", "from=2025-01-01&to=2025-04-01&developer!=dev1&acquisition=ad,link,search&group_by=developer"),
        ("now", "from=2024-12-20&to=2025-12-20&window=1h"),
    ]),
}
