"""Pictures of the campaign dashboard: customers by score, by bucket, by segment and by fiscal year."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analytics.charts import forms, theme
from analytics.charts.forms.panels import panel_sizes, panels
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart

HEADS = {
    "r_score": "R: how lately",
    "f_score": "F: how often",
    "m_score": "M: how much",
}


def scores(blocks: Sequence[pd.DataFrame], format: Format) -> Chart | None:
    """Draw customers by R, F and M score, the best first, side by side.

    Parameters
    ----------
    blocks : sequence of pandas.DataFrame
        As returned by `analytics.metrics.campaign.score_counts` for each score. They are not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 customers.
    """
    if not blocks or blocks[0]["customer_count"].sum() < FEW:
        return None
    keys = [str(block.columns[0]) for block in blocks]
    best = "; ".join(
        f"{key[0].upper()} 5 {format.count(block['customer_count'].iloc[0])}"
        for key, block in zip(keys, blocks, strict=True)
    )
    return theme.both(
        panels,
        "campaignscores",
        f"Bars of customers by score from 5 to 1, a panel each for R, F and M: {best}.",
        **panel_sizes(len(blocks), 5),
        heads=[HEADS[key] for key in keys],
        names=[
            [f"{score} {words}" for score, words in zip(block[key], block["label"], strict=True)]
            for key, block in zip(keys, blocks, strict=True)
        ],
        values=[block["customer_count"].astype("float64").tolist() for block in blocks],
        notes=[_notes(block, format) for block in blocks],
        words=format.count,
        focus=(0,),
    )


def _notes(rows: pd.DataFrame, format: Format) -> list[str]:
    """What share of customers a bar is, and what they spent; nothing where there is nobody."""
    return [
        f"{format.percent(row['percentage'], 0)}; spent {format.money(row['spending'])}"
        if row["customer_count"]
        else ""
        for _, row in rows.iterrows()
    ]


def buckets(
    rows: pd.DataFrame,
    uid: str,
    title: str,
    names: Sequence[str],
    format: Format,
    focus: Sequence[int] | None = None,
) -> Chart | None:
    """Draw customers by bucket, in the order of the buckets, with what they spent beside.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.campaign.bucket_counts`. It is not modified.
    uid : str
        Id of the chart on its page.
    title : str
        What the bars measure.
    names : sequence of str
        The buckets in words.
    format : Format
    focus : sequence of int, optional
        Buckets that are the point; by default the largest one.

    Returns
    -------
    Chart or None
        None with fewer than 30 customers.
    """
    if rows["customer_count"].sum() < FEW:
        return None
    largest = int(rows["customer_count"].to_numpy().argmax())
    said = f"{names[largest]} has most, {format.count(rows['customer_count'].iloc[largest])}"
    return theme.both(
        forms.bars,
        uid,
        f"Bars of {title[:1].lower()}{title[1:]}, {len(rows)} buckets: {said}.",
        wide=(760, 52 + 32 * len(rows)),
        narrow=(344, 52 + 32 * len(rows)),
        names=list(names),
        values=rows["customer_count"].astype("float64").tolist(),
        words=format.count,
        title=title,
        notes=_notes(rows, format),
        focus=[largest] if focus is None else focus,
    )


def recency(rows: pd.DataFrame, names: Sequence[str], format: Format) -> Chart | None:
    """Draw customers by days since the last purchase; as for `buckets`."""
    return buckets(rows, "campaignrecency", "Customers by days since the last purchase", names, format, (0,))


def visits(rows: pd.DataFrame, names: Sequence[str], format: Format) -> Chart | None:
    """Draw customers by visits, those who came once marked; as for `buckets`."""
    return buckets(rows, "campaignvisits", "Customers by visits", names, format, (0,))


def spending(rows: pd.DataFrame, names: Sequence[str], format: Format) -> Chart | None:
    """Draw customers by spending, those who spent most marked; as for `buckets`."""
    return buckets(
        rows,
        "campaignspending",
        f"Customers by spending, in {format.symbol}",
        names,
        format,
        (len(rows) - 1,),
    )


def days_to_return(rows: pd.DataFrame, names: Sequence[str], format: Format) -> Chart | None:
    """Draw customers by their mean days to return, those who have not marked; as for `buckets`."""
    title = "Customers by mean days to return"
    return buckets(rows, "campaignreturn", title, names, format, (len(rows) - 1,))


def segments(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw customers by segment of the dashboard, with what they spent beside; None with fewer than 30."""
    names = rows["segment_name"].tolist()
    return buckets(rows, "campaignsegments", "Customers by segment", names, format, focus=(0,))


def fiscal_years(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Draw the share of new and old customers among those who bought in each fiscal year.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.campaign.fiscal_years`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None under two years with 30 customers. Years that the timeframe cuts have a star.
    """
    known = rows[rows["new_percentage_n"] >= FEW]
    if len(known) < 2:
        return None
    last = known.iloc[-1]
    return theme.both(
        forms.columns,
        "campaignyears",
        f"Columns of new and old customers by fiscal year, in percent; {last['fiscal_year']}: "
        f"{format.percent(last['new_percentage'], 0)} new.",
        wide=(760, 300),
        narrow=(344, 300),
        labels=[
            f"{year}{'*' if cut else ''}"
            for year, cut in zip(known["fiscal_year"], known["cut"], strict=True)
        ],
        groups=[
            ("New", known["new_percentage"].tolist(), "c1"),
            ("Old", known["old_percentage"].tolist(), "ghost"),
        ],
        words=lambda v: format.percent(v, 0),
        title="Share of customers who bought in the year",
        top=100.0,
        values=False,
    )
