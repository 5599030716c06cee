"""Return on investment: the specification's customer, Hillstrom's experiment, the demonstration's truth."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.data.dataset import open_dataset
from analytics.metrics.roi import RoiRules, roi_metrics
from analytics.models.campaign_effect import welch
from analytics.models.campaign_results import campaign_results
from analytics.models.uplift import uplift
from analytics.params import find_organisation
from analytics.timeframe import parse_timeframe
from benchmarks.evidence.row import Row, at_least, close_to, holds

AREA = "roi"
PROJECT = Path(__file__).resolve().parents[2]
CONTROL = "No E-Mail"
PUBLISHED = {
    ("Mens E-Mail", "spend"): (0.769827, 0.145247, 0.485140, 1.054515, 0.4069),
    ("Womens E-Mail", "spend"): (0.424412, 0.130333, 0.168957, 0.679868, 0.3651),
    ("Mens E-Mail", "visit"): (0.076590, None, 0.069953, 0.083226, None),
    ("Womens E-Mail", "visit"): (0.045233, None, 0.038893, 0.051573, None),
}
"""Lift a head, standard error, Welch's 95 % bounds, smallest visible effect."""


def rows() -> Iterator[Row]:
    yield from _restated()
    data = hillstrom()
    yield from _effects(data)
    yield from _targeting(data)
    yield from _demonstration()


def hillstrom() -> pd.DataFrame:
    """The experiment's 64,000 customers."""
    folder = Path(os.environ["WORKBOOK_REFERENCE_DATA"])
    return pd.read_csv(folder / "hillstrom" / "hillstrom.csv.gz")


def known_before(data: pd.DataFrame) -> pd.DataFrame:
    """What was known of the customers before the e-mail, as numbers."""
    names = ["recency", "history", "mens", "womens", "newbie", "zip_code", "channel", "history_segment"]
    features = pd.get_dummies(data[names], dtype="float64")
    return features.assign(history=np.log1p(features["history"]))


def _restated() -> Iterator[Row]:
    one = pd.DataFrame(
        {
            "customer_id": ["one"],
            "batch_id": ["batch"],
            "predicted_at": pd.to_datetime(["2026-10-01"]),
            "churn_probability": [0.9],
            "monetary_score": [85.0],
        }
    )
    figures = roi_metrics(one, RoiRules())
    expected = {
        "total_revenue": 8_500.0,
        "total_costs": 850.0,
        "net_profit": 7_650.0,
        "roi_percentage": 900.0,
        "payback_months": 1.2,
    }
    for name, value in expected.items():
        yield close_to(AREA, f"one customer with monetary_score 85, {name}", figures[name], value, 1e-9)


def _effects(data: pd.DataFrame) -> Iterator[Row]:
    for (arm, measure), (lift, error, low, high, smallest) in PUBLISHED.items():
        found = welch(
            data.loc[data["segment"] == arm, measure], data.loc[data["segment"] == CONTROL, measure]
        )
        what = f"Hillstrom, {arm}, {measure} a head"
        yield close_to(AREA, f"{what}: lift", found.lift, lift, 1e-6)
        yield close_to(AREA, f"{what}: Welch 95 %, low", found.low, low, 1e-6)
        yield close_to(AREA, f"{what}: Welch 95 %, high", found.high, high, 1e-6)
        if error is not None:
            yield close_to(AREA, f"{what}: standard error", found.standard_error, error, 1e-6)
        if smallest is not None:
            # Published with four decimals; to 1e-6 it is 2.801585 standard errors.
            yield close_to(AREA, f"{what}: smallest visible effect", found.smallest_visible, smallest, 5e-5)
            of_error = 2.801585218 * found.standard_error
            yield close_to(
                AREA, f"{what}: smallest visible effect, recomputed", found.smallest_visible, of_error, 1e-6
            )


def _targeting(data: pd.DataFrame) -> Iterator[Row]:
    for arm in ("Womens E-Mail", "Mens E-Mail"):
        both = data["segment"].isin([arm, CONTROL])
        part = data[both]
        found = uplift(known_before(data)[both], part["segment"] == arm, part["visit"], part["recency"])
        qini, low, high = (float(found.scores[name].iloc[0]) for name in ("qini", "low", "high"))
        what = f"Hillstrom, {arm}, Qini on visits"
        if arm == "Womens E-Mail":
            yield at_least(AREA, what, qini, 0.003)
            yield holds(AREA, f"{what}: verdict", found.verdict, "evidence", true=found.verdict == "evidence")
        else:
            interval = f"{qini:.5f} [{low:.5f}, {high:.5f}]"
            yield holds(AREA, what, interval, "within noise", true=low < 0 < high)
            no = found.verdict == "no evidence"
            yield holds(AREA, f"{what}: verdict", found.verdict, "no evidence", true=no)


def _demonstration() -> Iterator[Row]:
    for name in ("demo-retail", "demo-vietnam", "demo-saas"):
        truth_file = PROJECT / "data" / "demo" / name / "truth.json"
        if not truth_file.is_file():
            yield Row(AREA, f"{name}, campaigns", "not there", "workbook demo has been run", False)
            continue
        truth = json.loads(truth_file.read_text(encoding="utf-8"))
        needed = ("campaigns", "campaign_contacts", "sales", "accounts")
        dataset = open_dataset(find_organisation(name, PROJECT / "params"), tables=needed)
        frame = parse_timeframe("2026-10", as_of=date(2026, 11, 1))
        found = campaign_results(*(dataset.tables[table] for table in needed), frame)
        dataset.close()
        yield from _conversions(name, truth, found.arms.set_index(["campaign_id", "arm"]))
        yield from _accounts_kept(name, truth, found.save_share.set_index(["campaign_id", "arm"]))


def _conversions(name: str, truth: dict, arms: pd.DataFrame) -> Iterator[Row]:
    """One more purchase converts whoever would not have bought anyway."""
    for campaign, about in truth.get("shop", {}).get("campaigns", {}).items():
        effects = about["extra_purchase_probability"]
        for arm in sorted(effects.keys() - {"control"}) if "control" in effects else ():
            row = arms.loc[(campaign, arm)]
            true = effects[arm] * (100 - row["control_conversion_rate"])
            low, high = row["conversion_lift_low"], row["conversion_lift_high"]
            measured = f"{row['conversion_lift']:.1f} [{low:.1f}, {high:.1f}] points"
            what = f"{name} {campaign} {arm}, lift of conversion"
            yield holds(AREA, what, measured, f"covers the true {true:.1f}", true=low <= true <= high)


def _accounts_kept(name: str, truth: dict, arms: pd.DataFrame) -> Iterator[Row]:
    """Where leaving is rare, a change of the log odds is one of the log risk."""
    for campaign, about in truth.get("company", {}).get("account_campaigns", {}).items():
        effects = about["log_odds_of_leaving_for_3_months"]
        for arm in sorted(effects.keys() - {"control"}):
            row, true = arms.loc[(campaign, arm)], 1 - float(np.exp(effects[arm]))
            low, high = row["save_share_low"], row["save_share_high"]
            measured = f"{row['save_share']:.2f} [{low:.2f}, {high:.2f}]"
            what = f"{name} {campaign} {arm}, share of leavers kept"
            yield holds(AREA, what, measured, f"covers the true {true:.2f}", true=low <= true <= high)
