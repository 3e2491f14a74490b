"""Exchange rates from the lists that were posted, and sums of money that are exact until they are told."""

from bisect import bisect_right
from datetime import date
from fractions import Fraction
from itertools import permutations

from ledger import DECIMALS

OLDEST = 7  # Days that a published rate stands in for those after it.
LONGEST = 3  # Quotes in a chain.


def whole(minor, currency):
    """Minor units as an exact number of the currency."""
    return Fraction(minor, 10 ** DECIMALS.get(currency, 2))


def rounded(amount, currency):
    """An exact amount as whole minor units, half to even."""
    return round(amount * 10 ** DECIMALS.get(currency, 2))


def text(minor, currency):
    """Minor units as a decimal text with exactly the decimals of the currency."""
    if currency is None:
        return None
    places = DECIMALS.get(currency, 2)
    digits = str(abs(minor)).rjust(places + 1, "0")
    sign = "-" if minor < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


class Rates:
    """What was quoted on which day, and what one currency was worth in another."""

    def __init__(self, lists):
        quotes = {}
        for csv in lists:
            for line in csv.splitlines()[1:]:
                day, base, quote, rate, _ = line.split(",", 4)
                quotes.setdefault((base, quote), {})[date.fromisoformat(day).toordinal()] = Fraction(rate)
        self.quotes = {pair: sorted(rates.items()) for pair, rates in quotes.items()}
        named = {currency for pair in quotes for currency in pair}
        self.currencies = sorted(named, key=lambda one: (one != "EUR", one))
        self._known = {}

    def rate(self, base, quote, day):
        """Units of `quote` for one of `base`, as quoted or over the shortest chain; None without one."""
        if base == quote:
            return Fraction(1)
        if (base, quote, day) not in self._known:
            self._known[base, quote, day] = self._chain(base, quote, day)
        return self._known[base, quote, day]

    def _chain(self, base, quote, day):
        """The shortest chain of quotes; of equally short ones, that through the euro."""
        between = [currency for currency in self.currencies if currency not in (base, quote)]
        for stops in range(LONGEST):
            for middle in permutations(between, stops):
                product = Fraction(1)
                for one, other in zip((base, *middle), (*middle, quote)):
                    step = self._quoted(one, other, day)
                    product = product and step and product * step
                if product:
                    return product
        return None

    def _quoted(self, base, quote, day):
        """The last quote of the pair by a day, either way round, unless it is too old."""
        published, rate = self._last(base, quote, day)
        other, inverse = self._last(quote, base, day)
        if other > published:
            published, rate = other, 1 / inverse
        return rate if published >= day - OLDEST else None

    def _last(self, base, quote, day):
        """The day and the rate of the last quote by a day."""
        quotes = self.quotes.get((base, quote), ())
        place = bisect_right(quotes, day, key=lambda one: one[0])
        return quotes[place - 1] if place else (-1, None)


def rates_of(view):
    """The rates that the view knows."""
    if "rates" not in view.cache:
        view.cache["rates"] = Rates(view.rates)
    return view.cache["rates"]


class Total:
    """A sum of money of which some has no rate: exact, and nothing at all where nothing converts."""

    __slots__ = ("exact", "converted", "left_out")

    def __init__(self):
        self.exact, self.converted, self.left_out = Fraction(0), 0, 0

    def add(self, amount):
        """Adds an exact amount; None is one without a rate."""
        if amount is None:
            self.left_out += 1
        else:
            self.exact += amount
            self.converted += 1

    def minor(self, currency):
        """The sum in minor units, rounded this once; None if there was money and none of it converts."""
        return None if self.left_out and not self.converted else rounded(self.exact, currency)
