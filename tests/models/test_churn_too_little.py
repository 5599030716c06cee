"""Churn where there is too little to learn from, and where the data are odd."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from analytics.data.batches import kept_batches
from analytics.errors import ModelError, ParamsError
from analytics.models.churn import learning, train_or_reuse
from analytics.models.churn.settings import Settings
from analytics.models.churn.windows import Tables
from analytics.models.registry import list_models
from tests.churn_data import END, FIRST, accounts_of, company, sales_of, shop
from tests.models.small_churn import shrink

EVIDENCE = ("scores", "calibration", "lift", "features", "drift", "predictions")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    shrink(monkeypatch)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path / "models"))


@pytest.fixture(scope="module")
def sales():
    return shop(220)


def learn(**tables):
    return train_or_reuse(organisation="org", reference_date=END, **tables)


def missing(result):
    """What the status says is missing; nothing, where there is a model, a figure or a batch nevertheless."""
    made_up = [name for name in EVIDENCE if not getattr(result, name).empty]
    status = (result.verdict, result.status["models_trained"], result.status["training_timestamp"])
    kept = [*kept_batches("org", "predictions"), *list_models("org")]
    if made_up or kept or status != ("none", 0, None):
        return f"made up: {made_up}, kept: {kept}, {status}"
    return " ".join(result.status["missing"])


def one_purchase_each(customers, *days):
    return sales_of(*[(f"C{n}", day, 10) for n in range(customers) for day in days])


class TestTooLittle:
    """What is missing is said in words; nothing is kept, and nothing is made up."""

    def test_no_table_at_all(self, kept):
        result = learn()
        assert missing(result) == "There is no sale before 2026-07-01."
        assert result.status["total_customers"] == 0

    def test_tables_without_a_row(self, kept, sales):
        assert "There is no sale before" in missing(learn(sales=sales.limit(0), accounts=company(9).limit(0)))

    def test_no_accounts_where_contract_is_asked_for(self, kept, sales):
        assert "no snapshot of an account" in missing(learn(sales=sales, definition="contract"))

    def test_a_short_history_says_how_long_it_must_be(self, kept):
        short = shop(80, first=END - timedelta(days=200))
        assert "at least 270: 90 days to know customers by" in missing(learn(sales=short))

    def test_one_snapshot_is_no_history(self, kept):
        rows = [
            {"customer_id": str(n), "snapshot_at": "2026-06-30", "started_at": "2025-01-01"}
            for n in range(50)
        ]
        result = learn(accounts=accounts_of(*rows))
        assert "at least 181: a snapshot" in missing(result)
        assert result.status["active_customers"] == 50

    def test_one_customer(self, kept):
        days = pd.date_range("2025-01-01", "2026-06-01", freq="30D").astype(str)
        assert "only 1 customer to learn from" in missing(
            learn(sales=sales_of(*[("ada", day, 10) for day in days]))
        )

    def test_nine_customers(self, kept):
        few = shop(9)
        assert "only 9 customers" in missing(learn(sales=few, eligible_days=None))

    def test_everybody_is_alive(self, kept):
        days = pd.date_range("2025-01-01", "2026-06-25", freq="20D").astype(str)
        assert "None of the 30 customers" in missing(learn(sales=one_purchase_each(30, *days)))

    def test_everybody_has_left(self, kept):
        assert "All of the 30 customers" in missing(
            learn(sales=one_purchase_each(30, "2025-01-01", "2025-06-25"))
        )

    def test_no_account_has_ever_left(self, kept):
        ends = pd.date_range(FIRST, END - timedelta(days=1), freq="ME").astype(str)
        rows = [
            {"customer_id": str(n), "snapshot_at": day, "started_at": "2024-01-01"}
            for n in range(20)
            for day in ends
        ]
        assert "None of the 20 customers" in missing(learn(accounts=accounts_of(*rows)))

    def test_measuring_it_is_refused_with_the_same_words(self, kept):
        with pytest.raises(ModelError, match="There is no sale before"):
            learning.measure(Tables(), Settings("org", END, "purchase"))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"horizon_days": 0},
            {"eligible_days": 0},
            {"cost_of_miss": 0},
            {"cost_of_call": -1},
            {"retrain_after_days": -1},
        ],
    )
    def test_a_parameter_out_of_range_is_refused_by_name(self, wrong, sales):
        with pytest.raises(ParamsError, match=next(iter(wrong))):
            train_or_reuse(organisation="org", reference_date=END, sales=sales, **wrong)


class TestOddData:
    def test_all_amounts_equal_and_hardly_anybody_with_a_second_purchase(self, kept):
        random = np.random.default_rng(0)
        days = [FIRST + timedelta(days=int(day)) for day in random.integers(0, 500, 200)]
        rows = [(f"C{n:03d}", day, 10) for n, day in enumerate(days)]
        back = [
            (f"R{n}", FIRST + timedelta(days=n + step), 10) for n in range(8) for step in range(0, 530, 40)
        ]
        result = train_or_reuse(organisation="org", reference_date=END, sales=sales_of(*rows, *back))
        assert not result.status["missing"]
        assert result.predictions["churn_probability"].between(0, 1).all()
        assert (result.predictions["monetary_score"] <= 100).all()
        assert "clv_probability" not in set(result.scores["model"])  # too few repeat for that model

    def test_nobody_to_score_today_writes_no_batch(self, kept, sales):
        old = sales.filter(sales.sold_at < pd.Timestamp(END - timedelta(days=30)))
        result = train_or_reuse(organisation="org", reference_date=END, sales=old, eligible_days=25)
        assert result.predictions.empty
        assert result.status["batch_id"] is None
        assert kept_batches("org", "predictions") == []
