"""Forecasts a second time, from the definitions: exponential smoothing with a damped trend in its recurrence form,
every origin fitted from scratch. Reads [{"values": [...], "steps": [...]}] from the named file and prints, for each
case and number of steps, value, low_80, high_80, low_95, high_95, model_error and baseline_error."""

import json
import math
import sys

PHIS = [0.80, 0.82, 0.84, 0.86, 0.88, 0.90, 0.92, 0.94, 0.96, 0.98, 1.0]
ALPHAS = [hundredth / 100 for hundredth in range(5, 100, 5)] + [0.99]
BETAS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def start(values):
    """Intercept and slope of the ordinary least squares line through the first ten at most."""
    head = values[:10]
    n = len(head)
    xs = range(1, n + 1)
    sx, sy = sum(xs), math.fsum(head)
    sxy = math.fsum(x * y for x, y in zip(xs, head))
    slope = (n * sxy - sx * sy) / (n * sum(x * x for x in xs) - sx * sx)
    return (sy - slope * sx) / n, slope


def run(values, level, trend, alpha, beta, phi):
    squares = 0.0
    for value in values:
        expected = level + phi * trend
        squares += (value - expected) ** 2
        after = alpha * value + (1 - alpha) * expected
        trend = beta * (after - level) + (1 - beta) * phi * trend
        level = after
    return squares, level, trend


def fit(values):
    level, trend = start(values)
    best = None
    for phi in PHIS:
        for alpha in ALPHAS:
            for beta in BETAS:
                squares, last, slope = run(values, level, trend, alpha, beta, phi)
                if best is None or squares < best[0]:
                    best = (squares, last, slope, alpha, beta, phi)
    return best


def point(fitted, steps):
    _, level, trend, _, _, phi = fitted
    return level + trend * math.fsum(phi**i for i in range(1, steps + 1))


def variance(fitted, steps, count):
    squares, _, _, alpha, beta, phi = fitted
    weights = 1.0
    for j in range(1, steps):
        damped = math.fsum(phi**i for i in range(1, j + 1))
        weights += (alpha + alpha * beta * damped) ** 2
    return squares / (count - 5) * weights


def forecast(values, all_steps):
    fitted = {n: fit(values[:n]) for n in range(6, len(values) + 1)}
    now = fitted[len(values)]
    rows = []
    for steps in all_steps:
        mean, spread = point(now, steps), math.sqrt(variance(now, steps, len(values)))
        row = [mean] + [mean + z * spread for z in (-1.281552, 1.281552, -1.959964, 1.959964)]
        model, baseline = [], []
        for n in range(6, len(values) - steps + 1):
            previous, last, actual = values[n - 2], values[n - 1], values[n + steps - 1]
            if previous == 0:
                continue
            model.append(abs(max(0.0, point(fitted[n], steps)) - actual))
            baseline.append(abs(last * (last / previous) ** steps - actual))
        mean_of = lambda errors: math.fsum(errors) / len(errors) if errors else None
        rows.append([max(0.0, number) for number in row] + [mean_of(model), mean_of(baseline)])
    return rows


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
print(json.dumps([forecast(case["values"], case["steps"]) for case in cases]))
