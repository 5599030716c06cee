"""The customers of the campaign dashboard: what each bought in a timeframe, scored, in buckets, and selected.

Everything here is a flow: only sales from a timeframe's first day to its reference date count. Scores and
buckets come from all identified customers of the timeframe; the filters then select among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import ibis
import pandas as pd
from ibis import _

from analytics.errors import ParamsError, nearest
from analytics.metrics.purchases import exact_sum, periods_table, purchases
from analytics.timeframe import Timeframe

WHOLE_NUMBER = 8
"""Digits from which a mobile number is a whole one, and a 0 before it the prefix of calls at home."""
NOT_RETURNED = "not returned"
_DASHES = str.maketrans("‒–—−", "----")


@dataclass(frozen=True, slots=True)
class Campaign:
    """Which customers of a timeframe are shown, and where the buckets are cut.

    Attributes
    ----------
    customer_mobile : str
        Only customers whose mobile number ends in these digits; what is no digit does not count, nor does the
        0 that stands before a whole number at home and not abroad. Empty for all.
    customer_name : str
        Only customers whose name contains this, in any case. Empty for all.
    r_value_bucket, f_value_bucket, m_value_bucket : str
        Only customers in the bucket with this printed label: of days since the last purchase, of visits, of
        spending. Empty for all. Dashes and separators of thousands may be written either way.
    r_bounds : tuple of int
        Last day of each bucket of days since the last purchase.
    most_visits : int
        From so many visits on there is one bucket.
    m_bounds : tuple of float
        Least spending of each bucket but the first, in the organisation's currency.
    return_bounds : tuple of int
        Ends of the buckets of mean days to return; only the last one includes its end.

    Raises
    ------
    ParamsError
        If bounds do not rise, or a bucket is none.

    Examples
    --------
    >>> Campaign().m_labels[:2], Campaign(m_value_bucket="1000-2000").m_place
    (('under 1,000', '1,000–2,000'), 1)
    """

    customer_mobile: str = ""
    customer_name: str = ""
    r_value_bucket: str = ""
    f_value_bucket: str = ""
    m_value_bucket: str = ""
    r_bounds: Sequence[int] = (200, 400, 600, 800, 1000)
    most_visits: int = 10
    m_bounds: Sequence[float] = (1000, 2000, 3000, 4000, 5000)
    return_bounds: Sequence[int] = (30, 60, 90, 180, 365, 730)

    def __post_init__(self) -> None:
        for name in ("r_bounds", "m_bounds", "return_bounds"):
            bounds = list(getattr(self, name))
            rising = all(a < b for a, b in pairwise(bounds))
            if not bounds or bounds[0] <= 0 or not rising:
                raise ParamsError(f"{name} is {bounds}, but has to be rising numbers above 0")
        if self.most_visits < 2:
            raise ParamsError(f"most_visits is {self.most_visits}, but has to be 2 or more")
        if self.customer_mobile and not _digits(self.customer_mobile):
            raise ParamsError("customer_mobile holds no digit")
        for name in ("r_place", "f_place", "m_place"):
            getattr(self, name)  # refuses a label that is none

    @property
    def r_labels(self) -> tuple[str, ...]:
        """Buckets of days since the last purchase, as they are printed."""
        bounds = [0, *self.r_bounds]
        inner = (f"{low + 1:,}–{high:,}" for low, high in pairwise(bounds))
        return (*inner, f"over {bounds[-1]:,}")

    @property
    def f_labels(self) -> tuple[str, ...]:
        """Buckets of visits, as they are printed."""
        return (*(str(n) for n in range(1, self.most_visits)), f"{self.most_visits}+")

    @property
    def m_labels(self) -> tuple[str, ...]:
        """Buckets of spending, as they are printed; each includes its lower bound."""
        bounds = list(self.m_bounds)
        inner = (f"{_grouped(low)}–{_grouped(high)}" for low, high in pairwise(bounds))
        return (f"under {_grouped(bounds[0])}", *inner, f"{_grouped(bounds[-1])} and more")

    @property
    def return_labels(self) -> tuple[str, ...]:
        """Buckets of mean days to return, as they are printed."""
        bounds = [0, *self.return_bounds]
        inner = (f"{low:,}–{high:,}" for low, high in pairwise(bounds))
        return (*inner, f"over {bounds[-1]:,}", NOT_RETURNED)

    @property
    def r_place(self) -> int | None:
        """Number of the bucket of recency asked for, None for all."""
        return _place("r_value_bucket", self.r_value_bucket, self.r_labels)

    @property
    def f_place(self) -> int | None:
        """Number of the bucket of visits asked for, None for all."""
        return _place("f_value_bucket", self.f_value_bucket, self.f_labels)

    @property
    def m_place(self) -> int | None:
        """Number of the bucket of spending asked for, None for all."""
        return _place("m_value_bucket", self.m_value_bucket, self.m_labels)

    @property
    def filtered(self) -> bool:
        """Whether any customer may be left out."""
        return any(
            (
                self.customer_mobile,
                self.customer_name,
                self.r_value_bucket,
                self.f_value_bucket,
                self.m_value_bucket,
            )
        )


def _grouped(amount: float) -> str:
    return f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:,}"


def _plain(label: str) -> str:
    """A label without separators of thousands and with one kind of dash, in small letters."""
    text = " ".join(label.translate(_DASHES).lower().split())
    return re.sub(r"(?<=\d)[.,' ’](?=\d{3}(?!\d))", "", re.sub(r"\s*-\s*", "-", text))


def _place(name: str, label: str, labels: Sequence[str]) -> int | None:
    if not label:
        return None
    known = [_plain(one) for one in labels]
    if _plain(label) not in known:
        raise ParamsError(
            f'{name} "{label}" is no bucket{nearest(label, labels)}; there are {"; ".join(labels)}, or '
            "leave it empty for all"
        )
    return known.index(_plain(label))


def _digits(mobile: str) -> str:
    digits = "".join(sign for sign in mobile if sign.isdecimal())
    return digits[1:] if len(digits) >= WHOLE_NUMBER and digits.startswith("0") else digits


def campaign_customers(
    sales: ibis.Table, customers: ibis.Table | None, periods: Sequence[Timeframe], asked: Campaign
) -> ibis.Table:
    """Each selected customer of each period with its sums, scores and buckets.

    Parameters
    ----------
    sales, customers : ibis.Table
        As in the contract; without `customers` nobody has a name or a mobile number to be found by.
    periods : sequence of Timeframe
        At least one.
    asked : Campaign

    Returns
    -------
    ibis.Table
        A lazy expression, one row for each period and identified customer with a purchase in it:

        - ``period`` (int64, position in `periods`), ``customer_id``
        - ``orders``, ``visits`` (int64): a visit is a day with a purchase.
        - ``revenue`` (decimal, net of returns), ``profit`` (decimal, of the sales that have one; missing
          where none has), ``units`` (float64; a return takes away), ``unit_orders`` (int64): orders whose
          units are known.
        - ``recency_days`` (int64): since the last purchase. ``span_days`` (int64): from the first visit to
          the last, which is the sum of all gaps between.
        - ``r_score``, ``f_score``, ``m_score`` (int64, 1–5): 1 + ⌊5k / n⌋ with k the customers of the
          timeframe whose recency, orders or net revenue is strictly worse, n all of them.
        - ``r_bucket``, ``f_bucket``, ``m_bucket``, ``return_bucket`` (int64): numbers of the labels.
    """
    people = _people(purchases(sales), periods)
    ranks = {
        "recency_worse": ibis.asc("last_day"),
        "orders_worse": ibis.asc("orders"),
        "revenue_worse": ibis.asc("revenue"),
    }
    ranked = people.mutate(
        everybody=_.count().over(group_by="period"),
        **{name: ibis.rank().over(group_by="period", order_by=order) for name, order in ranks.items()},
    )
    recency, span = _.end - _.last_day, _.last_day - _.first_day
    scored = ranked.select(
        *("period", "customer_id", "orders", "visits", "revenue", "profit", "units", "unit_orders"),
        recency_days=recency,
        span_days=span,
        r_score=(1 + 5 * _.recency_worse // _.everybody).cast("int64"),
        f_score=(1 + 5 * _.orders_worse // _.everybody).cast("int64"),
        m_score=(1 + 5 * _.revenue_worse // _.everybody).cast("int64"),
        r_bucket=_first(*((recency <= bound) for bound in asked.r_bounds)),
        f_bucket=(ibis.least(_.visits, asked.most_visits) - 1).cast("int64"),
        m_bucket=_first(*((_.revenue < bound) for bound in asked.m_bounds)),
        return_bucket=_return_bucket(span, asked.return_bounds),
    )
    return _selected(scored, customers, asked)


def _people(bought: ibis.Table, periods: Sequence[Timeframe]) -> ibis.Table:
    # Few steps, one inside the other: a report's query is already deep, and SQLite's parser has a limit.
    dates = periods_table(periods)
    units = _.is_order.ifelse(_.units, -_.units.abs())
    days = (
        bought.inner_join(dates, [bought.day >= dates.start, bought.day < dates.end])
        .group_by("period", "end", "customer_id", "day")
        .agg(
            orders=_.is_order.ifelse(1, 0).sum(),
            revenue=_.revenue.sum(),
            profit=_.profit.sum(),
            units=units.sum(),
            unit_orders=(_.is_order & _.units.notnull()).ifelse(1, 0).sum(),
        )
    )
    visit = (_.orders > 0).ifelse(_.day, ibis.null("int64"))
    sums = days.group_by("period", "end", "customer_id").agg(
        orders=_.orders.sum().cast("int64"),
        visits=visit.count().cast("int64"),
        first_day=visit.min(),
        last_day=visit.max(),
        revenue=_.revenue.sum().round(4),
        profit=_.profit.sum().round(4),
        units=_.units.sum(),
        unit_orders=_.unit_orders.sum().cast("int64"),
    )
    return sums.filter(_.orders > 0)


def _first(*conditions: ibis.Deferred) -> ibis.Deferred:
    """Number of the first condition that holds; their number where none does."""
    return ibis.cases(
        *((holds, number) for number, holds in enumerate(conditions)), else_=len(conditions)
    ).cast("int64")


def _return_bucket(span: ibis.Deferred, bounds: Sequence[int]) -> ibis.Deferred:
    """Bucket of the mean of the gaps, compared in whole days: span against bound × gaps."""
    gaps, last = _.visits - 1, len(bounds) - 1
    holds = [(span < bound * gaps, number) for number, bound in enumerate(bounds[:-1])]
    return ibis.cases(
        (_.visits < 2, last + 2), *holds, (span <= bounds[-1] * gaps, last), else_=last + 1
    ).cast("int64")


def _selected(people: ibis.Table, customers: ibis.Table | None, asked: Campaign) -> ibis.Table:
    """Keep the customers that all filters select; it comes after scoring."""
    for column, place in (
        ("r_bucket", asked.r_place),
        ("f_bucket", asked.f_place),
        ("m_bucket", asked.m_place),
    ):
        if place is not None:
            people = people.filter(people[column] == place)
    if not (asked.customer_mobile or asked.customer_name):
        return people
    if customers is None:
        return people.filter(ibis.literal(False))
    wanted = customers
    if asked.customer_name:
        wanted = wanted.filter(wanted.name.lower().contains(asked.customer_name.strip().lower()))
    if asked.customer_mobile:
        digits = wanted.mobile
        for sign in " -./()+":
            digits = digits.replace(sign, "")
        wanted = wanted.filter(digits.endswith(_digits(asked.customer_mobile)))
    return people.semi_join(wanted.select("customer_id"), "customer_id")


KEYS = ("r_score", "f_score", "m_score", "r_bucket", "f_bucket", "m_bucket", "return_bucket")
"""What customers of one cell share."""


def campaign_cells(people: ibis.Table) -> pd.DataFrame:
    """Count and add up the customers who share all scores and buckets: all that the blocks are made of.

    Parameters
    ----------
    people : ibis.Table
        As returned by `campaign_customers`.

    Returns
    -------
    pandas.DataFrame
        Ordered by ``period`` and `KEYS` (int64), with

        - ``customer_count``, ``orders``, ``gaps``, ``returned``, ``unit_orders``, ``profit_customers``
          (int64): gaps between visits, customers with two visits or more, customers with a known profit.
        - ``revenue``, ``profit``, ``units``, ``span_days`` (float64).
    """
    keys = ["period", *KEYS]
    found: pd.DataFrame = (
        people.group_by(keys)
        .agg(
            customer_count=_.count(),
            orders=_.orders.sum().cast("int64"),
            gaps=(_.visits - 1).sum().cast("int64"),
            returned=(_.visits > 1).ifelse(1, 0).sum(),
            unit_orders=_.unit_orders.sum().cast("int64"),
            profit_customers=_.profit.count(),
            revenue=exact_sum(_.revenue),
            profit=exact_sum(_.profit),
            units=_.units.sum().cast("float64"),
            span_days=_.span_days.sum().cast("float64"),
        )
        .to_pandas()
        .sort_values(keys, ignore_index=True)
    )
    floats = ["revenue", "profit", "units", "span_days"]
    found[floats] = found[floats].astype("float64")
    integers = [name for name in found.columns if name not in floats]
    return found.astype(dict.fromkeys(integers, "int64"))


def cells_of(cells: pd.DataFrame, period: int) -> pd.DataFrame:
    """The cells of one period, by its position among those that the customers were taken for."""
    return cells[cells["period"] == period].reset_index(drop=True)
