"""Pictures of whom to call first, and of the evidence that the scores may be believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms import rows as long_names
from analytics.charts.forms.calibration import calibration as calibration_form
from analytics.charts.forms.gains import gains as gains_form
from analytics.formats import Format
from analytics.page.lead_evidence import LABELS, read_off
from analytics.page.pieces import FEW, Chart

AUC_ENDS = ((0.5, 1.0), (0.4, 1.0), (0.0, 1.0))
"""Ends of the axis of an AUC, the first that holds all intervals: reports can then be laid side by side."""
MOST_ROWS = 12


def bands(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw how many of the tested leads converted, band by band, the highest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `bands` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no band has 30 tested leads. Bands with fewer have no interval and are grey.
    """
    known = rows["conversion_rate_n"] >= FEW
    if not known.any():
        return None
    rates = rows["conversion_rate"].where(rows["conversion_rate_n"] > 0, 0.0)
    low, high = rows["conversion_rate_low"].where(known), rows["conversion_rate_high"].where(known)
    said = "; ".join(
        f"{row['band']} {format.percent(row['conversion_rate'], 0)}" for _, row in rows[known].iterrows()
    )
    return theme.both(
        forms.bars,
        "leadbands",
        f"Bars of the share of tested leads that converted by band, with 95% intervals: {said}.",
        wide=(760, 56 + 38 * len(rows)),
        narrow=(344, 56 + 38 * len(rows)),
        names=[
            f"{row['band']} {format.number(row['from_score'])}–{format.number(row['to_score'])}"
            for _, row in rows.iterrows()
        ],
        values=rates.tolist(),
        words=lambda v: format.percent(v, 0),
        title="Tested leads that converted, by score",
        notes=[
            f"{format.count(won)} of {format.count(n)}; {format.count(now)} open now"
            for won, n, now in zip(rows["converted"], rows["tested_leads"], rows["open_leads"], strict=True)
        ],
        focus=[i for i, one in enumerate(known) if one],
        low=low.tolist(),
        high=high.tolist(),
        top=float(theme.scale_top([*rates, *high.dropna()], (40, 60, 100))),
    )


def stages(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw who takes how many of the leads that the point rules call SQL.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `assignments` of `analytics.models.lead_scoring.LeadResult` gives them. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no lead is SQL.
    """
    taken = rows[rows["sql_leads"] > 0].head(MOST_ROWS)
    if taken.empty:
        return None
    names = [str(name) if pd.notna(name) else "Nobody" for name in taken["assignee"]]
    counts = [format.count(n) for n in taken["sql_leads"]]
    said = "; ".join(f"{theme.fit(name, 150)} {n}" for name, n in zip(names[:4], counts, strict=False))
    return theme.both(
        forms.bars,
        "leadstages",
        f"Bars of SQL leads by who takes them: {said}.",
        wide=(760, 56 + 34 * len(taken)),
        narrow=(344, 56 + 34 * len(taken)),
        names=names,
        values=taken["sql_leads"].astype("float64").tolist(),
        words=format.count,
        title="SQL leads to take over",
        notes=[f"and {format.count(n)} MQL" for n in taken["mql_leads"]],
        focus=(0,),
    )


def scores(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw how well the score and what needs no model rank the tested leads.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `scores` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None without a test.
    """
    if rows.empty:
        return None
    ordered = rows.sort_values(["roc_auc", "model"], ascending=[False, True], kind="stable")
    said = "; ".join(
        f"{row['label']} {format.number(row['roc_auc'], 2)}" for _, row in ordered.head(3).iterrows()
    )
    return _aucs("leadscores", f"Points of AUC with 95% intervals: {said}.", ordered, "roc_auc", format)(
        names=ordered["label"].tolist(),
        title="AUC of the tested leads; dashed: the score",
        focus=[i for i, name in enumerate(ordered["model"]) if name == "model"],
        line=float(rows.loc[rows["model"] == "model", "roc_auc"].iloc[0]),
    )


def features(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw what each column tells alone, those suspected to hold the answer marked.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `features` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where too few leads tell anything. At most the 12 that tell most.
    """
    if rows.empty:
        return None
    shown = rows.head(MOST_ROWS)
    names = [
        f"{LABELS.get(name, name)}{' (suspected)' if bad else ''}"
        for name, bad in zip(shown["feature"], shown["suspected"], strict=True)
    ]
    said = f"{theme.fit(names[0], 200)} {format.number(shown['alone_auc'].iloc[0], 2)}"
    alt = f"Points of AUC of {len(shown)} columns alone, with 95% intervals; most: {said}."
    bad = [i for i, one in enumerate(shown["suspected"]) if one]
    return _aucs("leadfeatures", alt, shown, "alone_auc", format)(
        names=names, title="AUC of each column alone", focus=bad or [0], line=None
    )


def _aucs(uid: str, alt: str, rows: pd.DataFrame, column: str, format: Format) -> Callable[..., Chart]:
    """A chart of points of AUC that still wants its names and words."""
    lowest = float(rows[[column, f"{column}_low"]].min().min())

    def drawn(**words: Any) -> Chart:
        return theme.both(
            long_names.points,
            uid,
            alt,
            **long_names.row_sizes(len(rows), 48),
            values=rows[column].tolist(),
            low=rows[f"{column}_low"].tolist(),
            high=rows[f"{column}_high"].tolist(),
            words=lambda v: format.number(v, 2),
            axis_words=lambda v: format.number(v, 1),
            ends=next((ends for ends in AUC_ENDS if lowest >= ends[0]), AUC_ENDS[-1]),
            **words,
        )

    return drawn


def gains(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the share of all conversions that call lists of any length would have held.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `gains` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where too few leads were tested.
    """
    row = read_off(rows)
    if row is None:
        return None
    depth, held = format.percent(row["depth_percent"], 0), format.percent(row["recall_rate"], 0)
    return theme.both(
        gains_form,
        "leadgains",
        f"Gains curve, leads with the highest score first: the first {depth} held {held} of the conversions.",
        wide=(760, 400),
        narrow=(344, 360),
        depth=rows["depth_percent"].tolist(),
        found=rows["recall_rate"].tolist(),
        at=float(row["depth_percent"]),
        note=f"the first {depth} hold\n{held} of conversions",
        words=lambda v: format.percent(v, 0),
        title="Share of all conversions",
        xtitle="Share of leads called, the highest score first",
        random="Dashed: in any order",
    )


def calibration(rows: pd.DataFrame, leads: pd.DataFrame, format: Format) -> Chart | None:
    """Draw predicted against actual shares, with a histogram of the leads that are open now.

    Parameters
    ----------
    rows, leads : pandas.DataFrame
        As `calibration` and `leads` of `analytics.models.lead_scoring.LeadResult`. They are not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where fewer than 30 leads were tested. Groups of fewer than 30 are grey.
    """
    if rows.empty or rows["leads"].sum() < FEW:
        return None
    last = rows.iloc[-1]
    now = leads.loc[leads["in_time"].astype(bool), "score"].astype("float64")
    return theme.both(
        calibration_form,
        "leadcalib",
        f"Calibration of {len(rows)} groups of tested leads, with 95% intervals: where "
        f"{format.share(last['predicted'], 0)} were expected, {format.share(last['actual'], 0)} converted. "
        f"Below, a histogram of the scores of {format.count(len(now))} open leads.",
        wide=(760, 440),
        narrow=(344, 400),
        predicted=(100 * rows["predicted"]).tolist(),
        actual=(100 * rows["actual"]).tolist(),
        low=(100 * rows["low"]).tolist(),
        high=(100 * rows["high"]).tolist(),
        sure=(rows["leads"] >= FEW).tolist(),
        everybody=now.to_numpy(),
        words=lambda v: format.percent(v, 0),
        title="Share that converted",
        xtitle="Chance to convert that was given: the score",
        heads="Open leads now",
    )
