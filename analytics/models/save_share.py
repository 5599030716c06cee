"""Of the customers who would have left, the share that a contact keeps: measured, else assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import ParamsError
from analytics.metrics.rates import Z

FEWEST_LOST = 30
"""Customers that the controls must have lost before a measured save share replaces the assumed one."""


@dataclass(frozen=True, slots=True)
class SaveShare:
    """Of the customers who would have left, the share that a contact keeps.

    Attributes
    ----------
    value : float
        In [0, 1]: what is reckoned with.
    low, high : float
        95 % interval of a measured share, cut to [0, 1]; NaN where it is assumed.
    measured : bool
    reason : str
        ``measured``, or why it is not: ``no retention campaign``, ``no control group``, ``not over``,
        ``too few lost``, ``other customers``: only with customers who leave in another way.
    contacts, churned_control : int
        Customers contacted in the retention campaigns with a control, and customers that the controls lost.
    raw : float
        The measured share as it came out, below 0 where the contacted left more often; NaN where there is
        none. It is told also where it is too uncertain to be used.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")
    measured: bool = False
    reason: str = "no retention campaign"
    contacts: int = 0
    churned_control: int = 0
    raw: float = float("nan")

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise ParamsError(f"save_share is {self.value}, but has to be a share from 0 to 1")

    @classmethod
    def from_assumption(cls, value: float) -> SaveShare:
        """Take a share that nobody has measured."""
        return cls(value)


def choose_save_share(campaigns: pd.DataFrame, assumed: float, outcome: str | None = None) -> SaveShare:
    """Take the save share that retention campaigns with a control have measured, where they could.

    Parameters
    ----------
    campaigns : pandas.DataFrame
        As in ``CampaignResults.save_share``: one row for each arm; those of purpose ``retention`` count.
    assumed : float
        In [0, 1]; taken where nothing is measured, or the controls lost fewer than `FEWEST_LOST` customers.
    outcome : {"contracts", "sales"}, optional
        Only campaigns that are measured by it count: what keeps a subscriber says nothing of a shopper. By
        default all.

    Returns
    -------
    SaveShare
        Several campaigns are pooled by Mantel and Haenszel's risk ratio, the arms of one campaign together
        against their control; the interval is Greenland and Robins'. One campaign alone gives (lost share of
        the control − of the contacted) / lost share of the control.

    References
    ----------
    .. [1] S. Greenland, J. M. Robins, "Estimation of a common effect parameter from sparse follow-up data",
       *Biometrics* 41(1), 1985.
    """
    retention = campaigns[campaigns["purpose"] == "retention"]
    others = 0
    if outcome is not None:
        alike = retention["outcome"] == outcome
        others, retention = int((~alike).sum()), retention[alike]
    measured = retention[retention["status"] == "measured"]
    fallback = SaveShare.from_assumption(assumed)
    if measured.empty:
        for reason in ("not over", "no control group"):
            if (retention["status"] == reason).any():
                return replace(fallback, reason=reason)
        return replace(fallback, reason="other customers") if others else fallback
    strata = measured.groupby("campaign_id").agg(
        churned_treated=("churned_treated", "sum"),
        treated=("treated", "sum"),
        churned_control=("churned_control", "first"),
        control=("control", "first"),
    )
    lost = int(strata["churned_control"].sum())
    contacts = int(strata["treated"].sum())
    share, low, high = pooled_save_share(*(strata[name].to_numpy() for name in strata.columns))
    if lost < FEWEST_LOST or not np.isfinite(share):
        return replace(fallback, reason="too few lost", raw=share, contacts=contacts, churned_control=lost)
    value, bottom, top = (float(np.clip(bound, 0, 1)) for bound in (share, low, high))
    return SaveShare(value, bottom, top, True, "measured", contacts, lost, share)


def pooled_save_share(
    churned_treated: Sequence[int] | NDArray[Any],
    treated: Sequence[int] | NDArray[Any],
    churned_control: Sequence[int] | NDArray[Any],
    control: Sequence[int] | NDArray[Any],
) -> tuple[float, float, float]:
    """One minus the risk ratio of leaving, pooled over campaigns.

    Parameters
    ----------
    churned_treated, treated, churned_control, control : array_like of shape (n_campaigns,)
        Customers lost and customers in all, with the contact and without.

    Returns
    -------
    share, low, high : float
        The share that the contact keeps of those who would have left, and its 95 % interval; NaN where a
        control has lost nobody. Below 0 where the contacted left more often.

    Examples
    --------
    Of 200 contacted 20 left, of 200 others 40: half are kept.

    >>> share, low, high = pooled_save_share([20], [200], [40], [200])
    >>> round(share, 4), round(low, 3), round(high, 3)
    (0.5, 0.176, 0.697)
    """
    a, n1, b, n0 = (
        np.asarray(part, dtype="float64") for part in (churned_treated, treated, churned_control, control)
    )
    n = n1 + n0
    over, under = float((a * n0 / n).sum()), float((b * n1 / n).sum())
    if under <= 0:
        return float("nan"), float("nan"), float("nan")
    ratio = over / under
    if over <= 0:  # nobody contacted has left: the interval needs half a customer to lean on
        _, low, _ = pooled_save_share(a + 0.5, n1 + 1, b + 0.5, n0 + 1)
        return 1.0, low, 1.0
    spread = float((((a + b) * n1 * n0 - a * b * n) / n**2).sum()) / (over * under)
    half = Z * float(np.sqrt(max(spread, 0.0)))
    return 1 - ratio, 1 - ratio * float(np.exp(half)), 1 - ratio * float(np.exp(-half))
