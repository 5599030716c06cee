"""The JSON that the notebooks write for Online Retail, against the plain computation."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from analytics.params import expand, load_workbook
from tests.notebooks.running import NOTEBOOKS as FOLDER
from tests.notebooks.running import run_notebook
from tests.reference import spelled_out
from tests.reference.agreement import exactly

PARAMS = Path(__file__).resolve().parents[2] / "params" / "online_retail.yml"
START, UNTIL = date(2010, 12, 1).toordinal(), date(2011, 12, 10).toordinal()
NOTEBOOKS = ("segmentation", "retention", "clv")


@pytest.fixture(scope="module")
def written(reference_data, tmp_path_factory):
    """The JSON of the three notebooks for the timeframe ``all``, with the parameters of the params file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_REFERENCE_DATA", str(reference_data))
        jobs = expand(load_workbook(PARAMS), timeframes=["all"], notebooks=NOTEBOOKS, folder=FOLDER)
        return {job.card.name: json.loads(run(job, tmp_path_factory.mktemp("reports")).text) for job in jobs}


def run(job, out):
    started = "2026-11-21T06:00:00+00:00"
    return run_notebook(job.card.name, PARAMS, out, started=started, charts=False, **job.parameters)


@pytest.fixture(scope="module")
def sales(reference_data):
    return spelled_out.online_retail(reference_data)


@pytest.fixture(scope="module")
def history(sales):
    return spelled_out.customers(sales, UNTIL)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_report_says_what_it_is_about(written, notebook):
    assert written[notebook]["success"], written[notebook]["error"]
    meta = written[notebook]["meta"]
    assert meta["timeframe"] == {"label": "all", "start": "2010-12-01", "end": "2011-12-10"}
    assert (meta["reference_date"], meta["currency"]) == ("2011-12-10", "GBP")
    assert meta["rows_used"]["sales"] == 25_900


class TestSegmentation:
    def test_scores_segment_and_tier_of_every_customer(self, written, history):
        rows = written["segmentation"]["data"]["customers"]
        tiers, _ = spelled_out.tiers(history, UNTIL)
        said = {name: (*code, tiers[name]) for name, code in spelled_out.rfm(history, UNTIL).items()}
        fields = ("r_score", "f_score", "m_score", "segment_name", "tier")
        assert len(rows) == len(said) == 4_339
        assert {row["customer_id"]: tuple(row[name] for name in fields) for row in rows} == said

    def test_segment_sizes(self, written, history):
        rows = written["segmentation"]["data"]["rfm_segments"]
        said = Counter(name for *_, name in spelled_out.rfm(history, UNTIL).values())
        assert {row["segment_name"]: row["customer_count"] for row in rows} == dict(said)
        for row in rows:
            assert row["percentage"] == pytest.approx(row["customer_count"] / 4_339 * 100, rel=1e-12)

    def test_tiers(self, written, history):
        tiers, _ = spelled_out.tiers(history, UNTIL)
        for row in written["segmentation"]["data"]["tier_segments"]:
            names = [name for name, tier in tiers.items() if tier == row["tier"]]
            assert row["customer_count"] == len(names)
            assert row["total_revenue"] == exactly(sum(history[name]["revenue"] for name in names))

    def test_summary(self, written, history):
        summary = written["segmentation"]["data"]["summary"]
        assert summary["total_customers"] == len(history)
        assert summary["active_customers"] == sum(UNTIL - past["last"] < 90 for past in history.values())
        assert summary["segments_count"] == 8

    @pytest.mark.parametrize("notebook", NOTEBOOKS)
    def test_who_is_in_no_tier_and_no_cohort(self, written, sales, notebook):
        summary = written[notebook]["data"]["summary"]
        assert summary["guest_revenue"] == exactly(spelled_out.revenue(sales, 0, UNTIL)["guest"])
        assert summary["customers_with_returns_only"] == len(spelled_out.returns_only(sales, UNTIL)) > 0


class TestRetention:
    def test_the_books(self, written, history):
        summary = written["retention"]["data"]["summary"]
        said = spelled_out.books(history, START, UNTIL)
        for name in ("starting_customers", "new_customers", "churned_customers", "ending_customers"):
            assert summary[name] == said[name], name
        assert summary["active_customers"] == said["ending_customers"]
        assert summary["total_customers"] == said["total_customers"]
        assert summary["retention_rate"] is None  # nobody was there before the data begin

    def test_repeat_purchases(self, written, history):
        summary = written["retention"]["data"]["summary"]
        said = spelled_out.repeats(history)
        assert summary["one_time_buyers"] == said["one_time_buyers"]
        assert summary["repeat_buyers"] == said["repeat_buyers"]
        rate = said["repeat_buyers"] / said["customers"] * 100
        assert summary["repeat_purchase_rate"] == pytest.approx(rate, rel=1e-12)
        assert summary["gap_days_p90"] == pytest.approx(spelled_out.gap_p90(history), rel=1e-12)

    def test_the_cohort_triangle(self, written, sales, history):
        rows = written["retention"]["data"]["cohort_analysis"]
        said = spelled_out.cohorts(sales, history, START, UNTIL)
        assert [row["cohort"] for row in rows] == [*said, "average"]
        for row, cohort in zip(rows, said.values(), strict=False):
            assert row["initial_customers"] == cohort["customers"]
            assert row["current_active"] == cohort["active"]
            for step in range(12):
                kept, amount = row[f"period_{step}_retention"], row[f"period_{step}_revenue"]
                if step < len(cohort["bought"]):
                    share = cohort["bought"][step] / cohort["customers"] * 100
                    assert kept == pytest.approx(share, rel=1e-12)
                    assert amount == exactly(cohort["revenue"][step])
                else:
                    assert kept is None
                    assert amount is None

    def test_every_month(self, written, history):
        rows = written["retention"]["data"]["retention_trends"]
        assert [row["period"] for row in rows] == ["2010-12", *(f"2011-{month:02}" for month in range(1, 12))]
        for row in rows:
            year, month = map(int, row["period"].split("-"))
            start = date(year, month, 1).toordinal()
            until = date(year + month // 12, month % 12 + 1, 1).toordinal()
            past = {name: one for name, one in history.items() if one["first"] < until}
            said = spelled_out.books(past, start, until)
            for name in (
                "starting_customers",
                "new_customers",
                "new_lapsed",
                "churned_customers",
                "reactivated_customers",
                "ending_customers",
            ):
                assert row[name] == said[name], (row["period"], name)


class TestValue:
    def test_summary(self, written, sales, history):
        summary = written["clv"]["data"]["summary"]
        said = spelled_out.value(history)
        assert summary["total_customers"] == said["total_customers"]
        assert summary["total_revenue"] == exactly(said["total_revenue"])
        assert summary["average_clv"] == exactly(said["total_revenue"] / said["total_customers"])
        assert summary["top_customer_revenue"] == exactly(said["top_customer_revenue"])
        share = said["top_10_percent_revenue"] / said["total_revenue"] * 100
        assert summary["top_10_percent_contribution"] == pytest.approx(share, rel=1e-12)
        assert summary["gini"] == pytest.approx(said["gini"], rel=1e-12)
        assert summary["guest_revenue"] == exactly(spelled_out.revenue(sales, 0, UNTIL)["guest"])
        assert summary["total_profit"] is None

    def test_every_customer(self, written, history):
        rows = written["clv"]["data"]["customers"]
        ranking = sorted(history, key=lambda name: (-history[name]["revenue"], name))
        assert [row["customer_id"] for row in rows] == ranking
        for rank, row in enumerate(rows, start=1):
            past = history[row["customer_id"]]
            assert row["rank"] == rank
            assert row["total_revenue"] == exactly(past["revenue"])
            assert row["total_orders"] == past["orders"]
            assert row["first_purchase_date"][:10] == date.fromordinal(past["first"]).isoformat()
            assert row["last_purchase_date"][:10] == date.fromordinal(past["last"]).isoformat()
            assert row["days_as_customer"] == past["last"] - past["first"] + 1
