"""The number of threads changes no figure: every model is fitted on one, whatever is allowed.

Behaviour clusters, lifetime value and the revenue forecast have the same test beside their others.
"""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from threadpoolctl import ThreadpoolController, threadpool_limits

from analytics.metrics.deals import deals_then
from analytics.models.account_value import value_accounts
from analytics.models.churn.candidates import fit_estimators, probabilities
from analytics.models.deals import close_probability
from analytics.models.lead_scoring.scorer import fit_scorer
from analytics.models.uplift import uplift
from analytics.params import load_rules
from tests.deal_data import frames, table
from tests.models.small_churn import shrink
from tests.models.test_account_value import snapshots
from tests.models.test_lead_scoring import made_leads

MODELS = (
    *(HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor),
    *(LogisticRegression, RidgeCV),
)


def random_rows(n=300):
    random = np.random.default_rng(3)
    x = random.normal(size=(n, 8))
    return x, x[:, 0] + random.normal(size=n) > 0, np.arange(n) % 2 == 0


def churn():
    x, left, _ = random_rows()
    return probabilities(
        "mean", fit_estimators(("logistic", "boosting", "random_forest"), x, left, seed=0), x
    )


def contracts():
    return value_accounts(snapshots(accounts=40)).accounts["ensemble_revenue_12m"]


def leads():
    frame, names = made_leads(200), ["source", "role", "points"]
    won = frame["converted_at"].notna().to_numpy()
    return fit_scorer(frame, won, np.ones(200, dtype=bool), names, seed=0).probability(frame)


def effects():
    x, bought, treated = random_rows()
    return uplift(x, treated, bought).scores.select_dtypes("number")


def deals():
    tables, edge = [table(frame) for frame in frames(n=120)], date(2026, 6, 25)
    then = deals_then(*tables, [edge])
    rows = close_probability.weekly(then.closed, then.entries)
    rules = load_rules("pipeline_rules")
    return close_probability.fit(rows, rules).chance(close_probability.features(rows, rules))


def allowed():
    """How many threads the libraries may use at this moment."""
    return max(library["num_threads"] for library in ThreadpoolController().info())


@pytest.mark.parametrize("figures", [churn, contracts, leads, effects, deals])
def test_two_threads_make_the_figures_of_one(figures, monkeypatch):
    shrink(monkeypatch)
    monkeypatch.setattr("analytics.models.account_ensemble.TREES", 5)
    used = []

    def noting(fit):
        def noted(*args, **options):
            used.append(allowed())
            return fit(*args, **options)

        return noted

    with threadpool_limits(limits=1):
        alone = figures()
    for model in MODELS:
        monkeypatch.setattr(model, "fit", noting(model.fit))
    fitted_here = close_probability.fit_calibrated
    monkeypatch.setattr(close_probability, "fit_calibrated", noting(fitted_here))
    with threadpool_limits(limits=2):
        assert allowed() == 2
        together = figures()
    assert set(used) == {1}
    pd.testing.assert_frame_equal(pd.DataFrame(alone), pd.DataFrame(together), check_exact=True)
