"""What a better pipeline would bring: more deals, more of them won, larger ones."""

from __future__ import annotations

import pandas as pd

LEVERS = ("pipeline_change", "win_rate_change", "deal_size_change")


def scenario(
    pipeline: float,
    win_rate: float,
    *,
    pipeline_change: float = 0.0,
    win_rate_change: float = 0.0,
    deal_size_change: float = 0.0,
) -> pd.DataFrame:
    """Forecast = pipeline × win rate, as it is and with relative changes, which multiply.

    Parameters
    ----------
    pipeline : float
        Value of the open deals, in the organisation's currency.
    win_rate : float
        0–1; missing where nothing has closed.
    pipeline_change, win_rate_change, deal_size_change : float, default 0
        Percent, from −100: more deals of the same size, more of them won, larger deals.

    Returns
    -------
    pandas.DataFrame
        One row with ``pipeline``, ``win_rate``, ``forecast`` of ``baseline_…`` and ``projected_…``;
        ``delta_forecast``, ``delta_percent`` (missing from nothing); the changes; and ``win_rate_capped``,
        whether the projected win rate would have been above 1.

    Examples
    --------
    >>> row = scenario(450_000, 0.30, pipeline_change=10, win_rate_change=5, deal_size_change=15).iloc[0]
    >>> [round(float(row[name]), 4) for name in ("baseline_forecast", "projected_forecast", "delta_forecast")]
    [135000.0, 179313.75, 44313.75]
    >>> round(float(row.delta_percent), 4), bool(row.win_rate_capped)
    (32.825, False)
    """
    wanted = round(win_rate * (1 + win_rate_change / 100), 12)
    projected_rate = min(wanted, 1.0) if wanted == wanted else wanted
    projected = pipeline * (1 + pipeline_change / 100) * (1 + deal_size_change / 100)
    before, after = pipeline * win_rate, projected * projected_rate
    row = {
        "baseline_pipeline": pipeline,
        "baseline_win_rate": win_rate,
        "baseline_forecast": round(before, 6),
        "pipeline_change": pipeline_change,
        "win_rate_change": win_rate_change,
        "deal_size_change": deal_size_change,
        "projected_pipeline": round(projected, 6),
        "projected_win_rate": projected_rate,
        "projected_forecast": round(after, 6),
        "delta_forecast": round(after - before, 6),
        "delta_percent": 100 * (after - before) / before if before > 0 else float("nan"),
        "win_rate_capped": wanted > 1,
    }
    return pd.DataFrame([row])


def published(row: pd.Series) -> dict[str, dict[str, float]]:
    """Give a scenario as its JSON block: ``baseline``, ``projected`` and ``delta``.

    Parameters
    ----------
    row : pandas.Series
        Of `scenario`.

    Returns
    -------
    dict
        ``baseline`` and ``projected`` with ``pipeline``, ``win_rate`` (0–1) and ``forecast``, ``projected``
        also with ``win_rate_capped``; ``delta`` with ``forecast``, ``percent`` and the changes in percent.
    """
    both = {
        when: {name: float(row[f"{when}_{name}"]) for name in ("pipeline", "win_rate", "forecast")}
        for when in ("baseline", "projected")
    }
    both["projected"]["win_rate_capped"] = bool(row["win_rate_capped"])
    delta = {"forecast": float(row["delta_forecast"]), "percent": float(row["delta_percent"])}
    return both | {"delta": delta | {name: float(row[name]) for name in LEVERS}}


def expected_win_rate(headlines: pd.DataFrame, won: pd.DataFrame) -> tuple[float, bool]:
    """The win rate that a what-if starts from.

    Parameters
    ----------
    headlines : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.headlines`; the last row counts.
    won : pandas.DataFrame
        As returned by `analytics.metrics.closings.won_deals`.

    Returns
    -------
    win_rate : float
        0–1: of the timeframe where at least 30 deals closed in it, else of all closed deals; missing without
        any.
    of_timeframe : bool
        Which of them.
    """
    now = headlines.iloc[-1]
    if now["win_rate_n"] >= ENOUGH:
        return float(now["win_rate"]), True
    months = won[won["grain"] == "month"]
    closed = int(months["win_rate_n"].sum())
    return (float(months["won_deals"].sum() / closed) if closed else float("nan")), False


ENOUGH = 30
"""Closed deals from which on a timeframe's own win rate is used."""
