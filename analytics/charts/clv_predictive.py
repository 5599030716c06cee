"""Pictures of what is to come: from which customers and contracts, and how well it was foreseen before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.clv import tenth_words
from analytics.charts.forms.expected import expected
from analytics.charts.forms.lines import Series
from analytics.charts.retention import month_label
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart

SEEN_TO_LEAVE = 0.995
"""Where nobody is less likely to be active, the model sees nobody leave, and it is not said of each tenth."""
MOST_DRIVERS = 8
MOST_WEEKS = 120
"""Points of a line at the most; of longer histories every second week is drawn, or every third, …"""


def outlook(tenths: pd.DataFrame, format: Format) -> Chart | None:
    """Draw what each tenth of the customers is expected to bring, the best first.

    Parameters
    ----------
    tenths : pandas.DataFrame
        As `analytics.models.customer_outlook.Outlook.tenths`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None under 30 customers, or where nothing is expected.
    """
    if tenths.empty or tenths["customers"].sum() < FEW or not tenths["predicted_revenue_12m"].sum() > 0:
        return None
    first = tenths.iloc[0]
    chances = tenths["probability_alive"]
    active = chances.notna().all() and chances.min() < SEEN_TO_LEAVE
    notes = [
        _whole(row["revenue_contribution"], format)
        + (f", {_whole(100 * row['probability_alive'], format)} still active" if active else "")
        for _, row in tenths.iterrows()
    ]
    return theme.both(
        forms.bars,
        "clvoutlook",
        f"Bars of expected revenue in 12 months by tenths of {format.count(tenths['customers'].sum())} "
        f"customers: {format.money(first['predicted_revenue_12m'])} from the best 10%, "
        f"{format.money(tenths['predicted_revenue_12m'].iloc[-1])} from the last.",
        wide=(760, 56 + 30 * len(tenths)),
        narrow=(344, 56 + 30 * len(tenths)),
        names=[tenth_words(int(decile), format) for decile in tenths["decile"]],
        values=tenths["predicted_revenue_12m"].tolist(),
        words=format.money,
        title="Expected revenue in the next 12 months",
        notes=notes,
    )


def repeats(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw customers by repeat visits, counted and as the model expects them.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.lifetime_value.repeat_visits`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nothing is expected.
    """
    if rows.empty or rows["expected"].isna().all():
        return None
    first = rows.iloc[0]
    return theme.both(
        expected,
        "clvrepeats",
        f"Columns of customers by repeat visits, with the model's expectation: "
        f"{format.count(first['actual'])} without one, {format.count(round(first['expected']))} expected; "
        f"{format.count(rows['actual'].iloc[-1])} with 7 or more, "
        f"{format.count(round(rows['expected'].iloc[-1]))} expected.",
        labels=_visits(rows["visits"], format),
        actual=rows["actual"].astype("float64").tolist(),
        expected=rows["expected"].tolist(),
        words=format.count,
        title="Customers",
        xtitle="Repeat visits so far",
        names=("counted", "expected by the model"),
    )


def weekly(checked: Mapping[str, Any], format: Format) -> Chart | None:
    """Draw repeat visits week by week, added up, beside what the model expected.

    Parameters
    ----------
    checked : mapping
        The block ``validation``: ``weekly``, ``calibration_start``, ``calibration_days``.
    format : Format

    Returns
    -------
    Chart or None
        None without a holdout.
    """
    rows = checked["weekly"]
    if rows.empty:
        return None
    every = -(-len(rows) // MOST_WEEKS)
    kept = rows.iloc[(len(rows) - 1) % every :: every]
    start: date = checked["calibration_start"]
    ends = [start + timedelta(days=7 * int(week)) for week in kept["week"]]
    held = int((~kept["holdout"].astype(bool)).sum())
    last = rows.iloc[-1]
    came, thought = (format.count(round(last[name])) for name in ("actual", "expected"))
    return theme.both(
        forms.line,
        "clvweekly",
        f"Lines of repeat visits added up over {len(rows)} weeks: {came} came, {thought} were expected by "
        f"the model, which has seen the weeks up to {format.date(checked['holdout_start'])} only.",
        labels=[month_label(end, format) for end in ends],
        series=[
            Series("came", kept["actual"].astype("float64").tolist(), end=came),
            Series("expected", kept["expected"].tolist(), colour="ghost", dashed=True, end=thought),
        ],
        words=format.count,
        title="Repeat visits, added up",
        event=(max(held - 1, 0), "check begins"),
    )


def bins(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw mean visits in the holdout by repeat visits before it, counted and expected.

    Parameters
    ----------
    rows : pandas.DataFrame
        The frame ``bins`` of the block ``validation``. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no group has 30 customers; groups with fewer are gaps.
    """
    enough = rows["customers"] >= FEW if len(rows) else pd.Series(dtype=bool)
    if not enough.any():
        return None
    counted, wanted = (rows[name].where(enough).tolist() for name in ("actual", "expected"))
    known = rows[enough]
    first, last = known.iloc[0], known.iloc[-1]
    ends = " and ".join(
        f"{format.number(row['actual'], 2)} against {format.number(row['expected'], 2)} after {row['visits']}"
        for row in (first, last)
    )
    return theme.both(
        expected,
        "clvbins",
        f"Columns of mean visits in the held-out weeks by repeat visits before them, with the model's "
        f"expectation: {ends}.",
        labels=_visits(rows["visits"], format),
        actual=counted,
        expected=wanted,
        words=lambda v: format.number(v, 1),
        title="Visits a customer in the held-out weeks",
        xtitle="Repeat visits before them",
        names=("came", "expected by the model"),
    )


def contract_groups(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw contract value by the share of it that is expected.

    Parameters
    ----------
    rows : pandas.DataFrame
        The frame ``groups`` of the block ``accounts``. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None under 30 accounts, and where all are in one group.
    """
    if len(rows) < 2 or rows["accounts"].sum() < FEW:
        return None
    names = [_span(row, format) for _, row in rows.iterrows()]
    notes = [
        f"{format.count(row['accounts'])} accounts, {format.money(row['predicted_revenue_12m'])} expected"
        for _, row in rows.iterrows()
    ]
    first, last = rows.iloc[0], rows.iloc[-1]
    return theme.both(
        forms.bars,
        "accountgroups",
        f"Bars of contract value by the share expected in 12 months: {format.money(first['acv'])} at "
        f"{names[0].lower()}, {format.money(last['acv'])} at {names[-1].lower()}.",
        wide=(760, 56 + 34 * len(rows)),
        narrow=(344, 56 + 34 * len(rows)),
        names=names,
        values=rows["acv"].tolist(),
        words=format.money,
        title="Contract value, by the share of it expected",
        notes=notes,
    )


def contract_check(bands: pd.DataFrame, format: Format) -> Chart | None:
    """Draw what checked accounts brought, by what was predicted of them.

    Parameters
    ----------
    bands : pandas.DataFrame
        The frame ``bands`` of the block ``accounts``. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a check.
    """
    if bands.empty:
        return None
    first, last = bands.iloc[0], bands.iloc[-1]
    ends = [
        f"{format.share(row['predicted'], 0)} predicted, {format.share(row['actual'], 0)} came"
        for row in (first, last)
    ]
    percents = bands[["predicted", "actual", "low", "high"]] * 100
    lowest = float(percents.min().min())
    return theme.both(
        expected,
        "accountcheck",
        f"Points for the share of contract value that checked accounts brought, by what was predicted: "
        f"{ends[0]}; {ends[1]}.",
        labels=[format.share(value, 0) for value in bands["predicted"]],
        actual=percents["actual"].tolist(),
        expected=percents["predicted"].tolist(),
        low=percents["low"].tolist(),
        high=percents["high"].tolist(),
        words=lambda v: format.percent(v, 0),
        floor=max(0.0, lowest - 10) // 10 * 10,
        title="Share of contract value brought in 12 months",
        xtitle="Share that was predicted",
        names=("came", "predicted"),
    )


def contract_drivers(rows: pd.DataFrame, names: Mapping[str, str], format: Format) -> Chart | None:
    """Draw how far features move predictions.

    Parameters
    ----------
    rows : pandas.DataFrame
        The frame ``drivers`` of the block ``accounts``. It is not modified.
    names : mapping of str to str
        Features in words.
    format : Format

    Returns
    -------
    Chart or None
        None where there is none.
    """
    shown = rows.head(MOST_DRIVERS)
    if shown.empty or not shown["effect"].iloc[0] > 0:
        return None
    words: Any = lambda v: format.points(v)  # noqa: E731
    labels = [_first_upper(names.get(name, name)) for name in shown["feature"]]
    values = (100 * shown["effect"]).tolist()
    return theme.both(
        forms.bars,
        "accountdrivers",
        f"Bars of how far features move the expected share of contract value: {labels[0]} "
        f"{words(values[0])}, {labels[-1]} {words(values[-1])}.",
        wide=(760, 56 + 30 * len(shown)),
        narrow=(344, 56 + 30 * len(shown)),
        names=labels,
        values=values,
        words=words,
        title="Mean effect on the expected share of contract value",
    )


def _visits(names: pd.Series, format: Format) -> list[str]:
    return [
        f"{format.count(int(str(name).rstrip('+')))}{'+' if str(name)[-1] == '+' else ''}" for name in names
    ]


def _span(row: pd.Series, format: Format) -> str:
    low, high = row["from_share"], row["to_share"]
    if pd.isna(low):
        return f"Under {format.share(high, 0)}"
    return (
        f"{format.share(low, 0)} or more"
        if pd.isna(high)
        else f"{format.share(low, 0)} to {format.share(high, 0)}"
    )


def _whole(percent: float, format: Format) -> str:
    """A percentage without decimals, and never a nought that is none."""
    return f"under {format.percent(1, 0)}" if 0 < percent < 0.5 else format.percent(percent, 0)


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
