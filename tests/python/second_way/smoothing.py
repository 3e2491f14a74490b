"""Exponential smoothing with a damped trend and additive errors in its recurrence form (Gardner and McKenzie 1985;
Hyndman, Koehler, Ord and Snyder 2008, class 1), fitted anew at every origin."""

import math

LEAST = 6  # Values that a fit needs.
HEAD = 10  # Values at most that the line of the start goes through.
PHIS = [0.80, 0.82, 0.84, 0.86, 0.88, 0.90, 0.92, 0.94, 0.96, 0.98, 1.0]
ALPHAS = [hundredth / 100 for hundredth in range(5, 100, 5)] + [0.99]
BETAS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
GRID = [(alpha, beta, phi) for phi in PHIS for alpha in ALPHAS for beta in BETAS]


def start(head):
    """Intercept and slope of the ordinary least squares line through the first values."""
    n = len(head)
    xs = range(1, n + 1)
    sx, sy = sum(xs), math.fsum(head)
    sxy = math.fsum(x * y for x, y in zip(xs, head))
    slope = (n * sxy - sx * sy) / (n * sum(x * x for x in xs) - sx * sx)
    return (sy - slope * sx) / n, slope


def run(values, state, parameters):
    """Squared errors one step ahead, level and trend after some more values."""
    (squares, level, trend), (alpha, beta, phi) = state, parameters
    for value in values:
        expected = level + phi * trend
        squares += (value - expected) ** 2
        after = alpha * value + (1 - alpha) * expected
        trend = beta * (after - level) + (1 - beta) * phi * trend
        level = after
    return squares, level, trend


def fits(values):
    """For each number of first values, the state and the parameters of the grid with the least squared error."""
    found, states = {}, []
    for n in range(LEAST, len(values) + 1):
        # While the line of the start moves, everything begins again; then each state takes the next value.
        begins = n <= HEAD
        if begins:
            states = [(0.0, *start(values[:n]))] * len(GRID)
        fresh = values[:n] if begins else values[n - 1 : n]
        states = [run(fresh, state, parameters) for state, parameters in zip(states, GRID)]
        found[n] = best(zip(states, GRID), 1e-20 * math.fsum(value * value for value in values[:n]))
    return found


def best(fitted, noise):
    """The least squared error; of equals the first, where a difference below a billionth is none."""
    chosen = next(fitted)
    for one in fitted:
        if one[0][0] < chosen[0][0] * (1 - 1e-9) - noise:
            chosen = one
    return chosen


def point(fitted, steps):
    """What is expected so many steps ahead."""
    (_, level, trend), (_, _, phi) = fitted
    return level + trend * math.fsum(phi**i for i in range(1, steps + 1))


def variance(fitted, steps, count):
    """Of the error so many steps ahead."""
    (squares, _, _), (alpha, beta, phi) = fitted
    weights = 1.0
    for j in range(1, steps):
        damped = math.fsum(phi**i for i in range(1, j + 1))
        weights += (alpha + alpha * beta * damped) ** 2
    return squares / (count - 5) * weights


def mean(errors):
    return math.fsum(errors) / len(errors) if errors else None


def ahead(values, all_steps):
    """For each number of steps: value, low_80, high_80, low_95, high_95, model_error and baseline_error."""
    fitted = fits(values)
    now = fitted[len(values)]
    rows = []
    for steps in all_steps:
        middle, spread = point(now, steps), math.sqrt(variance(now, steps, len(values)))
        row = [middle] + [middle + z * spread for z in (-1.281552, 1.281552, -1.959964, 1.959964)]
        model, baseline = [], []
        for n in range(LEAST, len(values) - steps + 1):
            previous, last, actual = values[n - 2], values[n - 1], values[n + steps - 1]
            if previous == 0:
                continue
            model.append(abs(max(0.0, point(fitted[n], steps)) - actual))
            baseline.append(abs(last * (last / previous) ** steps - actual))
        rows.append([max(0.0, number) for number in row] + [mean(model), mean(baseline)])
    return rows
