"""Who buys in a demonstration shop: kinds of customers, and purchases from the processes behind them.

Visits follow a BG/NBD process, values a Gamma-Gamma process; what is drawn here is what `truth.json` records.

References
----------
.. [1] P. S. Fader, B. G. S. Hardie and K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to
   the Pareto/NBD Model, Marketing Science 24(2), 2005.
.. [2] P. S. Fader and B. G. S. Hardie, The Gamma-Gamma Model of Monetary Value, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.data.demo.season import Array, Season


@dataclass(frozen=True)
class Shoppers:
    """One kind of customer, with the parameters of everything it does.

    Attributes
    ----------
    customer_type : str
        As in `customers.customer_type`.
    share : float
        Of the customers, 0–1.
    r, alpha : float
        Purchase rate λ ~ Gamma(r, rate alpha), purchases a week of trading time.
    a, b : float
        Chance to leave after each repeat purchase, p ~ Beta(a, b).
    p, q, gamma : float
        Value of a purchase ~ Gamma(p, rate ν), ν ~ Gamma(q, rate gamma): mean p·gamma / (q − 1).
    lines : tuple of float
        Probabilities of 1, 2, … lines in a purchase.
    return_probability : float
        Of each purchase, within 30 days.
    payments, channels : dict
        Share of each payment method and channel.
    credit_share : float
        Share of customers with a credit limit.
    on_account : bool
        Whether purchases are paid later, in `payments`.
    """

    customer_type: str
    share: float
    r: float
    alpha: float
    a: float
    b: float
    p: float
    q: float
    gamma: float
    season: Season
    lines: tuple[float, ...]
    return_probability: float
    payments: dict[str, float]
    channels: dict[str, float]
    credit_share: float
    credit_limits: tuple[int, ...]
    on_account: bool

    @property
    def mean_value(self) -> float:
        """Mean value of a purchase, over customers."""
        return self.p * self.gamma / (self.q - 1)

    def truth(self) -> dict[str, Any]:
        """The parameters as `truth.json` names them."""
        return {
            "share_of_customers": self.share,
            "bg_nbd": {"r": self.r, "alpha": self.alpha, "a": self.a, "b": self.b, "time_unit": "week"},
            "gamma_gamma": {"p": self.p, "q": self.q, "gamma": self.gamma, "mean_value": self.mean_value},
            "lines_in_purchase": list(self.lines),
            "return_probability": self.return_probability,
            "payment_methods": self.payments,
            "channels": self.channels,
            "season": {"months": list(self.season.months), "weekdays": list(self.season.weekdays)},
            "hours": list(self.season.hours),
            "closed": [day.isoformat() for day in self.season.closed],
        }


@dataclass(frozen=True)
class Traits:
    """What is drawn once for each customer, all of shape (n,)."""

    kind: Array  # position in the tuple of Shoppers
    rate: Array  # λ, purchases a day of trading time
    leaving: Array  # p
    value_rate: Array  # ν
    first: Array  # trading time of the first purchase


def draw_traits(rng: np.random.Generator, kinds: tuple[Shoppers, ...], size: int, opening: float) -> Traits:
    """Draw the lasting traits of `size` customers."""
    bounds = np.rint(np.cumsum([shoppers.share for shoppers in kinds]) * size).astype("int64")
    kind = rng.permutation(np.searchsorted(bounds, np.arange(size), side="right"))
    traits = Traits(kind, *(np.zeros(size) for _ in range(4)))
    for position, shoppers in enumerate(kinds):
        of_kind = np.flatnonzero(kind == position)
        count = len(of_kind)
        traits.rate[of_kind] = rng.gamma(shoppers.r, 1 / shoppers.alpha, count) / 7
        traits.leaving[of_kind] = rng.beta(shoppers.a, shoppers.b, count)
        traits.value_rate[of_kind] = rng.gamma(shoppers.q, 1 / shoppers.gamma, count)
        traits.first[of_kind] = shoppers.season.acquisition_times(rng, count, opening)
    return traits


def draw_purchases(
    rng: np.random.Generator, kinds: tuple[Shoppers, ...], traits: Traits
) -> tuple[Array, Array]:
    """Run the BG/NBD process of every customer to the end of the data.

    Returns
    -------
    customer, time : numpy.ndarray of shape (n_purchases,)
        Position of the customer in `traits`, trading time of the purchase. First purchases come first.
    """
    end = np.array([shoppers.season.elapsed[-1] for shoppers in kinds])[traits.kind]
    active = np.arange(len(traits.kind))
    now = traits.first.copy()
    customers, times = [active], [now]
    while len(active):
        now = now + rng.exponential(size=len(active)) / traits.rate[active]
        bought = now < end[active]
        active, now = active[bought], now[bought]
        customers.append(active)
        times.append(now)
        stays = rng.random(len(active)) >= traits.leaving[active]
        active, now = active[stays], now[stays]
    return np.concatenate(customers), np.concatenate(times)


def days_of(kinds: tuple[Shoppers, ...], kind: Array, time: Array) -> Array:
    """Day numbers of moments in the trading time of each kind of customer."""
    day = np.zeros(len(time), dtype="int64")
    for position, shoppers in enumerate(kinds):
        of_kind = kind == position
        day[of_kind] = shoppers.season.day_of(time[of_kind])
    return day


def draw_values(
    rng: np.random.Generator, kinds: tuple[Shoppers, ...], kind: Array, value_rate: Array, step: int
) -> Array:
    """Values of purchases from the Gamma process of their customers, in whole `step` hundredths."""
    shape = np.array([shoppers.p for shoppers in kinds])[kind]
    steps = np.rint(rng.gamma(shape) / value_rate * 100 / step)
    return np.maximum(steps, 1).astype("int64") * step


def guest_value_rates(rng: np.random.Generator, shoppers: Shoppers, size: int) -> Array:
    """ν of people who leave no name: everyone a new draw."""
    return rng.gamma(shoppers.q, 1 / shoppers.gamma, size)
