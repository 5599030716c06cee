"""What the report on customer lifetime value says, and when."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.formats import Format
from analytics.page.pieces import Bold, plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import clv as words
from analytics.words import clv_notes as notes

BRITISH = Format("en_GB", "GBP")
LOCALES = [BRITISH, Format("vi_VN", "VND"), Format("de_DE", "EUR"), Format("en_US", "USD")]
COMPARISON = compare(parse_timeframe("2026-10", as_of=date(2026, 11, 1)), first_day=date(2024, 1, 1))
ALONE = compare(parse_timeframe("2026-10", as_of=date(2026, 11, 1)), first_day=date(2026, 10, 1))

COUNTS = ("total_customers", "top_10_percent_customers", "total_orders", "customers_with_returns_only")


def figures_of(comparison=COMPARISON, **last):
    """Headline figures that swing a little from month to month, and what the last one says."""
    n = len(comparison.periods)
    swing = np.where(np.arange(n) % 2, 1.01, 0.99)
    usual = {
        "total_customers": np.full(n, 400), "total_revenue": 40_000 * swing, "average_clv": 100 * swing,
        "median_clv": 60 * swing, "top_customer_revenue": 900 * swing,
        "top_10_percent_contribution": 40 * swing, "top_10_percent_contribution_n": np.full(n, 400),
        "top_10_percent_customers": np.full(n, 40), "gini": np.full(n, 0.5), "total_orders": np.full(n, 900),
        "average_order_value": 44 * swing, "revenue_in_timeframe": 3_000 * swing,
        "guest_revenue": np.zeros(n), "guest_revenue_in_timeframe": np.zeros(n),
        "customers_with_returns_only": np.zeros(n, dtype=int),
    }  # fmt: skip
    frame = pd.DataFrame({"period": [p.label for p in comparison.periods], **usual})
    frame.insert(1, "start", [p.start for p in comparison.periods])
    frame.insert(2, "end", [p.reference_date for p in comparison.periods])
    for name, value in last.items():
        if name not in COUNTS:
            frame[name] = frame[name].astype("float64")
        frame.loc[n - 1, name] = value
    return frame


def best_of(*days_ago):
    """Customers whose last order is so many days old."""
    n = len(days_ago)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "total_revenue": [100.0] * n,
            "tenure_days": [500 + ago for ago in days_ago],
            "days_as_customer": [501] * n,
        }
    )


def years_of(*rows):
    """Joining years from (year, customers with a first year, value, half width, perhaps older, complete)."""
    return pd.DataFrame(
        {
            "joining_year": [row[0] for row in rows],
            "customers": [row[1] for row in rows],
            "first_year_customers": [row[1] for row in rows],
            "first_year_value": [float(row[2]) for row in rows],
            "first_year_value_low": [float(row[2] - row[3]) for row in rows],
            "first_year_value_high": [float(row[2] + row[3]) for row in rows],
            "maybe_older": [row[4] for row in rows],
            "year_complete": [row[5] for row in rows],
        }
    )


def orders_of(*rows):
    """Rows of `by_orders` from (orders, customers, average order value)."""
    frame = pd.DataFrame(rows, columns=["total_orders", "customers", "average_order_value"])
    frame["orders"] = frame["total_orders"] * frame["customers"]
    frame["total_revenue"] = frame["orders"] * frame["average_order_value"]
    frame["customer_percent"] = 100 * frame["customers"] / frame["customers"].sum()
    total = frame["total_revenue"].sum()
    frame["revenue_contribution"] = 100 * frame["total_revenue"] / total if total > 0 else np.nan
    return frame


def tenths_of(*margins, customers=40):
    """Tenths with these margins, each of 1,000 revenue."""
    n = len(margins)
    return pd.DataFrame(
        {
            "decile": range(1, n + 1),
            "customers": [customers] * n,
            "least_revenue": [float(10 * (n - i)) for i in range(n)],
            "total_profit": [10.0 * margin for margin in margins],
            "revenue_with_profit": [1000.0] * n,
        }
    )


def profit_of(total=100, lacking=0, margin=40.0):
    return pd.DataFrame(
        {"total_sales": [total], "sales_without_profit": [lacking], "profit_margin": [margin]}
    )


def said(figures, comparison=COMPARISON, *, half=20, best=None, sort_by="revenue", format=BRITISH):
    best = best_of(1, 2) if best is None else best
    return words.summary(figures, comparison, format, half=half, best=best, sort_by=sort_by)


def text(sentences):
    return " ".join(map(plain, sentences))


class TestSummary:
    def test_begins_with_what_moved_most_beyond_its_usual_spread(self):
        found = text(said(figures_of(revenue_in_timeframe=6000.0)))
        assert found.startswith("Customers brought £6,000 in Oct 2026, 98.0% more than Sept 2026.")

    def test_says_less_where_it_fell(self):
        assert "67.3% less than Sept 2026" in text(said(figures_of(revenue_in_timeframe=990.0)))

    def test_says_nothing_of_a_change_within_the_usual_spread(self):
        found = text(said(figures_of()))
        assert found.startswith("400 customers have brought")
        assert not {"more", "less"} & set(found.split())

    def test_says_nothing_of_a_change_where_there_is_nothing_to_compare(self):
        assert text(said(figures_of(ALONE), ALONE)).startswith("400 customers have brought")

    def test_says_on_whom_it_rests_and_whom_to_call(self):
        found = text(said(figures_of(), best=best_of(89, 90, 400)))
        assert "Half of all revenue so far comes from 20 customers, 5% of all." in found
        assert found.endswith(
            "Call first: of the 3 customers with the most revenue, 2 have not ordered for 90 days."
        )

    def test_calls_nobody_where_all_have_ordered_lately(self):
        assert "Call" not in text(said(figures_of(), best=best_of(1, 89)))

    def test_names_what_the_list_is_sorted_by(self):
        assert "with the largest orders, 1 has not" in text(
            said(figures_of(), best=best_of(1, 90), sort_by="aov")
        )

    def test_builds_nothing_on_few_customers(self):
        found = text(said(figures_of(total_customers=29, revenue_in_timeframe=9e9)))
        assert "more than" not in found
        assert "Half" not in found

    def test_one_customer_is_one(self):
        found = text(said(figures_of(total_customers=1), best=best_of(400)))
        assert found == "1 customer has brought £39.6k so far, £99 each."

    def test_nobody_is_nobody(self):
        found = text(said(figures_of(total_customers=0), half=0, best=best_of()))
        assert found == "No customer of this report had bought before 1 November 2026."

    @pytest.mark.parametrize("format", LOCALES, ids=lambda format: format.locale)
    @pytest.mark.parametrize(
        "size", [0.0, 12.34, 8.9e13, -5e7], ids=["nothing", "little", "huge", "negative"]
    )
    def test_is_at_most_sixty_words_with_four_bold_figures(self, format, size):
        figures = figures_of(revenue_in_timeframe=size, total_revenue=size, average_clv=size)
        sentences = said(figures, best=best_of(*[200] * 50), format=format)
        assert 2 <= len(sentences) <= 3
        assert len(text(sentences).split()) <= 60
        assert sum(isinstance(run, Bold) for runs in sentences for run in runs) <= 4


class TestCards:
    def test_are_four_with_their_bases(self):
        cards = words.cards(
            figures_of(customers_with_returns_only=1, guest_revenue_in_timeframe=12.0), COMPARISON, BRITISH
        )
        assert [card.name for card in cards] == [
            "average_clv", "revenue_in_timeframe", "total_customers", "top_10_percent_contribution",
        ]  # fmt: skip
        assert cards[1].base == "of identified customers; guests bring £12 more"
        assert cards[2].base == "with a purchase; 1 more has only returned"
        assert cards[3].base == "of all revenue, from 40 customers"

    def test_a_share_changes_by_points_and_money_in_percent(self):
        cards = words.cards(
            figures_of(top_10_percent_contribution=50.0, average_clv=202.0), COMPARISON, BRITISH
        )
        assert cards[0].changes[0].words == "100%"
        assert cards[3].changes[0].words == "9.6 pts"
        assert cards[3].changes[0].verdict == "more"

    def test_a_share_of_few_customers_is_unsure(self):
        assert words.cards(figures_of(top_10_percent_contribution_n=29), COMPARISON, BRITISH)[3].unsure


class TestConcentration:
    def test_names_how_few_bring_half(self):
        found = words.concentration(figures_of(), COMPARISON, 20, BRITISH)
        assert found.heading == "Half of the revenue comes from 20 customers, 5% of all"
        assert found.lead == "The best 10% bring 39.6% of all revenue, close to Sept 2026."

    @pytest.mark.parametrize(("share", "way"), [(55.0, "more"), (20.0, "less")])
    def test_tells_a_change_that_is_not_usual(self, share, way):
        found = words.concentration(figures_of(top_10_percent_contribution=share), COMPARISON, 20, BRITISH)
        assert found.lead.endswith(f" pts {way} than Sept 2026.")

    def test_one_in_a_thousand_is_not_nought(self):
        found = words.concentration(figures_of(total_customers=10_000), COMPARISON, 1, BRITISH)
        assert found.heading == "Half of the revenue comes from 1 customer, under 1% of all"

    def test_few_customers_are_too_few(self):
        found = words.concentration(figures_of(total_customers=12), COMPARISON, 2, BRITISH)
        assert found.heading == "12 customers: too few to say how revenue is spread"

    def test_no_revenue_is_said(self):
        assert "any revenue yet" in words.concentration(figures_of(), COMPARISON, 0, BRITISH).heading


class TestDistribution:
    COUNTED = pd.DataFrame({"from_revenue": [np.nan, 10.0], "customers": [3, 397]})

    def test_names_median_and_average(self):
        found = words.distribution(
            figures_of(median_clv=60.0, average_clv=100.0), tenths_of(1, 2), self.COUNTED, BRITISH
        )
        assert found.heading == "Half the customers brought £60 or less; the average £100"
        assert found.lead == "To be among the best 10% takes £20."
        assert found.based.endswith("3 customers at zero or below not drawn")

    def test_says_so_where_they_are_the_same(self):
        found = words.distribution(
            figures_of(median_clv=100.0, average_clv=100.2), tenths_of(1), self.COUNTED, BRITISH
        )
        assert found.heading.endswith("£100 or less, which is also the average")

    @pytest.mark.parametrize(
        ("n", "heading"),
        [(29, "29 customers: too few for a typical value"), (0, "No customer has bought yet")],
    )
    def test_few_have_no_typical_value(self, n, heading):
        found = words.distribution(figures_of(total_customers=n), tenths_of(), self.COUNTED, BRITISH)
        assert found.heading == heading


class TestOrders:
    @pytest.mark.parametrize(
        ("again", "heading"),
        [
            (60, "Returning customers' orders are larger: £60 against £40"),
            (20, "Returning customers' orders are smaller: £20 against £40"),
            (43, "Returning customers' orders are alike: £43 against £40"),
        ],
        ids=["up", "down", "close"],
    )
    def test_compares_what_an_order_brings(self, again, heading):
        assert words.orders(orders_of((1, 50, 40.0), (2, 50, again)), BRITISH).heading == heading

    def test_says_what_those_who_order_often_bring(self):
        found = words.orders(orders_of((1, 60, 10.0), (2, 30, 10.0), (5, 10, 10.0)), BRITISH)
        assert found.lead.endswith(
            "Customers with 5 orders or more are 10.0% of all and bring 29.4% of the revenue."
        )

    @pytest.mark.parametrize(
        ("once", "again", "few"), [(50, 29, "came back"), (29, 50, "ordered once"), (0, 0, "came back")]
    )
    def test_few_on_either_side_are_too_few(self, once, again, few):
        found = words.orders(orders_of((1, once, 40.0), (2, again, 40.0)), BRITISH)
        assert found.heading == f"Too few customers {few} to compare what an order brings"

    def test_orders_of_nothing_compare_too(self):
        assert words.orders(orders_of((1, 50, 0.0), (2, 50, 0.0)), BRITISH).heading


class TestJoining:
    @pytest.mark.parametrize(
        ("value", "half", "heading"),
        [
            (200, 10, "First-year value is up: £200 for 2024, £100 for 2023"),
            (50, 10, "First-year value is down: £50 for 2024, £100 for 2023"),
            (110, 10, "First year, no clear change: £110 for 2024, £100 for 2023"),
        ],
        ids=["up", "down", "close"],
    )
    def test_compares_whole_years_beyond_the_margin_of_error(self, value, half, heading):
        years = years_of(
            (2023, 100, 100, 10, 0, True), (2024, 100, value, half, 0, True), (2025, 90, 999, 1, 0, False)
        )
        assert words.joining(years, BRITISH).heading == heading

    def test_one_whole_year_stands_alone(self):
        found = words.joining(years_of((1997, 500, 91, 2, 0, True)), BRITISH)
        assert found.heading == "Customers who joined in 1997 brought £91 in their first year"

    def test_says_nothing_sure_of_customers_who_may_be_older(self):
        found = words.joining(years_of((2010, 800, 5129, 900, 800, True)), BRITISH)
        assert found.heading == "No joining year has a whole first year of new customers yet"
        assert found.lead == "800 customers first seen when the data begin may be older than they look."

    @pytest.mark.parametrize("years", [years_of(), years_of((2024, 29, 1, 1, 0, True))], ids=["none", "few"])
    def test_too_few_are_said(self, years):
        assert (
            words.joining(years, BRITISH).heading
            == "No joining year has 30 customers with a whole first year yet"
        )


class TestMargin:
    @pytest.mark.parametrize(
        ("first", "heading"),
        [
            (45, "The best 10% leave a higher margin: 45%, all others 40%"),
            (35, "The best 10% leave a lower margin: 35%, all others 40%"),
            (40.9, "The best 10% leave about the same margin: 41%, all others 40%"),
        ],
        ids=["up", "down", "close"],
    )
    def test_compares_the_best_tenth_with_all_others(self, first, heading):
        assert words.margin(tenths_of(first, 30, 50), profit_of(), BRITISH).heading == heading

    def test_says_how_many_sales_lack_their_profit(self):
        found = words.margin(tenths_of(40, 40), profit_of(1000, 12), BRITISH)
        assert found.based == "988 of 1,000 sales; the others have no profit"

    def test_says_what_is_missing_where_none_has_one(self):
        assert (
            words.margin(tenths_of(), profit_of(50, 50), BRITISH).heading
            == "What is left of the revenue is not known"
        )
        assert words.margin_missing(profit_of(50, 50)).startswith("No sale has a profit.")
        assert words.margin_missing(profit_of(50, 49)) == ""

    def test_few_are_too_few(self):
        assert "too few" in words.margin(tenths_of(40, 40, customers=3), profit_of(), BRITISH).heading


class TestBest:
    def test_counts_who_has_gone_quiet_from_ninety_days_on(self):
        found = words.best(best_of(89, 90), figures_of(), BRITISH, sort_by="revenue")
        assert found.heading == "Of the 2 customers with the most revenue, 1 has not ordered for 90 days"
        assert found.lead.startswith("These 2 have brought £200, 0.5% of all revenue.")

    def test_says_so_where_all_have_ordered(self):
        found = words.best(best_of(1, 2), figures_of(), BRITISH, sort_by="orders")
        assert found.heading == "All 2 customers with the most orders have ordered in the last 90 days"

    def test_one_customer_has_a_day(self):
        found = words.best(best_of(12), figures_of(total_customers=1), BRITISH, sort_by="revenue")
        assert found.heading == "The customer with the most revenue last ordered 12 days before"

    def test_nobody(self):
        found = words.best(best_of(), figures_of(total_customers=0), BRITISH, sort_by="revenue")
        assert found.heading == "No customer had bought before 1 November 2026"


class TestNotice:
    def test_nobody_left_out_needs_none(self):
        assert notes.notice({"customer_type": "all", "start_date": "", "min_revenue": None}, BRITISH) is None

    def test_names_every_filter(self):
        chosen = {
            "customer_type": "RETAIL", "start_date": "2024-01-31", "end_date": "2024-12-31",
            "min_revenue": 0.0, "min_profit": 5.5,
        }  # fmt: skip
        found = notes.notice(chosen, BRITISH)
        assert (
            "of type RETAIL; joined on or after 31 January 2024; joined on or before 31 December 2024"
            in found.text
        )
        assert "net revenue of £0.00 or more; profit of £5.50 or more" in found.text


class TestNotes:
    def test_say_what_is_left_out(self):
        figures = figures_of(customers_with_returns_only=2, guest_revenue=500.0)
        limits = " ".join(notes.notes(figures, profit_of(100, 7), BRITISH, COMPARISON.this)["limits"])
        assert "2 customers with nothing but returns" in limits
        assert "£500" in limits
        assert "7 of 100 sales have no profit" in limits

    def test_say_nothing_of_what_is_not_there(self):
        limits = " ".join(notes.notes(figures_of(), profit_of(), BRITISH, COMPARISON.this)["limits"])
        assert "returns" not in limits
        assert "no profit" not in limits


class TestLaws:
    amounts = st.floats(-1e12, 1e14)

    @given(st.integers(0, 10**7), amounts, amounts, st.integers(0, 10**6), st.sampled_from(LOCALES))
    @settings(max_examples=25)
    def test_headings_are_at_most_eighty_characters(self, n, average, median, half, format):
        figures = figures_of(total_customers=n, average_clv=average, median_clv=median)
        shown = min(n, 50)
        headings = [
            words.concentration(figures, COMPARISON, min(half, n), format).heading,
            words.best(best_of(*[100] * shown), figures, format, sort_by="aov").heading,
            words.margin(tenths_of(average % 100, 30), profit_of(), format).heading,
        ]
        assert max(map(len, headings)) <= 80

    @given(amounts.map(abs), amounts.map(abs), st.sampled_from(LOCALES))
    @settings(max_examples=25)
    def test_headings_with_two_amounts_too(self, one, other, format):
        figures = figures_of(average_clv=one, median_clv=other)
        years = years_of((2023, 100, one, 1, 0, True), (2024, 100, other, 1, 0, True))
        headings = [
            words.distribution(figures, tenths_of(1), TestDistribution.COUNTED, format).heading,
            words.orders(orders_of((1, 50, one), (2, 50, other)), format).heading,
            words.joining(years, format).heading,
        ]
        assert max(map(len, headings)) <= 80
