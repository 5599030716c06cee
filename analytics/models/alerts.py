"""What a board, or a message to it, must be told without being asked: published figures held against rules.

Nothing here knows a page: figures go in, alerts come out, each with the rule that it breaks, in numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Literal

import pandas as pd

from analytics.data.published import Published
from analytics.timeframe import Timeframe, parse_timeframe

Kind = Literal["failed_report", "late_data", "high_risk_customers", "at_risk_deals", "unusual_figure"]
KINDS: tuple[Kind, ...] = (
    "failed_report",
    "late_data",
    "high_risk_customers",
    "at_risk_deals",
    "unusual_figure",
)
"""In the order in which they are shown: what makes other figures doubtful first, then money, then moves."""

_YEAR = 366


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to look at.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    rule : str
        The rule, with its limits, in plain words and numbers.
    report : str
        Where the figure comes from.
    subject : str
        What it is about: a figure, a report, the largest customer or deal; a reason where a report failed.
    link : str
        Address of the page that shows it, from a page beside it; empty where there is none.
    count : int or None
        How many customers or deals.
    value : float or None
        What they are worth together, or the figure.
    largest : float or None
        The worth of the largest.
    unit : str
        Of `value`.
    change, limit : float or None
        What was found and what is allowed: a change in percent (points for a rate) and the usual one; the
        worth from which a customer or deal counts; days late and days allowed.
    day, expected_day : datetime.date or None
        Newest day of the data, and the one that they should reach.
    """

    kind: Kind
    rule: str
    report: str = ""
    subject: str = ""
    link: str = ""
    count: int | None = None
    value: float | None = None
    largest: float | None = None
    unit: str = ""
    change: float | None = None
    limit: float | None = None
    day: date | None = None
    expected_day: date | None = None


def find_alerts(
    published: Mapping[str, Published],
    figures: pd.DataFrame,
    late: Alert | None,
    *,
    customer_value_over: float,
    deal_value_over: float,
    currency: str,
) -> pd.DataFrame:
    """Hold what reports have published against the rules.

    Parameters
    ----------
    published : mapping of str to Published
        As `analytics.data.published.read_published` gives it; each report that failed is an alert.
    figures : pandas.DataFrame
        As returned by `analytics.models.board.read_figures`. It is not modified.
    late : Alert or None
        As returned by `late_data`.
    customer_value_over : float
        Customers at high risk count from above this value at risk, in the organisation's currency.
    deal_value_over : float
        Deals at risk count from above this value.
    currency : str

    Returns
    -------
    pandas.DataFrame
        One row for each alert, in the order of `KINDS`, the fields of `Alert` as columns.
    """
    found = [
        *_failed(published),
        *([late] if late else []),
        *_customers(published.get("roi"), customer_value_over, currency),
        *_deals(published.get("pipeline"), deal_value_over, currency),
        *_unusual(figures),
    ]
    names = [one.name for one in fields(Alert)]
    return pd.DataFrame([asdict(alert) for alert in found], columns=names).astype({"count": "Int64"})


def unchecked(published: Mapping[str, Published]) -> dict[Kind, str]:
    """Rules for which the figures are lacking, with the report that has them: silence there means nothing."""
    needs: dict[Kind, str] = {"high_risk_customers": "roi", "at_risk_deals": "pipeline"}
    answered = ("found", "no data")
    return {
        kind: report
        for kind, report in needs.items()
        if report not in published or published[report].state not in answered
    }


def late_data(
    timeframe: Timeframe, *, newest: date | None, day: date, as_of: str, late_days: int
) -> Alert | None:
    """Whether the data end before they should.

    They should reach the last day of the timeframe as it would be on the day of the run, or the day before
    the run where that is not over: ``last-quarter`` asked for in November is the third quarter, whatever the
    data hold, and data that end in June then show the second one under its name. Where params give an
    ``as_of``, that day stands in the place of the run's.

    Parameters
    ----------
    timeframe : Timeframe
        The report's.
    newest : datetime.date or None
        Newest day of the data; None where there are none, which is no question of lateness.
    day : datetime.date
        Of the run.
    as_of : str
        The parameter: a date, or ``latest``.
    late_days : int
        Days that they may end before.

    Examples
    --------
    >>> shown, newest = parse_timeframe("last-quarter", as_of=date(2026, 7, 1)), date(2026, 6, 30)
    >>> alert = late_data(shown, newest=newest, day=date(2026, 11, 20), as_of="latest", late_days=3)
    >>> str(alert.expected_day), alert.change
    ('2026-09-30', 92.0)
    """
    if newest is None:
        return None
    known = day if as_of == "latest" else date.fromisoformat(as_of)
    meant = parse_timeframe(timeframe.label, as_of=known, fiscal_year_start=timeframe.fiscal_year_start)
    expected = meant.reference_date - timedelta(days=1)
    days = (expected - newest).days
    if days <= late_days:
        return None
    return Alert(
        "late_data",
        f"the data end more than {late_days} days before the last day of the timeframe, or the day before "
        "the run",
        subject=timeframe.label,
        change=float(days),
        limit=float(late_days),
        day=newest,
        expected_day=expected,
    )


def look_again(
    timeframe: Timeframe, *, newest: date | None, day: date, as_of: str, late_days: int
) -> date | None:
    """The next day on which a run would hear something else of the same data from `late_data`.

    Parameters
    ----------
    timeframe, newest, day, as_of, late_days
        As for `late_data`.

    Returns
    -------
    datetime.date or None
        None where there is none within a year.
    """
    if newest is None or as_of != "latest":
        return None
    now = late_data(timeframe, newest=newest, day=day, as_of=as_of, late_days=late_days)
    for later in range(1, _YEAR):
        then = day + timedelta(days=later)
        if late_data(timeframe, newest=newest, day=then, as_of=as_of, late_days=late_days) != now:
            return then
    return None


def _failed(published: Mapping[str, Published]) -> list[Alert]:
    rule = "a report of this organisation and timeframe failed"
    return [
        Alert("failed_report", rule, one.report, one.reason, one.page)
        for one in published.values()
        if one.state == "failed"
    ]


def _customers(roi: Published | None, over: float, currency: str) -> list[Alert]:
    if roi is None:
        return []
    risky = [row for row in roi.rows("customers") if row.get("high_risk") is True]
    rows = [row for row in risky if _amount(row, "value_at_risk") > over]
    chance = _stated(roi, "expected_value", "high_risk_threshold")
    rule = f"chance to leave above {chance} and value at risk above {over:.15g} {currency}"
    return _largest_first("high_risk_customers", rule, roi, "customers", rows, "value_at_risk", over)


def _deals(pipeline: Published | None, over: float, currency: str) -> list[Alert]:
    if pipeline is None:
        return []
    over = max(over, _amount(pipeline.parameters, "min_deal_value"))  # it lists none below that
    rows = [row for row in pipeline.rows("at_risk_deals") if _amount(row, "deal_value") > over]
    rule = f"open deal at risk (health below 40 of 100, or stagnant) worth more than {over:.15g} {currency}"
    return _largest_first("at_risk_deals", rule, pipeline, "at_risk_deals", rows, "deal_value", over)


def _largest_first(
    kind: Kind,
    rule: str,
    source: Published,
    block: str,
    rows: list[dict[str, Any]],
    value: str,
    over: float,
) -> list[Alert]:
    """One alert for all of them, in which the largest is named."""
    if not rows:
        return []
    first = max(rows, key=lambda row: (row[value], _named(row)))
    return [
        Alert(
            kind,
            rule,
            source.report,
            _named(first),
            f"{source.page}#{block}" if source.page else "",
            count=len(rows),
            value=math.fsum(row[value] for row in rows),
            largest=float(first[value]),
            unit="money",
            limit=over,
        )
    ]


def _named(row: Mapping[str, Any]) -> str:
    names = (row.get(key) for key in ("company", "customer_name", "name", "deal_id", "customer_id"))
    return next((str(name) for name in names if name), "")


def _unusual(figures: pd.DataFrame) -> list[Alert]:
    rows: list[Any] = figures[figures["unusual"]].to_dict("records")
    return [
        Alert(
            "unusual_figure",
            f"changed by more than 2 standard deviations of its own changes over {row['earlier_timeframes']} "
            "earlier timeframes",
            row["report"],
            row["figure"],
            row["link"],
            value=row["value"],
            unit=row["unit"],
            change=row["change"],
            limit=row["usual_change"],
        )
        for row in rows
    ]


def _stated(source: Published, block: str, name: str) -> str:
    found = source.data.get(block)
    value = _amount(found, name) if isinstance(found, Mapping) else 0
    return f"{value:g}" if value else "the limit of its report"


def _amount(row: Mapping[str, Any], name: str) -> float:
    """A number of another report; 0 where it has none."""
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0
