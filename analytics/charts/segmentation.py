"""Pictures of who the customers are: segments, tiers, movement, credit and behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analytics.charts import forms, theme
from analytics.charts.theme import ACCENT, GHOST, SMALL, TEXT, fit, frame, label, room_for, size_of
from analytics.formats import Format
from analytics.page.pieces import FEW, Chart
from analytics.page.tokens import LIGHT

COLOURS = {"other": "ghost", "new": "c3", "away": "c2", "best": "c1"}
"""Tokens of the grid's groups by their role, those at the bottom first."""

FEATURES = {
    "recency_days": "Days since last order",
    "frequency": "Orders",
    "monetary": "Net revenue",
    "tenure_days": "Days since first order",
    "basket_size": "Revenue an order",
    "category_breadth": "Categories bought",
}
OUTSIDE = "Outside"
"""Where customers come from who had no segment, and where they go who have none any more."""


FARTHEST = 2.0
"""End of the scale of deviations; the few beyond it are drawn at the end."""


def segments(rows: pd.DataFrame, format: Format) -> Chart | None:
    """RFM segments: share of customers against share of revenue, the most revenue first.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.rfm_segments`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where fewer than 30 have a segment.
    """
    return _shares(rows[rows["action"] != ""], "segment_name", "segments", format)


def tiers(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Tiers: share of customers against share of revenue, in the order in which they are given.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.tier_segments`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 customers.
    """
    return _shares(rows, "tier", "tiers", format)


def movement(rows: pd.DataFrame, format: Format, *, heads: tuple[str, str]) -> Chart | None:
    """Flow of customers between segments since the previous timeframe.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.segment_movement`. It is not modified.
    format : Format
    heads : tuple of str
        Names of the two points in time.

    Returns
    -------
    Chart or None
        None where there is nothing to compare.
    """
    if rows.empty:
        return None
    inside = rows[~rows["change"].isin(["joined", "returned", "left"])]
    names = list(dict.fromkeys([*rows["from_segment"], *rows["to_segment"]]))
    standing = _in_standing(rows)
    outer = len(inside) < len(rows)
    groups = [*standing, *([OUTSIDE] if outer else [])]
    place = {name: groups.index(name) if name in standing else len(groups) - 1 for name in names}
    moved = np.zeros((len(groups), len(groups)))
    for start, end, n in zip(rows["from_segment"], rows["to_segment"], rows["customer_count"], strict=True):
        moved[place[start], place[end]] += float(n)
    counts = rows.groupby("change")["customer_count"].sum()
    up, down = int(counts.get("better", 0)), int(counts.get("worse", 0))
    stayed = int(counts.get("same", 0))
    alt = (
        f"Flow between segments from {heads[0]} to {heads[1]}: {format.count(stayed)} customers stayed, "
        f"{format.count(up)} moved to a better segment, {format.count(down)} to a worse one."
    )
    tall = 150 + 38 * len(groups)
    return theme.both(
        forms.flow,
        "movement",
        alt,
        wide=(760, tall),
        narrow=(344, tall + 60),
        names=groups,
        moved=moved.tolist(),
        heads=heads,
        count=format.count,
        change=lambda _: "",
    )


def recency_frequency(cells: pd.DataFrame, format: Format) -> Chart | None:
    """Counted grid of days since the last order by number of orders; the area of a dot is customers.

    Parameters
    ----------
    cells : pandas.DataFrame
        As returned by `analytics.metrics.segmentation.recency_frequency`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None with fewer than 30 customers.
    """
    if cells["customer_count"].sum() < FEW:
        return None
    roles = cells.drop_duplicates("group").set_index("group")["role"]
    order = sorted(roles.index, key=lambda name: (list(COLOURS).index(roles[name]), name))
    wide = 15  # days a cell
    columns = (int(cells["days"].max()) - 1) // wide + 1
    merged = -(-columns // 26)
    bins = max(-(-columns // merged), 6)
    farthest = bins * merged * wide
    counts = cells["customer_count"]
    once = int(counts[cells["orders"] == 1].sum())
    alt = (
        f"Counted grid of {format.count(counts.sum())} customers by days since the last order, 1 to "
        f"{format.count(farthest)}, and orders, 1 to 12 and more. {format.count(once)} have ordered once."
    )
    return theme.both(
        forms.grid,
        "grid",
        alt,
        wide=(760, 380),
        narrow=(344, 340),
        x=cells["days"].to_numpy() - 1,
        y=cells["orders"].to_numpy(),
        groups=cells["group"].tolist(),
        counts=counts.tolist(),
        colours={name: COLOURS[roles[name]] for name in order},
        title="Orders; area of a dot = customers",
        xtitle="Days since the last order",
        x_top=farthest,
        bins=bins,
        y_top=12,
        words=format.count,
    )


def credit(rows: pd.DataFrame, format: Format) -> Chart | None:
    """Customers by the share of their credit limit that they owe.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.credit.credit_segments`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where credit is not known.
    """
    if rows.empty or not rows["customer_count"].sum():
        return None
    over = rows.iloc[0]
    alt = (
        f"Bars of customers by credit: {format.count(over['customer_count'])} over their limit, of "
        f"{format.count(rows['customer_count'].sum())}; {format.money(rows['total_outstanding'].sum())} "
        "outstanding in all."
    )
    return theme.both(
        forms.bars,
        "credit",
        alt,
        wide=(760, 60 + 34 * len(rows)),
        narrow=(344, 60 + 34 * len(rows)),
        names=rows["segment_name"].tolist(),
        values=rows["customer_count"].astype("float64").tolist(),
        words=format.count,
        title="Customers",
        notes=[f"{format.money(owed)} outstanding" for owed in rows["total_outstanding"]],
        focus=(0,),
    )


def behaviour(profile: pd.DataFrame, segments: pd.DataFrame, format: Format) -> Chart | None:
    """Small multiples: how far each group lies from the average customer, feature by feature.

    Parameters
    ----------
    profile, segments : pandas.DataFrame
        Of `analytics.models.behaviour.Behaviour`. They are not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where there are no groups.
    """
    if segments.empty:
        return None
    table = profile.pivot_table(index="segment_name", columns="feature", values="deviation")
    used = [name for name in FEATURES if name in table.columns]
    names = segments["segment_name"].tolist()
    first = segments.iloc[0]
    alt = (
        f"Small multiples of {len(names)} groups: how far each lies from the average customer. The "
        f"group with "
        f"the most revenue a customer, {fit(str(first['segment_name']), 400)}, has "
        f"{format.percent(first['percentage'], 0)} of customers."
    )
    across, tall = min(2, len(names)), 58 + 22 * len(used)
    return theme.both(
        _deviations,
        "behaviour",
        alt,
        wide=(760, 40 + tall * -(-len(names) // across)),
        narrow=(344, 40 + tall * len(names)),
        names=names,
        bases=[f"{format.percent(share, 0)} of customers" for share in segments["percentage"]],
        features=[FEATURES[name] for name in used],
        values=table.loc[names, used].to_numpy().tolist(),
    )


def _in_standing(rows: pd.DataFrame) -> list[str]:
    """Segments in the order of the rows, which is that of their standing, from either side."""
    was = rows[~rows["change"].isin(["joined", "returned"])]
    now = rows[rows["change"] != "left"]
    order: list[str] = list(dict.fromkeys(was["from_segment"]))
    for _, group in now.groupby("from_segment", sort=False):
        ends = list(group["to_segment"])
        for i, name in enumerate(ends):
            if name not in order:
                after = next((order.index(other) for other in ends[i + 1 :] if other in order), len(order))
                order.insert(after, name)
    return order


def _shares(rows: pd.DataFrame, name: str, uid: str, format: Format) -> Chart | None:
    if rows["customer_count"].sum() < FEW:
        return None
    by = rows if name == "tier" else _most_first(rows)
    revenue = by["revenue_contribution"].fillna(0.0).tolist()
    known = bool(by["revenue_contribution"].notna().any())
    top = by.iloc[int(np.argmax(revenue if known else by["percentage"].tolist()))]
    brings = f", {format.percent(top['revenue_contribution'], 0)} of revenue" if known else ""
    alt = (
        f"Bars of {len(by)} groups, share of customers{' and of revenue' if known else ''}. {top[name]}: "
        f"{format.percent(top['percentage'], 0)} of customers{brings}."
    )
    return theme.both(
        _pairs,
        uid,
        alt,
        wide=(760, 44 + 46 * len(by)),
        narrow=(344, 44 + 46 * len(by)),
        names=by[name].tolist(),
        customers=by["percentage"].tolist(),
        revenue=revenue if known else [],
        format=format,
    )


def _most_first(rows: pd.DataFrame) -> pd.DataFrame:
    column = "revenue_contribution" if rows["revenue_contribution"].notna().any() else "percentage"
    return rows.sort_values([column, "standing"], ascending=[False, True])


def _pairs(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    customers: Sequence[float],
    revenue: Sequence[float],
    format: Format,
) -> None:
    """Two bars a row, from zero on one scale: customers grey, revenue blue."""
    left = 12 + room_for(names, 120 if narrow else 180, 40, TEXT, bold=True)
    right = 76.0 if narrow else 170.0
    ax = frame(fig, left, 12, right, 20)
    values = [*customers, *revenue]
    low, high = min(0.0, *values), theme.scale_top(values, (35, 60, 100))
    ax.set_xlim(low * 1.1, max(high, *values))
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.grid(False)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.plot([0, 0], [-0.5, len(names) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
    for i in range(len(names)):
        shift = 0.19 if revenue else 0.0
        words = format.percent(customers[i]) + (" of customers" if i == 0 and not narrow else "")
        ax.barh(i - shift, customers[i], height=0.3, color=GHOST)
        label(ax, words, (customers[i], i - shift), (7, 0), color=LIGHT["mute"], fontsize=SMALL, halo=False)
        if revenue:
            worse = revenue[i] < 0
            words = format.percent(revenue[i]) + (" of revenue" if i == 0 and not narrow else "")
            ax.barh(i + shift, revenue[i], height=0.3, color=LIGHT["c2"] if worse else ACCENT)
            place = (max(revenue[i], 0.0), i + shift)
            colour = LIGHT["c2"] if worse else ACCENT
            label(ax, words, place, (7, 0), color=colour, weight="bold", fontsize=SMALL, halo=False)
    ax.set_yticks(range(len(names)), [fit(name, left - 12) for name in names], color=LIGHT["ink"])
    if narrow and revenue:
        label(ax, "grey: customers, blue: revenue", (0, 0), (0, -10), coords="axes fraction", **_quiet())


def _deviations(
    fig: Figure,
    narrow: bool,
    *,
    names: Sequence[str],
    bases: Sequence[str],
    features: Sequence[str],
    values: Sequence[Sequence[float]],
) -> None:
    """One panel for each group, all on one scale from −2 to 2; the average customer is the line at 0."""
    across = 1 if narrow else min(2, len(names))
    down = -(-len(names) // across)
    width, height = size_of(fig)
    left, gap = 12 + room_for(features, 150, 60, SMALL), 24.0
    each = (width - left - 8 - gap * (across - 1)) / across
    tall = (height - 40) / down
    for i, name in enumerate(names):
        row, column = divmod(i, across)
        x0, y0 = left + column * (each + gap), row * tall + 44
        ax = frame(fig, x0, y0, width - x0 - each, height - y0 - 22 * len(features))
        ax.set_xlim(-FARTHEST, FARTHEST)
        ax.set_ylim(len(features) - 0.4, -0.6)
        ax.grid(False)
        ax.spines["bottom"].set_visible(False)
        colours = [GHOST if abs(v) < 0.5 else LIGHT["d6"] if v > 0 else LIGHT["d2"] for v in values[i]]
        ax.barh(range(len(features)), np.clip(values[i], -FARTHEST, FARTHEST), height=0.62, color=colours)
        ax.plot([0, 0], [-0.5, len(features) - 0.5], color=LIGHT["soft"], lw=1, solid_capstyle="butt")
        ax.set_yticks(
            range(len(features)), [fit(f, left - 12, SMALL) for f in features] if column == 0 else []
        )
        ax.set_xticks([])
        start: dict[str, Any] = {"coords": "axes fraction", "halo": False}
        shift = -left if narrow else 0
        label(
            ax,
            fit(name, each + (left if narrow else 0), TEXT, True),
            (0, 1),
            (shift, 26),
            weight="bold",
            **start,
        )
        label(ax, bases[i], (0, 1), (shift, 10), color=LIGHT["mute"], fontsize=12, **start)
    for column in range(min(across, len(names))):
        middle = (left + column * (each + gap) + each / 2) / width
        for words, side, dx in (
            ("less", "right", -10),
            ("more" if narrow else "more than average", "left", 10),
        ):
            at = middle + dx / width
            fig.text(at, 12 / height, words, ha=side, color=LIGHT["mute"], fontsize=SMALL)


def _quiet() -> dict[str, Any]:
    return {"color": LIGHT["mute"], "fontsize": SMALL, "halo": False}
