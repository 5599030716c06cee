"""What a reader notices in the pictures of churn."""

import re

import numpy as np
import pandas as pd
import pytest

from analytics.charts import churn_training as charts
from analytics.charts import theme
from analytics.charts.forms import calibration, gains, rows
from analytics.formats import Format
from analytics.models.churn import calls
from analytics.page import guard
from tests.words import churn_result as made

BRITISH = Format("en_GB", "GBP")
VIETNAMESE = Format("vi_VN", "VND")
PREDICTIONS = made.predictions_of()
LEVELS = calls.risk_levels(PREDICTIONS)
LABELS = {"feature_0": "Days since the last purchase", "feature_1": "Days with a purchase"}
FRAMES = {
    "levels": LEVELS, "horizons": made.horizons_of(), "scores": made.scores_of(),
    "calibration": made.calibration_of(), "predictions": PREDICTIONS, "lift": made.lift_of(top=60.0),
    "features": made.features_of(), "drift": made.drift_of(),
}  # fmt: skip

DRAWN = {
    "levels": lambda f: charts.levels(FRAMES["levels"], f),
    "base": lambda f: charts.base(FRAMES["horizons"], f),
    "scores": lambda f: charts.scores(FRAMES["scores"], "mean", f),
    "calibration": lambda f: charts.calibration(FRAMES["calibration"], FRAMES["predictions"], f),
    "lift": lambda f: charts.lift(FRAMES["lift"], f),
    "threshold": lambda f: charts.threshold(made.confusion_of(), f),
    "features": lambda f: charts.features(FRAMES["features"], f),
    "drift": lambda f: charts.drift(FRAMES["drift"], LABELS, f),
}


def words_in(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def bold_in(svg):
    return re.findall(r'<text[^>]*font-weight="600"[^>]*>([^<]*)</text>', svg)


@pytest.fixture(params=DRAWN)
def drawn(request):
    return DRAWN[request.param]


class TestEveryPicture:
    @pytest.mark.parametrize("format", [BRITISH, VIETNAMESE], ids=lambda format: format.locale)
    def test_comes_in_two_drawings_with_words_for_those_who_do_not_see_it(self, drawn, format):
        chart = drawn(format)
        assert 40 < len(chart.alt) <= 300
        assert chart.wide != chart.narrow
        for svg in (chart.wide, chart.narrow):
            assert guard.drawing(svg)

    def test_is_drawn_the_same_twice_and_small(self, drawn):
        chart = drawn(BRITISH)
        assert chart == drawn(BRITISH)
        assert len(chart.wide) + len(chart.narrow) < 25_000

    def test_leaves_its_input_alone(self, drawn):
        before = {name: frame.copy(deep=True) for name, frame in FRAMES.items()}
        drawn(BRITISH)
        for name, frame in FRAMES.items():
            pd.testing.assert_frame_equal(frame, before[name])


@pytest.mark.parametrize(
    "empty",
    [
        lambda: charts.levels(calls.risk_levels(PREDICTIONS.head(0)), BRITISH),
        lambda: charts.base(made.horizons_of(customers=29), BRITISH),
        lambda: charts.base(made.horizons_of().head(0), BRITISH),
        lambda: charts.scores(made.scores_of(tested=200, churned=29), "mean", BRITISH),
        lambda: charts.scores(made.scores_of().head(0), "", BRITISH),
        lambda: charts.calibration(made.calibration_of(customers=2), PREDICTIONS, BRITISH),
        lambda: charts.lift(made.lift_of(n=10), BRITISH),
        lambda: charts.lift(made.lift_of().head(0), BRITISH),
        lambda: charts.threshold({}, BRITISH),
        lambda: charts.features(made.features_of(-0.1, 0.0004), BRITISH),
        lambda: charts.drift(made.drift_of().head(0), LABELS, BRITISH),
    ],
    ids=[
        *("nobody scored", "few at risk", "no horizon", "few left", "no model", "few tested", "a short list"),
        *("no test", "no threshold", "nothing tells", "no features"),
    ],
)
def test_nothing_to_show_is_no_picture(empty):
    assert empty() is None


class TestLevels:
    def test_the_two_to_act_on_stand_out_and_the_others_are_grey(self):
        chart = DRAWN["levels"](BRITISH)
        assert len(re.findall(r'class="[^"]*f-c1', chart.wide)) == 2
        assert {"Critical", "High", "Medium", "Low"} <= set(words_in(chart.wide))

    def test_says_how_many_are_expected_to_leave(self):
        expected = BRITISH.count(LEVELS["expected_to_leave"].iloc[0])
        assert f"{expected} expected to leave" in words_in(DRAWN["levels"](BRITISH).wide)


class TestBase:
    def test_leaves_out_a_horizon_of_few(self):
        few = made.horizons_of()
        few.loc[2, ["customers", "churn_rate_n"]] = 29
        texts = words_in(charts.base(few, BRITISH).wide)
        assert "within 90 days" in texts
        assert "within 180 days" not in texts


class TestScores:
    def test_lists_all_rivals_the_best_first_and_names_the_model(self):
        names = [text for text in words_in(DRAWN["scores"](BRITISH).wide) if text[:1].isalpha()]
        assert [text for text in names if "AUC" not in text] == [
            "The model: logistic and boosting", "Boosting", "Logistic regression", "Random forest",
            "Chance of no purchase from the CLV model", "Days since the last purchase alone",
            "The same for everybody",
        ]  # fmt: skip

    def test_the_baseline_that_wins_is_the_point(self):
        chart = charts.scores(made.scores_of(recency=0.9), "recency", BRITISH)
        bold = bold_in(chart.wide)
        assert bold == ["0.900", "Days since the last purchase alone"]

    @pytest.mark.parametrize(
        ("recency", "first"), [(0.80, "0.5"), (0.43, "0.4"), (0.30, "0.0")], ids=["usual", "low", "worse"]
    )
    def test_has_one_of_three_fixed_scales(self, recency, first):
        without_prior = made.scores_of(recency=recency).query("model != 'prior'")
        ticks = words_in(charts.scores(without_prior, "mean", BRITISH).wide)
        assert first in ticks
        assert "1.0" in ticks


class TestCalibration:
    def test_says_the_ends_in_words(self):
        assert "5% where 5% were expected and 85% where 85% were expected left" in (
            DRAWN["calibration"](BRITISH).alt
        )

    @pytest.mark.parametrize(
        ("share", "top"), [(0.3, "40%"), (0.5, "60%"), (0.9, "100%")], ids=["low", "middle", "high"]
    )
    def test_scales_step_so_that_reports_can_be_laid_side_by_side(self, share, top):
        rows = made.calibration_of()
        shrunk = rows.assign(**{c: rows[c] / 0.9 * share for c in ("predicted", "actual", "low", "high")})
        texts = words_in(charts.calibration(shrunk, PREDICTIONS, BRITISH).wide)
        assert top in texts
        assert max(int(text[:-1]) for text in texts if text.endswith("%")) == int(top[:-1])

    def test_a_group_of_few_is_grey(self):
        rows = made.calibration_of()
        rows.loc[0, "customers"] = 29
        chart = charts.calibration(rows, PREDICTIONS, BRITISH)
        assert chart.wide.count("f-ghost") > DRAWN["calibration"](BRITISH).wide.count("f-ghost")

    def test_the_histogram_counts_everybody_also_above_the_axis(self):
        """Three of four customers lie above an axis that ends at 40 %: they are counted at its end."""
        drawn = theme.svg(
            calibration.calibration, "x", (760, 440), narrow=False,
            predicted=[10.0], actual=[10.0], low=[8.0], high=[12.0], sure=[True],
            everybody=np.array([1.0, 90.0, 90.0, 90.0]), words=lambda v: f"{v:g}%", title="t", xtitle="x",
            heads="h",
        )  # fmt: skip
        bars = [tuple(map(float, ends)) for ends in re.findall(
            r'd="M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)H[\d.]+[VZz][^"]*"[^>]*f-ghost', drawn)]  # fmt: skip
        heights = sorted(abs(a - b) for a, b in bars)
        heights = [height for height in heights if height > 0.5]
        assert heights[-1] == pytest.approx(3 * heights[0], rel=0.05)
        assert len(heights) == 2


class TestLift:
    def test_reads_off_the_riskiest_tenth(self):
        chart = DRAWN["lift"](BRITISH)
        assert "The riskiest 10%" in words_in(chart.wide)
        assert "the riskiest 10% held 15% of those who left" in chart.alt

    def test_begins_at_nought(self):
        drawn = theme.svg(
            gains.gains, "x", (760, 380), narrow=False, depth=[50, 100], found=[80, 100], at=50, note="a\nb",
            words=lambda v: f"{v:g}%", title="t", xtitle="x", random="r",
        )  # fmt: skip
        start = re.search(r'd="M([\d.]+) ([\d.]+)[^"]*"[^>]*stroke-width="2.5"', drawn)
        assert float(start[1]) == pytest.approx(46, abs=0.2)
        assert float(start[2]) == pytest.approx(380 - 46, abs=0.2)


class TestThreshold:
    @pytest.mark.parametrize(
        ("changes", "bold"),
        [({}, "From 17% on"), ({"cost": 2000.0}, "Everybody"), ({"cost_of_calling_none": 1.0}, "Nobody")],
    )
    def test_what_costs_least_is_the_point(self, changes, bold):
        chart = charts.threshold(made.confusion_of(**changes), BRITISH)
        found = bold_in(chart.wide)
        assert bold in found

    def test_counts_the_calls(self):
        assert {"1,100 calls", "1,900 calls", "0 calls"} <= set(words_in(DRAWN["threshold"](BRITISH).wide))


class TestFeaturesAndDrift:
    def test_features_that_tell_nothing_are_left_out(self):
        texts = words_in(DRAWN["features"](BRITISH).wide)
        assert "Feature 3" in texts
        assert not {"Feature 4", "Feature 5"} & set(texts)

    def test_at_most_twelve_are_drawn(self):
        many = made.features_of(*np.linspace(0.1, 0.01, 20))
        texts = words_in(charts.features(many, BRITISH).wide)
        assert "Feature 11" in texts
        assert "Feature 12" not in texts

    def test_the_farthest_from_training_comes_first_and_the_score_has_a_name(self):
        names = [t for t in words_in(DRAWN["drift"](BRITISH).wide) if t[:1].isalpha() and "index" not in t]
        assert names == ["Days with a purchase", "The chance to leave itself", "Days since the last purchase"]

    def test_a_huge_index_leaves_the_others_visible_and_says_what_it_is(self):
        """8.75 is drawn as 1 is, twice as long as 0.5."""
        svg = charts.drift(made.drift_of(0.5, 8.75), LABELS, BRITISH).wide
        assert "8.75" in words_in(svg)
        bars = re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)V[^"]*"[^>]*f-c1', svg)
        long, short = (float(end) - float(start) for start, end in bars)
        assert long == pytest.approx(2 * short, rel=0.02)

    def test_a_dashed_line_stands_where_drift_begins(self):
        """An index of 1 is drawn to the end of the axis: the line stands at a fifth of its bar."""
        svg = charts.drift(made.drift_of(1.0), LABELS, BRITISH).wide
        start, end = map(float, re.search(r'd="M([\d.]+) [\d.]+H([\d.]+)V[^"]*"[^>]*f-c1', svg).groups())
        line = float(re.search(r'd="M([\d.]+) [^"]*"[^>]*stroke-dasharray', svg)[1])
        assert line - start == pytest.approx((end - start) / 5, abs=0.5)

    def test_only_what_is_flagged_stands_out(self):
        chart = charts.drift(made.drift_of(0.01, 0.5, 0.1), LABELS, BRITISH)
        assert len(re.findall(r'class="[^"]*f-c1', chart.wide)) == 1

    def test_a_missing_index_is_not_drawn(self):
        assert charts.drift(made.drift_of(np.nan), LABELS, BRITISH) is None


class TestLongNames:
    def test_stand_above_their_bar_on_phones_and_are_not_cut(self):
        name = "Chance of no purchase, from the rhythm"
        drawn = [
            theme.svg(
                rows.bars, "x", rows.row_sizes(1, 10)["narrow" if narrow else "wide"], narrow=narrow,
                names=[name], values=[0.3], words=str, title="t", low=[0.2], high=[0.4],
            )
            for narrow in (False, True)
        ]  # fmt: skip
        assert all(name in words_in(svg) for svg in drawn)

    def test_a_negative_bar_goes_to_the_left_with_its_words_on_the_right(self):
        svg = theme.svg(
            rows.bars,
            "x",
            (344, 120),
            narrow=True,
            names=["a", "b"],
            values=[-0.1, 0.2],
            words=str,
            title="t",
        )
        assert "f-c2" in svg
        assert "-0.1" in words_in(svg)

    def test_a_missing_interval_is_not_drawn(self):
        made_with = {
            high: theme.svg(
                rows.points, "x", (760, 120), narrow=False, names=["a"], values=[0.6], low=[0.5], high=[high],
                words=str, axis_words=str, title="t", ends=(0.5, 1.0),
            )
            for high in (0.7, None)
        }  # fmt: skip
        assert len(made_with[None]) < len(made_with[0.7])
