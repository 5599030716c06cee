"""Pictures of who is about to leave, and of the evidence that the model may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms import rows as long_names
from analytics.charts.forms.calibration import calibration as calibration_form
from analytics.charts.forms.gains import gains
from analytics.formats import Format
from analytics.page.churn_evidence import called, depth_of, enough_tested, lead_of, pairs, short_name
from analytics.page.pieces import FEW, Chart

AUC_ENDS = ((0.5, 1.0), (0.4, 1.0), (0.0, 1.0))
"""Ends of the axis of an AUC, the first that holds all intervals: reports can then be laid side by side."""
MOST_FEATURES = 12
LEAST_FALL = 0.0005
"""Fall of an AUC that is 0.001 to three decimals; what tells less is in the table only."""
DRIFTED = 0.2
"""Population stability index above which a feature is flagged."""


def levels(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw customers by risk level, the highest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.churn.calls.risk_levels`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nobody has been scored.
    """
    if not rows["customers"].sum():
        return None
    said = "; ".join(
        f"{row['risk_level'].lower()} {format.count(row['customers'])}" for _, row in rows.iterrows()
    )
    return theme.both(
        forms.bars,
        "churnlevels",
        f"Bars of customers by risk level: {said}.",
        wide=(760, 200),
        narrow=(344, 200),
        names=list(rows["risk_level"]),
        values=rows["customers"].astype("float64").tolist(),
        words=format.count,
        title="Customers",
        notes=[
            f"{format.count(row['expected_to_leave'])} expected to leave" if row["customers"] else ""
            for _, row in rows.iterrows()
        ],
        focus=(0, 1),
    )


def base(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the share who leave within 60 days, the model's own horizon and 180 days.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `horizons` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no horizon has 30 customers; those with fewer are left out.
    """
    known = rows[rows["churn_rate"].notna() & (rows["churn_rate_n"] >= FEW)]
    if known.empty:
        return None
    names = [f"within {format.days(days)}" for days in known["horizon_days"]]
    said = "; ".join(
        f"{format.percent(rate)} {name}" for name, rate in zip(names, known["churn_rate"], strict=True)
    )
    return theme.both(
        forms.bars,
        "churnbase",
        f"Bars of the share of customers who left, with 95% intervals: {said}.",
        wide=(760, 56 + 38 * len(known)),
        narrow=(344, 56 + 38 * len(known)),
        names=names,
        values=known["churn_rate"].tolist(),
        words=format.percent,
        title="Share of customers who left",
        notes=[
            f"{format.count(gone)} of {format.count(n)}"
            for gone, n in zip(known["churned"], known["churn_rate_n"], strict=True)
        ],
        focus=[i for i, own in enumerate(known["own"].astype(bool)) if own],
        low=known["churn_rate_low"].tolist(),
        high=known["churn_rate_high"].tolist(),
        top=100.0,
    )


def scores(rows: pd.DataFrame, leader: str, format: Format) -> Chart | None:
    """Draw how well the model, its candidates and the baselines rank customers.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `scores` of `analytics.models.churn.ChurnResult`. It is not modified.
    leader : str
        Whose figure leads.
    format : Format

    Returns
    -------
    Chart or None
        None without a test of 30 who left and 30 who stayed.
    """
    known = rows[rows["roc_auc"].notna()]
    if known.empty or not enough_tested(rows):
        return None
    ordered = known.sort_values(["roc_auc", "model"], ascending=[False, True], kind="stable")
    first = lead_of(rows, leader)
    lowest = float(ordered[["roc_auc", "roc_auc_low"]].min().min())
    said = [f"{short_name(row)} {format.number(row['roc_auc'], 3)}" for _, row in ordered.iterrows()]
    alt = f"Points of AUC with 95% intervals, the best first: {'; '.join(said[:4])}."
    return theme.both(
        long_names.points,
        "churnscores",
        alt,
        **long_names.row_sizes(len(ordered), 48),
        names=[short_name(row) for _, row in ordered.iterrows()],
        values=ordered["roc_auc"].tolist(),
        low=ordered["roc_auc_low"].tolist(),
        high=ordered["roc_auc_high"].tolist(),
        words=lambda v: format.number(v, 3),
        axis_words=lambda v: format.number(v, 1),
        title=f"AUC; dashed: what leads, right in {pairs(first, format)} pairs",
        ends=next((ends for ends in AUC_ENDS if lowest >= ends[0]), AUC_ENDS[-1]),
        focus=[i for i, name in enumerate(ordered["model"]) if name == first["model"]],
        line=float(first["roc_auc"]),
    )  # fmt: skip


def calibration(rows: pd.DataFrame, predictions: pd.DataFrame, format: Format) -> Chart | None:
    """Draw predicted against actual shares, with a histogram of the customers scored now.

    Parameters
    ----------
    rows, predictions : pandas.DataFrame
        As `calibration` and `predictions` of `analytics.models.churn.ChurnResult`. They are not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where fewer than 30 were tested. Groups of fewer than 30 are grey.
    """
    if rows["customers"].sum() < FEW:
        return None
    ends = " and ".join(
        f"{format.share(row['actual'], 0)} where {format.share(row['predicted'], 0)} were expected"
        for _, row in rows.iloc[[0, -1] if len(rows) > 1 else [0]].iterrows()
    )
    return theme.both(
        calibration_form,
        "churncalib",
        f"Calibration of {len(rows)} groups of customers, with 95% intervals: {ends} left. Below, a "
        "histogram "
        f"of the chances of {format.count(len(predictions))} customers scored now.",
        wide=(760, 440),
        narrow=(344, 400),
        predicted=(100 * rows["predicted"]).tolist(),
        actual=(100 * rows["actual"]).tolist(),
        low=(100 * rows["low"]).tolist(),
        high=(100 * rows["high"]).tolist(),
        sure=(rows["customers"] >= FEW).tolist(),
        everybody=(100 * predictions["churn_probability"].astype("float64")).to_numpy(),
        words=lambda v: format.percent(v, 0),
        title="Share who left",
        xtitle="Chance to leave that was given",
        heads="Customers scored now",
    )


def lift(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the share of all who left that call lists of any length would have held.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `lift` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where too few were tested.
    """
    read_off = depth_of(rows)
    if read_off is None:
        return None
    depth = format.percent(read_off["depth_percent"], 0)
    held = format.percent(read_off["recall_rate"], 0)
    half = rows[rows["depth_percent"] == 50]
    more = f"; the riskiest half, {format.percent(half['recall_rate'].iloc[0], 0)}" if len(half) else ""
    return theme.both(
        gains,
        "churnlift",
        f"Gains curve, customers with the highest chance first: the riskiest {depth} held {held} of those "
        "who "
        f"left{more}.",
        wide=(760, 380),
        narrow=(344, 340),
        depth=rows["depth_percent"].tolist(),
        found=rows["recall_rate"].tolist(),
        at=float(read_off["depth_percent"]),
        note=f"The riskiest {depth}\nheld {held} of those who left",
        words=lambda v: format.percent(v, 0),
        title="Share of those who left",
        xtitle="Share of customers called, the highest chance first",
        random="Dashed: called at random",
    )


def threshold(counts: Mapping[str, Any], format: Format) -> Chart | None:
    """Draw what calling above the threshold, calling everybody and calling nobody would have cost.

    Parameters
    ----------
    counts : mapping
        As `confusion` of `analytics.models.churn.ChurnResult`.
    format : Format

    Returns
    -------
    Chart or None
        None without a model.
    """
    if not counts:
        return None
    names = [f"From {format.share(counts['threshold'], 0)} on", "Everybody", "Nobody"]
    values = [float(counts[name]) for name in ("cost", "cost_of_calling_all", "cost_of_calling_none")]
    called = counts["true_positives"] + counts["false_positives"]
    tested = called + counts["false_negatives"] + counts["true_negatives"]
    said = ", ".join(
        f"{name.lower()} {format.number(value)}" for name, value in zip(names, values, strict=True)
    )
    return theme.both(
        forms.bars,
        "churncost",
        f"Bars of what calls and customers lost would have cost in the test, by who is called: {said}.",
        wide=(760, 160),
        narrow=(344, 160),
        names=names,
        values=values,
        words=format.number,
        title="Cost of calls and of customers lost without one",
        notes=[f"{format.count(n)} call{'' if n == 1 else 's'}" for n in (called, tested, 0)],
        focus=[values.index(min(values))],
    )


def features(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw what the model goes by, the most telling first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `features` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no feature tells anything; the first 12 that do are drawn.
    """
    first = rows[rows["importance"] >= LEAST_FALL].head(MOST_FEATURES)
    if first.empty:
        return None
    said = "; ".join(
        f"{row['label']} {format.number(row['importance'], 3)}" for _, row in first.head(3).iterrows()
    )
    return theme.both(
        long_names.bars,
        "churnfeatures",
        f"Bars of the fall of the AUC when a feature is shuffled, with its range: {said}."[:300],
        **long_names.row_sizes(len(first), 10),
        names=first["label"].tolist(),
        values=first["importance"].tolist(),
        words=lambda v: format.number(v, 3),
        title="Fall of the AUC when the feature is shuffled",
        low=first["low"].tolist(),
        high=first["high"].tolist(),
        focus=[i for i, low in enumerate(first["low"]) if low > 0],
    )


def drift(rows: pd.DataFrame, labels: Mapping[str, str], format: Format) -> Chart | None:
    """Draw how far features lie from training, the farthest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `drift` of `analytics.models.churn.ChurnResult`. It is not modified.
    labels : mapping of str to str
        What a feature is called.
    format : Format

    Returns
    -------
    Chart or None
        None without features; the 12 farthest are drawn.
    """
    known = rows[rows["psi"].notna()].sort_values(["psi", "feature"], ascending=[False, True])
    first = known.head(MOST_FEATURES)
    if first.empty:
        return None
    names = [called(name, labels) for name in first["feature"]]
    most = first.iloc[0]
    return theme.both(
        long_names.bars,
        "churndrift",
        f"Bars of the population stability index of {len(first)} features, the largest first: "
        f"{names[0]} {format.number(most['psi'], 2)}. Above {format.number(DRIFTED, 1)} is flagged.",
        **long_names.row_sizes(len(first), 10),
        names=names,
        values=first["psi"].tolist(),
        words=lambda v: format.number(v, 2),
        title=f"Stability index; dashed: {format.number(DRIFTED, 1)}, above it is flagged",
        focus=[i for i, moved in enumerate(first["drifted"].astype(bool)) if moved],
        top=0.3,
        cut=1.0,
        line=DRIFTED,
    )
