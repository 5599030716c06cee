"""What timeframes promise."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.timeframe import Timeframe, compare, parse_timeframe

FRIDAY = date(2026, 11, 20)


def days_of(timeframe: Timeframe) -> tuple[str, str]:
    """First and *last* day, as a person would name them."""
    return str(timeframe.start), str(timeframe.end - timedelta(days=1))


class TestWhatIsAccepted:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2026-10", "2026-10-01", "2026-10-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2026-Q3", "2026-07-01", "2026-09-30"),
            ("2026-Q4", "2026-10-01", "2026-12-31"),
            ("2026", "2026-01-01", "2026-12-31"),
            # ISO 8601: week 1 is the week of 4 January; it may begin in the year before.
            ("2026-W41", "2026-10-05", "2026-10-11"),
            ("2026-W01", "2025-12-29", "2026-01-04"),
            ("2020-W53", "2020-12-28", "2021-01-03"),
            ("FY2026", "2026-01-01", "2026-12-31"),
            ("2026-01-01..2026-03-31", "2026-01-01", "2026-03-31"),
            ("2026-05-05..2026-05-05", "2026-05-05", "2026-05-05"),
            # as of Friday 20 November 2026, which is itself not known yet
            ("last-30-days", "2026-10-21", "2026-11-19"),
            ("last-1-days", "2026-11-19", "2026-11-19"),
            ("last-12-months", "2025-11-01", "2026-10-31"),
            ("last-1-months", "2026-10-01", "2026-10-31"),
            ("last-month", "2026-10-01", "2026-10-31"),
            ("last-quarter", "2026-07-01", "2026-09-30"),
            ("last-year", "2025-01-01", "2025-12-31"),
            ("this-month", "2026-11-01", "2026-11-30"),
            ("this-quarter", "2026-10-01", "2026-12-31"),
            ("this-year", "2026-01-01", "2026-12-31"),
            ("monthly", "2026-10-01", "2026-10-31"),
            ("quarterly", "2026-07-01", "2026-09-30"),
            ("yearly", "2025-01-01", "2025-12-31"),
            ("all", "2023-04-03", "2026-11-19"),
        ],
    )
    def test_these_are_the_days_of(self, text, first, last):
        timeframe = parse_timeframe(text, as_of=FRIDAY, first_day=date(2023, 4, 3))
        assert days_of(timeframe) == (first, last)
        assert timeframe.label == text

    @pytest.mark.parametrize(
        ("month", "first", "last"),
        [
            (1, "2026-01-01", "2026-12-31"),
            (2, "2025-02-01", "2026-01-31"),
            (4, "2025-04-01", "2026-03-31"),
            (12, "2025-12-01", "2026-11-30"),
        ],
    )
    def test_a_fiscal_year_is_named_for_the_year_it_ends_in(self, month, first, last):
        assert days_of(parse_timeframe("FY2026", as_of=FRIDAY, fiscal_year_start=month)) == (first, last)

    def test_on_the_first_of_a_month_the_last_month_is_whole(self):
        assert parse_timeframe("last-month", as_of=date(2026, 11, 1)).label == "last-month"
        assert days_of(parse_timeframe("last-month", as_of=date(2026, 11, 1))) == ("2026-10-01", "2026-10-31")
        assert days_of(parse_timeframe("this-month", as_of=date(2026, 11, 1))) == ("2026-11-01", "2026-11-30")

    def test_in_january_the_last_whole_ones_lie_in_the_year_before(self):
        january = date(2026, 1, 15)
        assert days_of(parse_timeframe("last-month", as_of=january)) == ("2025-12-01", "2025-12-31")
        assert days_of(parse_timeframe("last-quarter", as_of=january)) == ("2025-10-01", "2025-12-31")
        assert days_of(parse_timeframe("last-13-months", as_of=january)) == ("2024-12-01", "2025-12-31")

    @pytest.mark.parametrize("text", [" 2026-q3 ", "2026-Q3", "2026-q3"])
    def test_capitals_and_spaces_do_not_matter(self, text):
        assert parse_timeframe(text, as_of=FRIDAY).label == "2026-Q3"

    def test_a_year_may_come_as_a_number_as_yaml_reads_it(self):
        assert parse_timeframe(2026, as_of=FRIDAY).label == "2026"

    def test_leading_zeros_are_tidied_in_the_label(self):
        assert parse_timeframe("last-007-days", as_of=FRIDAY).label == "last-7-days"

    @pytest.mark.parametrize("first_day", [None, FRIDAY, date(2027, 1, 1)])
    def test_all_without_any_data_is_the_day_before(self, first_day):
        assert days_of(parse_timeframe("all", as_of=FRIDAY, first_day=first_day)) == (
            "2026-11-19",
            "2026-11-19",
        )

    @pytest.mark.parametrize(
        ("text", "unit", "count"),
        [
            ("2026-10", "month", 1),
            ("2026-Q3", "quarter", 1),
            ("2026", "year", 1),
            ("2026-W41", "week", 1),
            ("FY2026", "fiscal-year", 1),
            ("2026-01-01..2026-03-31", "day-range", 1),
            ("last-30-days", "days", 30),
            ("last-12-months", "months", 12),
            ("last-quarter", "quarter", 1),
            ("yearly", "year", 1),
            ("all", "all", 1),
        ],
    )
    def test_knows_what_it_is_a_piece_of(self, text, unit, count):
        timeframe = parse_timeframe(text, as_of=FRIDAY)
        assert (timeframe.unit, timeframe.count) == (unit, count)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "last-moth",
                'timeframe "last-moth" is not known (did you mean "last-month"?); allowed: 2026-10',
            ),
            ("2026Q3", '(did you mean "2026-Q3"?)'),
            ("FY26", '(did you mean "FY2026"?)'),
            ("last-30-dais", '(did you mean "last-30-days"?)'),
            ("", 'timeframe "" is not known; allowed:'),
            ("../x", 'timeframe "../x" is not known; allowed:'),
            ("2026-10-05", "is not known"),
            ("２０２６", "is not known"),
            ("2026-01-01..", "is not known"),
            ("2026-13", 'timeframe "2026-13": a year has months 01 to 12'),
            ("2026-00", "a year has months 01 to 12"),
            ("2026-Q5", "a year has quarters Q1 to Q4"),
            ("2026-Q0", "a year has quarters Q1 to Q4"),
            ("2025-W53", "2025 has ISO weeks W01 to W52"),
            ("2026-W00", "2026 has ISO weeks W01 to W53"),
            ("2026-02-30..2026-03-01", 'timeframe "2026-02-30..2026-03-01": '),
            ("2026-03-31..2026-01-01", "ends on 2026-01-01, before its first day 2026-03-31"),
            ("last-0-days", "it holds no days; give 1 or more"),
            ("last-0-months", "it holds no months; give 1 or more"),
            ("last-99999-months", "allowed"),
            ("last-999999-days", "allowed"),
            ("1066", "it reaches the year 1066, but years are 1900 to 2199"),
            ("2200", "it reaches the year 2200, but years are 1900 to 2199"),
            ("1800-01-01..2026-01-01", "it reaches the year 1800"),
        ],
    )
    def test_says_what_is_wrong_and_what_is_allowed(self, text, message):
        with pytest.raises(ParamsError) as caught:
            parse_timeframe(text, as_of=FRIDAY)
        assert message in str(caught.value)

    @pytest.mark.parametrize("accepted", ["2026-W41", "FY2026", "last-12-months", "quarterly", "all", ".."])
    def test_lists_every_form_that_is_accepted(self, accepted):
        with pytest.raises(ParamsError, match="allowed") as caught:
            parse_timeframe("sometime", as_of=FRIDAY)
        assert accepted in str(caught.value)

    @pytest.mark.parametrize("month", [0, 13])
    def test_a_fiscal_year_begins_in_a_month(self, month):
        with pytest.raises(ParamsError, match=f"fiscal_year_start is {month}; allowed: a month from 1 to 12"):
            parse_timeframe("2026", as_of=FRIDAY, fiscal_year_start=month)

    @pytest.mark.parametrize(
        "instant", [datetime(2026, 11, 20, tzinfo=UTC), pd.Timestamp("2026-11-20"), "2026-11-20"]
    )
    def test_an_instant_is_not_a_day(self, instant):
        with pytest.raises(TypeError, match="local days"):
            parse_timeframe("all", as_of=instant)
        with pytest.raises(TypeError, match="local days"):
            parse_timeframe("all", as_of=FRIDAY, first_day=instant)


class TestReferenceDate:
    def test_is_the_end_of_a_finished_timeframe(self):
        october = parse_timeframe("2026-10", as_of=FRIDAY)
        assert (october.reference_date, october.finished, october.days) == (date(2026, 11, 1), True, 31)

    def test_is_as_of_where_the_timeframe_goes_on(self):
        november = parse_timeframe("2026-11", as_of=FRIDAY)
        assert (november.reference_date, november.finished, november.days) == (FRIDAY, False, 19)

    def test_a_timeframe_is_finished_when_its_last_day_is_known(self):
        assert parse_timeframe("2026-10", as_of=date(2026, 11, 1)).finished
        assert not parse_timeframe("2026-10", as_of=date(2026, 10, 31)).finished

    def test_a_timeframe_that_has_not_begun_holds_no_days(self):
        assert parse_timeframe("2027", as_of=FRIDAY).days == 0

    def test_contains_its_first_day_but_neither_its_end_nor_as_of(self):
        november = parse_timeframe("2026-11", as_of=FRIDAY)
        assert date(2026, 11, 1) in november
        assert date(2026, 11, 19) in november
        assert FRIDAY not in november
        assert date(2026, 10, 31) not in november


class TestPrevious:
    @pytest.mark.parametrize(
        ("text", "before", "first", "last"),
        [
            ("2026-10", "2026-09", "2026-09-01", "2026-09-30"),
            ("2026-01", "2025-12", "2025-12-01", "2025-12-31"),
            ("2026-Q1", "2025-Q4", "2025-10-01", "2025-12-31"),
            ("2025", "2024", "2024-01-01", "2024-12-31"),
            ("2026-W01", "2025-W52", "2025-12-22", "2025-12-28"),
            ("2021-W01", "2020-W53", "2020-12-28", "2021-01-03"),
            ("FY2026", "FY2025", "2024-04-01", "2025-03-31"),
            ("last-month", "2026-09", "2026-09-01", "2026-09-30"),
            ("quarterly", "2026-Q2", "2026-04-01", "2026-06-30"),
            ("last-12-months", "2024-11-01..2025-10-31", "2024-11-01", "2025-10-31"),
            ("last-1-months", "2026-09", "2026-09-01", "2026-09-30"),
            ("last-30-days", "2026-09-21..2026-10-20", "2026-09-21", "2026-10-20"),
            ("2026-03-01..2026-03-31", "2026-01-29..2026-02-28", "2026-01-29", "2026-02-28"),
        ],
    )
    def test_is_the_unit_before_or_as_many_days_before(self, text, before, first, last):
        previous = parse_timeframe(text, as_of=FRIDAY, fiscal_year_start=4).previous()
        assert (previous.label, *days_of(previous)) == (before, first, last)

    @pytest.mark.parametrize(
        ("text", "as_of", "before"),
        [
            ("2026-11", "2026-11-20", "2026-10-01..2026-10-19"),
            ("this-month", "2026-11-02", "2026-10-01..2026-10-01"),
            ("2026-Q4", "2026-11-20", "2026-07-01..2026-08-19"),  # 50 days of each
            ("2026", "2026-03-01", "2025-01-01..2025-02-28"),
            ("2026-W47", "2026-11-20", "2026-11-09..2026-11-12"),
            ("2026-11-01..2026-11-30", "2026-11-20", "2026-10-02..2026-10-20"),
        ],
    )
    def test_of_an_unfinished_timeframe_has_as_many_days(self, text, as_of, before):
        timeframe = parse_timeframe(text, as_of=date.fromisoformat(as_of))
        assert timeframe.previous().label == before
        assert timeframe.previous().days == timeframe.days

    def test_never_reaches_beyond_its_own_end(self):
        thirty_days_of_march = parse_timeframe("2026-03", as_of=date(2026, 3, 31))
        assert thirty_days_of_march.previous().label == "2026-02"

    def test_of_one_that_has_not_begun_is_whole(self):
        assert parse_timeframe("2027", as_of=FRIDAY).previous().label == "2026"

    def test_of_all_does_not_exist(self):
        everything = parse_timeframe("all", as_of=FRIDAY)
        with pytest.raises(ValueError, match="nothing lies before"):
            everything.previous()
        with pytest.raises(ValueError, match="no year before"):
            everything.year_earlier()

    @pytest.mark.parametrize("n", [0, -1])
    def test_lies_at_least_one_back(self, n):
        with pytest.raises(ValueError, match="1 or more back"):
            parse_timeframe("2026", as_of=FRIDAY).previous(n)


class TestYearEarlier:
    @pytest.mark.parametrize(
        ("text", "before", "last"),
        [
            ("2026-10", "2025-10", "2025-10-31"),
            ("2025-02", "2024-02", "2024-02-29"),
            ("2024-02", "2023-02", "2023-02-28"),
            ("2026-Q3", "2025-Q3", "2025-09-30"),
            ("2025", "2024", "2024-12-31"),
            ("FY2026", "FY2025", "2025-03-31"),
            ("2026-W41", "2025-W41", "2025-10-12"),
            ("2020-W53", "2019-W52", "2019-12-29"),  # 2019 had no week 53
            ("last-12-months", "2024-11-01..2025-10-31", "2025-10-31"),
            ("last-30-days", "2025-10-21..2025-11-19", "2025-11-19"),
            ("2026-03-01..2026-03-31", "2025-03-01..2025-03-31", "2025-03-31"),
            ("2024-02-29..2024-02-29", "2023-02-28..2023-02-28", "2023-02-28"),
            ("2024-02-28..2024-02-29", "2023-02-28..2023-02-28", "2023-02-28"),
            ("2025-02-01..2025-02-28", "2024-02-01..2024-02-28", "2024-02-28"),
        ],
    )
    def test_is_the_same_timeframe_of_the_year_before(self, text, before, last):
        earlier = parse_timeframe(text, as_of=FRIDAY, fiscal_year_start=4).year_earlier()
        assert (earlier.label, days_of(earlier)[1]) == (before, last)

    def test_of_the_days_before_a_first_of_march_keeps_its_number_of_days(self):
        month_of_leap_day = parse_timeframe("last-30-days", as_of=date(2024, 3, 1))
        assert days_of(month_of_leap_day) == ("2024-01-31", "2024-02-29")
        assert days_of(month_of_leap_day.year_earlier()) == ("2023-01-30", "2023-02-28")

    def test_of_an_unfinished_timeframe_has_as_many_days(self):
        november = parse_timeframe("2026-11", as_of=FRIDAY)
        assert november.year_earlier().label == "2025-11-01..2025-11-19"

    def test_of_an_unfinished_february_never_reaches_into_march(self):
        leap_february = parse_timeframe("2024-01-31..2024-03-31", as_of=date(2024, 3, 1))
        assert leap_february.year_earlier().label == "2023-01-31..2023-03-01"
        assert parse_timeframe("2024-02", as_of=date(2024, 2, 29)).year_earlier().label == "2023-02"


class TestPeriods:
    def test_are_whole_and_over(self):
        year = parse_timeframe("2026", as_of=FRIDAY)
        assert [p.label for p in year.periods("month")] == [f"2026-{m:02}" for m in range(1, 11)]
        assert [p.label for p in year.periods("quarter")] == ["2026-Q1", "2026-Q2", "2026-Q3"]
        assert year.periods("year") == []

    def test_a_period_cut_at_either_side_is_left_out(self):
        days = parse_timeframe("2026-01-02..2026-03-30", as_of=FRIDAY)
        assert [p.label for p in days.periods("month")] == ["2026-02"]

    def test_a_period_is_a_timeframe_with_neighbours_of_its_own(self):
        january = parse_timeframe("2026", as_of=FRIDAY).periods("month")[0]
        assert (january.unit, january.count, january.previous().label) == ("month", 1, "2025-12")

    def test_of_the_last_twelve_months_are_twelve(self):
        months = parse_timeframe("last-12-months", as_of=FRIDAY).periods("month")
        assert (len(months), months[0].label, months[-1].label) == (12, "2025-11", "2026-10")
        assert {month.count for month in months} == {1}


class TestComparison:
    def test_goes_back_as_far_as_the_data_reach(self):
        october = parse_timeframe("2026-10", as_of=FRIDAY)
        comparison = compare(october, first_day=date(2026, 6, 15))
        assert comparison.previous.label == "2026-09"
        assert comparison.year_earlier is None
        assert [t.label for t in comparison.earlier] == ["2026-07", "2026-08", "2026-09"]

    def test_data_that_begin_with_the_timeframe_cover_it(self):
        october = parse_timeframe("2026-10", as_of=FRIDAY)
        assert compare(october, first_day=date(2025, 10, 1)).year_earlier.label == "2025-10"
        assert compare(october, first_day=date(2025, 10, 2)).year_earlier is None

    def test_takes_twelve_earlier_ones_at_most(self):
        october = parse_timeframe("2026-10", as_of=FRIDAY)
        earlier = compare(october, first_day=date(2000, 1, 1)).earlier
        assert (len(earlier), earlier[0].label, earlier[-1].label) == (12, "2025-10", "2026-09")
        assert len(compare(october, first_day=date(2000, 1, 1), count=3).earlier) == 3

    def test_each_period_is_needed_once_and_this_one_last(self):
        year = parse_timeframe("2025", as_of=FRIDAY)
        comparison = compare(year, first_day=date(2023, 1, 1))
        assert comparison.previous.label == comparison.year_earlier.label == "2024"
        assert [t.label for t in comparison.periods] == ["2023", "2024", "2025"]

    def test_the_year_before_is_a_period_even_where_it_is_not_among_the_earlier(self):
        week = parse_timeframe("2026-W41", as_of=FRIDAY)
        labels = [t.label for t in compare(week, first_day=date(2020, 1, 1)).periods]
        assert labels == ["2025-W41", *(f"2026-W{n}" for n in range(29, 41)), "2026-W41"]

    def test_an_unfinished_month_is_held_against_as_many_days_of_each(self):
        november = parse_timeframe("2026-11", as_of=FRIDAY)
        comparison = compare(november, first_day=date(2025, 1, 1))
        assert {t.days for t in comparison.periods} == {19}
        assert comparison.earlier[-1] == comparison.previous

    @pytest.mark.parametrize("text", ["all", "2027", "2026-12"])
    def test_all_and_the_future_are_compared_with_nothing(self, text):
        comparison = compare(parse_timeframe(text, as_of=FRIDAY), first_day=date(2000, 1, 1))
        assert (comparison.previous, comparison.year_earlier, comparison.earlier) == (None, None, ())
        assert comparison.periods == (comparison.this,)

    def test_without_data_there_is_nothing_to_compare_with(self):
        october = parse_timeframe("2026-10", as_of=FRIDAY)
        assert compare(october, first_day=None).periods == (october,)

    def test_a_timeframe_longer_than_all_history_has_none_before_it(self):
        century = parse_timeframe("last-1500-months", as_of=FRIDAY)
        assert compare(century, first_day=date(2020, 1, 1)).earlier == ()


YEARS = st.integers(2000, 2030)
DAYS = st.dates(date(2000, 1, 1), date(2030, 12, 31))
CALENDAR = st.one_of(
    st.builds("{}-{:02}".format, YEARS, st.integers(1, 12)),
    st.builds("{}-Q{}".format, YEARS, st.integers(1, 4)),
    st.builds("{}-W{:02}".format, YEARS, st.integers(1, 52)),
    st.builds("{}".format, YEARS),
    st.builds("FY{}".format, YEARS),
)
RANGES = st.builds(lambda a, b: f"{min(a, b)}..{max(a, b)}", DAYS, DAYS)
RELATIVE = st.one_of(
    st.builds("last-{}-{}".format, st.integers(1, 60), st.sampled_from(["days", "months"])),
    st.sampled_from(["last-month", "last-quarter", "last-year", "monthly", "quarterly", "yearly"]),
    st.sampled_from(["this-month", "this-quarter", "this-year"]),
)
TIMEFRAMES = st.builds(
    lambda text, as_of, month: parse_timeframe(text, as_of=as_of, fiscal_year_start=month),
    CALENDAR | RANGES | RELATIVE,
    DAYS,
    st.integers(1, 12),
)


def read_back(timeframe: Timeframe) -> Timeframe:
    month = timeframe.fiscal_year_start
    return parse_timeframe(timeframe.label, as_of=timeframe.as_of, fiscal_year_start=month)


class TestLaws:
    @given(TIMEFRAMES)
    def test_a_label_says_all_there_is_to_know(self, timeframe):
        assert read_back(timeframe) == timeframe

    @given(TIMEFRAMES, st.integers(1, 3))
    def test_the_label_of_another_reads_back_to_the_same_days(self, timeframe, n):
        for other in (timeframe.previous(n), timeframe.year_earlier()):
            assert (read_back(other).start, read_back(other).end) == (other.start, other.end)

    @given(TIMEFRAMES)
    def test_the_previous_ends_where_this_begins(self, timeframe):
        whole = replace(timeframe, as_of=max(timeframe.as_of, timeframe.end))
        assert whole.previous().end == whole.start

    @given(TIMEFRAMES, st.integers(1, 12))
    def test_those_before_tile_time(self, timeframe, n):
        whole = replace(timeframe, as_of=max(timeframe.as_of, timeframe.end))
        assert whole.previous(n + 1).end == whole.previous(n).start
        assert whole.previous(n).previous().start == whole.previous(n + 1).start

    @given(TIMEFRAMES, st.sampled_from(["month", "quarter", "year"]))
    @example(parse_timeframe("2026", as_of=date(2027, 1, 1)), "month")
    def test_periods_tile_and_stay_inside(self, timeframe, grain):
        periods = timeframe.periods(grain)
        assert all(a.end == b.start for a, b in pairwise(periods))
        assert all(timeframe.start <= p.start and p.end <= timeframe.reference_date for p in periods)
        assert all(read_back(p) == p for p in periods)

    @given(TIMEFRAMES, st.sampled_from(["month", "quarter", "year"]))
    def test_no_whole_period_is_forgotten(self, timeframe, grain):
        """Spelled out: a month is inside when all of its days are."""
        first_months = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}[grain]
        length = {"month": 1, "quarter": 3, "year": 12}[grain]
        starts = [
            start
            for year in range(timeframe.start.year, timeframe.end.year + 1)
            for month in first_months
            if (start := date(year, month, 1)) >= timeframe.start
            and (pd.Timestamp(start) + pd.DateOffset(months=length)).date() <= timeframe.reference_date
        ]
        assert [p.start for p in timeframe.periods(grain)] == starts

    @given(TIMEFRAMES)
    def test_the_other_never_has_more_days_of_an_unfinished_one(self, timeframe):
        if timeframe.days and not timeframe.finished:
            assert timeframe.previous().days <= timeframe.days
            assert timeframe.year_earlier().days <= timeframe.days

    @given(TIMEFRAMES, DAYS)
    def test_whatever_is_compared_with_lies_in_the_data(self, timeframe, first_day):
        *others, this = compare(timeframe, first_day=first_day).periods
        assert this == timeframe
        assert all(first_day <= t.start and t.finished for t in others)
        assert len({(t.start, t.reference_date) for t in others}) == len(others)
