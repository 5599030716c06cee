"""Churn: Telco by cross-validation, CDNOW, Online Retail, and the demonstration against its own truth."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from analytics.data.dataset import Dataset, open_dataset
from analytics.data.demo import ORGANISATIONS, write_demo
from analytics.data.demo.accounts import PLANS, Hazard, monthly_hazard
from analytics.data.demo.season import day_number as demo_day
from analytics.metrics.purchases import EPOCH
from analytics.metrics.visits import visit_history
from analytics.models.churn.candidates import PARTS, fit_estimators, probabilities
from analytics.models.churn.learning import Learnt, measure
from analytics.models.churn.matrix import design, plan_columns
from analytics.models.churn.measures import calibration_error, log_loss, roc_auc
from analytics.models.churn.settings import Settings
from analytics.models.churn.windows import Tables, Window
from analytics.params import find_organisation
from benchmarks.evidence.row import Row, at_least, at_most, holds

AREA = "churn"
PROJECT = Path(__file__).resolve().parents[2]
DEMO_CUSTOMERS = 12_000
END = date(2026, 11, 1)
FOLDS = 10


def rows() -> Iterator[Row]:
    yield from telco()
    yield from cdnow()
    yield from online_retail()
    with TemporaryDirectory(prefix="demo-") as folder:
        demo = demonstration(Path(folder) / "demo")
        yield from contract_demo(demo, "demo-saas")
        yield from purchase_demo(demo, "demo-retail", 90)
        yield from purchase_demo(demo, "demo-vietnam", 120)


def demonstration(folder: Path) -> Path:
    """The demonstration organisations, large enough for 5,000 customers in the later period."""
    write_demo(folder, customers=DEMO_CUSTOMERS)
    return folder


# Published data -----------------------------------------------------------------------------------------


def telco() -> Iterator[Row]:
    """The model layer alone: the data have no time, so that rows are split at random, as usual with them."""
    folder = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", PROJECT.parent / "shared" / "data"))
    data = pd.read_csv(folder / "telco_churn" / "Telco-Customer-Churn.csv.gz")
    data["TotalCharges"] = pd.to_numeric(data["TotalCharges"], errors="coerce")
    churned = (data["Churn"] == "Yes").to_numpy()
    customers = data.drop(columns=["customerID", "Churn"])
    said, aucs = np.zeros(len(data)), []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(customers, churned):
        columns = plan_columns(customers.iloc[train], list(customers.columns))
        matrix = design(customers, columns)
        estimators = fit_estimators(PARTS["mean"], matrix[train], churned[train], seed=0)
        said[test] = probabilities("mean", estimators, matrix[test])
        aucs.append(roc_auc(said[test], churned[test])[0])
    auc, name = float(np.mean(aucs)), f"Telco, {FOLDS}-fold"
    yield at_least(AREA, f"{name}: ROC AUC", auc, 0.847)
    yield at_most(AREA, f"{name}: ROC AUC, no claim beyond what is known to be possible", auc, 0.86)
    yield at_most(AREA, f"{name}: log loss", log_loss(said, churned), 0.414)
    yield at_most(AREA, f"{name}: expected calibration error", calibration_error(said, churned), 0.02)


def cdnow() -> Iterator[Row]:
    with opened("cdnow") as dataset:
        for eligible, who, bound in ((None, "all customers", 0.835), (365, "of the last 365 days", 0.735)):
            settings = Settings("cdnow", date(1998, 6, 30), "purchase", eligible_days=eligible)
            spent = time.process_time()
            learnt, test = measure(Tables(dataset.sales), settings)
            spent = time.process_time() - spent
            yield from against_baselines(f"CDNOW 1998-06-30, {who}", learnt, test, bound)
        yield at_most(AREA, "CDNOW: seconds of processor time to choose, fit and test a model", spent, 60)


def online_retail() -> Iterator[Row]:
    with opened("online-retail") as dataset:
        settings = Settings("online-retail", date(2011, 12, 9), "purchase")
        learnt, test = measure(Tables(dataset.sales, None, dataset.sale_items), settings)
        yield from against_baselines("Online Retail 2011-12-09", learnt, test, 0.735)


def against_baselines(name: str, learnt: Learnt, test: Window, bound: float) -> Iterator[Row]:
    scores = learnt.evidence.scores.set_index("model")
    own = scores.loc[learnt.model.name]
    yield at_least(AREA, f"{name} (n = {len(test.churned):,}): ROC AUC", own["roc_auc"], bound)
    yield Row(AREA, f"{name}: expected calibration error", float(own["calibration_error"]), "shown", True)
    for baseline in ("recency", "clv_probability"):
        auc = float(scores.loc[baseline, "roc_auc"])
        wins = auc >= own["roc_auc"]
        said = learnt.evidence.leader != learnt.model.name
        yield holds(
            AREA,
            f"{name}: ROC AUC of {baseline.replace('_', ' ')}",
            f"{auc:.4f}",
            f"below {own['roc_auc']:.4f}, or the page says that it wins",
            true=not wins or said,
        )


# The demonstration --------------------------------------------------------------------------------------


def contract_demo(demo: Path, name: str) -> Iterator[Row]:
    """Against the hazard that the demonstration draws departures from.

    It is a hazard for one month. Over 31 days nothing can rank better; over 90 a model may, because it sees
    more than this month's state.
    """
    truth = json.loads((demo / name / "truth.json").read_text())["company"]["accounts"]["hazard"]
    hazard = Hazard(**(truth | {"plan": tuple(truth["plan"])}))
    with opened(name, demo / name) as dataset:
        for horizon in (90, 31):
            learnt, test = measure(Tables(None, dataset.accounts), Settings(name, END, "contract", horizon))
            true = monthly_hazard(states(dataset, test), hazard)
            yield from against_truth(f"{name}, {horizon} days", learnt, test, true)


def states(dataset: Dataset, test: Window) -> dict[str, Any]:
    """The state of each test account at its last snapshot, as the simulation has it."""
    rows = dataset.accounts.to_pandas()
    rows = rows[rows["snapshot_at"] < pd.Timestamp(test.cutoff)].sort_values("snapshot_at")
    last = rows.groupby("customer_id").tail(1).set_index("customer_id").loc[test.customers["customer_id"]]
    wanted = ("logins_30d", "logins_previous_30d", "nps", "critical_tickets_90d", "days_overdue")
    state = {k: last[k].to_numpy(dtype="float64") for k in (*wanted, "seats_used", "seats_purchased")}
    state["plan"] = last["plan"].map(PLANS.index).to_numpy()
    return state | {"days_to_renewal": (last["renews_at"] - last["snapshot_at"]).dt.days.to_numpy()}


def purchase_demo(demo: Path, name: str, horizon: int) -> Iterator[Row]:
    """Against the BG/NBD process that the demonstration draws purchases from, its season included."""
    with opened(name, demo / name) as dataset:
        settings = Settings(name, END, "purchase", horizon)
        learnt, test = measure(Tables(dataset.sales, None, dataset.sale_items), settings)
        yield from against_truth(
            f"{name}, {horizon} days", learnt, test, silence(dataset, name, test, horizon)
        )


def silence(dataset: Dataset, name: str, test: Window, horizon: int) -> np.ndarray:
    """True chance of no purchase given a customer's visits: BG/NBD in the trading time of the shop.

    P(alive) after Fader, Hardie and Lee (2008), "Computing P(alive) Using the BG/NBD Model"; a customer who
    is alive makes no purchase in time t with chance ((α + T) / (α + T + t)) ^ (r + x).
    """
    shop = ORGANISATIONS[name][0]
    assert shop is not None
    visits = visit_history(dataset.sales, test.cutoff).set_index("customer_id")
    visits = visits.loc[test.customers["customer_id"]]
    kinds = dataset.customers.select("customer_id", "customer_type").to_pandas().set_index("customer_id")
    kind = kinds["customer_type"].reindex(visits.index).to_numpy()
    first, last = (visits[c].to_numpy() + demo_day(EPOCH) for c in ("first_day", "last_day"))
    start = demo_day(test.cutoff)
    end = demo_day(test.cutoff + timedelta(days=horizon))
    found = np.full(len(visits), np.nan)
    for shoppers in shop.kinds:
        of = kind == shoppers.customer_type
        clock = shoppers.season.elapsed / 7
        x = visits["visits"].to_numpy()[of] - 1
        t_x, age = clock[last[of]] - clock[first[of]], clock[start] - clock[first[of]]
        r, alpha, a, b = shoppers.r, shoppers.alpha, shoppers.a, shoppers.b
        gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x), 0)
        none = ((alpha + age) / (alpha + age + clock[end] - clock[start])) ** (r + x)
        found[of] = 1 - (1 - none) / (1 + gone)
    return np.where(np.isnan(found), np.nanmean(found), found)


def against_truth(name: str, learnt: Learnt, test: Window, true: np.ndarray) -> Iterator[Row]:
    churned, own = test.churned.to_numpy(), learnt.evidence.scores.set_index("model").loc[learnt.model.name]
    known = np.where(np.isfinite(true), true, np.nanmedian(true))
    ideal = roc_auc(known, churned)[0]
    yield at_least(AREA, f"{name}: customers in the later period", len(churned), 5_000)
    yield at_most(AREA, f"{name}: expected calibration error", own["calibration_error"], 0.03)
    yield at_least(
        AREA, f"{name}: ROC AUC (the truth gives {ideal:.4f})", own["roc_auc"], round(ideal - 0.01, 4)
    )


@contextmanager
def opened(name: str, folder: Path | None = None) -> Iterator[Dataset]:
    """Open an organisation of the project's params; a demonstration one from another folder."""
    organisation = find_organisation(name, PROJECT / "params")
    if folder is not None:
        organisation = organisation.model_copy(
            update={"source": organisation.source.model_copy(update={"path": folder})}
        )
    dataset = open_dataset(organisation)
    try:
        yield dataset
    finally:
        dataset.close()
