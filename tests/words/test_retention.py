"""What the retention report says, and when it keeps silent."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.formats import Format
from analytics.metrics.rates import add_rate
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import cohorts, retention_page, revenue_retention
from analytics.words import retention as words
from analytics.words.retention import Setting

POUNDS, DONG = Format("en_GB", "GBP"), Format("vi_VN", "VND")
AS_OF, FIRST = date(2026, 11, 1), date(2023, 11, 1)
APART = {"guest_revenue": 1200.0, "customers_with_returns_only": 3}


def comparison_of(text="2026-Q3", first_day=FIRST):
    return compare(parse_timeframe(text, as_of=AS_OF, first_day=first_day), first_day=first_day)


def books(periods, **now):
    """Rows for all periods; every count of the last one can be said, the earlier ones are 100 of 200."""
    usual = {
        "starting_customers": 200,
        "churned_customers": 100,
        "new_customers": 80,
        "new_lapsed": 10,
        "reactivated_customers": 30,
        "lapsed_customers": 300,
        "customers": 600,
        "one_time_buyers": 200,
    }
    rows = pd.DataFrame([usual] * (len(periods) - 1) + [usual | now])
    rows["start"] = [period.start for period in periods]
    rows["end"] = [period.reference_date for period in periods]
    rows["ending_customers"] = (
        rows["starting_customers"]
        + rows["new_customers"]
        - rows["new_lapsed"]
        + rows["reactivated_customers"]
        - rows["churned_customers"]
    )
    rows["repeat_buyers"] = rows["customers"] - rows["one_time_buyers"]
    rows["total_customers"] = rows["starting_customers"] + rows["new_customers"]
    kept = rows["starting_customers"] - rows["churned_customers"]
    for ending in ("", "_60", "_180"):
        rows = add_rate(rows, f"retention_rate{ending}", kept, rows["starting_customers"])
        rows = add_rate(rows, f"churn_rate{ending}", rows["churned_customers"], rows["starting_customers"])
    rows = add_rate(rows, "repeat_purchase_rate", rows["repeat_buyers"], rows["customers"])
    rows = add_rate(rows, "winback_rate", rows["reactivated_customers"], rows["lapsed_customers"])
    return rows.assign(
        left_truncated=False, avg_purchases_per_customer=3.04, avg_customer_lifespan_days=134.6
    )


def said(**now):
    comparison = comparison_of()
    rows = books(comparison.periods, **now)
    return [plain(runs) for runs in words.summary(Setting(POUNDS, comparison), rows)]


class TestSummary:
    def test_says_how_many_stayed_and_what_stands_behind_it(self):
        first, second, _next = said(churned_customers=101)
        assert first == "Of 200 customers active when Q3 2026 began, 49.5% still were at the end."
        assert second == "101 lapsed; 70 new customers and 30 who came back are active, 199 in all."

    def test_one_new_customer_is_singular(self):
        assert "; 1 new customer and 30 who came back are" in said(new_customers=11)[1]

    def test_says_nothing_of_a_change_within_the_margin_of_error(self):
        assert "than in" not in said(churned_customers=101)[0]

    def test_says_a_change_beyond_it(self):
        assert said(churned_customers=150)[0].endswith(
            "25.0% still were at the end, 25.0 pts less than in Q2 2026."
        )
        assert said(churned_customers=50)[0].endswith(
            "75.0% still were at the end, 25.0 pts more than in Q2 2026."
        )

    @pytest.mark.parametrize(
        ("now", "last"),
        [
            (
                {"one_time_buyers": 360},
                "60% of all customers have ordered only once: begin with the second order.",
            ),
            ({"churned_customers": 150}, "More lapsed than came: begin with those who lapsed last."),
            ({"churned_customers": 90}, "To win back: 360 who have lapsed."),
        ],
        ids=["most order once", "more leave than come", "otherwise"],
    )
    def test_says_where_to_begin(self, now, last):
        assert said(**now)[-1] == last

    def test_too_few_get_no_rate(self):
        first = said(starting_customers=29, churned_customers=4)[0]
        assert first == "29 customers were active when Q3 2026 began: too few to speak of a rate."

    def test_one_customer_is_singular(self):
        assert said(starting_customers=1, churned_customers=0)[0].startswith("1 customer was active")

    def test_nobody_starting_could_not_stay(self):
        assert said(starting_customers=0, churned_customers=0)[0] == (
            "Nobody was active when Q3 2026 began, so nobody could stay."
        )

    def test_no_customers_at_all(self):
        assert said(customers=0) == ["Nobody has ordered up to 30 September 2026."]

    def test_a_timeframe_that_has_not_begun_says_who_is_active_now(self):
        comparison = comparison_of("2030-Q1")
        text = [plain(runs) for runs in words.summary(Setting(POUNDS, comparison), books(comparison.periods))]
        assert text == ["Q1 2030 has not begun: 200 customers are active up to 31 October 2026."]

    def test_a_type_that_nobody_is_of_is_named(self):
        comparison = comparison_of()
        setting = Setting(POUNDS, comparison, customer_type="NOPE")
        nobody = books(comparison.periods, customers=0)
        none = contracts(starting_accounts=0, ending_accounts=0, churned_accounts=0)
        assert [plain(runs) for runs in retention_page.summary(setting, nobody, none)] == [
            "No customer of type NOPE has ordered or had a contract up to 30 September 2026."
        ]

    def test_a_span_of_days_begins_on_its_first_day(self):
        comparison = comparison_of("2026-01-05..2026-10-11")
        first = plain(words.summary(Setting(POUNDS, comparison), books(comparison.periods))[0])
        assert first.startswith("Of 200 customers active on 5 January 2026, 50.0% still were")

    def test_another_timeframe_is_named_where_the_page_leads_with_it(self):
        comparison = comparison_of("last-12-months")
        asked = parse_timeframe("all", as_of=AS_OF, first_day=FIRST)
        setting = Setting(POUNDS, comparison, asked=asked)
        first = plain(words.summary(setting, books(comparison.periods))[0])
        assert first.startswith(
            "Nobody was active when this timeframe began, so the page leads with the 12 months to "
            "31 October 2026. Of 200 customers active at its start, 50.0% still were"
        )
        assert words.cards_about(setting) == "The cards are about the 12 months to 31 October 2026."

    @settings(max_examples=25)
    @given(
        st.integers(0, 10**9).flatmap(
            lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n), st.integers(0, n))
        ),
        st.sampled_from(
            ["2026-Q3", "last-12-months", "2026-10", "last-30-days", "2026-01-05..2026-10-11", "all"]
        ),
        st.sampled_from([POUNDS, DONG]),
        st.sampled_from(["all", "A TYPE WITH A VERY LONG NAME INDEED"]),
    )
    def test_is_at_most_60_words_with_four_bold_figures(self, counts, text, show, kind):
        start, churned, new, once = counts
        comparison = comparison_of(text)
        asked = parse_timeframe("all", as_of=AS_OF, first_day=FIRST)
        rows = books(
            comparison.periods,
            starting_customers=start,
            churned_customers=churned,
            new_customers=new,
            new_lapsed=0,
            customers=max(start + new, once),
            one_time_buyers=once,
        )
        setting = Setting(show, comparison, customer_type=kind, asked=asked)
        sentences = words.summary(setting, rows)
        assert 1 <= len(sentences) <= 3
        assert sum(isinstance(run, Bold) for runs in sentences for run in runs) <= 4
        assert len(" ".join(plain(runs) for runs in sentences).split()) <= 60
        assert all("nan" not in plain(runs).lower() and "None" not in plain(runs) for runs in sentences)
        statements = [words.books(setting, rows.iloc[-1]), words.trend(setting, rows)]
        assert all(
            len(statement.heading) <= 80 and len(statement.read.split()) <= 40 for statement in statements
        )


class TestCards:
    def test_four_cards_with_their_bases(self):
        comparison = comparison_of()
        stayed, lost, new, again = words.headlines(Setting(POUNDS, comparison), books(comparison.periods))
        assert (stayed.value, stayed.base) == ("50.0%", "100 of 200 active at the start")
        assert (lost.value, lost.base) == ("100", "no order for 90 days or more")
        assert (new.value, new.base) == ("80", "first order in Q3 2026")
        assert (again.value, again.base) == ("66.7%", "400 of 600 customers so far")

    def test_fewer_losses_are_less_and_a_higher_rate_is_better(self):
        comparison = comparison_of()
        rows = books(comparison.periods, churned_customers=20)
        stayed, lost, *_rest = words.headlines(Setting(POUNDS, comparison), rows)
        assert (stayed.changes[0].verdict, lost.changes[0].verdict) == ("better", "less")

    def test_a_difference_of_chance_is_close_where_the_figure_has_no_usual_spread(self):
        comparison = comparison_of(first_day=date(2026, 1, 1))
        rows = books(comparison.periods, churned_customers=120, new_customers=140, starting_customers=200)
        _stayed, lost, new, _again = words.headlines(Setting(POUNDS, comparison), rows)
        # Lost: 20 more, within 1.96·√220 = 29.1; new: 60 more, beyond 1.96·√220.
        assert (lost.changes[0].verdict, new.changes[0].verdict) == ("close", "more")

    def test_new_customers_of_the_first_days_of_the_data_are_doubted(self):
        comparison = comparison_of()
        rows = books(comparison.periods).assign(left_truncated=True)
        assert words.headlines(Setting(POUNDS, comparison), rows)[2].base.endswith("some may be older")


class TestTrend:
    def line(self, now, then):
        """October of this year and the last, with so many of 400 staying."""
        months = [parse_timeframe(text, as_of=AS_OF) for text in ("2025-10", "2026-10")]
        frame = pd.DataFrame({"start": [m.start for m in months], "left_truncated": False})
        return add_rate(frame, "retention_rate", [then, now], [400, 400])

    def heading(self, now, then):
        return words.trend(Setting(POUNDS, comparison_of()), self.line(now, then)).heading

    def test_up_down_and_close(self):
        assert self.heading(320, 240) == "More customers stay: 80% in Oct 2026, 60% a year earlier"
        assert self.heading(240, 320) == "Fewer customers stay: 60% in Oct 2026, 80% a year earlier"
        assert self.heading(320, 318) == "About as many stay as a year ago: 80% in Oct 2026"

    def test_without_a_year_before(self):
        line = self.line(320, 240).iloc[1:]
        heading = words.trend(Setting(POUNDS, comparison_of()), line).heading
        assert heading == "80% of active customers stayed through Oct 2026"

    def test_months_in_which_nobody_could_leave_yet_are_no_year_before(self):
        line = self.line(320, 400).assign(left_truncated=[True, False])
        assert "year" not in words.trend(Setting(POUNDS, comparison_of()), line).heading

    def test_too_few_and_none(self):
        frame = pd.DataFrame({"start": [date(2026, 10, 1)], "left_truncated": False})
        few = add_rate(frame, "retention_rate", [7], [12])
        setting = Setting(POUNDS, comparison_of())
        assert words.trend(setting, few).heading == "Too few to follow: 12 were active when Oct 2026 began"
        young = words.trend(setting, few.assign(left_truncated=True)).heading
        assert young == "The data are too young to say how many stay through a month"
        assert words.trend(setting, few.iloc[:0]).heading == "No whole month began with active customers"


class TestOtherStatements:
    SETTING = Setting(POUNDS, comparison_of())

    def test_books_up_down_and_unmoved(self):
        comparison = comparison_of()

        def heading(**now):
            return words.books(self.SETTING, books(comparison.periods, **now).iloc[-1]).heading

        assert heading(churned_customers=50) == "50 more customers are active: 250, 200 at the start"
        assert heading(churned_customers=150) == "50 fewer customers are active: 150, 200 at the start"
        assert heading() == "As many customers are active at the end as at the start: 200"

    @pytest.mark.parametrize(
        ("p90", "heading"),
        [
            (107.2, "90 days is short: nine gaps in ten last up to 107 days"),
            (60.0, "Nine gaps in ten last up to 60 days: 90 days of silence is long"),
        ],
    )
    def test_says_where_churn_days_is_shorter_than_the_usual_gap(self, p90, heading):
        gaps = pd.DataFrame({"gap_days": [10, 120], "gaps": [90, 10]})
        assert cohorts.gaps(self.SETTING, gaps, p90, 10.0).heading == heading

    def test_a_young_history_judges_no_long_silence(self):
        gaps = pd.DataFrame({"gap_days": [10], "gaps": [50]})
        young = Setting(POUNDS, comparison_of(), first_day=date(2026, 9, 1))
        heading = cohorts.gaps(young, gaps, 10.0, 0.0).heading
        assert heading == "The data are too young to judge 90 days by: they cover 30 days"
        # A long gap is long however young the data are.
        assert cohorts.gaps(young, gaps, 95.0, 12.0).heading.startswith("90 days is short")

    @pytest.mark.parametrize(
        ("churn_days", "days", "young"),
        [(90, 364, True), (90, 365, False), (100, 399, True), (100, 400, False)],
    )
    def test_a_history_is_young_for_a_year_and_for_four_times_the_silence(self, churn_days, days, young):
        gaps = pd.DataFrame({"gap_days": [10], "gaps": [50]})
        first_day = date(2026, 10, 1) - timedelta(days=days)
        setting = Setting(POUNDS, comparison_of(), churn_days=churn_days, first_day=first_day)
        heading = cohorts.gaps(setting, gaps, 10.0, 0.0).heading
        assert heading.startswith("The data are too young") == young
        assert heading.endswith("of silence is long") != young

    def test_no_gap_is_called_a_return(self):
        gaps = pd.DataFrame({"gap_days": [10, 120], "gaps": [90, 10]})
        for p90 in (60.0, 107.2):
            found = cohorts.gaps(self.SETTING, gaps, p90, 10.0)
            assert found.lead.startswith("10% of gaps lasted 90 days or more")
            assert "return" not in f"{found.heading} {found.lead} {found.read}"

    def test_few_gaps_judge_nothing(self):
        gaps = pd.DataFrame({"gap_days": [10], "gaps": [29]})
        assert cohorts.gaps(self.SETTING, gaps, 10.0, 0.0).heading == "Too few gaps to judge 90 days by: 29"
        assert "Nobody has come back" in cohorts.gaps(self.SETTING, gaps.iloc[:0], float("nan"), 0.0).heading

    def test_repeat_says_what_the_others_bring(self):
        row = books(comparison_of().periods).iloc[-1]
        orders = pd.DataFrame({"orders": ["1", "2"], "revenue_contribution": [20.0, 80.0]})
        heading = cohorts.repeat(self.SETTING, row, orders).heading
        assert heading == "67% of customers have ordered more than once and bring 80% of revenue"
        unknown = cohorts.repeat(self.SETTING, row, orders.assign(revenue_contribution=float("nan"))).heading
        assert unknown == "67% of customers have ordered more than once"

    def cohorts(self, *sizes, **cells):
        frame = pd.DataFrame({"cohort": ["x"] * len(sizes), "initial_customers": sizes})
        return frame.assign(left_truncated=False, partial=False, **cells)

    def test_cohorts_read_only_steps_that_most_customers_have_reached(self):
        nan = float("nan")
        rows = self.cohorts(
            *(100, 100, 100, 300),
            period_1_retention=[20.0, 20.0, 20.0, 20.0],
            period_2_retention=[15.0, 15.0, nan, 15.0],
            period_3_retention=[12.0, 10.0, nan, 11.0],
            period_4_retention=[50.0, nan, nan, 50.0],
        )
        statement = cohorts.cohorts(self.SETTING, rows, "month")
        assert statement.heading == "20% of new customers order again in the next month, 11% in the 3rd"
        assert cohorts.cohorts_missing(rows, "month") == ""

    def test_cohorts_without_a_finished_step_say_so(self):
        rows = self.cohorts(40, 40, period_0_retention=[100.0, 100.0])
        assert "no month after is over yet" in cohorts.cohorts(self.SETTING, rows, "month").heading
        assert cohorts.cohorts_missing(rows, "month").startswith("No month after")
        assert "first order lies in the timeframe" in cohorts.cohorts_missing(rows.iloc[:0], "month")


def contracts(**now):
    comparison = comparison_of()
    usual = {
        "starting_accounts": 100, "ending_accounts": 110, "churned_accounts": 10, "contraction_accounts": 5,
        "starting_acv": 1e6, "ending_acv": 1.1e6, "new_acv": 2e5, "expansion_acv": 5e4,
        "reactivated_acv": 0.0, "contraction_acv": -5e4, "churned_acv": -1e5, "gross_revenue_retention": 85.0,
        "net_revenue_retention": 90.0, "account_retention_rate": 90.0, "quick_ratio": 1.67,
        "left_truncated": False,
    }  # fmt: skip
    rows = pd.DataFrame([usual] * (len(comparison.periods) - 1) + [usual | now])
    rows["net_revenue_retention_n"] = rows["gross_revenue_retention_n"] = rows["starting_accounts"]
    rows["start"] = [period.start for period in comparison.periods]
    rows["end"] = [period.reference_date for period in comparison.periods]
    return rows


class TestContracts:
    SETTING = Setting(POUNDS, comparison_of())

    def test_a_timeframe_that_has_not_begun_says_what_contracts_are_worth_now(self):
        setting = Setting(POUNDS, comparison_of("2030-Q1"))
        text = [plain(runs) for runs in revenue_retention.summary(setting, contracts())]
        assert text == ["Q1 2030 has not begun: 110 accounts are worth £1.10m a year on 31 October 2026."]

    def test_a_page_without_orders_speaks_of_contracts(self):
        nobody = books(comparison_of().periods, customers=0)
        cards = retention_page.headlines(self.SETTING, nobody, contracts())
        assert [card.name for card in cards] == [
            "net_revenue_retention", "gross_revenue_retention", "churned_accounts", "ending_acv",
        ]  # fmt: skip
        text = [plain(runs) for runs in retention_page.summary(self.SETTING, nobody, contracts())]
        assert text[0] == "Of the contract value when Q3 2026 began, 85.0% was kept, 90.0% with growth."
        assert text[1:] == [
            "£250k a year was added, £150k lost.",
            "Most of the loss is 10 accounts that left: begin with those that renew next.",
        ]

    def test_a_page_with_both_has_eight_cards_and_a_short_summary(self):
        rows = books(comparison_of().periods)
        assert len(retention_page.headlines(self.SETTING, rows, contracts())) == 8
        sentences = retention_page.summary(self.SETTING, rows, contracts(net_revenue_retention=70.0))
        text = " ".join(map(plain, sentences))
        assert len(text.split()) <= 60
        assert "contract value" in text

    def test_who_is_there_at_the_end_is_published_beside_the_cards_as_far_as_there_are_any(self):
        nobody_ever = dict.fromkeys(("starting_accounts", "ending_accounts", "churned_accounts"), 0)
        rows, none = books(comparison_of().periods), contracts(**nobody_ever)
        people, accounts = retention_page.beside(self.SETTING, rows, contracts())
        assert (people.name, people.number) == ("ending_customers", rows["ending_customers"].iloc[-1])
        assert (accounts.name, accounts.number) == ("ending_accounts", 110.0)
        assert {one.unit for one in (people, accounts)} == {"count"}
        assert all(one.changes for one in (people, accounts))
        assert [one.name for one in retention_page.beside(self.SETTING, rows, none)] == ["ending_customers"]
        nobody = books(comparison_of().periods, customers=0)
        found = retention_page.beside(self.SETTING, nobody, contracts())
        assert [one.name for one in found] == ["ending_accounts"]

    def test_a_page_without_contracts_names_none(self):
        none = contracts(starting_accounts=0, ending_accounts=0, churned_accounts=0)
        rows = books(comparison_of().periods)
        assert len(retention_page.headlines(self.SETTING, rows, none)) == 4
        notes = [*retention_page.definitions(self.SETTING, none), *retention_page.method(none)]
        assert "ontract value" not in str(notes)

    def test_a_page_of_contracts_alone_explains_no_orders(self):
        nobody, rows = books(comparison_of().periods, customers=0), books(comparison_of().periods)
        none = contracts(starting_accounts=0, ending_accounts=0, churned_accounts=0)

        def notes(*both):
            meaning = *retention_page.definitions(self.SETTING, *both), *retention_page.method(*both)
            return str(meaning), retention_page.limits(self.SETTING, APART, *both)

        said, limits = notes(contracts(), nobody)
        assert not any(word in said for word in ("order", "books balance", "cohort"))
        assert "net revenue retention" in said
        assert limits == ("Nothing here says why customers stay or leave.",)
        for both in ((contracts(),), (contracts(), rows), (none, nobody)):
            said, limits = notes(*both)
            assert all(word in said for word in ("Visit", "First order ever", "books balance", "cohort"))
            assert len(limits) == 3
        assert len(retention_page.limits(self.SETTING, APART)) == 3

    def test_limits_count_who_is_in_no_figure(self):
        assert retention_page.limits(self.SETTING, APART)[-1] == (
            "Sales without a known customer (£1,200 so far) and 3 customers with nothing but returns are "
            "in no figure of this page."
        )
        none = {"guest_revenue": 0.0, "customers_with_returns_only": 0}
        assert len(retention_page.limits(self.SETTING, none)) == 2

    def test_few_accounts_get_no_rate(self):
        few = contracts(starting_accounts=29)
        assert [plain(runs) for runs in revenue_retention.summary(self.SETTING, few)] == [
            "29 accounts had a contract when Q3 2026 began: too few to speak of a rate."
        ]

    def test_the_bridge_says_which_way(self):
        def heading(**now):
            return revenue_retention.bridge(self.SETTING, contracts(**now).iloc[-1]).heading

        assert heading() == "Contract value grew by £100k to £1.10m a year"
        assert heading(ending_acv=9e5) == "Contract value shrank by £100k to £900k a year"
        assert heading(ending_acv=1e6) == "Contract value stands where it stood: £1.00m a year"

    def curves(self, first, second):
        at = pd.DataFrame(
            {
                "plan": ["all", "Pro", "Lite"],
                "accounts": [200, 100, 100],
                "days": [365] * 3,
                "at_risk": [100, 50, 50],
                "survival_rate": [70.0, first, second],
                "survival_rate_low": [65.0, first - 5, second - 5],
                "survival_rate_high": [75.0, first + 5, second + 5],
            }
        )
        return revenue_retention.survival(self.SETTING, at, at)

    def test_survival_names_plans_only_where_their_intervals_part(self):
        apart, close = self.curves(90.0, 60.0), self.curves(72.0, 70.0)
        assert apart.heading == close.heading == "After a year, 70% of accounts are still customers"
        assert apart.lead == "Pro: 90%; Lite: 60%."
        assert "may be chance" in close.lead
