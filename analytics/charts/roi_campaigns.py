"""Pictures of what campaigns have shown: what came back for their cost, and whom it pays to choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analytics.charts import theme
from analytics.charts.forms.effects import Effect, Gain, effects, gains
from analytics.formats import Format
from analytics.page.pieces import Chart

SURE = ("pays", "works, pays unclear", "loses")
"""Verdicts on an effect that is beyond chance, in any direction."""


def campaigns(arms: pd.DataFrame, format: Format) -> Chart | None:
    """Draw what each treated group brought beyond its control, as a multiple of its cost.

    Parameters
    ----------
    arms : pandas.DataFrame
        Treated groups, labelled by `analytics.words.roi_campaigns.labelled`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where no group was measured against a cost.
    """
    rows = [_effect(row, format) for row in _rows(arms)]
    drawn = [row for row in rows if np.isfinite(row.value)]
    if not drawn:
        return None

    def times(value: float) -> str:
        return f"{format.number(value, 0 if round(value, 6) % 1 == 0 else 1)}×"

    best = max(drawn, key=lambda row: row.value)
    return theme.both(
        effects,
        "roieffects",
        f"Extra gain by cost of {len(drawn)} campaign groups with 95% intervals, 1× pays for itself; "
        "highest: "
        f"{best.name}, {times(best.value)} ({times(best.low)} to {times(best.high)})."[:300],
        wide=(760, 96 + 40 * len(rows)),
        narrow=(344, 96 + 62 * len(rows)),
        rows=rows,
        words=times,
        title="Extra gain over the control group, as a multiple of cost",
        head="After cost",
        goal=1.0,
        goal_words="pays",
    )


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _effect(row: Any, format: Format) -> Effect:
    """Turn one group into multiples of its cost; one without a measured effect has words only."""
    name = str(row.label)
    missing = float("nan")
    if row.status != "measured" or not row.cost > 0:
        words = str(row.status_words) if row.status != "measured" else "no cost"
        return Effect(name, missing, missing, missing, missing, words.removeprefix("not measurable: "), False)
    cost = float(row.cost)
    # Profit is published after cost, revenue before it.
    profit = row.measure == "profit"
    sums = [
        float(getattr(row, f"incremental_{row.measure}{side}")) + (cost if profit else 0.0)
        for side in ("", "_low", "_high")
    ]
    value, low, high = (amount / cost for amount in sums)
    return Effect(
        name, value, low, high,
        visible=float(row.smallest_visible_total) / cost,
        words=format.money(sums[0] - cost, sign=True),
        sure=str(row.verdict) in SURE,
    )  # fmt: skip


def uplift(curve: pd.DataFrame, format: Format) -> Chart | None:
    """Draw how many more buy when customers are contacted by predicted effect, by risk and at random.

    Parameters
    ----------
    curve : pandas.DataFrame
        ``curve`` of `analytics.models.uplift.campaign_uplift`. It is not modified.
    format : Format

    Returns
    -------
    Chart or None
        None where nothing was measured.
    """
    if curve.empty:
        return None
    depth = (100 * curve["share"]).tolist()
    sides = [(100 * curve[f"by_effect_{side}"]).tolist() for side in ("low", "high")]
    drawn = [Gain("By predicted effect", depth, (100 * curve["by_effect"]).tolist(), "c1", False, *sides)]
    if curve["by_risk"].notna().all():
        drawn.append(Gain("By risk", depth, (100 * curve["by_risk"]).tolist(), "c2"))
    drawn.append(Gain("At random", depth, (100 * curve["at_random"]).tolist(), "ghost", dashed=True))
    half = ", ".join(
        f"{one.name.lower()} {format.number(float(np.interp(50, depth, one.gain)), 2)}" for one in drawn
    )
    return theme.both(
        gains,
        "roiuplift",
        f"Curves of extra buyers for each 100 treated, by share of customers contacted. At half: {half}; "
        f"at all: {format.number(drawn[0].gain[-1], 2)}.",
        wide=(760, 340),
        narrow=(344, 330),
        curves=drawn,
        words=lambda v: format.number(v, 1),
        percent=lambda v: format.percent(v, 0),
        title="Extra buyers for each 100 customers",
        xtitle="Share of customers contacted",
    )
