"""What the campaign dashboard says: cards, summary and one statement for each picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import difference, headline, moved_words, than

ACTIONS = {
    "Champions": "Thank them, show them what is new first, and ask them for a recommendation.",
    "Potential Loyalists": "Give them a reason to come back soon, such as a better price for the next order.",
    "New Customers": "Welcome them within a week and tell them what others bought next.",
    "Need Attention": "Ask the best spenders among them why they stay away; send the rest the newsletter.",
}
"""What to do about each segment of this dashboard."""


class Asked(Protocol):
    """What was asked for."""

    @property
    def customer_mobile(self) -> str:
        """Mobile number looked for, or empty."""

    @property
    def customer_name(self) -> str:
        """Name looked for, or empty."""

    @property
    def r_value_bucket(self) -> str:
        """Bucket of recency, or empty."""

    @property
    def f_value_bucket(self) -> str:
        """Bucket of visits, or empty."""

    @property
    def m_value_bucket(self) -> str:
        """Bucket of spending, or empty."""

    @property
    def filtered(self) -> bool:
        """Whether any customer may be left out."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence needs to know.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    asked : Asked
        The filters.
    """

    format: Format
    comparison: Comparison
    asked: Asked

    @property
    def selection(self) -> str:
        """The filters in words, personal ones without their value; empty without any."""
        asked = self.asked
        parts = [
            f"{name} {localised(label, self.format)}"
            for name, label in (
                ("days since the last purchase", asked.r_value_bucket),
                ("visits", asked.f_value_bucket),
                ("spending", asked.m_value_bucket),
            )
            if label
        ]
        parts += ["a mobile number"] if asked.customer_mobile else []
        parts += ["a name"] if asked.customer_name else []
        return f"selected by {', '.join(parts)}" if parts else ""

    def customers(self, n: float) -> str:
        """Count customers in words."""
        return f"{self.format.count(n)} customer{'' if n == 1 else 's'}"

    def based(self, n: float) -> str:
        """Name the base of a picture."""
        return (
            f"{self.customers(n)} who bought in the timeframe{', ' if self.selection else ''}{self.selection}"
        )


def localised(label: str, format: Format) -> str:
    """Write the numbers of a bucket's label as the organisation does.

    Examples
    --------
    >>> localised("1,000–2,000", Format("de_DE", "EUR"))
    '1.000–2.000'
    """
    return re.sub(r"\d{1,3}(?:,\d{3})+", lambda found: format.count(int(found[0].replace(",", ""))), label)


def names(rows: pd.DataFrame, format: Format) -> list[str]:
    """The buckets of a block in words."""
    return [localised(str(label), format) for label in rows.iloc[:, 0]]


def headlines(setting: Setting, history: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: customers, what they spent, how many came again, and how soon.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        As returned by `analytics.metrics.campaign.campaign_kpis` for ``comparison.periods``.

    Returns
    -------
    tuple of Headline
    """
    show, comparison, now = setting.format, setting.comparison, history.iloc[-1]
    n = now["total_customer"]
    each = show.money(now["customer_spending"] / n) if n else show.money(None)
    return (
        headline(
            history, "total_customer", comparison, show, label="Customers", unit="events",
            base=f"with {show.count(now['orders'])} orders",
        ),
        headline(
            history, "customer_spending", comparison, show, label="Spending", unit="money", good="up",
            base=f"net of returns, {each} a customer",
        ),
        headline(
            history, "retention_rate", comparison, show, label="Repeat visit rate", unit="percent", good="up",
            base=f"two visits or more, of {setting.customers(n)}",
        ),
        headline(
            history, "days_to_return", comparison, show, label="Days to return", unit="days",
            base="mean of all gaps between visits",
        ),
    )  # fmt: skip


def cards_about(setting: Setting) -> str:
    """Say under the cards whom they are about; empty where nobody is left out."""
    return f"Only customers {setting.selection}." if setting.selection else ""


def summary(setting: Setting, history: pd.DataFrame, segments: pd.DataFrame, once: int) -> tuple[Runs, ...]:
    """Say what changed, who brings the spending, and whom to write to next.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        As returned by `analytics.metrics.campaign.campaign_kpis` for ``comparison.periods``.
    segments : pandas.DataFrame
        As returned by `analytics.metrics.campaign.segment_counts`.
    once : int
        Customers who came once and lately.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    now = history.iloc[-1]
    n, selected = int(now["total_customer"]), " selected" if setting.selection else ""
    if not n:
        return (sentence("No customer{of} bought in the timeframe.", of=f" {setting.selection}".rstrip()),)
    if n < FEW:
        return (
            sentence(
                "{n}{selected} bought in the timeframe: too few to say how they differ.",
                n=Bold(setting.customers(n)),
                selected=selected,
            ),
        )
    said = [_changed(setting, history, selected)]
    best = segments.iloc[0]
    if best["customer_count"] and pd.notna(best["spending_percent"]):
        said.append(
            sentence(
                "Champions are {share} of them and bring {brings} of spending.",
                share=setting.format.percent(best["percentage"], 0),
                brings=Bold(setting.format.percent(best["spending_percent"], 0)),
            )
        )
    if once:
        said.append(
            sentence(
                "Invite the {n} who came once and lately for a second visit.", n=Bold(setting.customers(once))
            )
        )
    return tuple(said)


def _changed(setting: Setting, history: pd.DataFrame, selected: str) -> Runs:
    show, now = setting.format, history.iloc[-1]
    who, spent = setting.customers(now["total_customer"]), Bold(show.money(now["customer_spending"]))
    found = difference(history, "customer_spending", setting.comparison, "previous", unit="money")
    if found.amount is None or found.close:
        level = "" if found.amount is None else ", about as usual"
        return sentence(
            "{who}{selected} spent {spent}{level}; {rate} came on two days or more.",
            who=who, selected=selected, spent=spent, level=level,
            rate=Bold(show.percent(now["retention_rate"], 0)),
        )  # fmt: skip
    return sentence(
        "{who}{selected} spent {spent}, {by} {more} than {than}.",
        who=who, selected=selected, spent=spent, by=moved_words(found, show, unit="money"),
        more="more" if found.up else "less", than=than(setting.comparison, "previous", show),
    )  # fmt: skip


def kpis(setting: Setting, history: pd.DataFrame) -> Statement:
    """Say what a customer spends and brings."""
    show, now = setting.format, history.iloc[-1]
    n = now["total_customer"]
    if not n:
        return Statement("Nobody bought in the timeframe", based=setting.based(0))
    heading = f"{setting.customers(n)} spent {show.money(now['customer_spending'] / n)} each"
    if pd.notna(now["profit_per_customer"]):
        heading += f" and brought {show.money(now['profit_per_customer'])} of profit"
    return Statement(heading, based=setting.based(n))


def scores(setting: Setting, blocks: Sequence[pd.DataFrame]) -> Statement:
    """Say how many are in the best fifth by each score.

    Parameters
    ----------
    setting : Setting
    blocks : sequence of pandas.DataFrame
        As returned by `analytics.metrics.campaign.score_counts` for R, F and M.
    """
    n = int(blocks[0]["customer_count"].sum())
    read = (
        "A score says in which fifth of all customers of the timeframe a customer stands; equal values have "
        "equal scores, so the bars need not be alike. 5 is best."
    )
    if n < FEW:
        return Statement(f"Too few to compare by score: {setting.customers(n)}", "", read, setting.based(n))
    lowest = blocks[1].iloc[-1]
    heading = (
        f"{setting.format.percent(lowest['percentage'], 0)} of customers are in the rarest fifth by orders"
    )
    best = blocks[2].iloc[0]
    whole = blocks[2]["spending"].sum()
    lead = ""
    if whole > 0 and best["customer_count"]:
        share = setting.format.percent(100 * best["spending"] / whole, 0)
        lead = f"{setting.customers(best['customer_count'])} with M 5 bring {share} of spending."
    return Statement(heading, lead, read, setting.based(n))


def recency(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how many bought lately, and whether the timeframe is long enough to tell.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.campaign.bucket_counts`.
    """
    read = "Days from the last purchase to the end of the timeframe."
    first = rows.iloc[0]
    days, span = int(_number(str(first["bucket"]))), setting.comparison.this
    length = (span.reference_date - span.start).days
    heading = f"{_share(setting, first)} of customers bought in the last {setting.format.days(days)}"
    lead = ""
    if length <= days:
        heading = f"Everybody bought in the last {setting.format.days(days)}: the timeframe is no longer"
        lead = "A longer timeframe shows who has stayed away."
    return _told(setting, rows, heading, read, lead)


def visits(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how many came once, and how many often; rows as for `recency`."""
    last = rows.iloc[-1]
    often = setting.format.count(last["customer_count"]) if last["customer_count"] else "nobody"
    days = setting.format.count(_number(str(last["visits"])))
    heading = f"{_share(setting, rows.iloc[0])} of customers came once; {often} came on {days} days or more"
    read = "A visit is a day with a purchase; several orders on one day are one visit."
    return _told(setting, rows, heading, read)


def spending(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say what the highest bucket with customers brings; rows as for `recency`."""
    read = "Spending is net of returns; the first bucket also holds those who returned more than they bought."
    filled, whole = rows[rows["customer_count"] > 0], rows["spending"].sum()
    heading = ""
    if len(filled):
        top = filled.iloc[-1]
        heading = f"{_share(setting, top)} of customers spent {localised(str(top['bucket']), setting.format)}"
        if whole > 0 and len(filled) > 1:
            heading += f": {setting.format.percent(100 * top['spending'] / whole, 0)} of all spending"
    return _told(setting, rows, heading, read)


def days_to_return(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how soon those who return do, and how many have not; rows as for `recency`."""
    first, away = rows.iloc[0], rows.iloc[-1]
    days = setting.format.days(_number(str(first["bucket"])))
    heading = (
        f"{_share(setting, first)} of customers return within {days} on average; "
        f"{_share(setting, away)} have not"
    )
    read = "The mean of a customer's own gaps between visits. Who came once has not returned."
    return _told(setting, rows, heading, read)


def _told(setting: Setting, rows: pd.DataFrame, heading: str, read: str, lead: str = "") -> Statement:
    n = int(rows["customer_count"].sum())
    if n < FEW:
        return Statement(f"Too few to compare: {setting.customers(n)}", "", read, setting.based(n))
    return Statement(heading, lead, read, setting.based(n))


def _share(setting: Setting, row: pd.Series) -> str:
    """A share without decimals, never 0% of somebody or 100% of not all."""
    digits = 0 if row["percentage"] in (0, 100) or 0.5 <= row["percentage"] < 99.5 else 1
    return setting.format.percent(row["percentage"], digits)


def _number(label: str) -> float:
    """The last number of a printed bucket."""
    return float(re.findall(r"\d+(?:\.\d+)?", label.replace(",", ""))[-1])


def segments(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say what the best segment brings and how many need attention."""
    n = int(rows["customer_count"].sum())
    read = "The first rule that fits decides, in the order shown; the notes have the rules."
    if n < FEW:
        return Statement(f"Too few for segments: {setting.customers(n)}", "", read, setting.based(n))
    show, best, last = setting.format, rows.iloc[0], rows.iloc[-1]
    heading = f"Champions are {show.percent(best['percentage'], 0)} of customers"
    if pd.notna(best["spending_percent"]):
        heading += f" and bring {show.percent(best['spending_percent'], 0)} of spending"
    lead = f"{setting.customers(last['customer_count'])} need attention."
    if last["customer_count"] == 1:
        lead = "1 customer needs attention."
    return Statement(heading, lead, read, setting.based(n))


def segment_actions(rows: pd.DataFrame) -> list[str]:
    """What to do about each segment, in the order of the rows."""
    return [ACTIONS[name] for name in rows["segment_name"]]


def fiscal_years(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how many of those who bought in the last fiscal year were new."""
    show = setting.format
    read = (
        "New: the first purchase ever lies in that year. Old: it lies before. Each column is everybody who "
        "bought in it."
    )
    known = rows[rows["new_percentage_n"] >= FEW] if len(rows) else rows
    n = int(rows["new_percentage_n"].sum()) if len(rows) else 0
    based = f"{setting.customers(n)}, one counted once in each year"
    if setting.selection:
        based += f", {setting.selection}"
    if known.empty:
        return Statement("Too few customers in every fiscal year to compare", "", read, based)
    last = known.iloc[-1]
    heading = f"{last['fiscal_year']}: {show.percent(last['new_percentage'], 0)} of those who bought were new"
    lead = ""
    if len(known) > 1:
        before = known.iloc[-2]
        lead = f"In {before['fiscal_year']} it was {show.percent(before['new_percentage'], 0)}."
    if last["cut"]:
        lead += f" {last['fiscal_year']} is not whole here."
    if rows["maybe_older"].any():
        years = " and ".join(rows.loc[rows["maybe_older"], "fiscal_year"].astype(str)[:2])
        lead += f" The data begin too late to know who was new in {years}."
    return Statement(heading, lead.strip(), read, based)
