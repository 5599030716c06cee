"""Everything that the report on return shows, from one call: whom to call, what has worked, what is restated.

The parts stand in modules of their own; here they are put together in the one order in which they depend on
each other, so that a report, a what-if and a notebook of one's own ask the same question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ibis
import pandas as pd

from analytics.data.batches import kept_batches
from analytics.metrics import roi as restated
from analytics.metrics import roi_batches, value_at_risk
from analytics.metrics.churn_catalogue import Definition
from analytics.metrics.clv import profits
from analytics.metrics.customer_scores import SegmentTable
from analytics.metrics.roi import RoiRules
from analytics.metrics.visits import visit_history
from analytics.models import expected_profit
from analytics.models.campaign_groups import campaign_groups
from analytics.models.campaign_results import CampaignResults, results_of
from analytics.models.churn.report import FEW, WELL_CALIBRATED
from analytics.models.churn.settings import KIND
from analytics.models.customer_outlook import leading
from analytics.models.expected_profit import Economics
from analytics.models.lifetime_value import (
    compare_methods,
    expect_lifetime_value,
    fit_lifetime_value,
)
from analytics.models.registry import model_in_use
from analytics.models.roi_forecast import roi_forecast
from analytics.models.save_share import SaveShare, choose_save_share
from analytics.models.uplift import Uplift, uplift_of
from analytics.timeframe import Timeframe

OUTCOMES: Mapping[Definition, str] = {"contract": "contracts", "purchase": "sales"}
"""By what leaving means in the predictions, how campaigns with such customers are measured."""


@dataclass(frozen=True)
class Weighed:
    """What calling customers is worth, with everything it rests on.

    Attributes
    ----------
    rules : RoiRules
    economics : Economics
        The share saved, measured where a campaign could, and the cost of a call.
    scored, worth, standing : pandas.DataFrame
        As returned by `roi_batches.scored_customers`, `value_at_risk.customer_worth` and
        `value_at_risk.standing`. No rows where there are no predictions.
    campaigns : CampaignResults
    uplift : Uplift
    headlines, trend, history, forecast : pandas.DataFrame
        Restated figures of each timeframe, of the batches of this one, of all batches, and ahead.
    definition : {"contract", "purchase"}
        What the scored customers can leave, as most of them are: a contract, or the habit of buying.
    """

    rules: RoiRules
    economics: Economics
    scored: pd.DataFrame
    worth: pd.DataFrame
    standing: pd.DataFrame
    campaigns: CampaignResults
    uplift: Uplift
    headlines: pd.DataFrame
    trend: pd.DataFrame
    history: pd.DataFrame
    forecast: pd.DataFrame
    definition: Definition = "purchase"

    @cached_property
    def calls(self) -> pd.DataFrame:
        """All scored customers in the order of their expected profit: the block ``customers``."""
        return expected_profit.call_list(self.scored, self.worth, self.standing, self.rules, self.economics)

    @cached_property
    def value(self) -> dict[str, Any]:
        """The answer in figures: the block ``expected_value``."""
        return expected_profit.expected_value(self.calls, self.economics, self.rules)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Profit by depth: the block ``profit_curve``."""
        return expected_profit.profit_curve(self.calls, self.economics)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Profit by assumption: the block ``sensitivity``."""
        return expected_profit.sensitivity(self.calls, self.economics, self.rules)

    @cached_property
    def worst(self) -> dict[str, float]:
        """The least profit of calling all at high risk, wherever in their ranges the assumptions lie."""
        return expected_profit.worst(self.calls, self.economics, self.rules, self.sensitivity)

    @property
    def sources(self) -> pd.DataFrame:
        """Where the customers' worth comes from."""
        return value_at_risk.worth_sources(self.worth)

    @property
    def metrics(self) -> dict[str, Any]:
        """Restated figures: the block ``metrics``."""
        return restated.roi_metrics(self.scored, self.rules)

    @property
    def thresholds(self) -> pd.DataFrame:
        """How many customers there are at lower thresholds."""
        return restated.thresholds(self.scored, self.rules)

    @property
    def costs(self) -> pd.DataFrame:
        """Restated costs: the block ``cost_breakdown``."""
        return restated.cost_breakdown(self.metrics, self.rules)

    @property
    def savings(self) -> pd.DataFrame:
        """Restated savings by tier: the block ``retention_savings``."""
        return restated.retention_savings(self.scored, self.rules)

    @property
    def segments(self) -> pd.DataFrame:
        """The selected customers by group: the block ``segments``."""
        chosen = restated.selected(self.scored, self.rules)
        return restated.segments(chosen, self.standing, self.rules)

    def what_if(self, **assumptions: float) -> Weighed:
        """Weigh the same customers under other assumptions; nothing is read again.

        Parameters
        ----------
        **assumptions : float
            ``save_share``, ``contact_cost``, or a field of `RoiRules`. A save share given here is assumed,
            also where one was measured.

        Returns
        -------
        Weighed

        Raises
        ------
        ParamsError
            If a value lies outside its range.
        """
        rules: dict[str, Any] = {name: v for name, v in assumptions.items() if hasattr(self.rules, name)}
        terms: dict[str, Any] = {name: v for name, v in assumptions.items() if name not in rules}
        if "save_share" in terms:
            terms["save_share"] = SaveShare.from_assumption(terms["save_share"])
        economics = replace(self.economics, **terms)
        return replace(self, rules=replace(self.rules, **rules), economics=economics)


def weigh_calls(
    tables: Mapping[str, ibis.Table],
    periods: Sequence[Timeframe],
    segments: SegmentTable,
    *,
    rules: Mapping[str, Any],
    save_share: float = 0.20,
    contact_cost: float = 5.0,
    contract_margin: float = 1.0,
    response_days: int = 30,
    churn_days: int = 90,
    seed: int = 0,
) -> Weighed:
    """Weigh what calling the customers of the batch in force would bring.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        As in the contract: ``predictions``, ``sales``, ``customers``, ``accounts``, ``campaigns``,
        ``campaign_contacts``. Any may be without rows.
    periods : sequence of Timeframe
        This timeframe last, and before it those to compare it with.
    segments : SegmentTable
        The rule table of the RFM segments.
    rules : mapping
        Fields of `RoiRules`.
    save_share : float, default 0.20
        0–1; taken where no campaign with customers like those of the batch has measured one.
    contact_cost : float, default 5
        Money; cost of one call.
    contract_margin : float, default 1
        0–1; profit as a share of the annual contract value.
    response_days, churn_days : int
        Days after a contact in which a purchase counts; days after which a customer has lapsed.
    seed : int, default 0
        Start of the random numbers of the uplift models.

    Returns
    -------
    Weighed

    Raises
    ------
    ParamsError
        If a value lies outside its range.
    """
    this = periods[-1]
    sales = tables["sales"]
    chosen = RoiRules(**rules)
    batches = roi_batches.batch_figures(tables["predictions"], periods, chosen)
    scored = roi_batches.scored_customers(tables["predictions"], this.reference_date, batches=batches)
    groups = campaign_groups(
        tables["campaigns"],
        tables["campaign_contacts"],
        sales,
        tables["accounts"],
        this,
        response_days=response_days,
        churn_days=churn_days,
        contract_margin=contract_margin,
    )
    results = results_of(groups, response_days=response_days, lapsed_days=churn_days, churn_days=churn_days)
    history = value_at_risk.trailing_year(sales, this)
    worth = worth_of(tables, scored, this, contract_margin=contract_margin, history=history)
    definition = _definition(worth)
    share = choose_save_share(results.save_share, save_share, OUTCOMES[definition] if len(scored) else None)
    return Weighed(
        rules=chosen,
        economics=Economics(share, contact_cost),
        scored=scored,
        worth=worth,
        standing=value_at_risk.standing(sales, tables["customers"], this, segments, history=history),
        campaigns=results,
        uplift=uplift_of(groups, seed=seed),
        headlines=batches.headlines,
        trend=batches.trend,
        history=batches.history,
        forecast=roi_forecast(batches.history, chosen),
        definition=definition,
    )


def worth_of(
    tables: Mapping[str, ibis.Table],
    scored: pd.DataFrame,
    this: Timeframe,
    *,
    contract_margin: float = 1.0,
    history: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What customers are worth if they stay, and the part of it that is at risk, as every report has it.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        As in the contract: ``sales`` and ``accounts``. Either may be without rows.
    scored : pandas.DataFrame
        ``customer_id`` and ``churn_probability``, as returned by
        `analytics.metrics.roi_batches.scored_customers`.
    this : Timeframe
        Its reference date is where the next twelve months begin.
    contract_margin : float, default 1
        0–1; profit as a share of the annual contract value.
    history : pandas.DataFrame, optional
        As returned by `analytics.metrics.value_at_risk.trailing_year`, where it has been read already.

    Returns
    -------
    pandas.DataFrame
        As returned by `analytics.metrics.value_at_risk.customer_worth`. The lifetime model is fitted only
        where somebody has no contract: a contract is the whole of what an account pays.
    """
    sales, accounts = tables["sales"], tables["accounts"]
    contracts = value_at_risk.contract_values(accounts, this)
    covered = scored["customer_id"].isin(contracts["customer_id"]).all()
    return value_at_risk.customer_worth(
        scored,
        sales,
        accounts,
        this,
        lifetime=None if covered else _lifetimes(tables, this),
        contract_margin=contract_margin,
        history=history,
        contracts=contracts,
    )


def _definition(worth: pd.DataFrame) -> Definition:
    """What most of the scored customers can leave: a contract, or the habit of buying."""
    return "contract" if 2 * int(worth["value_source"].eq("contract").sum()) > len(worth) else "purchase"


def _lifetimes(tables: Mapping[str, ibis.Table], this: Timeframe) -> pd.DataFrame:
    """What each customer without a contract is predicted to bring in twelve months.

    No rows where simpler rules were nearer in the holdout, or there is none: what customers have brought in
    the last 365 days stands in (see `value_at_risk.customer_worth`).
    """
    visits = visit_history(tables["sales"], this.reference_date)
    margin = profits(tables["sales"], None, this)["profit_margin"].iloc[0]
    share = None if pd.isna(margin) else float(margin) / 100
    learnt = fit_lifetime_value(visits)
    checked = compare_methods(tables["sales"], visits, this.reference_date)
    trusted = leading(learnt, checked) == "model"
    return expect_lifetime_value(learnt, visits if trusted else visits.head(0), profit_share=share)


def trust_in(organisation: str, scored: pd.DataFrame) -> dict[str, Any]:
    """How far the chances behind the figures were tested, from the card of the model that gave them.

    Parameters
    ----------
    organisation : str
    scored : pandas.DataFrame
        As returned by `analytics.metrics.roi_batches.scored_customers`.

    Returns
    -------
    dict
        ``verdict``: ``none`` (no predictions), ``outside`` (not made by the workbook, or their model is not
        kept), ``too few`` (under 30 of either outcome in the test), ``baseline`` (a simple rule ranked as
        well), ``off`` (chances off by more than `WELL_CALIBRATED` on average), ``tested``. And
        ``calibration_error`` (0–1), missing where there was no test.
    """
    said: dict[str, Any] = {"verdict": "none", "calibration_error": None}
    if scored.empty:
        return said
    batch, day = str(scored["batch_id"].iloc[0]), scored["predicted_at"].iloc[0].date()
    own = any(path.stem.endswith(f"_{batch}") for path in kept_batches(organisation, "predictions"))
    model = model_in_use(organisation, KIND, day) if own else None
    if model is None:
        return said | {"verdict": "outside"}
    card = model.card
    said["calibration_error"] = card["scores"].get("calibration_error")
    if min(card["test_churned"], card["test_customers"] - card["test_churned"]) < FEW:
        return said | {"verdict": "too few"}
    if card["leader"] != card["model"]["name"]:
        return said | {"verdict": "baseline"}
    error = said["calibration_error"]
    return said | {"verdict": "off" if error is not None and error > WELL_CALIBRATED else "tested"}
