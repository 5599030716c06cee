"""What a reader notices in the pictures of return."""

import re

import numpy as np
import pytest

from analytics.charts import roi as charts
from analytics.charts import roi_campaigns as campaign_charts
from analytics.formats import Format
from analytics.words import roi as words
from analytics.words import roi_campaigns as campaign_words
from analytics.words import roi_restated as restated
from tests import roi_figures as figures

BRITISH, DONG = Format("en_GB", "GBP"), Format("vi_VN", "VND")
ARMS = campaign_words.labelled(
    figures.arms_of(
        {}, {"name": "Newsletter", **figures.UNSEEN}, {"name": "Flyer", **figures.WITHOUT_CONTROL}
    )
)
COSTS, TIERS = restated.labelled(figures.COSTS), restated.labelled(figures.SAVINGS)
CURVE, BATCHES = figures.curve_of(), figures.batches_of(7000, 7500, 6900, 8000, 7800, 8000)
AHEAD, SEGMENTS = figures.forecast_of(), restated.labelled(figures.SEGMENTS)


def moved(format):
    return words.assumptions(figures.SENSITIVITY, format)


DRAWN = {
    "profit_curve": lambda f: charts.profit_curve(CURVE, f, gain="profit"),
    "sensitivity": lambda f: charts.sensitivity(moved(f), f, gain="profit"),
    "metrics": lambda f: charts.metrics(figures.METRICS, COSTS, f),
    "savings": lambda f: charts.savings(TIERS, f),
    "segments": lambda f: charts.segments(SEGMENTS, f),
    "trend": lambda f: charts.trend(BATCHES, f),
    "forecast": lambda f: charts.forecast(AHEAD, BATCHES, f),
    "campaigns": lambda f: campaign_charts.campaigns(ARMS, f),
    "uplift": lambda f: campaign_charts.uplift(figures.GAINS, f),
}


def words_in(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.fixture(params=DRAWN)
def drawn(request):
    return DRAWN[request.param]


class TestEveryPicture:
    @pytest.mark.parametrize("format", [BRITISH, DONG], ids=lambda f: f.locale)
    def test_comes_in_two_drawings_with_words_for_those_who_do_not_see_it(self, drawn, format):
        chart = drawn(format)
        assert 40 < len(chart.alt) <= 300
        assert chart.wide.startswith("<svg")
        assert chart.narrow.startswith("<svg")
        assert "nan" not in f"{chart.alt} {words_in(chart.wide)}".lower()

    def test_is_drawn_the_same_twice(self, drawn):
        assert drawn(BRITISH) == drawn(BRITISH)

    def test_is_small(self, drawn):
        chart = drawn(BRITISH)
        assert len(chart.wide) + len(chart.narrow) < 25_000

    def test_leaves_its_input_alone(self, drawn):
        frames = [CURVE, BATCHES, AHEAD, ARMS, COSTS, TIERS, figures.GAINS, SEGMENTS]
        before = [frame.copy(deep=True) for frame in frames]
        drawn(BRITISH)
        assert all(frame.equals(copy) for frame, copy in zip(frames, before, strict=True))


@pytest.mark.parametrize(
    "empty",
    [
        lambda: charts.profit_curve(CURVE.head(0), BRITISH, gain="profit"),
        lambda: charts.sensitivity(
            moved(BRITISH).assign(customers_at_low=0, customers_at_high=0), BRITISH, gain="profit"
        ),
        lambda: charts.metrics(figures.NOBODY, COSTS, BRITISH),
        lambda: charts.savings(TIERS.assign(customers=0), BRITISH),
        lambda: charts.segments(restated.labelled(figures.SEGMENTS.assign(segment="Unknown")), BRITISH),
        lambda: charts.trend(BATCHES.head(1), BRITISH),
        lambda: charts.forecast(AHEAD.head(0), BATCHES, BRITISH),
        lambda: campaign_charts.campaigns(ARMS.tail(1), BRITISH),
        lambda: campaign_charts.uplift(figures.GAINS.head(0), BRITISH),
    ],
    ids=list(DRAWN),
)
def test_nothing_to_show_is_no_picture(empty):
    assert empty() is None


class TestProfitCurve:
    def test_names_the_best_point_everybody_and_other_orders(self):
        texts = words_in(DRAWN["profit_curve"](BRITISH).wide)
        assert {"Best: call 76%", "£3,254", "Everybody", "£3,118", "by risk alone", "at random"} <= set(texts)

    def test_says_the_interval_of_the_best_point(self):
        best = CURVE[CURVE["best"]].iloc[0]
        low, high = BRITISH.money(best["profit_low"]), BRITISH.money(best["profit_high"])
        assert (
            f"Best: 76%, £3,254 ({low} to {high}); everybody, £3,118." in DRAWN["profit_curve"](BRITISH).alt
        )

    def test_says_nobody_where_no_call_pays(self):
        chart = charts.profit_curve(figures.curve_of(figures.calls_of(worth=20.0)), BRITISH, gain="profit")
        assert "Best: call nobody" in words_in(chart.wide)

    def test_names_everybody_once_where_that_is_best(self):
        calls = figures.calls_of(9, worth=6000.0)
        texts = words_in(charts.profit_curve(figures.curve_of(calls), BRITISH, gain="revenue").wide)
        assert "Best: call everybody" in texts
        assert "Everybody" not in texts
        assert any("Expected revenue" in text for text in texts)


class TestSensitivity:
    def test_names_assumptions_and_both_ends(self):
        texts = words_in(DRAWN["sensitivity"](BRITISH).wide)
        assert {"Share of leavers saved", "10%", "30%", "£2.50", "£10", "as planned £1,500"} <= set(texts)

    def test_says_the_results_in_words(self):
        assert "share of leavers saved 10% to 30%, £650 to £2,350" in DRAWN["sensitivity"](BRITISH).alt


class TestCampaigns:
    def test_gives_the_gain_after_cost_or_why_there_is_none(self):
        texts = words_in(DRAWN["campaigns"](BRITISH).wide)
        assert {"Spring voucher", "+£1,050", "−£300", "no control group", "pays"} <= set(texts)

    def test_a_multiple_is_the_gain_before_cost_by_cost(self):
        # £1,050 after £450 of cost is £1,500 before it: 3.3 times; £150 and £1,950 likewise 1.3 and 5.3.
        assert "highest: Spring voucher, 3.3× (1.3× to 5.3×)" in DRAWN["campaigns"](BRITISH).alt

    def test_revenue_is_before_cost_already(self):
        arms = campaign_words.labelled(figures.arms_of({"measure": "revenue"}))
        chart = campaign_charts.campaigns(arms, BRITISH)
        assert "6.7× (2.7× to 10.7×)" in chart.alt  # £3,000, £1,200 and £4,800 for £450
        assert "+£2,550" in words_in(chart.wide)

    def test_a_campaign_without_cost_has_no_multiple(self):
        arms = campaign_words.labelled(figures.arms_of({}, {"name": "Free", "cost": 0.0}))
        assert "no cost" in words_in(campaign_charts.campaigns(arms, BRITISH).wide)


class TestUplift:
    def test_leaves_out_an_order_that_is_not_known(self):
        assert "By risk" in words_in(DRAWN["uplift"](BRITISH).wide)
        chart = campaign_charts.uplift(figures.GAINS.assign(by_risk=np.nan), BRITISH)
        assert "By risk" not in words_in(chart.wide)

    def test_gives_the_gain_at_half_and_at_all(self):
        assert DRAWN["uplift"](BRITISH).alt.endswith("at all: 4.50.")
        assert "by predicted effect 3.18" in DRAWN["uplift"](BRITISH).alt  # 4.5 × √½


class TestRestated:
    def test_the_bridge_leads_from_revenue_to_profit(self):
        texts = words_in(DRAWN["metrics"](BRITISH).wide)
        assert {"Revenue", "£8,500", "Campaigns", "−£425", "Profit", "£7,650"} <= set(texts)

    def test_the_forecast_begins_where_the_batches_end(self):
        assert "in 6 past batches, then 12 months ahead" in DRAWN["forecast"](BRITISH).alt

    def test_segments_are_those_of_the_first_grouping_that_is_known(self):
        rows = figures.SEGMENTS.assign(segment=["Unknown", "Unknown", "Gold", "RETAIL"])
        assert "Gold" in words_in(charts.segments(restated.labelled(rows), BRITISH).wide)
