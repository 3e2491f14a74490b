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

    __slots__ = ("opened_at", "closed_at", "outcome", "minor", "amounts", "unnamed")

    def __init__(self, facts):
        charged = [f for f in facts if f.stage == "chargeback"]
        # Of several outcomes the latest stands, since the moment when it was first told.
        told = [f for f in facts if f.outcome is not None]
        final = next((f for f in told if f.outcome == told[-1].outcome), None)
        self.opened_at = charged[0].time
        self.closed_at, self.outcome = (final.time, final.outcome) if final else (None, None)
        # By the captures that it names, else as a whole.
        of = {}
        for f in facts:
            if f.minor is not None:
                of[f.capture_id] = max(f.minor, of.get(f.capture_id, 0))
        whole = of.pop(None, 0)
        self.amounts = of if sum(of.values()) > whole else {None: whole}
        self.minor, self.unnamed = sum(self.amounts.values()), [f for f in facts if f.capture_id is None]


class Reversal:
    """A reversal: its own id, its capture, and the largest amount that is told of it."""

    __slots__ = ("time", "name", "capture", "names_capture", "minor")

    def __init__(self, payment, facts):
        self.time, self.name, self.capture = facts[0].time, facts[0].refund_id, payment.capture(facts)
        self.names_capture = any(f.capture_id is not None for f in facts)
        self.minor = max((f.minor for f in facts if f.minor is not None), default=None)


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
        found = self._captures(captured)
        self.captures = list(found.values())
        # What names no capture is about the only one; of several its attempt's, if anybody can tell.
        self.only = [name for _, name in found] if len(found) == 1 else None
        self.of_capture = {name: minor for (_, name), (_, minor) in found.items()}
        refunds = self._refunds(facts)
        self.refunds = [(at, minor) for at, minor, _ in refunds.values()]
        self.chargebacks = self._chargebacks(facts)
        self.lost = [(one.closed_at, one.minor) for one in self.chargebacks if one.outcome == "lost"]
        self.reversals = self._reversals(facts, refunds)
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
        return found

    def capture(self, facts):
        """The capture that facts are about; None where nobody can tell."""
        named = [f.capture_id for f in facts if f.capture_id is not None]
        others = [name for f in facts for name in (self.only or [f.attempt_id]) if name is not None]
        return min(named or others, default=None)

    def _refunds(self, facts):
        """Each refund that did not fail, with its time, amount and capture, by its id."""
        told = {}
        for f in facts:
            if f.kind == "transaction.refunded" and f.currency == self.currency:
                told.setdefault(f.refund_id, []).append(f)
        return {
            name: (same[0].time, max(f.minor for f in same), self.capture(same))
            for name, same in told.items()
            if all(f.failure_kind is None for f in same)
        }

    def _chargebacks(self, facts):
        """The disputes that came to be chargebacks, by their ids."""
        disputes = {}
        for f in facts:
            if f.dispute_id is not None:
                disputes.setdefault(f.dispute_id, []).append(f)
        return [Chargeback(d) for d in disputes.values() if any(f.stage == "chargeback" for f in d)]

    def _gone(self, refunds):
        """Id, capture and amount of each refund, and of what each lost dispute took."""
        gone = [(name, capture, minor) for name, (_, minor, capture) in refunds.items()]
        for one in self.chargebacks:
            if one.outcome == "lost":
                whole = self.capture(one.unnamed)
                gone += [(None, capture or whole, minor) for capture, minor in one.amounts.items()]
        return gone

    def _reversals(self, facts, refunds):
        """Each by its own id, else by its capture, unless it is the same money as a refund or a lost dispute."""
        told = {}
        for f in facts:
            if f.kind == "transaction.reversed":
                name = (0, self.capture([f]) or "") if f.refund_id is None else (1, f.refund_id)
                told.setdefault(name, []).append(f)
        parts = [Reversal(self, same) for _, same in sorted(told.items(), key=lambda told: (told[1][0].time, told[0]))]
        gone = self._gone(refunds)
        # One whose capture is known can be no other's; one of an unknown capture may be anybody's.
        for is_same in (
            lambda part, name, capture, minor: part.name is not None and part.name == name,
            lambda part, name, capture, minor: part.capture is not None and (part.capture, part.minor) == (capture, minor),
            lambda part, name, capture, minor: part.capture is None and capture is not None and part.minor == minor,
            lambda part, name, capture, minor: capture is None and part.minor == minor,
        ):
            for part in list(parts):
                match = next((back for back in gone if is_same(part, *back)), None)
                if match is not None:
                    gone.remove(match)
                    parts.remove(part)
        return self._taken_back(parts, self._gone(refunds))

    def _taken_back(self, parts, gone):
        """As much of reversals as is left of the payment, and of a capture that they name."""
        left = sum(minor for _, minor in self.captures) - sum(minor for _, _, minor in gone)
        of_capture = dict(self.of_capture)
        for _, capture, minor in gone:
            if capture in of_capture:
                of_capture[capture] -= minor
        moved = []
        for part in parts:
            named = part.names_capture and part.capture in of_capture
            most = min(left, of_capture[part.capture]) if named else left
            taken = most if part.minor is None else min(part.minor, most)
            if taken > 0:
                moved.append((part.time, taken))
                left -= taken
                if named:
                    of_capture[part.capture] -= taken
        return moved

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
