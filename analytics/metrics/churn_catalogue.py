"""The features that say who is about to leave: their names, and the words for what they show.

A feature's name is what models, rule tables and drift reports call it. Features that tell the same story
share a ``reason``: when a page says why a customer is at risk, it says so once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Definition = Literal["contract", "purchase"]
Kind = Literal["number", "amount", "probability", "category"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that is known of a customer before the cutoff.

    Attributes
    ----------
    name : str
        Column of the feature frames; stable.
    label : str
        What tables and charts call it.
    more, less : str
        Words for a customer who has more or less of it than is usual; ``{value}`` is the customer's own,
        ``{size}`` the same without its sign, ``{s}`` the ending of a plural.
    definitions : tuple of str
        The definitions of churn whose models use it.
    reason : str
        The name under which its effect counts when reasons are given and rules are matched.
    kind : {"number", "amount", "probability", "category"}
        Models see an amount on a logarithmic scale, a probability as log odds; a category is text.
    scale : float
        What the value is multiplied by before it is put into words (100 for a share said in percent).
    risk : int
        1 where more of it is known to mean more risk, −1 where it means less, 0 where that differs. A model
        that sees it the other way round in one customer mostly shares an effect between features that move
        together; that is never given as a reason.
    """

    name: str
    label: str
    more: str
    less: str
    definitions: tuple[Definition, ...]
    reason: str
    kind: Kind = "number"
    scale: float = 1.0
    risk: int = 0

    def words(self, value: object, *, more: bool) -> str:
        """Say what the feature shows of one customer.

        The text is stored with the prediction, so its numbers are in one neutral form whatever the
        organisation's locale: thousands parted by commas, a decimal point. Tables put them into its own.

        Examples
        --------
        >>> FEATURE["recency_days"].words(120.0, more=True)
        'no purchase for 120 days'
        >>> FEATURE["tenure_days"].words(1715, more=True)
        'customer for 1,715 days'
        >>> FEATURE["plan"].words("Starter", more=True)
        'on the plan Starter'
        """
        template = self.more if more else self.less
        if self.kind == "category":
            return template.replace("{value}", str(value))
        number = float(str(value)) * self.scale
        words = template.replace("{value}", _shown(number)).replace("{size}", _shown(abs(number)))
        return words.replace("{s}", "" if abs(number) == 1 else "s")


def _shown(number: float) -> str:
    whole = abs(number) >= 10 or round(number, 1) == round(number)
    return f"{number:,.0f}".replace("-", "−") if whole else f"{number:.1f}".replace("-", "−")


_BUYS: tuple[Definition, ...] = ("purchase",)
_SIGNS: tuple[Definition, ...] = ("contract",)

FEATURES: tuple[Feature, ...] = (
    # What purchases show; a visit is a day with a purchase.
    Feature("recency_days", "Days since the last purchase",
            "no purchase for {value} day{s}", "last purchase only {value} day{s} ago",
            _BUYS, "recency_days", "amount", risk=1),
    Feature("overdue_ratio", "Days since the last purchase / usual gap",
            "silent {value} times as long as usual", "not yet due for the next purchase",
            _BUYS, "recency_days", "amount", risk=1),
    Feature("no_purchase_probability", "Chance of no purchase, from the rhythm of visits (%)",
            "rhythm of visits points to silence", "rhythm of visits points to another purchase soon",
            _BUYS, "recency_days", "probability", scale=100, risk=1),
    Feature("frequency", "Days with a purchase",
            "bought on {value} day{s} so far", "bought on {value} day{s} only",
            _BUYS, "frequency", "amount", risk=-1),
    Feature("frequency_90", "Days with a purchase in the last 90 days",
            "bought on {value} of the last 90 days", "bought on {value} of the last 90 days",
            _BUYS, "frequency", "amount", risk=-1),
    Feature("frequency_365", "Days with a purchase in the last 365 days",
            "bought on {value} day{s} in a year", "bought rarely in a year",
            _BUYS, "frequency", "amount", risk=-1),
    Feature("monetary_30", "Net revenue in the last 30 days",
            "spent more than usual lately", "spent less than usual lately",
            _BUYS, "monetary_90", "amount", risk=-1),
    Feature("monetary_90", "Net revenue in the last 90 days",
            "spent more than most in 90 days", "spent less than most in 90 days",
            _BUYS, "monetary_90", "amount", risk=-1),
    Feature("monetary_365", "Net revenue in the last 365 days",
            "spent more than most in a year", "spent less than most in a year",
            _BUYS, "monetary_365", "amount", risk=-1),
    Feature("tenure_days", "Days since the first purchase or the start of the contract",
            "customer for {value} day{s}", "customer for {value} day{s} only",
            ("purchase", "contract"), "tenure_days", risk=-1),
    Feature("mean_gap_days", "Mean days between purchases",
            "long gaps between purchases ({value} days)", "short gaps between purchases ({value} days)",
            _BUYS, "mean_gap_days", "amount", risk=1),
    Feature("gap_trend", "Last gap / mean of the gaps before",
            "last gap {value} times the ones before", "gaps becoming shorter",
            _BUYS, "gap_trend", "amount", risk=1),
    Feature("basket_value", "Net revenue a purchase",
            "large purchases", "small purchases", _BUYS, "basket_value", "amount"),
    Feature("category_breadth", "Categories bought",
            "buys in {value} categories", "buys in {value} categories only",
            _BUYS, "category_breadth", risk=-1),
    Feature("return_share", "Share of sales that are returns (%)",
            "returns {value}% of purchases", "few returns", _BUYS, "return_share", scale=100),
    # What the snapshots of a contract customer show.
    Feature("logins_30d", "Logins in 30 days",
            "{value} login{s} in 30 days", "{value} login{s} in 30 days only",
            _SIGNS, "logins_30d", "amount", risk=-1),
    Feature("logins_per_seat", "Logins a seat in 30 days",
            "{value} logins a seat in 30 days", "{value} logins a seat in 30 days only",
            _SIGNS, "logins_30d", risk=-1),
    Feature("login_change", "Change of logins against the 30 days before (%)",
            "logins up by {size}% in a month", "logins down by {size}% in a month",
            _SIGNS, "login_change", scale=100, risk=-1),
    Feature("login_fall", "Fall of logins against the 30 days before (%)",
            "logins down by {size}% in a month", "logins not falling",
            _SIGNS, "login_change", scale=100, risk=1),
    Feature("seat_use", "Share of seats in use (%)",
            "{value}% of the seats in use", "only {value}% of the seats in use",
            _SIGNS, "seat_use", scale=100, risk=-1),
    Feature("nps", "NPS answer of the last snapshot",
            "NPS answer of {value}", "NPS answer of {value}", _SIGNS, "nps", risk=-1),
    Feature("nps_latest", "NPS answer, the latest of all",
            "latest NPS answer {value}", "latest NPS answer {value}", _SIGNS, "nps", risk=-1),
    Feature("nps_change", "NPS answer against the one before",
            "NPS answer up by {size}", "NPS answer down by {size}", _SIGNS, "nps_change", risk=-1),
    Feature("tickets_90d", "Support tickets in 90 days",
            "{value} support ticket{s} in 90 days", "{value} support ticket{s} in 90 days",
            _SIGNS, "tickets_90d", risk=1),
    Feature("critical_tickets_90d", "Critical tickets in 90 days",
            "{value} critical ticket{s} in 90 days", "no critical ticket in 90 days",
            _SIGNS, "critical_tickets_90d", risk=1),
    Feature("days_overdue", "Days overdue",
            "payment {value} day{s} overdue", "pays on time", _SIGNS, "days_overdue", risk=1),
    Feature("plan", "Plan", "on the plan {value}", "on the plan {value}", _SIGNS, "plan", "category"),
    Feature("acv", "Annual contract value",
            "larger contract than most", "smaller contract than most", _SIGNS, "acv", "amount"),
    Feature("acv_change", "Change of the contract value in a year (%)",
            "contract grown by {size}% in a year", "contract cut by {size}% in a year",
            _SIGNS, "acv_change", scale=100, risk=-1),
    Feature("days_to_renewal", "Days to the renewal",
            "renews in {value} day{s}", "renews in {value} day{s}", _SIGNS, "days_to_renewal"),
    Feature("renewal_due", "Renews within the horizon",
            "contract comes up for renewal", "no renewal ahead", _SIGNS, "days_to_renewal", risk=1),
    Feature("feature_adoption", "Share of the features in use (%)",
            "uses {value}% of the features", "uses only {value}% of the features",
            _SIGNS, "feature_adoption", scale=100, risk=-1),
    Feature("sentiment", "Sentiment of the conversations",
            "friendly tone of the conversations", "tense tone of the conversations",
            _SIGNS, "sentiment", risk=-1),
)  # fmt: skip
"""Every feature, those from purchases first."""

FEATURE: dict[str, Feature] = {feature.name: feature for feature in FEATURES}


def names(definition: Definition) -> tuple[str, ...]:
    """Names of the features that models of a definition use, in their order.

    Examples
    --------
    >>> names("contract")[:3]
    ('tenure_days', 'logins_30d', 'logins_per_seat')
    """
    return tuple(feature.name for feature in FEATURES if definition in feature.definitions)


def label(name: str) -> str:
    """What tables and charts call a feature; its name where the catalogue does not have it."""
    return FEATURE[name].label if name in FEATURE else name.replace("_", " ")


def reasons(features: Sequence[str]) -> list[str]:
    """Reasons under which the effects of these features count, each once, in their order.

    Examples
    --------
    >>> reasons(["overdue_ratio", "recency_days", "frequency", "tariff"])
    ['recency_days', 'frequency', 'tariff']
    """
    found = (FEATURE[name].reason if name in FEATURE else name for name in features)
    return list(dict.fromkeys(found))


def known(value: object) -> bool:
    """Whether a customer's feature is known: neither None nor NaN."""
    return value is not None and not (isinstance(value, (float, np.floating)) and np.isnan(value))
