"""What the report on return says of data that are whole, odd, or not there, from its cells to its JSON."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from analytics.errors import AnalyticsError
from analytics.page import render
from tests.notebooks.running import run_notebook

PARAMS = """
organisations:
  - id: corner-shop
    name: Corner Shop
    currency: GBP
    source: {path: ., owned: true, csv: {delimiter: comma, dates: iso}}
"""
BLOCKS = {
    "metrics", "profit_trend", "cost_breakdown", "campaign_roi", "retention_savings", "segments",
    "expected_value",
    "profit_curve", "sensitivity", "uplift", "forecast", "customers",
}  # fmt: skip
OF_CAMPAIGNS = ["campaign_roi", "campaign_roi-balance", "campaign_roi-win_back", "uplift"]


def sales_of(customers=120, profit=0.4):
    """Two years of sales: who has the lower number buys more often."""
    random = np.random.default_rng(4)
    who = (customers * random.random(10 * customers) ** 2).astype(int)
    days = pd.to_datetime("2024-10-01") + pd.to_timedelta(random.integers(0, 720, len(who)), unit="D")
    amount = random.gamma(2, 40, len(who)).round(2)
    return pd.DataFrame(
        {
            "sale_id": range(len(who)),
            "customer_id": [f"c{i:03}" for i in who],
            "sold_at": days.strftime("%Y-%m-%d"),
            "total_amount": amount,
            "total_profit": (amount * profit).round(2),
        }
    )


def predictions_of(*risks, day="2026-08-31", scores=None):
    """A batch with these chances to leave, for as many customers."""
    n = len(risks)
    return pd.DataFrame(
        {
            "batch_id": "b1",
            "predicted_at": day,
            "customer_id": [f"c{i:03}" for i in range(n)],
            "churn_probability": risks,
            "monetary_score": np.linspace(100, 1, n).round(1) if scores is None else scores,
            "risk_factors": "buys less often",
            "recommendations": "Call in person",
        }
    )


def campaign_of(customers=120):
    """A retention campaign in March, with every other customer left out."""
    ids = [f"c{i:03}" for i in range(customers)]
    arms = ["voucher", "control"] * (customers // 2)
    contacts = pd.DataFrame({"campaign_id": "M1", "customer_id": ids, "arm": arms})
    contacts["contacted_at"] = np.where(contacts["arm"] == "voucher", "2026-03-02", "")
    campaign = {"campaign_id": ["M1"], "name": ["March voucher"], "purpose": ["retention"], "cost": [120]}
    campaigns = pd.DataFrame(campaign).assign(started_at="2026-03-02")
    return {"campaigns": campaigns, "campaign_contacts": contacts}


PEOPLE = pd.DataFrame(
    {
        "customer_id": [f"c{i:03}" for i in range(120)],
        "name": [f"Shop <b>{i}</b>" for i in range(120)],
        "mobile": "+44 7700 900123",
        "customer_type": ["RETAIL", "WHOLESALE"] * 60,
    }
)
RISKS = np.linspace(0.1, 0.97, 120).round(3)


@pytest.fixture(scope="module")
def whole_data(tmp_path_factory):
    """What it makes, with its pictures, where the data are whole."""
    return run_on(tmp_path_factory.mktemp("whole"), whole(), charts=True)


@pytest.fixture
def run(tmp_path):
    """Run the notebook on some tables; give what it made."""
    return partial(run_on, tmp_path)


def run_on(folder, tables, charts=False, **parameters):
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    asked = {"organisation": "corner-shop", "timeframe": "2026-08"} | parameters
    asked |= {"started": "2026-11-01T06:00:00+00:00", "models": folder / "models", "charts": charts}
    return run_notebook("roi", folder / "params.yml", folder, **asked)


def page_of(ran):
    return "".join(render.fragment(piece) for piece in ran.pieces)


def whole(**changed):
    tables = {"sales": sales_of(), "predictions": predictions_of(*RISKS), "customers": PEOPLE}
    return tables | campaign_of() | changed


def test_everything_is_there_where_the_data_are_whole(whole_data):
    data, page = whole_data.data, page_of(whole_data)
    assert data.keys() == BLOCKS
    assert all(block is not None for block in data.values())
    assert set(whole_data.sections) == BLOCKS - {"cost_breakdown"} | set(OF_CAMPAIGNS)
    assert len(data["customers"]) == data["metrics"]["scored_customers"] == 120
    assert data["profit_curve"][-1]["customers"] == 120
    assert "900123" not in page
    assert "Shop <b>" not in page
    assert "Shop &lt;b&gt;" in page


def test_one_customer_is_restated_as_the_specification_says(run):
    tables = whole(predictions=predictions_of(0.9, scores=[85.0]))
    ran = run(tables)
    metrics = ran.data["metrics"]
    assert (metrics["total_revenue"], metrics["total_costs"], metrics["net_profit"]) == (8500, 850, 7650)
    assert (metrics["roi_percentage"], metrics["payback_months"], metrics["customer_count"]) == (900, 1.2, 1)
    assert "The return of 900% is built in" in page_of(ran)


def test_the_headline_is_the_sum_of_the_calls_and_no_other_depth_brings_more(whole_data):
    data = whole_data.data
    value, calls = data["expected_value"], pd.DataFrame(data["customers"])
    share, cost = value["save_share"], value["contact_cost"]
    gain = calls["churn_probability"] * calls["worth_if_stays"] * share - cost
    assert calls["expected_profit"].to_numpy() == pytest.approx(gain.to_numpy(), abs=0.001)
    assert value["best_profit"] == pytest.approx(gain[gain > 0].sum(), abs=0.01)
    most = max(point["profit"] for point in data["profit_curve"])
    assert most == pytest.approx(value["best_profit"], abs=0.01)


class TestWithoutPredictions:
    def test_the_page_says_how_to_get_them_and_shows_what_campaigns_have_shown(self, run):
        tables = whole()
        del tables["predictions"]
        ran = run(tables)
        data, page = ran.data, page_of(ran)
        assert [name for name, block in data.items() if block is not None] == ["campaign_roi", "uplift"]
        assert ran.sections == OF_CAMPAIGNS
        assert "There are no predictions dated before 1 September 2026" in page
        assert "churn_training" in page

    def test_a_batch_made_later_is_none(self, run):
        ran = run(whole(predictions=predictions_of(*RISKS, day="2026-09-02")))
        data, page = ran.data, page_of(ran)
        assert data["metrics"] is None
        assert ran.sections == OF_CAMPAIGNS
        assert "There are no predictions" in page

    def test_neither_predictions_nor_campaigns_is_a_page_too(self, run):
        ran = run({"sales": sales_of()})
        data, page = ran.data, page_of(ran)
        assert set(data.values()) == {None}
        assert ran.sections == []
        assert "There are no predictions" in page


class TestOddData:
    def test_profit_that_is_negative_everywhere_says_to_call_nobody(self, run):
        ran = run(whole(sales=sales_of(profit=-0.2)))
        data, page = ran.data, page_of(ran)
        assert data["expected_value"]["verdict"] == "do not call"
        assert data["expected_value"]["best_customers"] == 0
        assert "Call nobody" in page

    def test_a_chance_above_one_is_refused_and_said_on_the_page(self, run):
        ran = run(whole(predictions=predictions_of(*RISKS[:-1], 1.2)))
        data, page = ran.data, page_of(ran)
        assert "The table predictions was refused" in page
        assert "churn_probability is from 0 to 1; 1 of 120 rows does not" in page
        assert (data["metrics"], ran.sections) == (None, OF_CAMPAIGNS)

    def test_of_nine_customers_one_is_selected_and_lower_thresholds_are_offered(self, run):
        ran = run(whole(predictions=predictions_of(*[0.9] * 9)))
        data, page = ran.data, page_of(ran)
        assert data["metrics"]["customer_count"] == 1
        assert "With a lower threshold there would be 1 at 70%" in page

    def test_nobody_at_high_risk_and_a_campaign_without_a_control_are_both_said(self, run):
        tables = whole(predictions=predictions_of(*RISKS / 2))
        contacts = tables["campaign_contacts"]
        tables["campaign_contacts"] = contacts.assign(arm="voucher", contacted_at="2026-03-02")
        ran = run(tables)
        data, page = ran.data, page_of(ran)
        assert (data["metrics"]["customer_count"], data["metrics"]["roi_percentage"]) == (0, None)
        assert "nobody is selected" in page
        assert "What is tested here is the plan to call all at high risk, and there is nobody." in page
        assert [arm["status"] for arm in data["campaign_roi"]["arms"]] == ["no control group"]
        assert "No campaign can be judged: no control group" in page
        assert data["expected_value"]["save_share_measured"] is False


@pytest.mark.parametrize("wrong", [{"cost_breakdown": {"calls": 0.4, "other": 0.5}}, {"save_share": 1.5}])
def test_parameters_that_cannot_be_are_refused(run, wrong):
    (name,) = wrong
    with pytest.raises(AnalyticsError, match=name):
        run(whole(), **wrong)
