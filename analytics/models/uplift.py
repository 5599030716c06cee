"""Whom a contact changes: targeting by predicted effect, held against targeting by risk and at random.

The customer at the highest risk need not be the most savable. Where a campaign was randomised and large, two
models, one of the contacted and one of the control, say for whom the contact made a difference; every
customer is judged by models that have not seen them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analytics.metrics.rates import Z
from analytics.models.campaign_groups import Groups, campaign_groups, money_of
from analytics.models.threads import one_thread
from analytics.timeframe import Timeframe

Floats = NDArray[np.float64]
Status = Literal["measured", "no campaign", "too small"]
Verdict = Literal["evidence", "no evidence", "not measured"]

FEWEST_AN_ARM = 1_000
STEPS = 100
REPETITIONS = 200

FEATURES = ("recency_days", "tenure_days", "earlier_orders", "orders_365d", "spend_365d")
CONTRACT_FEATURES = ("contract_days", "acv")
SCORES = ("targeting", "qini", "low", "high", "random_sd")
CURVE = ("share", "by_effect", "by_effect_low", "by_effect_high", "by_risk", "at_random")


@dataclass(frozen=True)
class Uplift:
    """Whether a campaign shows whom a contact changes.

    Attributes
    ----------
    status : {"measured", "no campaign", "too small"}
        ``too small``: there are randomised campaigns, none with 1,000 customers in both groups (or one
        group in which all or none converted).
    verdict : {"evidence", "no evidence", "not measured"}
        ``evidence`` where the Qini coefficient's 95 % interval lies above 0 and the coefficient beyond what
        random orders reach.
    scores : pandas.DataFrame
        One row for each way of targeting (``predicted effect``, ``risk``, ``at random``): ``targeting``,
        ``qini``, ``low``, ``high`` (95 %, bootstrap) and ``random_sd``, the spread of random orders.
    curve : pandas.DataFrame
        ``share`` (0–1 of the customers, contacted first to last) and the conversions that contacting them
        causes, per customer of both groups: ``by_effect`` with ``by_effect_low`` and ``by_effect_high``
        (95 %), ``by_risk`` (missing where the campaign's customers have none), ``at_random``.
    campaign_id, name, arm : str
        Which campaign; empty where none is measured.
    treated, control : int
        Customers in the groups; of the largest campaign where it is too small.
    """

    status: Status = "no campaign"
    verdict: Verdict = "not measured"
    scores: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SCORES)))
    curve: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CURVE)))
    campaign_id: str = ""
    name: str = ""
    arm: str = ""
    treated: int = 0
    control: int = 0

    @property
    def largest_arm(self) -> int:
        """Customers in the smaller of the two groups."""
        return min(self.treated, self.control)

    def published(self) -> dict[str, Any]:
        """Give the block that the report publishes."""
        names = ("status", "verdict", "campaign_id", "name", "arm", "treated", "control", "scores", "curve")
        return {name: getattr(self, name) for name in names}


def campaign_uplift(
    campaigns: ibis.Table,
    contacts: ibis.Table,
    sales: ibis.Table,
    accounts: ibis.Table,
    timeframe: Timeframe,
    *,
    response_days: int = 30,
    churn_days: int = 90,
    seed: int = 0,
) -> Uplift:
    """Look for whom the largest randomised campaign made a difference.

    Parameters
    ----------
    campaigns, contacts, sales, accounts : ibis.Table
        As in the contract; any may be without rows.
    timeframe : Timeframe
        Campaigns whose days are over by its reference date.
    response_days, churn_days : int
        As for `analytics.models.campaign_results.campaign_results`.
    seed : int, default 0

    Returns
    -------
    Uplift
        Of the arm whose smaller group is the largest, the newest of equals. What customers bought before the
        contact predicts; risk is the time since the last purchase. Of accounts the contract's value and age
        predict, and no order by risk is known.
    """
    days = {"response_days": response_days, "churn_days": churn_days}
    return uplift_of(campaign_groups(campaigns, contacts, sales, accounts, timeframe, **days), seed=seed)


def uplift_of(groups: list[Groups], *, seed: int = 0) -> Uplift:
    """Look for whom the largest randomised campaign made a difference, of those that have been read.

    Parameters
    ----------
    groups : list of Groups
        As returned by `analytics.models.campaign_groups.campaign_groups`.
    seed : int, default 0

    Returns
    -------
    Uplift
        As from `campaign_uplift`.
    """
    randomised = [group for group in groups if group.status == "measured"]
    if not randomised:
        return Uplift()
    # The first of equals is the newest campaign.
    group = max(randomised, key=lambda g: min(len(g.treated), len(g.control)))
    named: dict[str, Any] = {
        "campaign_id": str(group.campaign["campaign_id"]),
        "name": str(group.campaign["name"] or ""),
        "arm": group.arm,
    }
    sizes: dict[str, Any] = {"treated": len(group.treated), "control": len(group.control)}
    if min(sizes.values()) < FEWEST_AN_ARM:
        return Uplift(status="too small", **named, **sizes)
    features, treated, converted, risk = _arrays(group)
    return uplift(features, treated, converted, risk, seed=seed, **named)


def uplift(
    features: ArrayLike,
    treated: ArrayLike,
    converted: ArrayLike,
    risk: ArrayLike | None = None,
    *,
    seed: int = 0,
    folds: int = 5,
    **named: Any,
) -> Uplift:
    """Order customers by their predicted effect, and measure what the order is worth.

    Parameters
    ----------
    features : array_like of shape (n_customers, n_features)
        Known before the contact; no missing values.
    treated, converted : array_like of shape (n_customers,)
        0 or 1.
    risk : array_like of shape (n_customers,), optional
        The greater, the earlier a customer is contacted where risk decides.
    seed : int, default 0
        Of the folds, the order of equals, and the repetitions.
    folds : int, default 5
    **named
        What else the result is told: which campaign.

    Returns
    -------
    Uplift

    Notes
    -----
    The gain of contacting the first customers of an order is G = (Y₁ − Y₀ n₁ / n₀) / n: their conversions in
    the treated group, less those in the control scaled to its size, per customer of both groups. The Qini
    coefficient is the mean distance between G and the straight line to its end, 0 for a random order. Its
    interval repeats the measurement with customers drawn anew (`REPETITIONS` times), the order kept.

    References
    ----------
    .. [1] N. J. Radcliffe, "Using control groups to target on predicted lift: building and assessing uplift
       models", *Direct Marketing Analytics Journal* 1, 2007.
    """
    x = np.asarray(features, dtype="float64")
    t, y = (np.asarray(values, dtype="float64") for values in (treated, converted))
    counted = {"treated": int(t.sum()), "control": int((1 - t).sum())} | named
    if any(y[t == side].min(initial=1) == y[t == side].max(initial=0) for side in (0, 1)):
        return Uplift(status="too small", **counted)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(y)) % folds
    equals = rng.permutation(len(y))
    with one_thread():
        effect = _predicted_effect(x, t, y, fold, folds)
    orders = (rng.permutation(len(y)) for _ in range(REPETITIONS))
    spread = float(np.std([_qini(_gains(t[order], y[order])) for order in orders]))
    rankings = {"predicted effect": effect}
    if risk is not None:
        rankings["risk"] = np.asarray(risk, dtype="float64")
    rows, curves = [], {}
    for name, ranking in rankings.items():
        order = np.lexsort((equals, -ranking))
        gains = _gains(t[order], y[order])
        qinis, drawn = _drawn(t[order], y[order], np.random.default_rng(seed + 1))
        low, high = np.quantile(qinis, [0.025, 0.975])
        rows.append((name, _qini(gains), float(low), float(high), spread))
        curves[name] = (_at(gains), *np.quantile(drawn, [0.025, 0.975], axis=0))
    rows.append(("at random", 0.0, -Z * spread, Z * spread, spread))
    _, qini, low, *_ = rows[0]
    return Uplift(
        status="measured",
        verdict="evidence" if low > 0 and qini > Z * spread else "no evidence",
        scores=pd.DataFrame(rows, columns=list(SCORES)),
        curve=_curve(curves),
        **counted,
    )


def _arrays(group: Groups) -> tuple[Floats, Floats, Floats, Floats | None]:
    """Features, group, conversion and risk of both groups."""
    both = pd.concat([group.treated, group.control])
    treated = np.repeat([1.0, 0.0], [len(group.treated), len(group.control)])
    converted = money_of(both, group.outcome, group.knows_profit)[2].to_numpy(dtype="float64")
    contracts = group.outcome == "contracts"
    chosen = both[list(CONTRACT_FEATURES if contracts else FEATURES)].astype("float64")
    # Who has never bought is further from the last purchase than anybody, and the newest of all.
    newcomers = {"recency_days": 2 * float(chosen.get("recency_days", pd.Series([0.0])).max())}
    filled = chosen.fillna(newcomers).fillna(0.0)
    skewed = [name for name in ("spend_365d", "acv", "earlier_orders", "orders_365d") if name in filled]
    filled[skewed] = np.log1p(filled[skewed].clip(lower=0))
    risk = None if contracts else filled["recency_days"].to_numpy(dtype="float64")
    return filled.to_numpy(dtype="float64"), treated, converted, risk


def _predicted_effect(x: Floats, t: Floats, y: Floats, fold: NDArray[np.int64], folds: int) -> Floats:
    """Chance to convert if contacted less the chance if not, each by a model of the other folds."""
    effect = np.zeros(len(y))
    for number in range(folds):
        held = fold == number
        chances = []
        for side in (1, 0):
            seen = ~held & (t == side)
            if y[seen].min() == y[seen].max():
                chances.append(np.full(held.sum(), y[seen].mean()))
                continue
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
            chances.append(model.fit(x[seen], y[seen]).predict_proba(x[held])[:, 1])
        effect[held] = chances[0] - chances[1]
    return effect


def _gains(t: Floats, y: Floats, weights: Floats | None = None) -> Floats:
    """Conversions caused by contacting the first 0, 1, … customers of an order, per customer."""
    w = np.ones(len(t)) if weights is None else weights
    contacted, alone = np.cumsum(w * t), np.cumsum(w * (1 - t))
    ratio = np.divide(contacted, alone, out=np.zeros(len(t)), where=alone > 0)
    gains = (np.cumsum(w * t * y) - np.cumsum(w * (1 - t) * y) * ratio) / w.sum()
    return np.concatenate([[0.0], gains])


def _qini(gains: Floats) -> float:
    return float(np.mean(gains - gains[-1] * np.linspace(0, 1, len(gains))))


def _drawn(t: Floats, y: Floats, rng: np.random.Generator) -> tuple[list[float], list[Floats]]:
    """Coefficient and curve of an order with its customers drawn anew, with replacement."""
    qinis, curves = [], []
    for _ in range(REPETITIONS):
        gains = _gains(t, y, rng.poisson(1.0, len(t)).astype("float64"))
        qinis.append(_qini(gains))
        curves.append(_at(gains))
    return qinis, curves


def _at(gains: Floats) -> Floats:
    places = np.rint(np.linspace(0, len(gains) - 1, STEPS + 1)).astype("int64")
    taken: Floats = gains[places]
    return taken


def _curve(curves: dict[str, tuple[Floats, Floats, Floats]]) -> pd.DataFrame:
    effect, low, high = curves["predicted effect"]
    share = np.linspace(0, 1, STEPS + 1)
    return pd.DataFrame(
        {
            "share": share,
            "by_effect": effect,
            "by_effect_low": low,
            "by_effect_high": high,
            "by_risk": curves["risk"][0] if "risk" in curves else np.nan,
            "at_random": share * effect[-1],
        }
    )
