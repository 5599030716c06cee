"""Pictures of open deals: where they stand, what they should bring, what goes with winning, what if."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analytics.charts import forms, theme
from analytics.charts.forms import rows as long_names
from analytics.charts.forms.calibration import calibration as calibration_form
from analytics.charts.forms.nested_bars import FOOT, ROW, nested_bars
from analytics.charts.theme import SMALL, Words, label
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart
from analytics.page.tokens import LIGHT

MOST_OWNERS = 12
MONTHS = 24
"""Months of won deals that are drawn; the table and the files have them all."""


def stages(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Value of open deals by stage, with the part that their chances make likely.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.by_stage`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without an open deal.
    """
    if not rows["deal_count"].sum():
        return None
    notes = [_stage_note(row, format) for row in rows.to_dict("records")]
    said = "; ".join(
        f"{row['stage']} {format.money(row['value'])}, weighted {format.money(row['weighted_value'])}"
        for row in rows.to_dict("records")
    )
    return _nested("pipelinestages", f"Bars of open value by stage: {said}.", rows, "stage", notes, format)


def owners(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Value of open deals by owner, with the part that their chances make likely.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.owners`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without an open deal. At most `MOST_OWNERS` are drawn.
    """
    whole = rows[(rows["stage"] == "all") & (rows["deal_count"] > 0)].head(MOST_OWNERS)
    if whole.empty:
        return None
    notes = [_owner_note(row, format) for row in whole.to_dict("records")]
    first = whole.iloc[0]
    alt = (
        f"Bars of open value by owner, {format.count(len(whole))} of them; the most has {first['owner']} "
        "with "
        f"{format.money(first['value'])}, weighted {format.money(first['weighted_value'])}."
    )
    return _nested("pipelineowners", alt, whole, "owner", notes, format)


def forecast(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Weighted value of open deals by the month in which they should close, by both ways of weighting.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.monthly_forecast`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no deal with a known chance should close in the months ahead.
    """
    dated = rows[rows["timing"] == "expected"]
    filled = dated[dated["weighted_value"] > 0]
    if filled.empty:
        return None
    until = max(filled["month"].max(), dated["month"].iloc[min(5, len(dated) - 1)])
    shown = dated[dated["month"] <= until]
    said = "; ".join(
        f"{format.month(row.month)} {format.money(row.weighted_value)}" for row in filled.itertuples()
    )
    return theme.both(
        _months_ahead,
        "pipelineforecast",
        f"Columns of weighted open value by expected month: {said}."[:300],
        narrow=(344, 300),
        labels=_labels(shown["month"], format),
        weighted=shown["weighted_value"].tolist(),
        by_stage=shown["stage_weighted_value"].tolist(),
        words=format.money,
        axis_words=format.money_axis,
    )


def actual(rows: pd.DataFrame, format: Format) -> Chart | None:
    """What was forecast for past months on their first day, and what was won in them.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.monthly_forecast`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than two months to compare.
    """
    past = rows[(rows["timing"] == "past") & (rows["deals"] > 0)]
    if len(past) < 2:
        return None
    last = past.iloc[-1]
    return theme.both(
        forms.line,
        "pipelineactual",
        f"Lines of {format.count(len(past))} months: won and forecast; in {format.month(last['month'])} "
        f"{format.money(last['won_value'])} won, {format.money(last['weighted_value'])} forecast.",
        narrow=(344, 300),
        labels=_labels(past["month"], format),
        series=[
            forms.Series("Won", past["won_value"].tolist(), end=format.money(last["won_value"])),
            forms.Series(
                "Forecast", past["weighted_value"].tolist(), colour="ghost", dashed=True,
                end=format.money(last["weighted_value"]),
            ),
        ],
        words=format.money_axis,
        title="Value of deals a month",
    )  # fmt: skip


def upcoming(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Value of deals by the week in which they should close, those overdue in the first column.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.upcoming`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where none should close.
    """
    if rows.empty:
        return None
    week = rows["days_to_close"].floordiv(7).clip(lower=-1).astype("int64")
    columns = [-1, -2, *range(13)]  # a gap between what is late and what is to come
    value = rows["deal_value"].groupby(week).sum().reindex(columns).fillna(0.0)
    likely = rows["weighted_value"].groupby(week).sum().reindex(columns).fillna(0.0)
    names = ["Overdue", "", *(str(number + 1) for number in range(13))]
    late = format.money(value.iloc[0])
    return theme.both(
        forms.columns,
        "pipelineupcoming",
        f"Columns of the value of deals by week of the next 90 days, {late} of it overdue; "
        f"{format.money(value.iloc[1:].sum())} is expected, {format.money(likely.iloc[1:].sum())} likely.",
        narrow=(344, 280),
        labels=names,
        groups=[("Likely", likely.tolist(), "c1"), ("The rest", (value - likely).tolist(), "ghost")],
        words=format.money_axis,
        title="Value by week from now, blue the likely part",
        values=False,
    )


def won(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Value of deals won by month.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.closings.won_deals`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nothing has been won.
    """
    months = rows[rows["grain"] == "month"].tail(MONTHS)
    if not months["won_value"].sum():
        return None
    top = months.iloc[int(months["won_value"].to_numpy().argmax())]
    return theme.both(
        forms.columns,
        "pipelinewon",
        f"Columns of the value of deals won in {format.count(len(months))} months; the most in "
        f"{format.month(top['start'])}, {format.money(top['won_value'])}.",
        narrow=(344, 280),
        labels=_labels(months["start"], format),
        groups=[("Won", months["won_value"].tolist(), "c1")],
        words=format.money_axis,
        title="Value of deals won, by month of closing",
        values=False,
    )


def drivers(rows: pd.DataFrame, names: Mapping[str, str], format: Format) -> Chart | None:
    """Win rates with intervals by how deals were worked.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.closings.win_drivers`. It is not modified.
    names : mapping of str to str
        Driver → its name in words.
    format : Format

    Returns
    -------
    Chart or None
        None where no level has 30 closed deals; those with fewer are left out.
    """
    sure = rows[rows["win_rate_n"] >= FEW]
    if sure.empty:
        return None
    won_deals, closed = sure["won_deals"].sum(), sure["win_rate_n"].sum()
    kinds = [f"{names[str(row.driver)]}: {row.level}" for row in sure.itertuples()]
    best = sure["win_rate"].to_numpy().argmax()
    counts = [
        f"{format.share(row.win_rate, 0)} of {format.count(row.win_rate_n)}" for row in sure.itertuples()
    ]
    texts = dict(zip((100 * sure["win_rate"]).tolist(), counts, strict=True))
    return theme.both(
        long_names.points,
        "pipelinedrivers",
        f"Points of win rates with 95% intervals, {len(kinds)} kinds of deals; the highest "
        f"{format.share(sure['win_rate'].iloc[best], 0)} with {kinds[best].lower()}."[:300],
        **long_names.row_sizes(len(kinds), 48),
        names=kinds,
        values=(100 * sure["win_rate"]).tolist(),
        low=(100 * sure["win_rate_low"]).tolist(),
        high=(100 * sure["win_rate_high"]).tolist(),
        words=lambda value: texts[value],
        axis_words=lambda value: format.percent(value, 0),
        title="Share won of closed deals; dashed: all of them",
        ends=(0.0, 100.0),
        focus=_highest(sure),
        line=100 * won_deals / closed,
    )


def calibration(test: Any, format: Format) -> Chart | None:
    """Predicted chances against what became of later deals.

    Parameters
    ----------
    test
        `Holdout` of `analytics.models.deals.close_probability`.
    format : Format

    Returns
    -------
    Chart or None
        None without a test.
    """
    bins = test.bins[test.bins["method"] == "classifier"] if len(test.bins) else test.bins
    if bins.empty:
        return None
    ends = bins.iloc[[0, -1]]
    said = " to ".join(
        f"{format.percent(row.predicted_percent, 0)} predicted, {format.percent(row.won_percent, 0)} won"
        for row in ends.itertuples()
    )
    return theme.both(
        calibration_form,
        "pipelinecalibration",
        f"Five groups of deals by predicted chance against the share won: {said}.",
        wide=(760, 420),
        narrow=(344, 400),
        predicted=bins["predicted_percent"].tolist(),
        actual=bins["won_percent"].tolist(),
        low=bins["won_percent_low"].tolist(),
        high=bins["won_percent_high"].tolist(),
        sure=(bins["won_percent_n"] >= FEW).tolist(),
        everybody=test.predicted,
        words=lambda value: format.percent(value, 0),
        title="Deals won",
        xtitle="Predicted chance to be won",
        heads="Deals",
    )


def scenario(row: pd.Series, format: Format) -> Chart | None:
    """What each change of a what-if adds to pipeline × win rate.

    Parameters
    ----------
    row : pandas.Series
        Of `analytics.models.deals.what_if.scenario`.
    format : Format

    Returns
    -------
    Chart or None
        None where there is no forecast, or nothing changes.
    """
    if not row["baseline_forecast"] > 0 or not row["delta_forecast"]:
        return None
    level, steps = float(row["baseline_forecast"]), []
    rate = row["projected_win_rate"] / row["baseline_win_rate"]
    for name, factor in (
        ("More pipeline", 1 + row["pipeline_change"] / 100),
        ("Win rate", rate),
        ("Deal size", 1 + row["deal_size_change"] / 100),
    ):
        steps.append(forms.Step(name, level * (factor - 1), format.percent(100 * (factor - 1), sign=True)))
        level *= factor
    return theme.both(
        forms.bridge,
        "pipelinescenario",
        f"Bridge from {format.money(row['baseline_forecast'])} as it is to "
        f"{format.money(row['projected_forecast'])} with the changes.",
        wide=(760, 300),
        narrow=(344, 260),
        start=float(row["baseline_forecast"]),
        end=level,
        steps=steps,
        names=("As it is", "What if"),
        words=format.money,
        signed=lambda value: format.money(value, sign=True),
        title="Pipeline × win rate",
    )


def _months_ahead(
    fig: Figure,
    narrow: bool,
    *,
    labels: Sequence[str],
    weighted: Sequence[float],
    by_stage: Sequence[float],
    words: Words,
    axis_words: Words,
) -> None:
    """Columns of one weighting; the other as a mark across each."""
    top = max(*weighted, *by_stage) * 1.12
    forms.columns(
        fig, narrow, labels=labels, groups=[("", weighted, "c1")], words=axis_words, top=top, values=False,
        title="Weighted value; mark: by rates of stages",
    )  # fmt: skip
    ax = fig.axes[0]
    for i, (column, mark) in enumerate(zip(weighted, by_stage, strict=True)):
        if mark:
            ax.plot([i - 0.42, i + 0.42], [mark, mark], color=LIGHT["ink"], lw=2, solid_capstyle="butt")
        if column and not narrow:
            at = (i, max(column, mark))
            label(ax, words(column), at, (0, 10), ha="center", fontsize=SMALL)


def _nested(uid: str, alt: str, rows: pd.DataFrame, name: str, notes: list[str], format: Format) -> Chart:
    tall = FOOT + ROW * len(rows)
    return theme.both(
        nested_bars,
        uid,
        alt[:300],
        wide=(760, tall),
        narrow=(344, tall),
        names=[str(value).capitalize() if name == "stage" else str(value) for value in rows[name]],
        whole=rows["value"].tolist(),
        part=rows["weighted_value"].tolist(),
        words=format.money,
        title="Likely value of the open value",
        notes=notes,
    )


def _stage_note(row: Mapping[Any, Any], format: Format) -> str:
    days = row["avg_days_in_stage"]
    waited = f", {format.days(days)} on average" if pd.notna(days) else ""
    return f"{format.count(row['deal_count'])} {'deal' if row['deal_count'] == 1 else 'deals'}{waited}"


def _owner_note(row: Mapping[Any, Any], format: Format) -> str:
    deals = f"{format.count(row['deal_count'])} {'deal' if row['deal_count'] == 1 else 'deals'}"
    if row["win_rate_n"] < FEW:
        return deals
    return f"{deals}; {format.share(row['win_rate'], 0)} won of {format.count(row['win_rate_n'])}"


def _highest(rows: pd.DataFrame) -> list[int]:
    """The highest win rate of each driver."""
    places = rows.reset_index(drop=True)
    return places.groupby("driver", sort=False)["win_rate"].idxmax().tolist()


def _labels(months: Sequence[object] | pd.Series, format: Format) -> list[str]:
    r"""Names of months on an axis, the year on a second line: ``Oct\n2026``."""
    found = []
    for month in months:
        day = pd.Timestamp(str(month))
        year = str(day.year)
        found.append(f"{format.month(day.date()).replace(year, '').strip(' ,/.')}\n{year}")
    return found
