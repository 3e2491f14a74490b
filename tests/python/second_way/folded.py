"""Payments folded from their facts, and checkouts with the payments that belong to them."""

from money import rates_of, whole
from question import DAY, instant

APPROVED = ("transaction.authorized", "transaction.captured")
DECLINES = ("issuer", "risk")
OWN = ("network", "method", "wallet")
PAID_WITHIN = DAY


def named(facts):
    """Network, method and wallet as the facts name them first; `none` is not there, `unknown` is not told."""
    found = {name: next((getattr(f, name) for f in facts if getattr(f, name) is not None), None) for name in OWN}
    method = found["method"]
    found["method"] = method or "unknown"
    found["network"] = found["network"] or ("none" if method not in (None, "card") else "unknown")
    found["wallet"] = found["wallet"] or ("none" if method else "unknown")
    return found


def names_card(facts):
    return any(getattr(f, name) is not None for f in facts for name in (*OWN, "brand"))


class Attempt:
    """One try to pay; approval beats failure."""

    __slots__ = ("facts", "approved", "decided_at", "kind", "code", "minor", "own")

    def __init__(self, facts):
        self.facts = facts
        self.approved = any(f.kind in APPROVED for f in facts)
        failure = next((f for f in facts if f.kind == "transaction.failed"), None)
        self.decided_at = next((f.time for f in facts if f.kind in APPROVED or f is failure), None)
        failed = failure is not None and not self.approved
        self.kind = (failure.failure_kind or "issuer") if failed else None
        self.code = failure.decline_code if failed else None
        decisions = [f for f in facts if f.kind in (*APPROVED, "transaction.failed")]
        self.minor = max((f.minor for f in decisions if f.minor is not None), default=None)
        self.own = named(facts)

    @property
    def counts(self):
        """Whether it is approved or declined; other failures are neither."""
        return self.approved or self.kind in DECLINES


class Chargeback:
    """A dispute that came to be one: since when it is known as one, how and when it was closed, what was lost."""

    __slots__ = ("opened_at", "closed_at", "outcome", "minor")

    def __init__(self, facts):
        charged = [f for f in facts if f.stage == "chargeback"]
        # Of several outcomes the latest stands, since the moment when it was first told.
        told = [f for f in facts if f.outcome is not None]
        final = next((f for f in told if f.outcome == told[-1].outcome), None)
        self.opened_at = charged[0].time
        self.closed_at, self.outcome = (final.time, final.outcome) if final else (None, None)
        self.minor = max((f.minor for f in facts if f.minor is not None), default=0)


class Folded:
    """A payment as its facts make it, whatever their order and repetition."""

    def __init__(self, view, payment):
        facts = payment.facts
        self.payment, self.first_at = payment, facts[0].time
        captured = [f for f in facts if f.kind == "transaction.captured"]
        priced = captured or [f for f in facts if f.currency is not None]
        self.currency = priced[0].currency if priced else None
        self.captured_at = captured[0].time if captured else None
        self.dated_at = self.first_at if self.captured_at is None else self.captured_at
        self.rate_day = instant(self.dated_at).date().toordinal()
        tries = self._tries(facts)
        decided = [one for one in tries if one.decided_at is not None]
        self.attempts = sorted(decided, key=lambda one: one.decided_at)
        self.counted = [one for one in self.attempts if one.counts]
        self.captures = self._captures(captured)
        self.refunds = self._refunds(facts)
        self.chargebacks = self._chargebacks(facts)
        self.lost = [(one.closed_at, one.minor) for one in self.chargebacks if one.outcome == "lost"]
        self.reversals = self._reversals(facts)
        self.state = self._state(facts)
        self.values = self._values(view, tries, captured[:1])

    def _tries(self, facts):
        """By their ids; without ids each failure is one, and all approvals together are one."""
        groups = {}
        for f in facts:
            if f.attempt_id is not None:
                groups.setdefault(("id", f.attempt_id), []).append(f)
            elif f.kind == "transaction.failed":
                groups["failure", f.source, f.id] = [f]
            elif f.kind in APPROVED:
                groups.setdefault("approval", []).append(f)
        return [Attempt(group) for group in groups.values()]

    def _captures(self, captured):
        """The largest cumulative amount of each capture, at its first time."""
        found = {}
        for f in captured:
            if f.currency == self.currency:
                name = ("capture", f.capture_id) if f.capture_id is not None else ("attempt", f.attempt_id)
                at, minor = found.get(name, (f.time, 0))
                found[name] = (at, max(minor, f.minor))
        return list(found.values())

    def _refunds(self, facts):
        """Each refund once, at its first time."""
        found = {}
        for f in facts:
            if f.kind == "transaction.refunded" and f.currency == self.currency:
                at, minor = found.get(f.refund_id, (f.time, 0))
                found[f.refund_id] = (at, max(minor, f.minor))
        return list(found.values())

    def _chargebacks(self, facts):
        """The disputes that came to be chargebacks, by their ids."""
        disputes = {}
        for f in facts:
            if f.dispute_id is not None:
                disputes.setdefault(f.dispute_id, []).append(f)
        return [Chargeback(d) for d in disputes.values() if any(f.stage == "chargeback" for f in d)]

    def _reversals(self, facts):
        """What a reversal takes back and neither a refund nor a lost dispute has."""
        reversal = next((f for f in facts if f.kind == "transaction.reversed"), None)
        if reversal is None:
            return []
        gone = [f.minor for f in facts if f.kind == "transaction.refunded"]
        if reversal.minor in gone + [minor for _, minor in self.refunds + self.lost]:
            # Of the amount of a refund or a lost dispute it is that money.
            return []
        total = sum(minor for _, minor in self.captures)
        asked = total if reversal.minor is None else reversal.minor
        left = total - sum(minor for _, minor in self.refunds) - sum(minor for _, minor in self.lost)
        taken = min(asked, left)
        return [(reversal.time, taken)] if taken > 0 else []

    def _state(self, facts):
        """The first that holds, by the precedence of the definitions."""
        kinds = {f.kind.removeprefix("transaction.") for f in facts}
        refunded, total = (sum(minor for _, minor in moved) for moved in (self.refunds, self.captures))
        if self.lost:
            return "lost dispute"
        if any(one.outcome is None for one in self.chargebacks):
            return "open dispute"
        if self.refunds:
            return "refunded" if refunded >= total else "partly refunded"
        order = ("captured", "authorized", "requires_action", "failed", "cancelled", "initiated")
        return next((state for state in order if state in kinds), "initiated")

    @property
    def pending(self):
        """Whether nothing has been decided yet."""
        return self.state in ("requires_action", "initiated")

    def _values(self, view, tries, captured):
        """Its dimensions: network, method and wallet are those of one attempt, rather of the captured one."""
        talk, bot = view.talks.get(self.payment.talk), view.bots.get(self.payment.bot)
        country = talk.country if talk and talk.country is not None else bot and bot.country
        chosen = [one for one in tries if captured and captured[0] in one.facts]
        approvals = [f for f in self.payment.facts if f.kind in APPROVED]
        chosen += [one for one in tries if approvals and approvals[0] in one.facts] + self.counted + tries
        if chosen and names_card(chosen[0].facts):
            own = chosen[0].own
        else:
            # Then what belongs to no attempt speaks of the payment.
            own = named([f for f in self.payment.facts if not any(f in one.facts for one in tries)])
        return {
            "platform": self.payment.platform,
            "bot": self.payment.bot and self.payment.bot[1],
            "path": self.payment.path,
            "credential": self.payment.credential,
            "category": bot and bot.category,
            "country": country,
            "developer": bot and bot.developer,
            "acquisition": talk and talk.acquisition,
            "provider": self.payment.key[0],
            **own,
        }

    def of(self, attempt):
        """The dimensions of one of its attempts, which has its own network, method and wallet."""
        return {**self.values, **attempt.own}

    def money(self, view, minor, currency):
        """Minor units of it as an exact number of the asked currency; None without a rate."""
        if minor is None or self.currency is None:
            return None
        if currency == "original":
            return whole(minor, self.currency)
        rate = rates_of(view).rate(self.currency, currency, self.rate_day)
        return None if rate is None else whole(minor, self.currency) * rate


def folded(view, mode):
    """Every payment of a mode, folded once a view."""
    if ("folded", mode) not in view.cache:
        view.cache["folded", mode] = [Folded(view, payment) for payment in view.payments(mode).values()]
    return view.cache["folded", mode]


class Checkout:
    """A checkout, and the first of the payments that belong to it and are paid at or after it."""

    __slots__ = ("time", "values", "paid_at")

    def __init__(self, time, values):
        self.time, self.values, self.paid_at = time, values, None

    @property
    def paid(self):
        """Whether it was paid in time."""
        return self.paid_at is not None and self.paid_at <= self.time + PAID_WITHIN


def checkouts(view, mode):
    """Every checkout of a mode with its payment: by its id, else the latest of the conversation before the payment."""
    if ("checkouts", mode) in view.cache:
        return view.cache["checkouts", mode]
    found, of_talk = {}, {}
    for e in view.events:
        if e.kind != "checkout.started" or e.mode != mode:
            continue
        name = (e.platform, e.checkout_id) if e.checkout_id is not None else (e.source, e.id, "without an id")
        if name in found:
            continue
        talk = view.talks[e.platform, e.conversation_id]
        bot = view.bots[talk.bot]
        country = bot.country if talk.country is None else talk.country
        values = {
            "platform": e.platform,
            "bot": talk.bot[1],
            "category": bot.category,
            "country": country,
            "developer": bot.developer,
            "acquisition": talk.acquisition,
            "path": e.path,
            "credential": e.credential,
        }
        found[name] = Checkout(e.time, values)
        of_talk.setdefault(talk.key, []).append(found[name])
    for payment in view.payments(mode).values():
        paid_at = payment.paid_at
        if paid_at is None:
            continue
        if payment.checkout is not None:
            checkout = found.get(payment.checkout)
        else:
            before = [one for one in of_talk.get(payment.talk, ()) if one.time <= paid_at]
            checkout = before[-1] if before else None
        if checkout and paid_at >= checkout.time and (checkout.paid_at is None or paid_at < checkout.paid_at):
            checkout.paid_at = paid_at
    view.cache["checkouts", mode] = list(found.values())
    return view.cache["checkouts", mode]
