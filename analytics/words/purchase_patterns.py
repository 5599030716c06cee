"""What the report on buying says of how much and how often: cards, summary, orders over time, baskets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import Against, Unit, difference, headline, moved_words, span_name, than
from analytics.words.retention import brief, span_words
from analytics.words.segmentation_setting import shortened

PERIODS = {"daily": "day", "weekly": "week", "monthly": "month"}
CLEARLY = 1.2
"""Lift from which on a pair is worth an offer of its own."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence of the page must know beside its figures.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    customer_id : str
        Empty, or the one customer that the page is about.
    customer_type : str
        ``all``, or the type that the page is limited to.
    grouping : str
        ``daily``, ``weekly`` or ``monthly``.
    level : str
        ``category``, or ``product`` where lines have no category.
    first_day : datetime.date or None
        First day of the data.
    """

    format: Format
    comparison: Comparison
    customer_id: str = ""
    customer_type: str = "all"
    grouping: str = "weekly"
    level: str = "category"
    first_day: date | None = None

    @property
    def who(self) -> str:
        """Whose purchases the page is about, to follow a noun; empty for everybody's."""
        kind = "" if self.customer_type == "all" else f" of type {shortened(self.customer_type, 24)}"
        return f" of customer {shortened(self.customer_id, 24)}{kind}" if self.customer_id else kind

    @property
    def span(self) -> str:
        """The timeframe in words that follow "in"."""
        return span_words(self.comparison.this, self.format)

    @property
    def things(self) -> str:
        """What lines are told apart by, in the plural."""
        return "categories" if self.level == "category" else "products"

    def orders(self, number: float) -> str:
        """Count orders."""
        return f"{self.format.count(number)} order{'' if number == 1 else 's'}"

    def customers(self, number: float) -> str:
        """Count customers."""
        return f"{self.format.count(number)} customer{'' if number == 1 else 's'}"


def headlines(setting: Setting, rows: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: orders, revenue, what an order is worth, and how often a customer orders.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.purchase_patterns.purchase_summary` for ``comparison.periods``.

    Returns
    -------
    tuple of Headline
    """
    show, now = setting.format, rows.iloc[-1]
    known = rows.assign(
        avg_basket_size_n=rows["total_transactions"], purchases_per_customer_n=rows["unique_customers"]
    )
    returns, units = int(now["returns"]), now["avg_items_per_transaction"]
    counted = now["orders_with_units"]
    of_known = "" if counted == now["total_transactions"] else f", known of {show.count(counted)}"

    def card(column: str, **options: Any) -> Headline:
        return headline(known, column, setting.comparison, show, **options)

    return (
        card(
            "total_transactions",
            label="Orders",
            unit="events",
            good="up",
            base=f"and {show.count(returns)} return{'' if returns == 1 else 's'}",
        ),
        card("total_revenue", label="Revenue", unit="money", good="up", base=_profit(show, now)),
        card(
            "avg_basket_size",
            label="Revenue an order",
            unit="money",
            base="net of returns" if pd.isna(units) else f"{show.number(units, 1)} items an order{of_known}",
        ),
        card(
            "purchases_per_customer",
            label="Orders a customer",
            unit="number",
            base=f"{setting.customers(now['unique_customers'])} identified",
        ),
    )


def beside(setting: Setting, rows: pd.DataFrame) -> tuple[Headline, ...]:
    """The profit with its changes, for pages that quote it; on this one it stands under the revenue.

    Parameters
    ----------
    setting, rows
        As for `headlines`.
    """
    show, lacking = setting.format, int(rows["sales_without_profit"].iloc[-1])
    return (
        headline(
            rows,
            "total_profit",
            setting.comparison,
            show,
            label="Profit",
            unit="money",
            good="up",
            base=f"not known of {show.count(lacking)} sales" if lacking else "of all sales",
        ),
    )


def summary(
    setting: Setting, rows: pd.DataFrame, usual: dict[str, Any], pairs: pd.DataFrame
) -> tuple[Runs, ...]:
    """Two or three sentences: what was bought, when most, and what to offer with what.

    Parameters
    ----------
    setting, rows
        As for `headlines`.
    usual : dict
        The block ``summary``: what is most usual in the timeframe.
    pairs : pandas.DataFrame
        As returned by `analytics.metrics.category_patterns.category_pairs`.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    now = rows.iloc[-1]
    if not setting.comparison.this.days:
        return (
            sentence("{span} has not begun, so nothing has been bought in it.", span=_capital(setting.span)),
        )
    if not now["total_transactions"]:
        said = "No order{who} lies in {span}."
        return (sentence(said, who=setting.who, span=setting.span),)
    if now["total_transactions"] < FEW:
        few = "{orders}{who} brought {revenue} in {span}: too few to speak of a pattern."
        return (
            sentence(
                few,
                orders=Bold(setting.orders(now["total_transactions"])),
                who=setting.who,
                revenue=Bold(setting.format.money(now["total_revenue"])),
                span=setting.span,
            ),
        )
    return brief(_bought(setting, rows), _busiest(usual), _offer(setting, pairs))


def over_time(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which whole period had the most orders.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.purchase_patterns.transactions_over_time`.
    """
    show, name = setting.format, PERIODS[setting.grouping]
    whole = rows[~rows["cut"]]
    cut = int(rows["cut"].sum())
    read = f"Each column is one {name}: its orders."
    if cut:
        read += f" A grey one is cut by the timeframe: only a part of that {name} lies in it."
    based = f"{setting.orders(rows['transaction_count'].sum())}{setting.who}, returns left out"
    if whole.empty or not rows["transaction_count"].sum():
        if not rows["transaction_count"].sum():
            return Statement(f"No order{setting.who} lies in the timeframe"[:80])
        return Statement(f"No whole {name} lies in the timeframe", read=read, based=based)
    counts = whole["transaction_count"]
    best, least = whole.iloc[int(counts.argmax())], whole.iloc[int(counts.argmin())]
    when = period_name(best, setting.grouping, show)
    if best["transaction_count"] == least["transaction_count"]:
        heading = f"Every whole {name} had {setting.orders(best['transaction_count'])}"
        return Statement(heading, read=read, based=based)
    few = show.count(least["transaction_count"])
    heading = f"The busiest {name} had {setting.orders(best['transaction_count'])}, the quietest {few}"
    lead = f"The busiest was {when}, the quietest {period_name(least, setting.grouping, show)}."
    return Statement(heading, lead=lead, read=read, based=based)


def frequency(setting: Setting, figures: dict[str, Any]) -> Statement:
    """Say how often orders come and how long customers take to come again.

    Parameters
    ----------
    setting : Setting
    figures : dict
        As returned by `analytics.metrics.purchase_patterns.purchase_frequency`.
    """
    show = setting.format
    each, gap = figures["orders_per_day"], figures["avg_days_between_purchases"]
    lead = ""
    if each is not None:
        lead = (
            f"That is {show.number(each, 1)} orders a day, {show.number(figures['orders_per_week'], 1)} in "
            f"seven days and {show.number(figures['orders_per_month'], 0)} in thirty."
        )
    read = (
        "Each column counts how often so many days lay between two visits of one customer, both in the "
        "timeframe. A visit is a day with an order."
    )
    based = f"{show.count(figures['gaps'])} gaps of {setting.customers(figures['returning_customers'])}"
    if gap is None:
        lead = lead.replace("That is", "There were")
        return Statement("Nobody came twice in this timeframe", lead=lead, read="", based="")
    if figures["gaps"] < FEW:
        return Statement("Too few came twice to say how long they take", lead=lead, read=read, based=based)
    heading = f"Customers who came again took {show.days(gap, 1)} on average"
    lead = lead.replace("That is", "There were")
    return Statement(heading, lead=lead, read=read, based=based)


def frequency_missing(setting: Setting, figures: dict[str, Any]) -> str:
    """Say why there is no picture of gaps; empty where there is one, or figures beside."""
    return "" if figures["orders_per_day"] is not None else f"{_capital(setting.span)} has not begun."


def baskets(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which range most orders lie in, and which brings most.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.baskets.basket_analysis`.
    """
    show, total = setting.format, int(rows["transaction_count"].sum())
    based = f"{setting.orders(total)}{setting.who}, before returns"
    read = (
        "Two bars a range, which ends where the next begins: grey is its share of the orders, blue its share "
        "of what they brought."
    )
    if not total:
        return Statement("No order to sort by value")
    most = rows.iloc[int(rows["transaction_count"].argmax())]
    worth = rows["transaction_count"] * rows["avg_amount"].fillna(0.0)
    if total < FEW or not worth.sum() > 0:
        return Statement(f"{setting.orders(total)}: too few to sort by value", read=read, based=based)
    top = rows.iloc[int(worth.argmax())]
    share = show.percent(most["percentage"], 0)
    brings = show.percent(100 * worth.max() / worth.sum(), 0)
    if top["basket_range"] == most["basket_range"]:
        heading = f"{share} of orders are {range_name(most, show)}; they bring {brings} of revenue"
    else:
        part = show.percent(top["percentage"], 0)
        heading = f"{part} of orders bring {brings} of revenue: those {range_name(top, show)}"
    return Statement(heading[:80], read=read, based=based)


def payments(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how most orders are paid.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.baskets.payment_preferences`.
    """
    show, unknown = setting.format, int(rows.attrs.get("unknown", 0))
    if rows.empty:
        return Statement("How orders are paid is not known")
    first, total = rows.iloc[0], int(rows["transaction_count"].sum())
    based = f"{setting.orders(total)}{setting.who} whose method is known"
    if unknown:
        based += f"; of {setting.format.count(unknown)} more it is not"
    method = shortened(str(first["payment_method"]), 28)
    read = "Each bar is a share of the orders; beside it what an order paid so is worth on average."
    if total < FEW:
        return Statement(
            f"{setting.orders(total)}: too few to tell how orders are paid", read=read, based=based
        )
    heading = f"{show.percent(first['percentage'], 0)} of orders are paid by {method}"
    if len(rows) > 1 and (large := rows[rows["transaction_count"] >= FEW]).shape[0] > 1:
        dear = large.iloc[int(large["avg_transaction_value"].argmax())]
        name = shortened(str(dear["payment_method"]), 28)
        lead = (
            f"The largest orders are paid by {name}: {show.money(dear['avg_transaction_value'])} on average."
        )
        return Statement(heading, lead=lead, read=read, based=based)
    return Statement(heading, read=read, based=based)


def payments_missing(setting: Setting, rows: pd.DataFrame) -> str:
    """Say what would tell how orders are paid; empty where it is known."""
    if len(rows):
        return ""
    if not rows.attrs.get("unknown"):
        return f"No order{setting.who} in {setting.span}."
    return "No sale of the timeframe says how it was paid, and no payment made so far belongs to one."


def period_name(row: pd.Series, grouping: str, format: Format) -> str:
    """Name a period in words: a date, the week from a day, a month."""
    if grouping == "monthly":
        return format.month(row["start"])
    day = format.date(row["start"])
    return day if grouping == "daily" else f"the week from {day}"


def range_name(row: pd.Series, format: Format) -> str:
    """Name a basket range in money: ``under £100``, ``£100 to £250``, ``£1,000 and more``."""
    if pd.isna(row["upper"]):
        return f"{format.money(row['lower'])} and more"
    if not row["lower"] > 0:
        return f"under {format.money(row['upper'])}"
    return f"{format.money(row['lower'])} to {format.money(row['upper'])}"


def _bought(setting: Setting, rows: pd.DataFrame) -> Runs:
    show, now = setting.format, rows.iloc[-1]
    return sentence(
        "{orders}{who} brought {revenue} in {span}{change}.",
        orders=Bold(setting.orders(now["total_transactions"])),
        who=setting.who,
        revenue=Bold(show.money(now["total_revenue"])),
        span=setting.span,
        change=_change(setting, rows),
    )


def _change(setting: Setting, rows: pd.DataFrame) -> str:
    """The first of four changes that is beyond the usual; nothing where all are within it."""
    asked: tuple[tuple[str, Unit, str], ...] = (
        ("total_revenue", "money", ", {size} {more} than {other}"),
        ("total_transactions", "events", "; orders: {size} {more} than {other}"),
    )
    sides: tuple[Against, ...] = ("previous", "year_earlier")
    for column, unit, template in asked:
        for against in sides:
            found = difference(rows, column, setting.comparison, against, unit=unit)
            if found.amount is None or found.close:
                continue
            words = template.format(
                size=moved_words(found, setting.format, unit=unit),
                more="more" if found.up else "less" if unit == "money" else "fewer",
                other=_other(setting, against),
            )
            by_previous = column == "total_revenue" and against == "previous"
            return words + (_driver(setting, rows) if by_previous else "")
    return ""


def _other(setting: Setting, against: Against) -> str:
    name = than(setting.comparison, against, setting.format)
    return name if name.startswith("a year") else f"in {name}"


def _driver(setting: Setting, rows: pd.DataFrame) -> str:
    """Which of the two factors of revenue moved it: the number of orders, or what one is worth."""
    moved = {
        name: difference(rows, column, setting.comparison, "previous", unit="money").amount
        for name, column in (
            ("the number of orders", "total_transactions"),
            ("their value", "avg_basket_size"),
        )
    }
    if any(amount is None or amount <= -100 for amount in moved.values()):
        return ""
    name = max(moved, key=lambda one: abs(moved[one] or 0.0))
    return f", above all by {name}"


def _busiest(usual: dict[str, Any]) -> Runs:
    if usual["busiest_day"] is None:
        return ()
    if usual["busiest_hour"] is None:
        return sentence("Most come on a {day}.", day=Bold(str(usual["busiest_day"])))
    hour = int(usual["busiest_hour"])
    return sentence(
        "{day} is the busiest day, {hour} the busiest hour: staff those first.",
        day=Bold(str(usual["busiest_day"])),
        hour=hour_name(hour),
    )


def _offer(setting: Setting, pairs: pd.DataFrame) -> Runs:
    if pairs.empty:
        return ()
    first = pairs.iloc[0]
    if first["lift_low"] < CLEARLY or first["purchase_count"] < FEW:
        return ()
    return sentence(
        "Offer {other} with {one}: they are bought together {lift} times as often as by chance.",
        other=shortened(str(first["other_category"]), 32),
        one=shortened(str(first["category"]), 32),
        lift=Bold(setting.format.number(first["lift"], 1)),
    )


def hour_name(hour: int) -> str:
    """Name an hour: ``12:00 to 13:00``."""
    return f"{hour:02}:00 to {(hour + 1) % 24:02}:00"


def _profit(show: Format, now: pd.Series) -> str:
    if pd.isna(now["total_profit"]):
        return "profit is not known"
    part = f"{show.money(now['total_profit'])} of it profit"
    lacking = int(now["sales_without_profit"])
    return f"{part}, not known of {show.count(lacking)} sales" if lacking else part


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def begins_inside(setting: Setting) -> str:
    """Say that the data begin inside the timeframe, so that the days before are counted as without orders."""
    this, first = setting.comparison.this, setting.first_day
    if first is None or not this.start < first < this.reference_date:
        return ""
    lacking = setting.format.days((first - this.start).days)
    last = setting.format.date(first - timedelta(days=1))
    whole = span_name(this, setting.format)
    return (
        f"The data begin on {setting.format.date(first)}: {lacking} of {whole}, up to {last}, are counted as "
        "days without orders."
    )


def period_names(rows: pd.DataFrame, grouping: str, format: Format) -> list[str]:
    """Name the periods of a table by their first day, or by their month."""
    name = format.month if grouping == "monthly" else format.date
    return [name(start) for start in rows["start"]]


def range_names(rows: pd.DataFrame, format: Format) -> list[str]:
    """Name basket ranges in money, see `range_name`; the first letter is a capital."""
    return [_capital(range_name(row, format)) for _, row in rows.iterrows()]


def short_range_names(rows: pd.DataFrame, format: Format) -> list[str]:
    """Name basket ranges by where they begin, for pictures: ``under £100``, ``from £100``, ``from £250``."""
    first = f"under {format.money(rows['upper'].iloc[0])}"
    rest = [f"from {format.money_axis(lower)}" for lower in rows["lower"].iloc[1:]]
    return [first, *rest] if rest else ["all"]
