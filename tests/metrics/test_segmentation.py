"""What the segmentation metrics promise."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.behaviour import behaviour_features
from analytics.metrics.credit import CREDIT, credit_segments
from analytics.metrics.customer_scores import (
    TOO_FEW,
    Scoring,
    customer_scores,
    population,
    score_cells,
    segment_codes,
)
from analytics.metrics.purchases import as_table
from analytics.metrics.segmentation import (
    INACTIVE,
    JOINED,
    RETURNED,
    best_segment,
    customer_list,
    if_any,
    recency_frequency,
    rfm_segments,
    segment_history,
    segment_movement,
    standing,
    tier_segments,
)
from analytics.params import load_rules
from analytics.timeframe import compare, parse_timeframe
from tests.books import books_of

AS_OF = date(2026, 11, 1)
OCTOBER = parse_timeframe("2026-10", as_of=AS_OF)
SEPTEMBER = parse_timeframe("2026-09", as_of=AS_OF)
TABLE = load_rules("rfm_segments")
EVERYBODY = Scoring(include_inactive=True)
RANKED = replace(EVERYBODY, fewest_customers=1, fewest_days=1)
NAMES = list(TABLE.segments)


def sales_of(*rows):
    """Sales from ``(customer, day, amount)``."""
    data = pd.DataFrame(rows, columns=["customer_id", "sold_at", "total_amount"])
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["total_amount"] = data["total_amount"].astype("float64")
    data["sale_id"] = [str(i) for i in range(len(data))]
    return data


def ago(days, end=AS_OF):
    return str(end - timedelta(days=days))


def cells_of(data, scoring=RANKED, periods=(OCTOBER,)):
    return score_cells(customer_scores(as_table(data), None, periods, TABLE.rules, scoring), scoring)


def a_shop(seed=11, customers=60, rows=400, days=500):
    """A small shop; some customers buy much more often than others."""
    random = np.random.default_rng(seed)
    who = (customers * random.random(rows) ** 2).astype(int)
    return sales_of(
        *(
            (f"c{i:03}", ago(int(random.integers(1, days))), round(float(random.normal(40, 30)), 2))
            for i in who
        )
    )


class TestHistory:
    def test_active_is_a_purchase_less_than_churn_days_ago(self):
        book = sales_of(("a", ago(89), 1), ("b", ago(90), 1), ("c", ago(400), 1))
        row = segment_history(cells_of(book), [OCTOBER], TABLE).iloc[0]
        assert (row.total_customers, row.active_customers) == (3, 1)

    def test_lost_vips_are_the_top_fifth_that_stands_under_at_risk(self):
        # Ten customers, the top two by revenue; one of them has not bought for 90 days.
        book = sales_of(
            ("lost", ago(90), 900), ("kept", ago(5), 800), *((f"m{i}", ago(100), 10 + i) for i in range(8))
        )
        row = segment_history(cells_of(book), [OCTOBER], TABLE).iloc[0]
        assert (row.lost_vip, row.top_customers) == (1, 2)

    def test_a_new_customer_at_the_top_is_not_lost(self):
        book = sales_of(("new", ago(1), 900), *((f"m{i}", ago(100), 10 + i) for i in range(4)))
        assert segment_history(cells_of(book), [OCTOBER], TABLE)["lost_vip"].tolist() == [0]

    def test_each_period_as_it_stood_then(self):
        book = sales_of(("a", "2026-09-10", 10), ("b", "2026-10-10", 5))
        rows = segment_history(cells_of(book, periods=(SEPTEMBER, OCTOBER)), [SEPTEMBER, OCTOBER], TABLE)
        assert rows["period"].tolist() == ["2026-09", "2026-10"]
        assert rows["end"].tolist() == [date(2026, 10, 1), date(2026, 11, 1)]
        assert rows["total_customers"].tolist() == [1, 2]
        assert rows["total_revenue"].tolist() == [10, 15]

    def test_a_period_without_customers_is_zero_and_its_best_segment_missing(self):
        rows = segment_history(
            cells_of(sales_of(("a", "2026-10-10", 10)), periods=(SEPTEMBER, OCTOBER)),
            [SEPTEMBER, OCTOBER],
            TABLE,
        )
        first = rows.iloc[0]
        assert (first.total_customers, first.active_customers, first.segments_count, first.lost_vip) == (
            0,
            0,
            0,
            0,
        )
        assert first.total_revenue == 0
        assert np.isnan(first.best_customers)

    def test_no_customers_at_all(self):
        rows = segment_history(cells_of(sales_of(("a", "2026-12-01", 1))), [OCTOBER], TABLE)
        assert rows["total_customers"].tolist() == [0]

    def test_too_few_to_rank_have_no_segments_and_no_best(self):
        row = segment_history(cells_of(sales_of(("a", ago(1), 1)), EVERYBODY), [OCTOBER], TABLE).iloc[0]
        assert row.segments_count == 0
        assert np.isnan(row.best_customers)
        assert np.isnan(row.best_contribution)

    def test_the_best_segment_is_the_one_that_holds_555(self):
        assert best_segment(TABLE) == "Champions"

    def test_counts_the_best_customers_and_their_share_of_revenue(self):
        data = a_shop()
        cells = cells_of(data)
        row = segment_history(cells, [OCTOBER], TABLE).iloc[0]
        segments = rfm_segments(cells, 0, TABLE).set_index("segment_name")
        assert row.best_customers == segments.loc["Champions", "customer_count"] > 0
        assert row.best_contribution == pytest.approx(
            100 * segments.loc["Champions", "total_revenue"] / segments["total_revenue"].sum()
        )
        assert row.segments_count == (segments["customer_count"] > 0).sum()

    def test_revenue_of_zero_has_no_shares(self):
        book = sales_of(("a", ago(1), 5), ("a", ago(1), -5))
        cells = cells_of(book)
        assert np.isnan(segment_history(cells, [OCTOBER], TABLE)["best_contribution"].iloc[0])
        assert rfm_segments(cells, 0, TABLE)["revenue_contribution"].isna().all()
        assert tier_segments(cells, 0, RANKED)["revenue_contribution"].isna().all()


class TestRfmSegments:
    def test_every_segment_has_a_row_also_without_customers(self):
        rows = rfm_segments(cells_of(sales_of(("a", "2026-12-01", 1))), 0, TABLE)
        assert rows["segment_name"].tolist() == NAMES
        assert rows["customer_count"].tolist() == [0] * 8
        assert rows[["percentage", "avg_revenue", "avg_recency_days", "avg_frequency"]].isna().all(axis=None)

    def test_criteria_are_the_codes_that_were_really_won(self):
        rows = rfm_segments(cells_of(a_shop()), 0, TABLE).set_index("segment_name")
        assert rows.loc["Champions", "criteria"] == "445, 454, 455, 545, 554, 555"
        assert sum(len(codes.split(", ")) for codes in rows["criteria"]) == 125

    def test_averages_are_over_the_customers_of_the_segment(self):
        # Two customers share a code, since they are equal; one return makes the revenue odd.
        book = sales_of(("a", ago(10), 30), ("b", ago(10), 40), ("b", ago(3), -10), *[("c", ago(1), 99)] * 2)
        rows = rfm_segments(cells_of(book), 0, TABLE).query("customer_count == 2").iloc[0]
        assert (rows.avg_revenue, rows.avg_recency_days, rows.avg_frequency) == (30, 10, 1)
        assert rows.percentage == pytest.approx(200 / 3)

    def test_too_few_to_rank_is_a_row_of_its_own(self):
        rows = rfm_segments(cells_of(sales_of(("a", ago(1), 7)), EVERYBODY), 0, TABLE)
        assert rows["segment_name"].tolist() == [*NAMES, TOO_FEW]
        assert rows["customer_count"].tolist() == [0] * 8 + [1]
        assert rows["percentage"].iloc[-1] == 100

    def test_describes_each_segment_and_says_what_to_do(self):
        rows = rfm_segments(cells_of(a_shop()), 0, TABLE)
        assert (rows["description"].str.len() > 10).all()
        assert (rows["action"].str.len() > 10).all()

    def test_agrees_with_a_loop_over_the_customers(self):
        data = a_shop()
        scores = customer_scores(as_table(data), None, [OCTOBER], TABLE.rules, RANKED).to_pandas()
        codes = segment_codes(TABLE.rules)
        counts, revenue = Counter(), Counter()
        for row in scores.itertuples():
            name = codes[f"{row.r_score}{row.f_score}{row.m_score}"]
            counts[name] += 1
            revenue[name] += float(row.revenue)
        rows = rfm_segments(cells_of(data), 0, TABLE).set_index("segment_name")
        assert rows["customer_count"].to_dict() == {name: counts[name] for name in NAMES}
        assert rows["total_revenue"].to_dict() == pytest.approx({name: revenue[name] for name in NAMES})
        assert rows["revenue_contribution"].sum() == pytest.approx(100)

    def test_the_best_standing_is_recent_and_the_worst_is_gone(self):
        assert standing(TABLE) == [
            "Champions", "Loyal", "Potential Loyalists", "New Customers", "Need Attention",
            "Can't Lose Them", "At Risk", "Hibernating",
        ]  # fmt: skip


class TestTierSegments:
    def test_all_five_in_order_with_their_criteria(self):
        rows = tier_segments(cells_of(a_shop()), 0, RANKED)
        assert rows["tier"].tolist() == ["New", "At-Risk", "VIP", "Low Value", "Regular"]
        assert rows["percentage"].sum() == pytest.approx(100)
        assert rows["revenue_contribution"].sum() == pytest.approx(100)
        assert rows["criteria"].tolist() == [
            "First purchase in the last 30 days", "No purchase for 90 days or more",
            "Among the top 20% of customers by revenue", "Among the bottom 20% of customers by revenue",
            "Everybody else",
        ]  # fmt: skip

    def test_five_customers_by_hand(self):
        book = sales_of(
            ("a", ago(100), 50), ("b", ago(40), 30), ("c", ago(40), 10), ("d", ago(20), 5), ("e", ago(50), 5)
        )
        rows = tier_segments(cells_of(book), 0, RANKED).set_index("tier")
        assert rows["customer_count"].to_dict() == {
            "New": 1,
            "At-Risk": 1,
            "VIP": 0,
            "Low Value": 1,
            "Regular": 2,
        }
        assert rows["total_revenue"].to_dict() == {
            "New": 5,
            "At-Risk": 50,
            "VIP": 0,
            "Low Value": 5,
            "Regular": 40,
        }
        assert rows["top_customers"].to_dict() == {
            "New": 0,
            "At-Risk": 1,
            "VIP": 0,
            "Low Value": 0,
            "Regular": 0,
        }

    def test_other_bounds(self):
        scoring = replace(RANKED, top_percent=50, at_risk_days=10, new_days=3)
        rows = tier_segments(cells_of(sales_of(("a", ago(9), 50), ("b", ago(9), 30)), scoring), 0, scoring)
        assert rows.set_index("tier")["customer_count"].to_dict() == {
            "New": 0, "At-Risk": 0, "VIP": 1, "Low Value": 1, "Regular": 0
        }  # fmt: skip
        assert rows["criteria"].iloc[0] == "First purchase in the last 3 days"


def customers_of(**people):
    """Customers from ``id=(limit, balance)``."""
    rows = [(name, "R", limit, balance) for name, (limit, balance) in people.items()]
    frame = pd.DataFrame(
        rows, columns=["customer_id", "customer_type", "credit_limit", "outstanding_balance"]
    )
    return frame.astype({"credit_limit": "float64", "outstanding_balance": "float64"})


class TestCredit:
    NEWEST = date(2026, 10, 31)

    def segments(self, people, scoring=EVERYBODY, newest=NEWEST, timeframe=OCTOBER):
        book = as_table(sales_of(*((name, ago(5), 10) for name in people)))
        return credit_segments(book, as_table(customers_of(**people)), timeframe, scoring, newest_day=newest)

    def test_bounds_belong_to_the_class_that_the_words_say(self):
        people = {
            "over": (100, 100.01), "full": (100, 100), "seventy": (10, 7), "under": (1000, 699.99),
            "thirty": (0.1, 0.03), "below": (100, 29.99), "credit": (100, -5), "none": (0, 50),
            "null": (None, None),
        }  # fmt: skip
        rows = self.segments(people)
        assert dict(zip(rows["segment_name"], rows["customer_count"], strict=True)) == {
            "Over Limit": 1, "High Credit Users": 2, "Medium": 2, "Low": 2, "No Credit": 2
        }  # fmt: skip

    def test_utilization_is_the_mean_over_customers_not_over_money(self):
        rows = self.segments({"a": (100, 10), "b": (1000, 200)}).set_index("segment_name")
        assert rows.loc["Low", "avg_utilization"] == 15
        assert rows.loc["Low", "total_outstanding"] == 210
        assert np.isnan(rows.loc["Medium", "avg_utilization"])
        assert rows.loc["Medium", "total_outstanding"] == 0

    def test_says_of_which_day_the_balances_are(self):
        assert set(self.segments({"a": (100, 10)})["as_of"]) == {self.NEWEST}

    def test_only_where_the_reference_date_is_the_newest(self):
        assert self.segments({"a": (100, 10)}, timeframe=SEPTEMBER).empty
        assert self.segments({"a": (100, 10)}, newest=OCTOBER.end).empty  # its last day is not read
        assert not self.segments({"a": (100, 10)}, timeframe=parse_timeframe("all", as_of=AS_OF)).empty

    def test_nothing_where_nobody_has_a_limit(self):
        assert self.segments({"a": (None, 5)}).empty

    def test_nothing_where_it_is_not_asked_for(self):
        assert self.segments({"a": (100, 10)}, replace(EVERYBODY, segment_type="rfm")).empty

    def test_a_limit_without_a_balance_is_unknown_and_not_low(self):
        rows = self.segments({"a": (100, None), "b": (100, 0)}).set_index("segment_name")
        assert rows.loc["Balance Unknown", "customer_count"] == 1
        assert rows.loc["Low", "customer_count"] == 1

    def test_who_is_left_out_has_no_credit_either(self):
        book = as_table(sales_of(("a", ago(5), 10), ("b", ago(366), 10)))
        people = as_table(customers_of(a=(100, 10), b=(100, 10), never=(100, 10)))
        rows = credit_segments(book, people, OCTOBER, Scoring(), newest_day=self.NEWEST)
        assert rows["customer_count"].sum() == 1

    def test_the_rows_are_always_the_same(self):
        assert tuple(self.segments({"a": (100, 10)})["segment_name"]) == CREDIT


class TestMovement:
    def moved(self, data, scoring, first_day=date(2024, 1, 1)):
        comparison = compare(OCTOBER, first_day=first_day)
        scores = customer_scores(as_table(data), None, comparison.periods, TABLE.rules, scoring)
        return segment_movement(scores, comparison, TABLE, scoring)

    def test_agrees_with_a_loop_over_the_customers(self):
        data, scoring = a_shop(customers=300, days=800), replace(RANKED, include_inactive=False)
        both = customer_scores(as_table(data), None, [SEPTEMBER, OCTOBER], TABLE.rules, scoring).to_pandas()
        before, now = (both[both["period"] == p].set_index("customer_id") for p in (0, 1))
        expected = Counter()
        for who in before.index.union(now.index):
            origin = before["segment_name"].get(who)
            if origin is None:
                origin = JOINED if now.loc[who, "tenure_days"] <= 31 else RETURNED
            expected[origin, now["segment_name"].get(who, INACTIVE)] += 1
        rows = self.moved(data, scoring)
        found = {(r.from_segment, r.to_segment): r.customer_count for r in rows.itertuples()}
        assert found == expected
        assert {JOINED, INACTIVE} & {name for pair in found for name in pair}

    def test_first_purchases_are_told_from_those_who_came_back(self):
        steady = [(f"s{i}", ago(20 + i), 10 + i) for i in range(6)] + [
            (f"s{i}", ago(40 + i), 10) for i in range(6)
        ]
        book = sales_of(
            *steady, ("joined", ago(31), 5), ("back", ago(500), 5), ("back", ago(2), 5), ("gone", ago(380), 9)
        )
        rows = self.moved(book, replace(RANKED, include_inactive=False))
        by = rows.groupby("change")["customer_count"].sum()
        assert (by["joined"], by["returned"], by["left"]) == (1, 1, 1)

    def test_shares_are_of_those_who_were_in_the_segment(self):
        rows = self.moved(a_shop(), RANKED)
        assert rows.groupby("from_segment")["percentage"].sum().tolist() == pytest.approx(
            [100.0] * rows["from_segment"].nunique()
        )

    def test_the_direction_is_that_of_the_standing(self):
        rows = self.moved(a_shop(), RANKED)
        order = standing(TABLE)
        for row in rows.query("change in ['better', 'worse', 'same']").itertuples():
            ranks = order.index(row.from_segment), order.index(row.to_segment)
            assert row.change == (
                "same" if ranks[0] == ranks[1] else "better" if ranks[1] < ranks[0] else "worse"
            )

    @pytest.mark.parametrize(
        ("scoring", "first_day"),
        [
            (RANKED, None), (RANKED, date(2026, 9, 2)), (EVERYBODY, date(2024, 1, 1)),
            (replace(RANKED, segment_type="tier"), date(2024, 1, 1)),
        ],
        ids=["no data", "the month before is not covered", "too few to rank", "not asked for"],
    )  # fmt: skip
    def test_empty_where_there_is_nothing_to_compare(self, scoring, first_day):
        book = sales_of(("a", ago(1), 1), ("a", ago(70), 1))
        assert self.moved(book, scoring, first_day).empty


class TestCustomerList:
    def test_the_most_revenue_first_and_ties_by_id(self):
        book = sales_of(("b", ago(1), 5), ("a", ago(2), 5), ("c", ago(3), 9))
        rows = customer_list(customer_scores(as_table(book), None, [OCTOBER], TABLE.rules, RANKED))
        assert rows["customer_id"].tolist() == ["c", "a", "b"]
        assert rows.columns[:6].tolist() == [
            "customer_id",
            "r_score",
            "f_score",
            "m_score",
            "segment_name",
            "tier",
        ]
        assert rows["monetary"].tolist() == [9, 5, 5]


class TestGrid:
    def test_counts_everybody_once(self):
        data = a_shop()
        scores = customer_scores(as_table(data), None, [OCTOBER], TABLE.rules, RANKED)
        people = customer_list(scores)
        cells = recency_frequency(people, TABLE)
        assert cells["customer_count"].sum() == len(people)
        assert set(cells["role"]) <= {"best", "new", "away", "other"}
        assert set(cells.loc[cells["role"] == "best", "group"]) == {"Champions"}

    def test_cells_are_fifteen_days_wide_and_end_at_twelve_orders(self):
        book = sales_of(("a", ago(15), 1), ("b", ago(16), 1), *(("c", ago(1), 1) for _ in range(13)))
        scores = customer_scores(as_table(book), None, [OCTOBER], TABLE.rules, RANKED)
        cells = recency_frequency(customer_list(scores), TABLE)
        assert sorted(zip(cells["days"], cells["orders"], strict=True)) == [(1, 1), (1, 12), (16, 1)]


class TestBehaviourFeatures:
    def features(self, data, items=None, scoring=EVERYBODY, customers=None):
        items = None if items is None else as_table(pd.DataFrame(items, columns=["sale_id", "category"]))
        return behaviour_features(as_table(data), customers, items, OCTOBER, scoring).set_index("customer_id")

    def test_by_hand(self):
        book = sales_of(("a", ago(40), 10), ("a", ago(10), 20), ("a", ago(5), -6), ("b", ago(3), 7))
        row = self.features(book).loc["a"]
        assert (row.recency_days, row.tenure_days, row.frequency, row.monetary, row.basket_size) == (
            10,
            40,
            2,
            24,
            12,
        )
        assert np.isnan(row.category_breadth)

    def test_breadth_counts_categories_once_and_not_those_of_returns_or_of_later(self):
        book = sales_of(
            ("a", ago(9), 10), ("a", ago(8), 10), ("a", ago(7), -1), ("a", "2026-11-02", 5), ("b", ago(3), 7)
        )
        items = [("0", "tea"), ("0", "cups"), ("1", "tea"), ("2", "pots"), ("3", "trays"), ("1", None)]
        features = self.features(book, items)
        assert features.loc["a", "category_breadth"] == 2
        assert np.isnan(features.loc["b", "category_breadth"])

    def test_all_are_there_and_those_of_the_type_are_marked(self):
        kinds = as_table(pd.DataFrame({"customer_id": ["a", "b"], "customer_type": ["R", "W"]}))
        book = sales_of(("b", ago(9), 10), ("a", ago(8), 10), ("c", ago(8), 10))
        features = self.features(book, scoring=replace(EVERYBODY, customer_type="W"), customers=kinds)
        assert features["shown"].to_dict() == {"a": False, "b": True, "c": False}

    def test_empty_where_it_is_not_asked_for(self):
        assert self.features(sales_of(("a", ago(1), 1)), scoring=Scoring(segment_type="tier")).empty


def test_a_block_without_rows_is_null():
    assert if_any(pd.DataFrame({"a": []})) is None
    assert len(if_any(pd.DataFrame({"a": [1]}))) == 1


@pytest.fixture(params=["duckdb", "sqlite"])
def engine(request):
    """An empty database of each kind."""
    return getattr(ibis, request.param).connect()


class TestEngines:
    def test_every_engine_gives_the_same_answers(self, engine):
        data = a_shop()
        people = pd.DataFrame({"customer_id": sorted(data["customer_id"].unique())})
        people["customer_type"] = ["R", "W"] * (len(people) // 2) + ["R"] * (len(people) % 2)
        people["credit_limit"] = [100.0 * (i % 3) for i in range(len(people))]
        people["outstanding_balance"] = [17.35 * i for i in range(len(people))]
        items = pd.DataFrame({"sale_id": data["sale_id"], "category": data["sale_id"].str[-1]})

        def answers(sales, customers, sale_items):
            scoring = Scoring(customer_type="R")
            comparison = compare(OCTOBER, first_day=date(2024, 1, 1))
            moving = customer_scores(sales, customers, comparison.periods, TABLE.rules, scoring)
            scores = customer_scores(sales, customers, [OCTOBER], TABLE.rules, scoring)
            return [
                credit_segments(sales, customers, OCTOBER, scoring, newest_day=date(2026, 10, 31)),
                segment_movement(moving, comparison, TABLE, scoring),
                customer_list(scores),
                recency_frequency(customer_list(scores), TABLE),
                behaviour_features(sales, customers, sale_items, OCTOBER, scoring),
            ]

        tables = [
            engine.create_table(name, frame) for name, frame in (("s", data), ("c", people), ("i", items))
        ]
        wanted = answers(as_table(data), as_table(people), as_table(items))
        for found, expected in zip(answers(*tables), wanted, strict=True):
            assert len(expected)
            pd.testing.assert_frame_equal(found, expected)


def test_a_population_that_is_kept_for_several_blocks_gives_each_the_same():
    data = a_shop()
    who = sorted(data["customer_id"].unique())
    people = pd.DataFrame({"customer_id": who, "credit_limit": 100.0, "outstanding_balance": range(len(who))})
    people["customer_type"] = ["W" if place % 3 else "R" for place in range(len(who))]
    scoring, sales, customers = Scoring(customer_type="R"), as_table(data), as_table(people)
    periods = [SEPTEMBER, OCTOBER]
    kept = as_table(population(sales, periods, scoring).to_pandas())
    now = kept.filter(kept.period == 1)
    asked = (sales, customers, OCTOBER, scoring)
    for found, expected in (
        (
            customer_scores(sales, customers, periods, TABLE.rules, scoring, people=kept),
            customer_scores(sales, customers, periods, TABLE.rules, scoring),
        ),
        (
            credit_segments(*asked, newest_day=date(2026, 10, 31), people=now),
            credit_segments(*asked, newest_day=date(2026, 10, 31)),
        ),
        (
            behaviour_features(sales, customers, None, OCTOBER, scoring, people=now),
            behaviour_features(sales, customers, None, OCTOBER, scoring),
        ),
    ):
        frames = [one if isinstance(one, pd.DataFrame) else one.to_pandas() for one in (found, expected)]
        first, other = (frame.sort_values(list(frame.columns[:2]), ignore_index=True) for frame in frames)
        assert len(other)
        pd.testing.assert_frame_equal(first, other)


class TestLaws:
    """Properties that hold for any order book."""

    days = st.integers(1, 420).map(ago)
    books = books_of(st.tuples(st.sampled_from("abcdefgh"), days, st.integers(-20, 60)), least=1, most=40)

    @settings(max_examples=10)
    @given(books)
    def test_every_way_to_segment_adds_up_to_the_same_customers_and_revenue(self, book):
        cells = cells_of(sales_of(*book))
        row = segment_history(cells, [OCTOBER], TABLE).iloc[0]
        for rows in (rfm_segments(cells, 0, TABLE), tier_segments(cells, 0, RANKED)):
            assert rows["customer_count"].sum() == row.total_customers
            assert rows["total_revenue"].sum() == pytest.approx(row.total_revenue)
        assert row.lost_vip <= row.top_customers == -(-row.total_customers // 5)
        assert row.active_customers <= row.total_customers
