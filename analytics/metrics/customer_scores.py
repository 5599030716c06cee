"""Customer scores: how lately, how often and for how much each customer has bought, ranked one to five.

The scores are a state: they use the whole history before a reference date. The engine ranks with window
functions, so that millions of customers never leave it, and answers for many reference dates at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import and_
from typing import Protocol

import ibis
import pandas as pd
from ibis import _

from analytics.errors import ParamsError, nearest
from analytics.metrics.purchases import day_number, exact_sum, periods_table, purchases
from analytics.timeframe import Timeframe

SCORES = (1, 2, 3, 4, 5)
TOO_FEW = "Too few to rank"
"""Segment of everybody where a ranking would rank next to nobody."""

BLOCKS = {
    "rfm": ("rfm_segments", "movement"),
    "tier": ("tier_segments",),
    "credit": ("credit_segments",),
    "behaviour": ("behaviour_segments",),
}
"""Blocks that belong to each kind of segment."""

SEGMENT_TYPES = ("all", *BLOCKS)

TIERS = ("New", "At-Risk", "VIP", "Low Value", "Regular")
"""Tiers in the order in which they are given; the first that fits wins."""


class SegmentText(Protocol):
    """What a segment means and what to do about it."""

    @property
    def description(self) -> str:
        """What the segment is, in a sentence."""

    @property
    def action(self) -> str:
        """What to do about it, in a sentence."""


class SegmentRule(Protocol):
    """One row of the rule table: these scores belong to this segment, unless an earlier row took them."""

    @property
    def segment(self) -> str:
        """Name of the segment; several rules may lead to one."""

    @property
    def r(self) -> Collection[int]:
        """Recency scores, 1 to 5."""

    @property
    def f(self) -> Collection[int]:
        """Frequency scores, 1 to 5."""

    @property
    def m(self) -> Collection[int]:
        """Monetary scores, 1 to 5."""


class SegmentTable(Protocol):
    """A rule table: the segments, and the rules that lead to them, first match first."""

    @property
    def segments(self) -> Mapping[str, SegmentText]:
        """Every segment by name, in the order in which reports list them."""

    @property
    def rules(self) -> Sequence[SegmentRule]:
        """The rules in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """What is asked for, who is scored, who is shown, and where the bounds of the tiers lie.

    Attributes
    ----------
    segment_type : {"all", "rfm", "tier", "credit", "behaviour"}
        Which segments are asked for; blocks of the others stay empty.
    customer_type : str
        Show customers of this type only; ``all`` shows everyone. Applied after scoring.
    include_inactive : bool
        Whether customers without a purchase in the last `inactive_days` are scored at all.
    inactive_days : int
        Days without a purchase after which a customer is left out.
    churn_days : int
        Days without a purchase after which a customer is not active.
    new_days : int
        A first purchase at most so many days ago makes a customer New.
    at_risk_days : int
        No purchase for so many days or more makes a customer At-Risk.
    top_percent : int
        Whole per cent of the customers, by revenue, that are VIP at one end and Low Value at the other.
    fewest_customers, fewest_days : int
        Fewer customers, or fewer distinct days of a last purchase, are too few to rank.

    Raises
    ------
    ParamsError
        If `segment_type` is not known, a number of days or customers is below 1, or `top_percent` is not 1
        to 50.
    """

    segment_type: str = "all"
    customer_type: str = "all"
    include_inactive: bool = False
    inactive_days: int = 365
    churn_days: int = 90
    new_days: int = 30
    at_risk_days: int = 90
    top_percent: int = 20
    fewest_customers: int = 25
    fewest_days: int = 5

    def __post_init__(self) -> None:
        if self.segment_type not in SEGMENT_TYPES:
            allowed = ", ".join(SEGMENT_TYPES)
            hint = nearest(self.segment_type, SEGMENT_TYPES)
            raise ParamsError(f'segment_type "{self.segment_type}" is not known{hint}; allowed: {allowed}')
        positive = (
            "inactive_days",
            "churn_days",
            "new_days",
            "at_risk_days",
            "fewest_customers",
            "fewest_days",
        )
        for name in positive:
            if getattr(self, name) < 1:
                raise ParamsError(f"{name} is {getattr(self, name)}, but has to be 1 or more")
        if not 1 <= self.top_percent <= 50:
            raise ParamsError(f"top_percent is {self.top_percent}, but has to be 1 to 50")

    @property
    def blocks(self) -> frozenset[str]:
        """Blocks that are asked for; the summary and the customers always are."""
        kinds = BLOCKS if self.segment_type == "all" else [self.segment_type]
        return frozenset({"summary", "customers"}.union(*(BLOCKS[kind] for kind in kinds)))


def segment_codes(rules: Sequence[SegmentRule]) -> dict[str, str]:
    """Which segment each of the 125 codes belongs to: the first rule that holds it.

    Parameters
    ----------
    rules : sequence of SegmentRule
        In the order in which they are tried.

    Returns
    -------
    dict
        Code such as ``"545"`` (recency, frequency, monetary) to segment, 111 first. A code that no rule
        holds is absent.
    """
    codes = {}
    for r, f, m in product(SCORES, repeat=3):
        for rule in rules:
            if r in rule.r and f in rule.f and m in rule.m:
                codes[f"{r}{f}{m}"] = rule.segment
                break
    return codes


def customer_scores(
    sales: ibis.Table,
    customers: ibis.Table | None,
    periods: Sequence[Timeframe],
    rules: Sequence[SegmentRule],
    scoring: Scoring,
    *,
    people: ibis.Table | None = None,
) -> ibis.Table:
    """Scores, segment and tier of each customer as they stood at the reference date of each period.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    customers : ibis.Table or None
        As in the contract; needed only for a `Scoring.customer_type`.
    periods : sequence of Timeframe
        At least one; they may overlap.
    rules : sequence of SegmentRule
        The rule table.
    scoring : Scoring
        Population and bounds.
    people : ibis.Table, optional
        What `population` gives for the same, where it is kept for more than the scores.

    Returns
    -------
    ibis.Table
        A lazy expression with one row for each period and customer with an order before the reference
        date, without those that `scoring` leaves out:

        - ``period`` (int64, position in `periods`), ``customer_id``
        - ``recency_days``, ``tenure_days`` (int64): days since the last and since the first order. An
          order on the last day is 1 day old.
        - ``orders`` (int64), ``revenue`` (decimal): orders, and net revenue of all sales.
        - ``r_score``, ``f_score``, ``m_score`` (int64, 1 to 5): 1 + ⌊5k / n⌋ with k the customers whose
          value is strictly worse and n all of them; 5 is best.
        - ``ranked`` (boolean): whether there are enough customers and days to speak of segments.
        - ``segment_name``: by the first rule that holds the scores, `TOO_FEW` where not ranked.
        - ``tier``: one of `TIERS`.
        - ``top`` (boolean): among the ⌈`top_percent` %⌉ with the most revenue, ties by id.

    Notes
    -----
    Equal values get equal scores, and five distinct values get 1 to 5. Scores and tiers are those among
    all scored customers, whatever the `Scoring.customer_type` that is shown.
    """
    people = population(sales, periods, scoring) if people is None else people
    recency = _worse(people, "recency_days", "recency", ibis.desc("recency_days"))
    frequency = _worse(people, "orders", "orders", "orders")
    placed = people.mutate(
        worse_m=ibis.rank().over(group_by="period", order_by="revenue"),
        place=ibis.row_number().over(group_by="period", order_by=["revenue", ibis.desc("customer_id")]),
    )
    ranked = placed.inner_join(
        recency, [placed.period == recency.recency_period, placed.recency_days == recency.recency_value]
    ).inner_join(
        frequency, [placed.period == frequency.orders_period, placed.orders == frequency.orders_value]
    )
    named = ranked.mutate(
        r_score=1 + 5 * _.recency_worse // _.recency_all,
        f_score=1 + 5 * _.orders_worse // _.recency_all,
        m_score=1 + 5 * _.worse_m // _.recency_all,
        top=_.place >= _.recency_all - (_.recency_all * scoring.top_percent + 99) // 100,
        bottom=_.place < _.recency_all * scoring.top_percent // 100,
        ranked=(_.recency_all >= scoring.fewest_customers) & (_.recency_distinct >= scoring.fewest_days),
    ).mutate(tier=_tier(scoring), segment_name=_segment(rules))
    return of_type(named, customers, scoring.customer_type).select(
        "period",
        "customer_id",
        "recency_days",
        "tenure_days",
        "orders",
        "revenue",
        "r_score",
        "f_score",
        "m_score",
        "ranked",
        "segment_name",
        "tier",
        "top",
    )


def population(sales: ibis.Table, periods: Sequence[Timeframe], scoring: Scoring) -> ibis.Table:
    """Everybody who is scored, with what the scores are made of.

    Parameters
    ----------
    sales : ibis.Table
        As in the contract.
    periods : sequence of Timeframe
        At least one.
    scoring : Scoring
        Its `Scoring.customer_type` plays no part here.

    Returns
    -------
    ibis.Table
        A lazy expression with one row for each period and customer: ``period``, ``customer_id``,
        ``recency_days``, ``tenure_days``, ``orders``, ``revenue``, as in `customer_scores`.
    """
    states = _states(purchases(sales), periods).select(
        "period",
        "customer_id",
        "orders",
        "revenue",
        recency_days=_.end - _.last_day,
        tenure_days=_.end - _.first_day,
    )
    return states if scoring.include_inactive else states.filter(_.recency_days <= scoring.inactive_days)


def of_type(table: ibis.Table, customers: ibis.Table | None, customer_type: str) -> ibis.Table:
    """Keep the rows of customers of one type; ``all`` keeps every row."""
    if customer_type == "all" or customers is None:
        return table
    wanted = customers.filter(customers.customer_type == customer_type)
    return table.semi_join(wanted.select("customer_id"), "customer_id")


def score_cells(scores: ibis.Table, scoring: Scoring) -> pd.DataFrame:
    """Count and add up the customers who share their scores and tier: all that the segments are made of.

    Parameters
    ----------
    scores : ibis.Table
        As returned by `customer_scores`.
    scoring : Scoring
        The same.

    Returns
    -------
    pandas.DataFrame
        At most a few hundred rows for each period, ordered by all keys:

        - ``period``, ``r_score``, ``f_score``, ``m_score``, ``ranked``, ``segment_name``, ``tier``, ``top``
        - ``customer_count``, ``active_customers`` (int64): active is a last purchase less than
          `Scoring.churn_days` before the reference date.
        - ``revenue`` (float64): net revenue.
        - ``recency_days``, ``orders`` (int64): sums over the customers.
    """
    keys = ["period", "r_score", "f_score", "m_score", "ranked", "segment_name", "tier", "top"]
    cells: pd.DataFrame = (
        scores.group_by(keys)
        .agg(
            customer_count=_.count(),
            active_customers=_.count(where=_.recency_days < scoring.churn_days),
            revenue=exact_sum(_.revenue),
            recency_days=_.recency_days.sum().cast("int64"),
            orders=_.orders.sum().cast("int64"),
        )
        .order_by(keys)
        .to_pandas()
    )
    return cells.astype({"ranked": bool, "top": bool})


def _worse(people: ibis.Table, column: str, name: str, order: ibis.Deferred | str) -> ibis.Table:
    # There are few distinct days and numbers of orders: counting each value first spares the engine a sort
    # of all customers. How many are strictly worse is what the values before it add up to.
    counts = people.group_by("period", column).agg(alike=_.count())
    upto = ibis.cumulative_window(group_by="period", order_by=order)
    found = {
        "period": _.period,
        "value": _[column],
        "worse": (_.alike.sum().over(upto) - _.alike).cast("int64"),
        "all": _.alike.sum().over(group_by="period").cast("int64"),
        "distinct": _.count().over(group_by="period"),
    }
    return counts.select(**{f"{name}_{part}": value for part, value in found.items()})


def _states(bought: ibis.Table, periods: Sequence[Timeframe]) -> ibis.Table:
    # Sales are first added up by customer and by the reference dates between which they lie, so that the
    # many rows are read once. What has been reached by one date holds until the customer's next step.
    ends = sorted({day_number(period.reference_date) for period in periods})
    step = ibis.cases(*((bought.day < end, place) for place, end in enumerate(ends)), else_=len(ends))
    sums = (
        bought.mutate(step=step, order_day=_.is_order.ifelse(_.day, ibis.null("int64")))
        .filter(_.step < len(ends))
        .group_by("customer_id", "step")
        .agg(
            first=_.order_day.min(),
            last=_.order_day.max(),
            count=_.order_day.count(),
            amount=_.revenue.sum().round(4),
        )
    )
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="step")
    reached = sums.select(
        "customer_id",
        "step",
        first_day=sums["first"].min().over(so_far),
        last_day=sums["last"].max().over(so_far),
        orders=sums["count"].sum().over(so_far).cast("int64"),
        revenue=sums["amount"].sum().over(so_far).round(4),
        until=_.step.lead().over(group_by="customer_id", order_by="step").coalesce(len(ends)),
    ).filter(_.orders > 0)
    dates = periods_table(periods)
    upto = ibis.cases(*((dates.end == end, place) for place, end in enumerate(ends)), else_=len(ends))
    return reached.inner_join(dates, [reached.step <= upto, reached.until > upto])


def _tier(scoring: Scoring) -> ibis.Deferred:
    return ibis.cases(
        (_.tenure_days <= scoring.new_days, "New"),
        (_.recency_days >= scoring.at_risk_days, "At-Risk"),
        (_.top, "VIP"),
        (_.bottom, "Low Value"),
        else_="Regular",
    )


def _segment(rules: Sequence[SegmentRule]) -> ibis.Deferred:
    branches = [(~_.ranked, TOO_FEW)]
    for rule in rules:
        asked = ((_.r_score, rule.r), (_.f_score, rule.f), (_.m_score, rule.m))
        # A score is always there: where any will do, the engine need not look at it.
        holds = [column.isin(sorted(scores)) for column, scores in asked if set(scores) != set(SCORES)]
        branches.append((reduce(and_, holds) if holds else ibis.literal(True), rule.segment))
    return ibis.cases(*branches, else_=ibis.null("string"))
