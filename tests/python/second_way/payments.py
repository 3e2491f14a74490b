"""The metric `payments`: money, people and the four rates."""

from folded import checkouts, folded
from money import Total, rounded, text, whole
from question import DAY
from statistics_of import counted, ratio

MOVEMENTS = ("gross", "refunded", "disputed_lost", "reversed")
RATES = ("attempt_approval", "first_attempt_approval", "payment_success")
OF_A_CHECKOUT = {"platform", "bot", "category", "country", "developer", "acquisition", "path", "credential"}


class Rate:
    """Cases of which some are good, by count and by amount."""

    def __init__(self):
        self.good = self.cases = 0
        self.good_amount = self.amount = 0

    def add(self, good, amount=None):
        self.cases += 1
        self.good += good
        if amount is not None:
            self.amount += amount
            self.good_amount += amount if good else 0

    def columns(self, name):
        """The rate by count with its interval."""
        return counted(name, self.good, self.cases)

    def by_amount(self, currency):
        """The same of the amounts, each sum rounded once."""
        return ratio(rounded(self.good_amount, currency), rounded(self.amount, currency))


class Cell:
    """What is counted in a bucket for a group and a currency."""

    def __init__(self):
        self.totals = {name: Total() for name in MOVEMENTS}
        self.rates = {name: Rate() for name in (*RATES, "checkout_conversion")}
        self.converted = self.payments = self.saved = self.known = self.pending = self.refunded = self.charged_back = 0
        self.chargebacks = {"opened": 0, "won": 0, "lost": 0}
        self.unconverted, self.users, self.bots = set(), set(), set()


def second_captures(view, mode):
    """When each user's second payment was captured, whatever is filtered."""
    if ("second captures", mode) not in view.cache:
        times = {}
        for one in folded(view, mode):
            if one.captured_at is not None and one.payment.user is not None:
                times.setdefault(one.payment.user, []).append(one.captured_at)
        view.cache["second captures", mode] = {user: sorted(at)[1] for user, at in times.items() if len(at) > 1}
    return view.cache["second captures", mode]


def amounts(totals, currency):
    """The sums as minor units, with what is left of the gross."""
    minor = {name: total.minor(currency) for name, total in totals.items()}
    minor["net"] = None if None in minor.values() else 2 * minor["gross"] - sum(minor.values())
    return minor


class Tally:
    """The cells of a question, by bucket, group and currency."""

    def __init__(self, view, question):
        self.view, self.question = view, question
        self.original = question.currency == "original"
        self.cohort = question.parameters.get("basis", "activity") == "cohort"
        self.cells = {}

    def cell(self, time, values, currency):
        """The cell of a moment; None outside of the range or of the filters."""
        bucket = self.question.bucket_of(time)
        if bucket is None or not self.question.keeps(values):
            return None
        name = (bucket.index, self.question.group(values), currency if self.original else self.question.currency)
        return self.cells.setdefault(name, Cell())

    def add(self, one):
        """Counts a payment wherever it falls."""
        def money(minor):
            return one.money(self.view, minor, self.question.currency)

        def at(time, values=one.values):
            return self.cell(time, values, one.currency)

        captured = at(one.captured_at)
        if captured:
            captured.payments += 1
            captured.converted += money(1) is not None
            captured.known += one.payment.credential is not None
            captured.saved += one.payment.credential == "saved"
            captured.users.add(one.payment.user)
            captured.bots.add(one.payment.bot)
            captured.refunded += any(time <= one.captured_at + 60 * DAY for time, _ in one.refunds)
            opened = [charge.opened_at for charge in one.chargebacks if charge.opened_at is not None]
            captured.charged_back += any(time <= one.captured_at + 120 * DAY for time in opened)
        for name, moved in zip(MOVEMENTS, (one.captures, one.refunds, one.lost, one.reversals)):
            for time, minor in moved:
                cell = at(one.dated_at if self.cohort and name != "gross" else time)
                if cell:
                    amount = money(minor)
                    cell.totals[name].add(amount)
                    if amount is None:
                        cell.unconverted.add(one.payment.key)
        for charge in one.chargebacks:
            for outcome, time in (("opened", charge.opened_at), (charge.outcome, charge.closed_at)):
                cell = at(one.dated_at if self.cohort and time is not None else time)
                if cell:
                    cell.chargebacks[outcome] += 1
        for attempt in one.counted:
            cell = at(attempt.decided_at, one.of(attempt))
            if cell:
                for name in RATES[: 2 if attempt is one.attempts[0] else 1]:
                    cell.rates[name].add(attempt.approved, money(attempt.minor))
        if one.counted:
            cell = at(one.counted[0].decided_at)
            if cell:
                cell.rates["payment_success"].add(one.captured_at is not None, money(one.counted[0].minor))
        if one.pending:
            cell = at(one.first_at)
            if cell:
                cell.pending += 1

    def add_checkout(self, checkout):
        """Counts a checkout whose hours are over."""
        cell = self.cell(checkout.time, checkout.values, None)
        if cell and checkout.time + DAY <= self.question.as_of:
            cell.rates["checkout_conversion"].add(checkout.paid)


def payments(view, question):
    """Money, people, rates and chargebacks by bucket, group and currency."""
    tally = Tally(view, question)
    for one in folded(view, question.mode):
        tally.add(one)
    asked = {*question.group_by, *(name for name, _, _ in question.filters)}
    by_checkout = asked <= OF_A_CHECKOUT and not tally.original
    if by_checkout:
        for checkout in checkouts(view, question.mode):
            tally.add_checkout(checkout)
    groups = {(group, currency) for _, group, currency in tally.cells}
    if not groups:
        groups = {(question.group({}), None if tally.original else question.currency)}
    seconds = second_captures(view, question.mode)
    rows = []
    for bucket in question.buckets:
        for group, currency in groups:
            cell = tally.cells.get((bucket.index, group, currency)) or Cell()
            rows.append(row(question, bucket, group, currency, cell, seconds, by_checkout))
    return rows, ["currency"]


def row(question, bucket, group, currency, cell, seconds, by_checkout):
    """The columns of a cell."""
    minor = amounts(cell.totals, currency)
    gross = minor["gross"]
    known = cell.converted and gross is not None
    average = rounded(whole(gross, currency) / cell.converted, currency) if known else None
    told = {name: None if value is None else text(value, currency) for name, value in minor.items()}
    rates = {}
    for name, rate in cell.rates.items():
        rates.update(rate.columns(name))
        if name in RATES:
            rates[f"{name}_by_amount"] = rate.by_amount(currency)
    if not by_checkout:
        rates.update((name, None) for name in rates if name.startswith("checkout_conversion"))
    # A rate with a window is over no payment until the window is over.
    refundable = cell.payments if bucket.end + 60 * DAY <= question.as_of else 0
    disputable = cell.payments if bucket.end + 120 * DAY <= question.as_of else 0
    return {
        "bucket": bucket,
        **dict(zip(question.group_by, group)),
        "currency": currency,
        "payments": cell.payments,
        **told,
        "average": None if average is None else text(average, currency),
        "unconverted": len(cell.unconverted),
        "payers": len(cell.users - {None}),
        "repeat_payers": sum(user in seconds and seconds[user] < bucket.end for user in cell.users),
        "bots": len(cell.bots - {None}),
        **counted("saved_share", cell.saved, cell.known),
        **rates,
        "pending": cell.pending,
        **counted("refund_rate", cell.refunded if refundable else 0, refundable),
        **counted("dispute_rate", cell.charged_back if disputable else 0, disputable),
        **{f"chargebacks_{name}": count for name, count in cell.chargebacks.items()},
    }


METRICS = {
    "payments": (payments, [
        ("far", "from=2025-01-01&to=2025-05-01&interval=day&tz=America/New_York"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=provider&currency=EUR"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&group_by=platform,path"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=week&tz=Asia/Kathmandu&group_by=network&currency=JPY"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&currency=original&group_by=method"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&basis=cohort&group_by=credential"),
        ("far", "from=2025-01-01&to=2025-05-01&basis=cohort&currency=original&group_by=wallet"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&group_by=country&currency=GBP"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&provider!=stripe&network!=visa"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&bot=(none)&group_by=credential"),
        ("far", "from=2025-01-01&to=2025-05-01&mode=test&group_by=provider"),
        ("end", "from=2025-01-01&to=2025-05-01&bot!=nobody&group_by=network,wallet&method=card"),
        ("far", "from=2025-03-08T20:00&to=2025-03-10T06:00&interval=hour&tz=America/New_York"),
        ("end", "from=2025-04-04&to=2025-04-08&interval=hour&tz=Australia/Lord_Howe&currency=GBP"),
        ("far", "from=2025-01-10T07:30&to=2025-04-20T19:15&interval=month&tz=Asia/Kolkata&group_by=bot&platform=web"),
        ("end", "from=2025-01-01&to=2025-07-01&interval=quarter&group_by=wallet,method&credential=saved"),
        ("mid", "from=2025-01-20&to=2025-03-03&interval=day&tz=Asia/Kathmandu&path!=webview&country=US,GB,DE"),
        ("far", "from=2024-12-30&to=2025-04-28&interval=week&basis=cohort&currency=KWD&group_by=country"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&currency=original&group_by=provider"),
        ("far", "from=2025-01-01&to=2026-01-01&interval=year&currency=XTR"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=week&mode=test&currency=original"),
        ("far", "from=2024-01-01&to=2024-03-01&interval=month&group_by=platform,provider"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&network=none,unknown&group_by=method"),
        ("far", "from=2025-01-15&to=2025-02-10&interval=day&currency=KWD&wallet!=apple_pay"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=category,developer"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=week&group_by=acquisition&category!=news&basis=cohort"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=month&acquisition!=ad&developer=dev0,dev1,dev2&group_by=country,acquisition"),
        ("far", "from=2025-01-01&to=2025-05-01&mode=test&group_by=acquisition,category&currency=original"),
        ("now", "from=2024-12-20&to=2025-12-20&group_by=provider"),
        ("now", "from=2024-12-20&to=2025-12-20&group_by=platform"),
        ("now", "from=2024-12-20&to=2025-12-20&group_by=provider&currency=original"),
        ("end", "tz=America/New_York"),
    ]),
}
