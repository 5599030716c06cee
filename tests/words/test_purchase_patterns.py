"""What the page on buying says, in every case that its figures can be in."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.formats import Format
from analytics.page.pieces import plain
from analytics.timeframe import compare, parse_timeframe
from analytics.words import purchase_patterns as words
from analytics.words import purchase_patterns_notes as notes
from analytics.words import purchase_times as times

SHOW = Format("en_GB", "GBP")
WINDOW = parse_timeframe("2026-10", as_of=date(2026, 11, 1))
SETTING = words.Setting(SHOW, compare(WINDOW, first_day=date(2026, 9, 1)), first_day=date(2026, 9, 1))
APART = {"guest_revenue": 1200.0, "customers_with_returns_only": 1}
ONE = words.Setting(SHOW, SETTING.comparison, customer_id="c" * 40, customer_type="RETAIL", level="product")


def summaries(now=100, before=100, basket=50.0):
    counts = [before, now]
    return pd.DataFrame(
        {
            "start": [date(2026, 9, 1), date(2026, 10, 1)],
            "end": [date(2026, 10, 1), date(2026, 11, 1)],
            "total_transactions": counts,
            "returns": [0, 1],
            "total_revenue": [before * 50.0, now * basket],
            "total_profit": np.nan,
            "sales_without_profit": counts,
            "unique_customers": counts,
            "avg_basket_size": [50.0, basket],
            "avg_items_per_transaction": [2.0, 2.5],
            "orders_with_units": counts,
            "purchases_per_customer": [1.0, 1.0],
        }
    )


PAIR = {
    "category": "Teapots", "other_category": "Tea", "purchase_count": 150, "expected_count": 78.0,
    "confidence": 0.46, "lift": 1.92, "lift_low": 1.7, "lift_high": 2.15,
}  # fmt: skip
USUAL = {"busiest_day": "Saturday", "busiest_hour": 17}


def said(rows, usual=USUAL, pair=PAIR, setting=SETTING):
    pairs = pd.DataFrame([pair] if pair else [])
    sentences = words.summary(setting, rows, usual, pairs)
    text = " ".join(plain(one) for one in sentences)
    assert len(text.split()) <= 60
    return text


class TestSummary:
    def test_says_what_changed_what_drives_it_and_what_to_do(self):
        text = said(summaries(now=200))
        assert "200 orders brought £10.0k in Oct 2026, 100% more than in Sept 2026" in text
        assert "above all by the number of orders" in text
        assert "Saturday is the busiest day, 17:00 to 18:00 the busiest hour" in text
        assert "Offer Tea with Teapots: they are bought together 1.9 times as often as by chance." in text

    def test_a_larger_basket_is_named_as_what_drives_it(self):
        assert "above all by their value" in said(summaries(basket=80.0))

    def test_is_silent_on_a_change_that_is_none_and_a_pair_that_chance_gives(self):
        text = said(summaries(), pair=PAIR | {"lift_low": 1.05})
        assert "more than" not in text
        assert "less than" not in text
        assert "Offer" not in text

    @pytest.mark.parametrize(("change", "few"), [({"lift_low": 1.5, "purchase_count": 29}, "Offer")])
    def test_a_pair_of_fewer_than_30_orders_is_no_advice(self, change, few):
        assert few not in said(summaries(), pair=PAIR | change)

    def test_without_hours_the_day_alone(self):
        assert "Most come on a Saturday." in said(
            summaries(), usual=USUAL | {"busiest_hour": None}, pair=None
        )

    def test_few_orders_make_no_pattern(self):
        text = said(summaries(now=29))
        assert "too few to speak of a pattern" in text
        assert "Saturday" not in text

    def test_nothing_bought_and_one_customer(self):
        assert said(summaries(now=0)) == "No order lies in Oct 2026."
        assert said(summaries(now=0), setting=ONE).startswith("No order of customer ccccc")

    def test_not_begun(self):
        later = parse_timeframe("2027-01", as_of=date(2026, 11, 1))
        setting = words.Setting(SHOW, compare(later, first_day=None))
        assert "has not begun" in said(summaries(), setting=setting)


class TestCards:
    def test_four_of_which_two_need_thirty(self):
        cards = words.headlines(SETTING, summaries(now=29))
        assert [card.value for card in cards] == ["29", "£1,450", "£50", "1.0"]
        assert [card.unsure for card in cards] == [False, False, True, True]
        assert cards[0].base == "and 1 return"
        assert cards[1].base == "profit is not known"

    def test_the_profit_is_published_beside_them_with_its_changes(self):
        rows = summaries().assign(total_profit=500.0, sales_without_profit=0)
        rows.loc[rows.index[-1], "total_profit"] = 750.0
        (profit,) = words.beside(SETTING, rows)
        assert (profit.name, profit.value, profit.number, profit.unit) == (
            *("total_profit", "£750", 750.0, "money"),
        )
        assert profit.base == "of all sales"
        assert profit.changes[0].words == "50.0%"
        (unknown,) = words.beside(SETTING, rows.assign(total_profit=np.nan, sales_without_profit=4))
        assert (unknown.number, unknown.base) == (None, "not known of 4 sales")


def ranges(counts, amounts):
    return pd.DataFrame(
        {
            "basket_range": ["0-100", "100-250", "250+"],
            "lower": [0.0, 100.0, 250.0],
            "upper": [100.0, 250.0, np.nan],
            "transaction_count": counts,
            "percentage": 100 * np.array(counts) / max(sum(counts), 1),
            "avg_items": 1.0,
            "avg_amount": amounts,
        }
    )


def test_baskets_lead_with_the_range_that_brings_most():
    rows = ranges([90, 5, 5], [10.0, 200.0, 2000.0])
    assert words.baskets(SETTING, rows).heading == "5% of orders bring 84% of revenue: those £250 and more"
    rows = ranges([90, 5, 5], [90.0, 100.0, 250.0])
    assert words.baskets(SETTING, rows).heading.startswith("90% of orders are under £100; they bring 82%")
    assert "too few" in words.baskets(SETTING, ranges([20, 5, 4], [1.0, 1.0, 1.0])).heading
    assert words.baskets(SETTING, ranges([0, 0, 0], [np.nan] * 3)).heading == "No order to sort by value"
    assert words.range_names(rows, SHOW) == ["Under £100", "£100 to £250", "£250 and more"]
    assert words.short_range_names(rows, SHOW) == ["under £100", "from £100", "from £250"]


def test_a_period_that_is_cut_is_neither_the_busiest_nor_the_quietest():
    rows = pd.DataFrame(
        {
            "start": pd.date_range("2026-09-28", periods=4, freq="7D").date,
            "cut": [True, False, False, True],
            "transaction_count": [99, 20, 30, 1],
        }
    )
    statement = words.over_time(SETTING, rows)
    assert statement.heading == "The busiest week had 30 orders, the quietest 20"
    assert "from 12 October 2026" in statement.lead
    assert "A grey one is cut" in statement.read
    assert words.over_time(SETTING, rows[rows["cut"]]).heading == "No whole week lies in the timeframe"


def test_gaps_are_named_only_where_enough_came_twice():
    figures = {
        "orders_per_day": 2.0, "orders_per_week": 14.0, "orders_per_month": 60.0,
        "avg_days_between_purchases": 18.25, "gaps": 30, "returning_customers": 20,
    }  # fmt: skip
    assert words.frequency(SETTING, figures).heading == "Customers who came again took 18.3 days on average"
    assert "Too few" in words.frequency(SETTING, figures | {"gaps": 29}).heading
    nobody = figures | {"avg_days_between_purchases": None, "gaps": 0}
    assert words.frequency(SETTING, nobody).heading == "Nobody came twice in this timeframe"


def test_payments_say_what_is_not_known():
    rows = pd.DataFrame(
        {"payment_method": ["Card", "Invoice"], "transaction_count": [60, 40], "percentage": [60.0, 40.0],
         "avg_transaction_value": [20.0, 400.0]}
    )  # fmt: skip
    rows.attrs["unknown"] = 7
    statement = words.payments(SETTING, rows)
    assert statement.heading == "60% of orders are paid by Card"
    assert statement.lead == "The largest orders are paid by Invoice: £400 on average."
    assert "of 7 more it is not" in statement.based
    none = rows.iloc[:0]
    none.attrs["unknown"] = 3
    assert "no payment made so far" in words.payments_missing(SETTING, none)


def test_weekdays_without_an_order_are_said():
    rows = pd.DataFrame(
        {"day_of_week": ["Monday", "Saturday"], "occurrences": [4, 5], "transaction_count": [40, 0],
         "avg_transactions": [10.0, 0.0]}
    )  # fmt: skip
    statement = times.by_day(SETTING, rows)
    assert (statement.heading, statement.lead) == (
        "Monday is the busiest day: 10.0 orders on average", "Nobody ordered on a Saturday."
    )  # fmt: skip


def test_half_of_the_orders_come_in_the_shortest_run_of_hours():
    counts = np.zeros(24, dtype="int64")
    counts[[9, 12, 13, 20]] = 20, 30, 30, 20
    rows = pd.DataFrame({"hour": range(24), "transaction_count": counts})
    assert (
        times.by_hour(SETTING, rows, "Europe/London").heading == "60% of orders come between 12:00 and 14:00"
    )
    assert "at midnight" in times.hours_missing(None)
    assert times.hours_missing(rows) == ""


def test_a_season_is_only_claimed_where_years_resemble_each_other():
    rows = pd.DataFrame({"month_name": ["May", "June"], "seasonal_index": [1.2, 0.8], "years": [2, 3]})
    quarters = pd.DataFrame({"quarter": ["Q2"], "seasonal_index": [1.1]})
    sure = times.season(SETTING, rows, quarters, beyond_chance=True)
    assert sure.heading == "May brings 120% of an average month, June 80%"
    unsure = times.season(SETTING, rows, quarters, beyond_chance=False)
    assert unsure.heading.startswith("No sure season yet")
    assert "12 lie before" in times.season_missing(rows.iloc[:0], 12)


def test_an_offer_that_hardly_differs_says_so():
    rows = pd.DataFrame(
        {"customer_id": ["a", "b"], "rank": [1, 1], "category": ["Tea", "Tea"], "lift": [1.02, 1.04]}
    )
    assert "expect little" in times.following(SETTING, rows).lead
    assert "expect little" not in times.following(SETTING, rows.assign(lift=2.0)).lead
    assert "20 customers" in times.following_missing(SETTING, rows.iloc[:0])


@pytest.mark.parametrize(
    "name", ["Tea", "A very long name of a product that nobody would ever read to its end"]
)
def test_headings_keep_to_their_length_whatever_the_names(name):
    pair = pd.DataFrame([PAIR | {"category": name, "other_category": name}])
    preferred = pd.DataFrame(
        {"category": [name], "purchase_count": [50], "percentage": [50.0], "revenue": [5.0]}
    )
    preferred.attrs["orders"] = 100
    for statement in (times.pairs(ONE, pair), times.categories(ONE, preferred)):
        assert len(statement.heading) <= 80
        assert len(statement.read.split()) <= 40


def test_notes_say_what_stands_in_and_what_is_left_out():
    text = " ".join(notes.limits(ONE, APART, without_profit=3))
    assert "products stand in" in text
    assert "The profit of 3 sales is not known" in text
    assert "Offers are learned from all customers of type RETAIL." in text
    assert "£1,200 of the revenue is of sales without a known customer" in text
    assert "1 customer with nothing but returns in the timeframe counts in the revenue and not" in text
    late = words.Setting(SHOW, SETTING.comparison, first_day=date(2026, 10, 11))
    assert "10 days of Oct 2026, up to 10 October 2026, are counted as days without orders" in " ".join(
        notes.limits(late, APART)
    )
    assert "Ho Chi Minh" in " ".join(notes.method(SETTING, "Asia/Ho_Chi_Minh"))


def test_a_card_says_of_how_many_orders_the_items_are_known():
    bases = [words.headlines(SETTING, summaries().assign(orders_with_units=n))[2].base for n in (100, 80)]
    assert bases == ["2.5 items an order", "2.5 items an order, known of 80"]
