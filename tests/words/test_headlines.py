"""What a headline figure says of itself, and when it keeps silent."""

from datetime import date

import pandas as pd
import pytest

from analytics.formats import Format
from analytics.timeframe import Timeframe, compare, parse_timeframe
from analytics.words.headlines import difference, headline, is_unsure, span_name, than, usual_spread

POUNDS = Format("en_GB", "GBP")
AS_OF = date(2026, 11, 1)


def months_of(**columns: list[float]) -> tuple[pd.DataFrame, object]:
    """A frame with one row for each month, the last of them October 2026, and its comparison."""
    length = len(next(iter(columns.values())))
    this = parse_timeframe("2026-10", as_of=AS_OF)
    first = this.previous(length - 1).start if length > 1 else this.start
    comparison = compare(this, first_day=first)
    spans = [this.previous(length - 1 - i) if i < length - 1 else this for i in range(length)]
    frame = pd.DataFrame({"start": [s.start for s in spans], "end": [s.end for s in spans], **columns})
    return frame, comparison


def card(frame, comparison, column="revenue", **options):
    settings = {"label": "Revenue", "unit": "money"} | options
    return headline(frame, column, comparison, POUNDS, **settings)


class TestChange:
    def test_money_changes_in_percent_and_is_more_or_less(self):
        shown = card(*months_of(revenue=[100.0, 150.0]))
        assert (shown.value, shown.changes[0].words, shown.changes[0].than) == ("£150", "50.0%", "Sept 2026")
        assert (shown.changes[0].verdict, shown.changes[0].up) == ("more", True)

    def test_rates_change_in_points_and_are_better_or_worse(self):
        frame, comparison = months_of(churn_rate=[10.0, 12.5])
        shown = card(frame, comparison, "churn_rate", unit="percent", good="down")
        assert (shown.changes[0].words, shown.changes[0].verdict) == ("2.5 pts", "worse")

    def test_a_rate_with_no_better_way_is_only_more_or_less(self):
        frame, comparison = months_of(some_rate=[12.5, 10.0])
        assert card(frame, comparison, "some_rate", unit="percent").changes[0].verdict == "less"

    def test_a_base_of_zero_or_less_gives_a_dash(self):
        for base in (0.0, -5.0):
            change = card(*months_of(revenue=[base, 10.0])).changes[0]
            assert (change.words, change.verdict) == ("", "none")

    def test_what_the_data_do_not_cover_gives_a_dash(self):
        shown = card(*months_of(revenue=[100.0, 150.0]))
        assert (shown.changes[1].words, shown.changes[1].verdict) == ("", "none")
        assert shown.changes[1].than == "a year earlier"

    def test_a_missing_figure_is_a_dash_and_so_is_its_change(self):
        shown = card(*months_of(revenue=[100.0, float("nan")]))
        assert (shown.value, shown.changes[0].verdict, shown.history) == ("–", "none", (100.0, None))

    def test_the_same_month_a_year_earlier_has_its_ring_in_the_history(self):
        shown = card(*months_of(revenue=[float(i) for i in range(1, 14)]))
        assert (shown.changes[1].than, shown.changes[1].words) == ("Oct 2025", "1,200%")
        assert shown.history == tuple(float(i) for i in range(1, 14))
        assert shown.year_ago == 0

    def test_a_year_is_compared_once_with_the_year_before(self):
        this = parse_timeframe("last-12-months", as_of=AS_OF)
        comparison = compare(this, first_day=date(2023, 11, 1))
        assert comparison.previous == comparison.year_earlier
        frame = pd.DataFrame(
            {"start": [s.start for s in comparison.periods], "end": [s.end for s in comparison.periods]}
        ).assign(revenue=[1.0, 2.0, 3.0])
        shown = card(frame, comparison)
        assert [change.than for change in shown.changes] == ["the 12 months before"]


class TestUsualSpread:
    STEADY = (100.0, 110.0, 100.0, 110.0, 100.0, 110.0, 100.0)  # moves by about ten percent, up and down

    def test_a_change_of_the_usual_size_is_close(self):
        assert card(*months_of(revenue=[*self.STEADY, 109.0])).changes[0].verdict == "close"

    def test_a_change_beyond_it_is_not(self):
        assert card(*months_of(revenue=[*self.STEADY, 140.0])).changes[0].verdict == "more"

    def test_it_is_two_standard_deviations_of_the_earlier_changes(self):
        frame, comparison = months_of(some_rate=[10.0, 11.0, 9.0, 12.0, 10.0, 11.0, 50.0])
        # Changes 1, -2, 3, -2, 1: mean 0.2, squared deviations 0.64 + 4.84 + 7.84 + 4.84 + 0.64 = 18.8.
        found = usual_spread(frame, "some_rate", comparison, unit="percent")
        assert found == pytest.approx(2 * (18.8 / 4) ** 0.5)

    def test_five_earlier_timeframes_are_too_few_for_one(self):
        frame, comparison = months_of(revenue=[100.0, 110.0, 100.0, 110.0, 100.0, 109.0])
        assert usual_spread(frame, "revenue", comparison, unit="money") is None
        assert card(frame, comparison).changes[0].verdict == "more"

    def test_steady_growth_is_growth(self):
        frame, comparison = months_of(revenue=[100 * 1.05**i for i in range(8)])
        assert difference(frame, "revenue", comparison, "previous", unit="money").rose

    @pytest.mark.parametrize(("now", "close"), [(100.9, True), (99.1, True), (101.1, False), (98.9, False)])
    def test_without_one_less_than_a_percent_is_close(self, now, close):
        frame, comparison = months_of(revenue=[100.0, now])
        assert difference(frame, "revenue", comparison, "previous", unit="money").close is close

    def test_no_movement_at_all_is_close(self):
        found = difference(*self._flat(), "previous", unit="money")
        assert found.close
        assert not found.up

    def _flat(self):
        frame, comparison = months_of(revenue=[5.0, 5.0])
        return frame, "revenue", comparison


class TestMarginOfError:
    def rates(self, then, now, half):
        both = [then, now]
        return months_of(
            some_rate=both, some_rate_low=[r - half for r in both], some_rate_high=[r + half for r in both]
        )

    def test_a_difference_within_it_is_close(self):
        # The interval of the difference is 4 ± √(3² + 3²) = 4 ± 4.24.
        frame, comparison = self.rates(40.0, 44.0, 3.0)
        assert difference(frame, "some_rate", comparison, "previous", unit="percent").close

    def test_a_difference_beyond_it_is_not(self):
        frame, comparison = self.rates(40.0, 44.5, 3.0)
        found = difference(frame, "some_rate", comparison, "previous", unit="percent")
        assert (found.rose, found.fell) == (True, False)

    def test_fewer_than_30_in_the_denominator_are_unsure(self):
        frame, comparison = months_of(some_rate=[50.0, 50.0], some_rate_n=[30, 29])
        assert is_unsure(frame, "some_rate", comparison.this)
        assert not is_unsure(frame, "some_rate", comparison.previous)
        assert card(frame, comparison, "some_rate", unit="percent").unsure


class TestEvents:
    """What happens in a timeframe happens by chance a little more often, or less."""

    @pytest.mark.parametrize(
        ("then", "now", "close"),
        [
            (297.0, 273.0, True),  # 24 within 1.96·√570 = 46.8
            (300.0, 200.0, False),  # 100 beyond 1.96·√500 = 43.8
            (200.0, 300.0, False),
            (1e6, 1.005e6, True),  # beyond chance, yet less than a percent
            (4.0, 0.0, False),  # 4 beyond 1.96·√4 = 3.92
            (3.0, 0.0, True),
        ],
    )
    def test_a_difference_that_chance_explains_is_close(self, then, now, close):
        frame, comparison = months_of(lost=[then, now])
        assert difference(frame, "lost", comparison, "previous", unit="events").close is close

    def test_a_number_of_what_there_is_has_no_such_margin(self):
        frame, comparison = months_of(customers=[297.0, 273.0])
        assert difference(frame, "customers", comparison, "previous", unit="count").fell

    def test_a_usual_spread_goes_before_chance(self):
        frame, comparison = months_of(lost=[100.0, 101.0, 100.0, 101.0, 100.0, 101.0, 115.0])
        found = difference(frame, "lost", comparison, "previous", unit="events")
        assert found.rose  # by 14, within 1.96·√216 = 28.8

    @pytest.mark.parametrize(("now", "verdict"), [(300.0, "more"), (120.0, "less"), (210.0, "close")])
    def test_they_are_written_as_a_count_and_are_more_or_less(self, now, verdict):
        shown = card(*months_of(lost=[200.0, now]), "lost", unit="events", good="down")
        assert (shown.value, shown.changes[0].verdict) == (f"{now:.0f}", verdict)

    def test_none_before_and_none_missing_are_a_dash(self):
        for then, now in ((0.0, 5.0), (float("nan"), 5.0), (5.0, float("nan"))):
            change = card(*months_of(lost=[then, now]), "lost", unit="events").changes[0]
            assert (change.words, change.verdict) == ("", "none")


class TestNames:
    @pytest.mark.parametrize(
        ("text", "as_of", "previous", "year"),
        [
            ("2026-10", AS_OF, "Sept 2026", "Oct 2025"),
            ("last-quarter", AS_OF, "Q2 2026", "Q3 2025"),
            ("last-year", AS_OF, "2024", "2024"),
            ("FY2025", AS_OF, "FY2024", "FY2024"),
            ("2026-W41", AS_OF, "week 40 of 2026", "week 41 of 2025"),
            ("last-30-days", AS_OF, "the 30 days before", "a year earlier"),
            ("last-6-months", AS_OF, "the 6 months before", "a year earlier"),
            ("2026-03-01..2026-03-10", AS_OF, "the 10 days before", "a year earlier"),
            ("2026-10", date(2026, 10, 11), "the same days of Sept 2026", "the same days of Oct 2025"),
            ("all", AS_OF, "the timeframe before", "a year earlier"),
        ],
    )
    def test_the_other_timeframe_is_named_in_words(self, text, as_of, previous, year):
        comparison = compare(parse_timeframe(text, as_of=as_of), first_day=date(2020, 1, 1))
        named = than(comparison, "previous", POUNDS), than(comparison, "year_earlier", POUNDS)
        assert named == (previous, year)

    def test_a_span_of_days_is_named_by_its_days(self):
        span = Timeframe("x", date(2026, 7, 1), date(2026, 10, 1), AS_OF, "day-range")
        assert span_name(span, POUNDS) == "1 July to 30 September 2026"
