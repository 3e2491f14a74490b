"""Intervals and percentiles, from their published formulas."""

import math

Z = 1.959964


def wilson(x, n, z=Z):
    """Wilson's score interval without continuity correction (Wilson 1927; Newcombe 1998, method 3)."""
    if n == 0:
        return None, None
    p = x / n
    middle = 2 * n * p + z * z
    spread = z * math.sqrt(z * z + 4 * n * p * (1 - p))
    return (middle - spread) / (2 * (n + z * z)), (middle + spread) / (2 * (n + z * z))


def newcombe(x1, n1, x2, n2):
    """The interval of a difference of two proportions (Newcombe 1998, Statistics in Medicine 17, method 10)."""
    if n1 == 0 or n2 == 0:
        return None, None
    p1, p2 = x1 / n1, x2 / n2
    (l1, u1), (l2, u2) = wilson(x1, n1), wilson(x2, n2)
    return (
        p1 - p2 - math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        p1 - p2 + math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2),
    )


def with_interval(name, x, n):
    """The columns of a rate and of the ends of its interval."""
    low, high = wilson(x, n)
    return {name: ratio(x, n), f"{name}_ci_low": low, f"{name}_ci_high": high}


def counted(name, x, n):
    """The columns of a rate that say what it is over, too."""
    return {**with_interval(name, x, n), f"{name}_n": n}


def percentile(values, share):
    """Linear interpolation between the closest ranks (type 7 of Hyndman and Fan, 1996); None of nothing."""
    if not values:
        return None
    values = sorted(values)
    place = (len(values) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def ratio(above, below):
    return above / below if below else None
