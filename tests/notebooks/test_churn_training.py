"""What the churn notebook does, from its cells to its JSON, its page and its batch."""

import numpy as np
import pandas as pd
import pytest

from analytics.page.pieces import Cards, Notice, Section, Summary, plain
from tests.notebooks.running import run_notebook

PARAMS = """
organisations:
  - id: corner-shop
    name: Corner Shop
    currency: GBP
    source: {path: shop, owned: true, csv: {delimiter: comma, dates: iso}}
  - id: new-shop
    name: New Shop
    source: {path: new, owned: true, csv: {delimiter: comma, dates: iso}}
  - id: subscriptions
    name: Subscriptions
    market: vietnam
    source: {path: contracts, owned: true, csv: {delimiter: comma, dates: iso}}
  - id: deals-only
    name: Deals Only
    source: {path: deals, owned: true, csv: {delimiter: comma, dates: iso}}
"""
BLOCKS = {"status", "scores", "calibration", "lift", "features", "drift", "predictions", "model_card"}


def sales_of(random, customers, days, rate):
    """Customers who buy at their own rate until they stop."""
    rows = []
    for who in range(customers):
        every = random.gamma(2, rate)
        day, stop = random.integers(0, days // 2), random.exponential(days)
        while day < min(days, stop + 30):
            rows.append((f"c{who:03}", int(day), round(float(random.gamma(2, 20)), 2)))
            day += max(1.0, random.exponential(every))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "total_amount"])
    start = pd.Timestamp("2026-11-01") - pd.Timedelta(days=days)
    frame["sold_at"] = (start + pd.to_timedelta(frame.pop("day"), unit="D")).dt.strftime("%Y-%m-%d")
    return frame.assign(sale_id=range(len(frame)))


def accounts_of(random, customers):
    """Monthly snapshots; those who log in rarely leave."""
    rows = []
    for who in range(customers):
        keen, start = random.random(), pd.Timestamp("2025-06-01")
        for month in range(17):
            day = start + pd.DateOffset(months=month)
            left = random.random() < 0.10 * (1 - keen)
            rows.append(
                {
                    "customer_id": f"a{who:03}", "snapshot_at": day.date().isoformat(), "acv": 1000 + who,
                    "started_at": "2023-06-01", "logins_30d": int(40 * keen), "nps": int(100 * keen) - 20,
                    "churned_at": (day + pd.Timedelta(days=20)).date().isoformat() if left else "",
                }
            )  # fmt: skip
            if left:
                break
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four organisations: a shop, one that has just opened, one with contracts, one with deals alone."""
    made = tmp_path_factory.mktemp("organisations")
    random = np.random.default_rng(7)
    for name, table, frame in (
        ("shop", "sales", sales_of(random, 100, 500, 20)),
        ("new", "sales", sales_of(random, 30, 60, 10)),
        ("contracts", "accounts", accounts_of(random, 120)),
        ("deals", "deals", pd.DataFrame([{"deal_id": "d1", "created_at": "2026-01-05", "value": 10,
                                          "stage": "proposal", "company": "x", "owner": "y"}])),
    ):  # fmt: skip
        (made / name).mkdir()
        frame.to_csv(made / name / f"{table}.csv", index=False)
    (made / "params.yml").write_text(PARAMS)
    return made


@pytest.fixture(scope="module")
def run(folder):
    """Run the notebook with models kept in a folder; give what it made."""
    usual = {"organisation": "corner-shop", "timeframe": "2026-10", "as_of": "2026-11-01", "charts": False}
    usual["started"] = "2026-11-02T06:00:00+00:00"

    def run_with(models, **other):
        asked = usual | other
        return run_notebook("churn_training", folder / "params.yml", models / "out", models=models, **asked)

    return run_with


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def trained(run, models):
    """The shop's report, whose model is trained by it."""
    return run(models, charts=True)


def sections(ran):
    return [piece for piece in ran.pieces if isinstance(piece, Section)]


class TestAShop:
    def test_has_all_blocks_and_a_section_for_each_question(self, trained):
        assert trained.data.keys() == BLOCKS
        assert all(trained.data.values())
        assert {*BLOCKS, "predictions-calls", "scores-threshold"} <= set(trained.sections)

    def test_scores_everybody_once_with_what_the_contract_asks(self, trained):
        data = trained.data
        rows = data["predictions"]
        assert len(rows) == data["status"]["scored_customers"] == data["status"]["customers"] > 0
        assert len({row["customer_id"] for row in rows}) == len(rows)
        assert all(0 <= row["churn_probability"] <= 1 for row in rows)
        assert {row["predicted_at"][:10] for row in rows} == {"2026-11-01"}
        assert data["status"]["training_timestamp"] == "2026-11-01"

    def test_says_the_same_in_summary_card_and_file(self, trained):
        data, pieces = trained.data, trained.pieces
        (summary,) = [piece for piece in pieces if isinstance(piece, Summary)]
        (cards,) = [piece for piece in pieces if isinstance(piece, Cards)]
        expected = f"{sum(row['churn_probability'] for row in data['predictions']):.0f}"
        assert f", {expected} are expected to order nothing in the next 90 days." in plain(
            summary.sentences[0]
        )
        assert cards.headlines[0].value == expected
        assert len(cards.headlines) == 4

    def test_compares_all_on_the_same_customers(self, trained):
        rows = trained.data["scores"]["models"]
        assert {row["model"] for row in rows} >= {
            "random_forest",
            "logistic",
            "boosting",
            "mean",
            "recency",
            "prior",
        }
        assert len({(row["customers"], row["churned"]) for row in rows}) == 1

    def test_shows_the_horizon_and_how_the_answer_changes(self, trained):
        horizons = trained.data["status"]["horizons"]
        assert [row["horizon_days"] for row in horizons] == [60, 90, 180]
        assert [row["own"] for row in horizons] == [False, True, False]

    def test_keeps_one_batch_and_a_second_run_gives_the_same_file(self, trained, run, models):
        """The model is there already: it is used, and page and figures are the same to the byte."""
        batches = [path for path in models.rglob("*.parquet") if "predictions" in path.parts]
        assert len(batches) == 1
        before = batches[0].read_bytes()
        again = run(models, charts=True)
        assert [path for path in models.rglob("*.parquet") if "predictions" in path.parts] == batches
        assert batches[0].read_bytes() == before
        assert again.text == trained.text
        assert sections(again) == sections(trained)


class TestContracts:
    def test_the_market_decides_the_horizon_and_the_accounts_the_definition(self, run, tmp_path):
        ran = run(tmp_path, organisation="subscriptions", cost_of_call=2.0)
        data, pieces = ran.data, ran.pieces
        assert data["scores"]["confusion"]["cost_of_call"] == 2.0
        assert (data["status"]["definition"], data["status"]["horizon_days"]) == ("contract", 120)
        (summary,) = [piece for piece in pieces if isinstance(piece, Summary)]
        assert "end their contract in the next 120 days" in plain(summary.sentences[0])


class TestTooLittle:
    def test_a_new_shop_has_a_page_that_says_what_is_missing_and_no_model(self, run, tmp_path):
        ran = run(tmp_path, organisation="new-shop")
        data, pieces = ran.data, ran.pieces
        assert data["status"]["missing"]
        assert data["predictions"] == []
        assert data["status"]["models_trained"] == 0
        assert [path for path in tmp_path.rglob("*") if path.suffix in (".parquet", ".skops")] == []
        (notice,) = [piece for piece in pieces if isinstance(piece, Notice)]
        assert notice.title == "Too little data for a model"
        first = next(piece for piece in pieces if isinstance(piece, Section))
        assert first.missing.startswith(data["status"]["missing"][0][:20])
        assert not {"scores", "calibration", "lift", "features", "drift", "model_card"} & set(ran.sections)

    def test_parameters_reach_the_figures(self, run, tmp_path):
        status = run(tmp_path, organisation="new-shop", horizon_days=60, eligible_days=200).data["status"]
        assert (status["horizon_days"], status["eligible_days"]) == (60, 200)

    @pytest.mark.parametrize("timeframe", ["2020-01", "2025-06"], ids=["before the data", "a week in"])
    def test_a_timeframe_too_early_has_no_model(self, run, tmp_path, timeframe):
        ran = run(tmp_path, timeframe=timeframe)
        assert not ran.data["predictions"]
        assert "Unknown" not in str(ran.pieces)
        assert not list(tmp_path.rglob("*.skops"))

    def test_an_organisation_without_sales_and_accounts_says_so(self, run, tmp_path):
        ran = run(tmp_path, organisation="deals-only", timeframe="2026-01", as_of="2026-02-01")
        assert not ran.data["predictions"]
        assert "There is no sale" in str(ran.pieces) or "no data" in str(ran.pieces)
