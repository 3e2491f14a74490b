"""The accepted events, read from what was posted, and what a moment knew of them."""

import json
from datetime import datetime, timedelta, timezone
from functools import cached_property

FIELDS = (
    "platform bot_id conversation_id user_id country acquisition direction category developer_id payments_enabled "
    "checkout_id path credential provider payment_id attempt_id capture_id refund_id dispute_id method network brand "
    "wallet decline_code failure_kind mode stage outcome"
).split()

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)

# Decimals of the currencies that occur; every other has two.
DECIMALS = {"JPY": 0, "XTR": 0, "KWD": 3}


def micros(text):
    """RFC 3339 as microseconds since 1970."""
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // MICROSECOND


def minor_units(amount):
    """A decimal text as whole minor units of its currency, without a float."""
    whole, _, part = amount["value"].partition(".")
    places = DECIMALS.get(amount["currency"], 2)
    part = part.rstrip("0").ljust(places, "0")
    assert len(part) == places, amount
    return int(whole + part)


def content(line):
    """What tells a duplicate from a conflict: type, subject and data by value, however amounts are written."""
    data = dict(line["data"])
    if data.get("amount"):
        data["amount"] = {**data["amount"], "value": minor_units(data["amount"])}
    data = {name: value for name, value in data.items() if value is not None}
    return hash((line["type"], line.get("subject"), json.dumps(data, sort_keys=True)))


class Event:
    """One event; what it does not name is None."""

    __slots__ = FIELDS + ["source", "id", "kind", "time", "received", "minor", "currency"]

    def __init__(self, line, received):
        data = line["data"]
        for name in FIELDS:
            setattr(self, name, data.get(name))
        self.source, self.id, self.kind = line["source"], line["id"], line["type"]
        self.time = micros(line["time"]) if line.get("time") else received
        self.received = received
        amount = data.get("amount")
        self.minor = minor_units(amount) if amount else None
        self.currency = amount["currency"] if amount else None
        self.mode = self.mode or "live"

    @property
    def order(self):
        return (self.time, self.source, self.id)


class Ledger:
    """Everything that was accepted, with the stamp of its receipt, and the exchange rates likewise."""

    def __init__(self, folder, manifest):
        self.events, known = [], {}
        self.duplicates = self.conflicts = 0
        for part in manifest["parts"]:
            received = micros(part["received_at"])
            with open(f"{folder}/{part['file']}", encoding="utf-8") as file:
                for text in file:
                    line = json.loads(text)
                    identity = (line["source"], line["id"])
                    said = content(line)
                    if identity in known:
                        same = known[identity] == said
                        self.duplicates += same
                        self.conflicts += not same
                        continue
                    known[identity] = said
                    self.events.append(Event(line, received))
        self.rates = [(micros(rate["received_at"]), rate["csv"]) for rate in manifest["rates"]]
        self._views = {}

    def known_at(self, as_of):
        """What had been received by a moment, inclusive."""
        if as_of not in self._views:
            self._views.clear()
            self._views[as_of] = View(self, as_of)
        return self._views[as_of]


def names_user(event):
    """Whether an event says whose it is: a user is one of a bot."""
    return event.user_id is not None and event.bot_id is not None


def user_of(event):
    return event and (event.platform, event.bot_id, event.user_id)


class Payment:
    """What a payment belongs to: each from its earliest fact that names it."""

    __slots__ = ("key", "facts", "bot", "talk", "user", "checkout", "path", "credential", "platform")

    def __init__(self, key, facts):
        self.key, self.facts = key, facts

        def first(name):
            return next((fact for fact in facts if getattr(fact, name) is not None), None)

        bot, talk, checkout = (first(name) for name in ("bot_id", "conversation_id", "checkout_id"))
        user = next((fact for fact in facts if names_user(fact)), None)
        path, credential = first("path"), first("credential")
        self.bot = bot and (bot.platform, bot.bot_id)
        self.platform = bot and bot.platform
        self.talk = talk and (talk.platform, talk.conversation_id)
        self.user = user_of(user)
        self.checkout = checkout and (checkout.platform, checkout.checkout_id)
        self.path, self.credential = path and path.path, credential and credential.credential

    @property
    def paid_at(self):
        """The first authorization or capture."""
        return self._first("transaction.authorized", "transaction.captured")

    @property
    def captured_at(self):
        return self._first("transaction.captured")

    def _first(self, *kinds):
        return next((fact.time for fact in self.facts if fact.kind in kinds), None)


class Talk:
    """A conversation: its bot is that of its earliest event, user, country and acquisition the first that are named."""

    __slots__ = ("key", "events", "bot", "user", "country", "acquisition")

    def __init__(self, key, events):
        self.key, self.events = key, events
        self.bot = next(((e.platform, e.bot_id) for e in events if e.bot_id is not None), None)
        self.user = user_of(next((e for e in events if names_user(e)), None))
        self.country = next((e.country for e in events if e.country is not None), None)
        self.acquisition = next((e.acquisition for e in events if e.acquisition is not None), None)


class Bot:
    """A bot and the latest that its own events say of it."""

    __slots__ = ("key", "events", "first_named", "country", "category", "developer")

    def __init__(self, key, events, first_named):
        self.key, self.events, self.first_named = key, events, first_named

        def last(name):
            return next((getattr(e, name) for e in reversed(events) if getattr(e, name) is not None), None)

        self.country, self.category, self.developer = last("country"), last("category"), last("developer_id")


def grouped(events, key):
    groups = {}
    for event in events:
        name = key(event)
        if name is not None:
            groups.setdefault(name, []).append(event)
    return groups


class View:
    """The events that a moment knew, in the order of their times, and what follows from them."""

    def __init__(self, ledger, as_of):
        self.as_of = as_of
        self.events = sorted((e for e in ledger.events if e.received <= as_of), key=lambda e: e.order)
        self.rates = [csv for received, csv in ledger.rates if received <= as_of]
        self.cache = {}  # For whatever a metric computes once a view.

    @cached_property
    def bots(self):
        """Every bot that anything names, by (platform, bot_id)."""
        named, own = {}, {}
        for e in self.events:
            if e.bot_id is not None:
                named.setdefault((e.platform, e.bot_id), e.time)
                if e.kind.startswith("bot."):
                    own.setdefault((e.platform, e.bot_id), []).append(e)
        return {key: Bot(key, own.get(key, []), time) for key, time in named.items()}

    @cached_property
    def talks(self):
        """Every conversation that anything names, of both modes, by (platform, conversation_id)."""
        def key(e):
            return (e.platform, e.conversation_id) if e.conversation_id is not None else None

        return {name: Talk(name, events) for name, events in grouped(self.events, key).items()}

    @cached_property
    def tested(self):
        """The conversations with a test event or payment: what leads to a test is not marked as one itself."""
        named = {(e.platform, e.conversation_id) for e in self.events
                 if e.mode == "test" and e.conversation_id is not None and e.payment_id is None}
        return named | {payment.talk for payment in self.payments("test").values()}

    def payments(self, mode):
        """The payments of a mode, by (provider, payment_id)."""
        if ("payments", mode) not in self.cache:
            def key(e):
                return (e.provider, e.payment_id) if e.payment_id is not None and e.mode == mode else None

            found = {name: Payment(name, facts) for name, facts in grouped(self.events, key).items()}
            self.cache["payments", mode] = found
        return self.cache["payments", mode]
