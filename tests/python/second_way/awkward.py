"""Lines of events that contradict each other in many ways that the definitions decide: few bots, conversations and
payments, named by many events in any order, with ties in time, ids that are missing, movements without a capture,
bots that come and go, and payments that name their bot late or never. Prints so many lines for a seed."""

import json
import random
import sys
from datetime import datetime, timedelta, timezone

FROM = datetime(2025, 1, 1, tzinfo=timezone.utc)
# Times fall on few moments, so that many are equal.
STEPS = 4_000
STEP = timedelta(minutes=21, seconds=36)
PLATFORMS = ["messenger", "web"]
COUNTRIES = ["US", "DE", "JP", None]
CURRENCIES = {"stripe": "USD", "paypal": "EUR", "braintree": "JPY"}
KINDS = {
    "transaction.initiated": 4, "transaction.requires_action": 1, "transaction.authorized": 4,
    "transaction.captured": 6, "transaction.failed": 5, "transaction.cancelled": 1, "transaction.reversed": 2,
    "transaction.refunded": 2, "transaction.disputed": 1, "transaction.dispute_closed": 1,
}


def some(dice, value, share=0.5):
    """A value or nothing."""
    return value if dice.random() < share else None


def bot_event(dice, bot):
    kinds = ["bot.registered", "bot.retired", "bot.reinstated", "bot.suspended", "bot.updated"]
    return dice.choice(kinds), {
        **bot,
        "category": some(dice, dice.choice(["food", "travel"]), 0.3),
        "country": some(dice, dice.choice(["US", "DE"]), 0.3),
        "developer_id": some(dice, dice.choice(["dev1", "dev2"]), 0.3),
        "payments_enabled": some(dice, dice.random() < 0.5, 0.3),
    }


def talk_event(dice, talk, bots):
    kinds = ["conversation.started", "conversation.message", "conversation.ended", "catalog.viewed", "product.viewed",
             "cart.updated", "checkout.started", "checkout.started"]
    kind = dice.choice(kinds)
    # Now and then another bot of the platform speaks in the conversation.
    bot = dice.choice(bots) if dice.random() < 0.1 else bots[talk % len(bots)]
    data = {
        **bot,
        "conversation_id": f"c{talk}",
        "user_id": some(dice, f"u{talk % 17}", 0.6),
        "country": some(dice, dice.choice(COUNTRIES), 0.4),
    }
    if kind == "conversation.started":
        data["acquisition"] = some(dice, dice.choice(["ad", "link", "organic"]))
    if kind == "conversation.message":
        data["direction"] = dice.choice(["in", "out"])
    if kind == "checkout.started":
        data["checkout_id"] = some(dice, f"k{talk}-{dice.randrange(2)}", 0.8)
        data["path"] = dice.choice(["in_thread", "webview", "redirect"])
        data["credential"] = dice.choice(["saved", "new"])
    return kind, data


class Habits:
    """What a payment's tellers keep to: whether attempts have ids, which card each has, what may be taken back."""

    def __init__(self, seed, payment):
        dice = random.Random(f"{seed} {payment}")
        self.has_ids = dice.random() < 0.7
        self.cards = {name: self.card(dice) for name in (None, "a0", "a1", "a2")}
        # What is cancelled was never taken, so nothing of it can go back.
        refused = {"transaction.cancelled"} if dice.random() < 0.7 else {"transaction.refunded", "transaction.reversed"}
        self.kinds = {kind: weight for kind, weight in KINDS.items() if kind not in refused}
        # A refund is of one capture, whoever tells of it, and so is a reversal that has an id.
        self.captures = {f"{of}{n}": some(dice, f"x{dice.randrange(2)}") for of in "rv" for n in range(3)}

    @staticmethod
    def card(dice):
        method = some(dice, dice.choice(["card", "card", "paypal"]), 0.8)
        return {
            "method": method,
            "network": some(dice, dice.choice(["visa", "mastercard"]), 0.7) if method == "card" else None,
            "wallet": some(dice, "apple_pay", 0.2) if method == "card" else None,
        }


def payment_event(dice, payment, habits, bots, talks):
    provider = ["stripe", "paypal", "braintree"][payment % 3]
    kind = dice.choices(list(habits.kinds), habits.kinds.values())[0]
    talk = dice.randrange(talks) if dice.random() < 0.05 else payment % talks
    names = dice.random() < 0.3
    attempt = f"a{dice.randrange(3)}" if habits.has_ids else None
    data = {
        "provider": provider,
        "payment_id": f"p{payment}",
        "attempt_id": attempt,
        "amount": {"value": str(dice.randrange(100, 900)), "currency": CURRENCIES[provider]},
        **habits.cards[attempt],
        "path": some(dice, dice.choice(["in_thread", "redirect"]), 0.2),
        "credential": some(dice, dice.choice(["saved", "new"]), 0.2),
    }
    if names:
        data |= bots[talk % len(bots)]
        data["conversation_id"] = some(dice, f"c{talk}", 0.8)
        data["user_id"] = some(dice, f"u{talk % 17}")
        data["checkout_id"] = some(dice, f"k{talk}-{dice.randrange(2)}", 0.4) if data["conversation_id"] else None
    if kind == "transaction.captured":
        data["capture_id"] = some(dice, f"x{dice.randrange(2)}", 0.3)
    if kind == "transaction.failed":
        data["failure_kind"] = some(dice, dice.choice(["issuer", "risk", "technical", "abandoned", "settlement"]), 0.8)
        data["decline_code"] = some(dice, dice.choice(["do_not_honor", "timeout", "fraudulent"]), 0.8)
    if kind == "transaction.refunded":
        data["refund_id"] = f"r{dice.randrange(3)}"
        data["capture_id"] = habits.captures[data["refund_id"]]
        data["failure_kind"] = some(dice, "technical", 0.1)
    if kind == "transaction.reversed":
        # Now and then the reversal of a refund's very id.
        data["refund_id"] = some(dice, dice.choice(["v0", "v1", "v2", "r0"]), 0.7)
        data["capture_id"] = habits.captures.get(data["refund_id"], some(dice, f"x{dice.randrange(2)}"))
    if kind in ("transaction.disputed", "transaction.dispute_closed"):
        data["dispute_id"] = f"d{dice.randrange(2)}"
        data["capture_id"] = some(dice, f"x{dice.randrange(2)}", 0.2)
        data["stage"] = dice.choice(["inquiry", "chargeback", "chargeback"])
    if kind == "transaction.dispute_closed":
        data["outcome"] = dice.choice(["won", "lost"])
    return kind, data


def lines(seed, count):
    """So many events, in no order of time."""
    dice = random.Random(seed)
    bots = {name: [{"platform": name, "bot_id": f"b{n}"} for n in range(9)] for name in PLATFORMS}
    talks = payments = max(20, count // 12)
    habits = [Habits(seed, payment) for payment in range(payments)]
    for n in range(count):
        pick = dice.random()
        if pick < 0.08:
            kind, data = bot_event(dice, dice.choice(bots[dice.choice(PLATFORMS)]))
        elif pick < 0.55:
            talk = dice.randrange(talks)
            kind, data = talk_event(dice, talk, bots[PLATFORMS[talk % 2]])
        else:
            payment = dice.randrange(payments)
            kind, data = payment_event(dice, payment, habits[payment], bots[PLATFORMS[payment % 2]], talks)
        time = FROM + dice.randrange(STEPS) * STEP
        data = {name: value for name, value in data.items() if value is not None}
        yield json.dumps({
            "specversion": "1.0", "id": f"w{seed}-{n}", "source": f"/awkward/{n % 3}", "type": kind,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "data": data,
        })


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]), int(sys.argv[2])):
        print(line)
