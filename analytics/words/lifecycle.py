"""What the lifecycle report says of leads: cards, summary, and a statement for each part of the funnel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import difference, headline, is_unsure, moved_words, span_name, than

WITH_LEADS = ("funnel", "conversion_rates", "paths")
"""Blocks that need leads or their stages."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence needs to know.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    conversion_days : int
        Days that a lead is given to become a customer.
    contract_margin : float
        Profit as a share of contract value.
    churn_days : int
        Days without a purchase after which somebody without a contract is lost.
    engagement_days : int
        Days of activities that count for the engagement score.
    filtered : bool
        Whether a filter leaves somebody out.
    present : collection of str
        Tables that the organisation has.
    """

    format: Format
    comparison: Comparison
    conversion_days: int
    contract_margin: float
    churn_days: int
    engagement_days: int
    filtered: bool
    present: Collection[str]

    @property
    def has_leads(self) -> bool:
        """Whether there is a funnel: leads, or the stages of some."""
        return "leads" in self.present or "stage_events" in self.present

    @property
    def last_day(self) -> str:
        """The last day that was read, in words."""
        return self.format.date(self.comparison.this.reference_date - timedelta(days=1))

    @property
    def grown(self) -> str:
        """The days on which the leads were created that had time to convert, in words."""
        back, this = timedelta(days=self.conversion_days), self.comparison.this
        return self.format.span(this.start - back, this.reference_date - back)

    def leads(self, n: float) -> str:
        """Count leads in words."""
        return self.counted(n, "lead")

    def customers(self, n: float) -> str:
        """Count customers in words."""
        return self.counted(n, "customer")

    def counted(self, n: float, one: str, of: str = "") -> str:
        """Count things in words: ``1 row of the table``, ``2 rows of the table``."""
        return f"{self.format.count(n)} {one}{'' if n == 1 else 's'}{of}"


def headlines(setting: Setting, history: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: leads, conversion, cost and worth of a customer; without leads, customers and payback.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        As `analytics.models.customer_lifecycle.Lifecycle` holds it.

    Returns
    -------
    tuple of Headline
    """
    show, comparison, now = setting.format, setting.comparison, history.iloc[-1]
    cost = headline(
        history, "cac", comparison, show, label="Cost of a new customer", unit="money", good="down",
        base=_cost_base(setting, now),
    )  # fmt: skip
    worth = headline(
        history, "ltv", comparison, show, label="Worth of a customer", unit="money", good="up",
        base=_worth_base(setting, now),
    )  # fmt: skip
    if not setting.has_leads:
        new = headline(
            history, "new_customers", comparison, show, label="New customers", unit="events", good="up",
            base="first purchase or contract in the timeframe",
        )  # fmt: skip
        back = headline(
            history, "payback_months", comparison, show, label="Months to earn the cost back",
            unit="number", good="down", base="cost of a new customer / profit a month",
        )  # fmt: skip
        return new, cost, worth, back
    leads = headline(
        history, "leads", comparison, show, label="New leads", unit="events", good="up",
        base=f"{setting.customers(now['customers'])} of them by {setting.last_day}",
    )  # fmt: skip
    rate = headline(
        history, "mature_conversion_rate", comparison, show, label="Lead to customer", unit="percent",
        good="up",
        base=(
            f"{show.count(now['mature_converted'])} of {setting.leads(now['mature_conversion_rate_n'])} from "
            f"{setting.grown}, within {show.days(setting.conversion_days)}"
        ),
    )  # fmt: skip
    return leads, rate, cost, worth


def summary(setting: Setting, found: Any) -> tuple[Runs, ...]:
    """Two or three sentences: what came, where it is lost, what a customer costs and brings.

    Parameters
    ----------
    setting : Setting
    found : Lifecycle
        Of `analytics.models.customer_lifecycle`.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    now = found.history.iloc[-1]
    if not setting.has_leads:
        return (
            sentence("There are no leads and no stages of any, so that there is no funnel."),
            _money_sentence(setting, now),
        )
    return (
        _leads_sentence(setting, found.history),
        _bottleneck_sentence(setting, found),
        _money_sentence(setting, now),
    )


def funnel(setting: Setting, found: Any) -> Statement:
    """Say how far the leads of the timeframe have come.

    Parameters
    ----------
    setting, found
        As for `summary`.
    """
    show, now = setting.format, found.history.iloc[-1]
    n = int(now["leads"])
    if not n:
        return Statement(f"No lead came in {_frame(setting)}")
    became = "is a customer" if now["customers"] == 1 else "are customers"
    heading = f"Of {setting.leads(n)}, {show.count(now['customers'])} {became} by {setting.last_day}"
    skipped = int(found.stages["skipped"].sum())
    lead = ""
    if now["young_leads"] > n / 2:
        lead = (
            f"{show.percent(100 * now['young_leads'] / n, 0)} of them came less than "
            f"{show.days(setting.conversion_days)} ago: it is too early to judge their conversion."
        )
    if skipped:
        stages = "stage was" if skipped == 1 else "stages were"
        lead = f"{lead} {show.count(skipped)} {stages} skipped and count as reached.".strip()
    return Statement(
        heading,
        lead,
        "Each bar counts who reached the stage by the last day read, once each. The arrows give the share "
        "that "
        "goes on; orange is the step that loses most, and Churned.",
        f"{setting.leads(n)} that came in {_frame(setting)}",
    )


def steps(setting: Setting, rates: pd.DataFrame) -> Statement:
    """Name the bottleneck.

    Parameters
    ----------
    setting : Setting
    rates : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.conversion_rates`.
    """
    show, worst = setting.format, rates[rates["is_bottleneck"]]
    based = f"main steps with {FEW} subjects or more that had time"
    main = rates[rates["step"] == "main"]
    never = _never_taken(main)
    unknown = main[never & (main["from_subjects"] > 0)]["to_stage"]
    aside = f"Nobody has ever entered {' or '.join(unknown)}, or it is not recorded." if len(unknown) else ""
    if worst.empty:
        return Statement("Too few had time for any step to name a bottleneck", aside, based=based)
    row = worst.iloc[0]
    rate, n = _fair(row)
    heading = f"The bottleneck is {row['from_stage']} to {row['to_stage']}: {show.percent(rate, 0)} go on"
    lead = f"{show.count(n - round(rate * n / 100))} of {show.count(n)} who had time stopped there"
    if pd.notna(row["median_days"]):
        lead += f"; half of those who go on do so within {show.days(row['median_days'])}"
    elif pd.notna(row["usual_days"]):
        lead += f"; nine of ten who go on do so within {show.days(row['usual_days'])}"
    lead += "."
    rivals = main[~main["is_bottleneck"] & ~never]
    close = [rival for __, rival in rivals.iterrows() if _overlap(rival, row)]
    if close:
        lead += f" {close[0]['from_stage']} to {close[0]['to_stage']} is as low, within the margin of error."
    return Statement(
        heading,
        f"{lead} {aside}".strip(),
        "‘Had time’ are all who reached the first stage in the 365 days that end the usual days ago; nine "
        "of ten "
        "who take a step do so within the usual days.",
        based,
    )


def groups(setting: Setting, rows: pd.DataFrame, column: str, now: pd.Series) -> Statement:
    """Say which sources or regions convert differently from all.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.by_group`.
    column : {"source", "region"}
    now : pandas.Series
        The timeframe's row of the history.
    """
    show, overall = setting.format, now["mature_conversion_rate"]
    sure = rows[rows["mature_conversion_rate_n"] >= FEW]
    apart = sure[
        (sure["mature_conversion_rate_low"] > overall) | (sure["mature_conversion_rate_high"] < overall)
    ]
    based = f"{setting.leads(now['mature_conversion_rate_n'])} from {setting.grown}"
    if sure.empty:
        return Statement(f"Too few leads had time to compare {_NAMES[column]}", based=based)
    ordered = sure.sort_values("mature_conversion_rate")
    best, worst = ordered.iloc[-1], ordered.iloc[0]
    if apart.empty or len(sure) < 2:
        heading = f"No {column} converts differently from all leads beyond chance"
    else:
        heading = (
            f"{_short(best[column])} converts best, {_short(worst[column])} least: "
            f"{show.percent(best['mature_conversion_rate'], 0)} and "
            f"{show.percent(worst['mature_conversion_rate'], 0)}"
        )
    lead = "" if apart.empty else _gap(setting, apart, column, overall)
    return Statement(
        heading,
        lead,
        f"Each point is the share of a {column}'s leads that became customers within "
        f"{show.days(setting.conversion_days)}; the band is its 95% interval. Bold ones lie apart from all.",
        based,
    )


def reconciliation(setting: Setting, items: dict[str, int]) -> Statement:
    """Say that the funnel and the leads table agree, or how they differ.

    Parameters
    ----------
    setting : Setting
    items : dict
        As returned by `analytics.metrics.lifecycle.reconciliation`.
    """
    show = setting.format
    n, listed = items["leads"], items["leads_table"]
    if "leads" not in setting.present:
        return Statement(
            "There is no leads table to hold the funnel against",
            "All leads are known from their stages alone.",
            based=setting.leads(n),
        )
    moved = items["entered_outside"] + items["created_outside"] + items["without_row"]
    if not moved:
        heading = f"The funnel has every lead of the leads table: {show.count(n)}"
    else:
        heading = f"The leads table has {show.count(listed)} leads, the funnel {show.count(n)}"
    differ = items["not_customers"] + items["not_converted"]
    if differ:
        customers = f"Of the conversions, {show.count(differ)} differ: a stage says otherwise than the table."
    elif items["customers"] == 1:
        customers = "The 1 customer agrees with it too."
    else:
        customers = f"The {show.count(items['customers'])} customers agree with it too."
    return Statement(
        heading,
        customers,
        "From rows of the table to leads of the funnel, and from conversions in the table to its customers.",
        f"{setting.counted(listed, 'row', ' of the leads table')} created in {_frame(setting)}",
    )


def paths(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which way leads go most often, and how many ways lead to a customer.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.lifecycle.commonest_paths`.
    """
    show = setting.format
    if rows.empty:
        return Statement(f"No lead came in {_frame(setting)}")
    top, n = rows.iloc[0], int(rows["subjects"].sum())
    still = rows[rows["outcome"] == "open"]["subjects"].sum()
    heading = f"The commonest path is {top['path']}: {show.share(top['share'], 0)} of leads"
    back = rows[rows["path"].map(_goes_back)]["subjects"].sum()
    lead = f"{show.count(still)} of {show.count(n)} {_are(still)} still open."
    if back:
        lead += f" {show.count(back)} went back a stage; what they had reached still counts."
    return Statement(
        heading if len(heading) <= 80 else f"The commonest path takes {show.share(top['share'], 0)} of leads",
        lead,
        "Stages in the order in which they were entered. Days run from the first entry to the last, and "
        "are those "
        "of the middle one.",
        f"{setting.leads(n)} that came in {_frame(setting)}",
    )


def no_leads(setting: Setting, stages: pd.DataFrame) -> str:
    """Say that no lead came; empty where some did."""
    if stages["subjects"].iloc[0]:
        return ""
    return f"No subject entered the stage Lead in {_frame(setting)}" + (
        ", as filtered." if setting.filtered else "."
    )


def _leads_sentence(setting: Setting, history: pd.DataFrame) -> Runs:
    show, comparison, now = setting.format, setting.comparison, history.iloc[-1]
    moved = difference(history, "leads", comparison, "previous", unit="events")
    change = ""
    if moved.amount is not None:
        size = moved_words(moved, show, unit="events")
        way = "more" if moved.up else "fewer"
        change = f", {size} {way} than {than(comparison, 'previous', show)}" if not moved.close else ""
        change = change or f", about as many as {than(comparison, 'previous', show)}"
    if is_unsure(history, "mature_conversion_rate", comparison.this) or not now["mature_conversion_rate_n"]:
        return sentence("{leads} came{change}.", leads=Bold(setting.leads(now["leads"])), change=change)
    return sentence(
        "{leads} came{change}; of those given {days}, {rate} became customers.",
        leads=Bold(setting.leads(now["leads"])),
        change=change,
        days=show.days(setting.conversion_days),
        rate=Bold(show.percent(now["mature_conversion_rate"])),
    )


def _bottleneck_sentence(setting: Setting, found: Any) -> Runs:
    worst = found.rates[found.rates["is_bottleneck"]]
    if worst.empty or setting.filtered:
        return ()
    row, show = worst.iloc[0], setting.format
    standing = found.stages.set_index("stage")["standing"].get(row["from_stage"], 0)
    after = f"; {setting.leads(standing)} of this timeframe wait there" if standing else ""
    return sentence(
        "Fewest go on from {a} to {b}: {rate} of those who had time{after}.",
        a=str(row["from_stage"]),
        b=str(row["to_stage"]),
        rate=Bold(show.percent(_fair(row)[0], 0)),
        after=after,
    )


def _money_sentence(setting: Setting, now: pd.Series) -> Runs:
    show = setting.format
    if pd.isna(now["ltv"]) or now["ltv_n"] < FEW:
        return ()
    if pd.isna(now["cac"]) or now["cac_n"] < FEW:
        return sentence(
            "A customer is worth {ltv}; what a new one costs is not known.", ltv=Bold(show.money(now["ltv"]))
        )
    months = float(now["payback_months"])
    back = f"{show.number(months, 1)} months" if months >= 1 else show.days(max(1, round(months * 365 / 12)))
    return sentence(
        "A new customer costs {cac} of campaigns, is worth {ltv}, and earns the cost back in {back}.",
        cac=show.money(now["cac"]),
        ltv=Bold(show.money(now["ltv"])),
        back=back,
    )


def _cost_base(setting: Setting, now: pd.Series) -> str:
    show = setting.format
    if setting.filtered:
        return "campaigns cost for everybody: not known of a selection"
    if pd.isna(now["acquisition_cost"]):
        return "no campaign for acquisition ran" if "campaigns" in setting.present else "no campaigns known"
    return (
        f"{show.money(now['acquisition_cost'])} of campaigns / {show.count(now['new_customers'])} new "
        "customers"
    )


def _worth_base(setting: Setting, now: pd.Series) -> str:
    show = setting.format
    if pd.isna(now["monthly_profit_per_customer"]):
        return "no contracts and no sales"
    if pd.isna(now["ltv"]):
        return "nobody was lost" if not now["lost_customers"] else "without profit"
    what = "revenue" if now["is_revenue"] else "profit"
    times = (
        ""
        if pd.isna(now["ltv_cac"])
        else f"; {show.number(now['ltv_cac'], 1 if now['ltv_cac'] < 10 else 0)} × its cost"
    )
    return (
        f"{show.money(now['monthly_profit_per_customer'])} {what} a month / "
        f"{show.percent(now['monthly_churn_percent'])} lost a month{times}"
    )


def _fair(row: pd.Series) -> tuple[float, int]:
    """Rate and denominator by which a step is judged: of those who had time, where enough are known."""
    name = "mature_rate" if row["mature_rate_n"] >= FEW else "conversion_rate"
    return float(row[name]), int(row[f"{name}_n"])


def _never_taken(rates: pd.DataFrame) -> pd.Series:
    """Mark steps into stages that only events tell of, and that none tells of: they are not judged."""
    return rates["usual_days"].isna() & rates["to_subjects"].eq(0) & rates["to_stage"].ne("Customer")


def _overlap(one: pd.Series, other: pd.Series) -> bool:
    """Whether a step's rate lies within the margin of error of another's; both over 30 or more."""
    names = ["mature_rate" if row["mature_rate_n"] >= FEW else "conversion_rate" for row in (one, other)]
    if one[f"{names[0]}_n"] < FEW:
        return False
    return bool(one[f"{names[0]}_low"] <= other[f"{names[1]}_high"])


def _gap(setting: Setting, apart: pd.DataFrame, column: str, overall: float) -> str:
    """What the groups below all leads would bring if they converted as all do."""
    below = apart[apart["mature_conversion_rate_high"] < overall]
    if below.empty:
        return ""
    n = below["mature_conversion_rate_n"]
    missed = float((n * (overall - below["mature_conversion_rate"]) / 100).sum())
    names = " and ".join(_short(name) for name in below[column].head(2))
    return (
        f"If {names} converted as all leads do, {setting.customers(round(missed))} more would have come of "
        f"{setting.leads(n.sum())}."
    )


def _goes_back(path: str) -> bool:
    """Whether a path has a stage that it had before."""
    stages = path.split(" → ")
    return len(set(stages)) < len(stages)


def _frame(setting: Setting) -> str:
    """The timeframe in a few words."""
    return span_name(setting.comparison.this, setting.format)


def _short(name: Any) -> str:
    text = str(name)
    return text if len(text) <= 18 else f"{text[:17]}…"


def _are(n: float) -> str:
    return "is" if n == 1 else "are"


_NAMES = {"source": "sources", "region": "regions"}


def compared(setting: Setting) -> dict[str, int | None]:
    """Rows of the history that hold the timeframe before and the one a year earlier; None for none.

    Returns
    -------
    dict
        ``previous`` and ``year``: keywords of `analytics.tables.lifecycle.financial`.
    """
    comparison = setting.comparison
    spans = [(span.start, span.reference_date) for span in comparison.periods]
    found = {}
    for name, other in (("previous", comparison.previous), ("year", comparison.year_earlier)):
        found[name] = None if other is None else spans.index((other.start, other.reference_date))
    return found
