"""What the report on coming revenue says, and when; its pictures and tables show the same."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.charts import revenue_forecast as charts
from analytics.formats import Format
from analytics.page.pieces import Bold, plain
from analytics.tables import revenue_forecast as tables
from analytics.words import forecast_cards as cards
from analytics.words import revenue_forecast as words
from analytics.words import revenue_forecast_notes as notes
from tests.words import forecast_pages as page

BRITISH = Format("en_GB", "GBP")
LOCALES = [BRITISH, Format("vi_VN", "VND"), Format("de_DE", "EUR")]


def summary(totals=None, scores=None, seasons=None, months=None, **options):
    said = words.summary(
        page.months() if months is None else months,
        page.totals() if totals is None else totals,
        page.scores() if scores is None else scores,
        page.seasons()[:0] if seasons is None else seasons,
        BRITISH,
        **{"source": "sales"} | options,
    )
    return " ".join(map(plain, said))


class TestSummary:
    def test_says_what_comes_how_sure_and_how_such_forecasts_missed(self):
        assert summary() == (
            "Revenue of the next 12 months is expected at £720k (80%: £648k to £792k), 20% more "
            "than the last 12. In tests the mean of candidates missed a month by 12%, last year repeated "
            "by 22%."
        )

    def test_a_change_within_the_interval_is_no_change(self):
        assert "; the last 12 brought £700k." in summary(page.totals(before=700_000.0))

    def test_a_miss_too_large_is_called_too_rough(self):
        assert "Too rough to plan on" in summary(scores=page.scores(mean=2.0, seasonal_naive=3.0))
        assert "Too rough" not in summary()

    def test_a_candidate_that_was_much_nearer_is_named_with_its_figure(self):
        found = summary(
            page.totals(others=[("arima", 800_000.0)]), page.scores(arima=0.2, mean=0.6, seasonal_naive=1.0)
        )
        assert "Much nearer was ARIMA, with 4%; it expects £800k." in found
        assert "Much nearer" not in summary(page.totals(others=[("arima", 800_000.0)]))

    def test_the_strongest_quarter_is_what_to_plan_on_from_three_years_on(self):
        places = np.arange(60)
        years = 50_000 * np.exp(0.01 * places + 0.2 * np.sin(places * np.pi / 6))
        assert re.search(r"Plan on Q\d, \d+% above an average quarter", summary(seasons=page.seasons(years)))
        assert "Plan on" not in summary(seasons=page.seasons())

    def test_contracts_beside_sales_are_said_not_to_be_in_it(self):
        said = words.forecast(page.totals(), 36, BRITISH, contracts=1_200_000.0).lead
        assert said.endswith("It is of sales: contracts of £1.20m a year come on top.")
        assert "contracts" not in words.forecast(page.totals(), 36, BRITISH).lead

    def test_untested_is_said(self):
        found = summary(page.totals(model="seasonal_naive"), page.scores()[:0])
        assert "It is last year repeated, and too few months are known to test it." in found

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"months": page.months([1.0])}, "it needs 6 whole months of revenue, and 1 is known"),
            ({"source": "none", "months": page.months([])}, "neither sales nor accounts"),
            ({"source": "accounts", "too_few": 14}, "14 accounts are live, and from 15 on"),
        ],
    )
    def test_no_forecast_has_its_reason(self, options, text):
        assert text in summary(page.totals()[:0], page.scores()[:0], **options)

    def test_contracts_are_called_contracts(self):
        assert summary(source="accounts").startswith("Contract revenue of")

    @settings(max_examples=15, deadline=None)
    @given(
        st.floats(-1e12, 1e13).map(lambda amount: round(amount, 4)),  # money has four places
        st.floats(-1e12, 1e13).map(lambda amount: round(amount, 4)),
        st.floats(0, 50),
        st.floats(0, 50),
        st.sampled_from(LOCALES),
    )
    def test_it_is_short_and_its_headings_too(self, value, before, mean, naive, format):
        totals = page.totals(value, before, others=[("arima", value)])
        scores = page.scores(arima=0.1, mean=mean, seasonal_naive=naive)
        said = words.summary(page.months(), totals, scores, page.seasons(), format, source="sales")
        assert sum(len(plain(runs).split()) for runs in said) <= 60
        assert sum(isinstance(run, Bold) for runs in said for run in runs) <= 4
        for remarks in ((), ("naive_wins",), ("mixed_backtest",)):
            statement = words.backtest(scores, totals, "mean", remarks, format)
            assert len(statement.heading) <= 80
            assert len(statement.read.split()) <= 40
        assert len(words.forecast(totals, 36, format).heading) <= 80


class TestStatements:
    def test_where_last_year_was_nearer_the_page_says_so(self):
        found = words.backtest(
            page.scores(seasonal_naive=0.5, mean=0.7),
            page.totals(),
            "seasonal_naive",
            ("naive_wins",),
            BRITISH,
        )
        assert found.heading == "Last year repeated was nearer: missed by 10%, the mean by 14%"
        assert "leads this page" in found.lead

    @pytest.mark.parametrize(
        ("zero", "said"),
        [(0, ""), (1, ", 1 of them without revenue and in no miss in percent"),
         (5, ", 5 of them without revenue and in no miss in percent")],
    )  # fmt: skip
    def test_zero_months_left_out_are_counted(self, zero, said):
        scores = page.scores().assign(zero_months=zero)
        based = words.backtest(scores, page.totals(), "mean", (), BRITISH).based
        assert based == f"6 forecasts made in the past, 7 months ahead each: 42 months compared{said}"

    def test_no_test_says_from_when_on_there_is_one(self):
        none = page.scores()[:0]
        assert "from 18 months on; 13 are known" in words.backtest_missing(none, 13, BRITISH)
        assert "from 30 months on" in words.backtest_missing(none, 25, BRITISH)
        assert words.backtest_missing(page.scores(), 36, BRITISH) == ""
        assert words.tested(page.past()[:0], BRITISH) is None

    def test_the_latest_test_counts_only_known_months(self):
        found = words.tested(page.past(), BRITISH)
        assert found.heading == "Made in May 2026, it would have said £300k; £330k came"
        assert found.lead == "4 of 5 months lay within the 80% band."

    def test_months_below_zero_and_far_from_their_season_are_named(self):
        values = page.VALUES.copy()
        values[30] = -9000
        lead = words.growth(page.growth(values), BRITISH).lead
        assert lead.startswith("Returns were larger than sales in May 2026.")
        assert re.search("stands? out from the season", lead)
        assert "May 2026" in lead.partition(". ")[2]

    def test_slight_seasons_are_none(self):
        level = page.seasons(50_000 * np.exp(0.01 * page.PLACES))
        assert (
            words.seasonality(level, BRITISH).heading == "No quarter stands out: all lie close to the average"
        )
        assert "needs" not in words.seasonality_missing(page.seasons())

    def test_few_earlier_forecasts_drive_no_claim(self):
        summed = pd.DataFrame(
            {"model": ["mean"], "forecasts": [1], "months": [2], "mape": [8.0], "coverage_80": [100.0]}
        )
        found = words.accuracy(summed, "mean", BRITISH)
        assert found.heading == "Of earlier forecasts 2 months can be compared: missed by 8%"
        assert "100%" not in found.lead
        assert (
            words.accuracy(summed[:0], "mean", BRITISH).heading == "Earlier forecasts cannot be compared yet"
        )

    def test_deals_that_should_have_closed_are_not_counted(self):
        found = words.pipeline(page.pipeline(), BRITISH, won=40, closed=80, added=False)
        assert found.heading == "Open deals should bring £4,900, each weighted by its stage"
        assert found.lead.startswith("3 deals worth £2,000 should have closed already and are not counted.")
        assert found.based == "11 deals; of 80 closed in the year before, 50% were won"
        assert "on top of" in words.pipeline(page.pipeline(True), BRITISH, won=1, closed=2, added=True).lead
        assert "were won" not in words.pipeline(page.pipeline(), BRITISH, won=1, closed=2, added=False).based

    @pytest.mark.parametrize(
        ("remark", "title"),
        [
            ("zero", "Every month of the history is zero"),
            ("constant", "Every month of the history is alike"),
            ("after_gap", "A year or more of the history is missing"),
            ("filled", "Months without a single sale are missing from the history"),
        ],
    )
    def test_odd_histories_are_said_before_the_first_figure(self, remark, title):
        assert notes.notice((remark,)).title == title
        assert notes.notice(("negative", "no_backtest")) is None

    def test_a_history_that_never_moves_has_no_better_candidate(self):
        flat = page.scores(mean=np.nan, seasonal_naive=np.nan)
        assert "does not move" in words.backtest(flat, page.totals(), "mean", ("constant",), BRITISH).heading

    def test_notes_name_the_recipe_and_the_unfinished_month(self):
        found = notes.notes(
            ("negative",), ("seasonal_drift", "theta"), "sales", pd.Timestamp("2026-11-01"), BRITISH
        )
        assert found["method"][0].startswith("Between 24 and 35 months")
        assert "Nov 2026 has not ended and is read nowhere." in found["limits"]


class TestCards:
    def test_a_sum_within_its_interval_is_close(self):
        found = cards.cards(
            page.months(), page.totals(before=700_000.0), page.ahead(), page.scores(), BRITISH
        )
        assert [card.name for card in found] == [
            *("forecast_revenue", "revenue_12m", "forecast_next_month", "backtest_mape")
        ]
        assert found[0].changes[0].verdict == "close"
        assert found[0].base == "80% interval £648k to £792k"
        assert found[3].base == "42 months tested; last year repeated 22.0%"
        assert len(found[1].history) == 13
        assert (found[0].number, found[0].unit) == (page.totals()["value"].iloc[0], "money")
        assert found[0].changes[0].amount == 100 * (found[0].number - 700_000.0) / 700_000.0
        assert found[1].number == found[1].history[-1]

    def test_without_a_forecast_there_are_dashes(self):
        found = cards.cards(page.months([]), page.totals()[:0], page.ahead()[:0], page.scores()[:0], BRITISH)
        assert [card.value for card in found] == ["–"] * 4

    def test_a_base_of_zero_has_no_change(self):
        found = cards.cards(page.months(), page.totals(before=0.0), page.ahead(), page.scores(), BRITISH)
        assert found[0].changes[0].verdict == "none"


def texts(drawing):
    return re.findall(r">([^<>]+)<", drawing)


class TestPictures:
    def test_a_fan_names_the_ends_of_its_inner_band_and_its_middle(self):
        chart = charts.forecast(page.months(), page.ahead(), BRITISH)
        words_in = texts(chart.wide)
        for said in ("£72k highest likely", "£60k expected", "£48k lowest likely", "Measured", "Forecast"):
            assert any(said.replace("k ", ".0k ") in text or said in text for text in words_in), said
        assert "£60.0k" in chart.alt
        assert "highest likely" not in chart.narrow

    def test_what_came_is_dotted_over_the_fan(self):
        chart = charts.tested(page.months(), page.past(), BRITISH)
        assert "4 of 5 months lie within the 80% band" in chart.alt

    def test_the_leader_is_the_point_among_the_candidates(self):
        chart = charts.candidates(page.scores(), BRITISH, leader="mean")
        assert chart.alt.startswith("Bars of the error of each candidate, the nearest first: ARIMA 0.50;")

    def test_a_month_below_zero_is_inside_the_picture(self):
        values = page.VALUES.copy()
        values[30] = -9000
        assert charts.growth(page.growth(values), BRITISH) is not None
        assert charts.forecast(page.months(values), page.ahead(wide=1.5), BRITISH) is not None

    def test_pictures_without_figures_are_none(self):
        empty = page.ahead()[:0]
        assert charts.forecast(page.months(), empty, BRITISH) is None
        assert charts.tested(page.months(), page.past()[:0], BRITISH) is None
        assert charts.candidates(page.scores()[:0], BRITISH, leader="") is None
        assert charts.seasonality(page.seasons()[:0], BRITISH) is None
        assert charts.growth(page.growth([1.0, 2.0]), BRITISH) is None
        assert charts.accuracy(page.earlier(2), BRITISH, leader="mean") is None
        assert charts.pipeline(page.pipeline().assign(weighted_value=0.0), BRITISH) is None

    @pytest.mark.parametrize("format", LOCALES, ids=lambda f: f.locale)
    def test_alternatives_are_short_in_every_locale(self, format):
        drawn = [
            charts.forecast(page.months(), page.ahead(), format),
            charts.forecast(page.months(), page.ahead(n=1), format),
            charts.seasonality(page.seasons(), format),
            charts.growth(page.growth(), format),
            charts.accuracy(page.earlier(), format, leader="mean"),
            charts.pipeline(page.pipeline(), format),
        ]
        assert all(chart is not None and 20 < len(chart.alt) <= 300 for chart in drawn)


class TestTables:
    def test_months_ahead_end_in_their_sum(self):
        found = tables.forecast(page.ahead(), page.totals(), BRITISH)
        assert found.rows[0] == ("Nov 2026", "£60,000.00", "£48.0k to £72.0k", "£42.0k to £78.0k")
        assert found.total[:2] == ("Sum", "£720,000.00")

    def test_longer_horizons_say_what_is_summed(self):
        assert (
            tables.forecast(page.ahead(n=18), page.totals(), BRITISH).total[0] == "Sum of the first 12 months"
        )

    def test_candidates_with_all_their_errors(self):
        row = tables.scores(page.scores(), BRITISH).rows[0]
        assert row == ("ARIMA", "0.50", "10.0", "10.0%", "−2.0%", "81%", "96%")

    def test_a_month_that_is_not_known_is_a_dash(self):
        rows = tables.tested(page.past(), BRITISH).rows
        assert [row[-1] for row in rows] == ["yes", "yes", "yes", "no", "–", "yes"]

    def test_the_newest_month_comes_first(self):
        found = tables.growth(page.growth(), BRITISH)
        assert (found.rows[0][0], len(found.rows)) == ("Oct 2026", 36)

    def test_deals_with_and_without_the_forecast_on_top(self):
        assert len(tables.pipeline(page.pipeline(), BRITISH).columns) == 5
        found = tables.pipeline(page.pipeline(True), BRITISH)
        assert found.rows[0][-1] == "£64,500.00"
        assert found.rows[-2][0] == "Overdue: should have closed"
        assert tables.pipeline(page.pipeline().assign(deals=0), BRITISH) is None

    def test_earlier_forecasts_one_by_one(self):
        row = tables.accuracy(page.earlier(1), BRITISH).rows[0]
        assert row[2:] == ("Mean of candidates", "£60,000.00", "£55,000.00", "+9.1%", "yes")

    def test_nothing_has_no_table(self):
        assert tables.forecast(page.ahead()[:0], page.totals()[:0], BRITISH) is None
        assert tables.scores(page.scores()[:0], BRITISH) is None
        assert tables.seasonality(page.seasons()[:0], BRITISH) is None
