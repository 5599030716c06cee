"""What is bought together and after what: counted by hand, and by plain loops."""

from collections import Counter, defaultdict
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analytics.metrics.category_patterns import (
    MOST_PAIRS,
    category_level,
    category_pairs,
    category_preferences,
)
from analytics.metrics.next_categories import next_categories
from analytics.metrics.purchases import as_table
from analytics.metrics.rates import wilson
from analytics.timeframe import parse_timeframe

OCTOBER = parse_timeframe("2026-10", as_of=date(2026, 11, 1))


def shop(baskets):
    """Sales and lines from ``(customer, day, categories)``; each line is 10.00."""
    sales = pd.DataFrame(
        {
            "sale_id": [f"s{i:04}" for i in range(len(baskets))],
            "customer_id": pd.array([who for who, _, _ in baskets], dtype="string"),
            "sold_at": pd.to_datetime([day for _, day, _ in baskets]),
            "total_amount": [10.0 * len(held) for _, _, held in baskets],
        }
    )
    lines = [
        (f"s{i:04}", f"id of {name}", name, 1.0, 10.0)
        for i, (_, _, held) in enumerate(baskets)
        for name in held
    ]
    return sales, pd.DataFrame(lines, columns=["sale_id", "product_id", "category", "quantity", "amount"])


def found(baskets, timeframe=OCTOBER, level="category", **options):
    sales, items = (as_table(frame.assign(product="x")) for frame in shop(baskets))
    preferences = category_preferences(sales, items, timeframe, level=level)
    pairs = category_pairs(sales, items, timeframe, level=level, preferences=preferences, **options)
    return preferences, pairs


DAY = "2026-10-05"
BASKETS = (
    [("a", DAY, ["tea", "teapot"])] * 40
    + [("a", DAY, ["tea"])] * 40
    + [("a", DAY, ["coffee", "tea"])] * 20
    + [(None, DAY, ["coffee"])] * 99
    + [("a", DAY, ["coffee", "teapot"])]
)


class TestPreferences:
    def test_counts_orders_that_hold_it_and_what_they_spend_on_it(self):
        rows, _ = found(BASKETS)
        assert rows["category"].tolist() == ["coffee", "tea", "teapot"]
        assert rows["purchase_count"].tolist() == [120, 100, 41]
        assert rows["percentage"].tolist() == [60.0, 50.0, 20.5]
        assert rows["avg_spend"].tolist() == [10.0] * 3
        assert rows.attrs["orders"] == 200

    def test_two_lines_of_one_category_are_one_order_with_the_sum_spent(self):
        rows, _ = found([("a", DAY, ["tea", "tea", "coffee"])])
        spent = rows.set_index("category")["avg_spend"].to_dict()
        assert (spent, set(rows["percentage"])) == ({"tea": 20.0, "coffee": 10.0}, {100.0})

    def test_lines_taken_back_and_returned_orders_are_not_bought(self):
        sales, items = shop([("a", DAY, ["tea", "cup"]), ("a", DAY, ["pot"])])
        sales.loc[1, "total_amount"] = -10.0
        items.loc[items["category"] == "cup", "quantity"] = -1.0
        tables = as_table(sales), as_table(items.assign(product=None))
        rows = category_preferences(*tables, OCTOBER, level="category")
        assert rows["category"].tolist() == ["tea"]

    def test_products_stand_in_where_no_line_has_a_category(self):
        sales, items = shop([("a", DAY, ["tea", "pot"])])
        items = items.assign(product=["Green tea", None], category=pd.array([None, None], dtype="string"))
        tables = as_table(sales), as_table(items)
        assert category_level(tables[1]) == "product"
        rows = category_preferences(*tables, OCTOBER, level="product")
        assert rows["category"].tolist() == ["Green tea", "id of pot"]

    def test_no_lines_no_rows(self):
        rows, pairs = found(BASKETS, parse_timeframe("2025-01", as_of=date(2026, 11, 1)))
        assert (len(rows), len(pairs), rows.attrs["orders"], pairs.attrs["pairs"]) == (0, 0, 0, 0)


class TestPairs:
    def test_support_confidence_and_lift_by_hand(self):
        _, pairs = found(BASKETS)
        row = pairs.iloc[0]
        assert (row.category, row.other_category, row.purchase_count) == ("teapot", "tea", 40)
        assert row.expected_count == pytest.approx(41 * 100 / 200)
        assert row.support == 40 / 200
        assert (row.confidence, row.confidence_back) == (40 / 41, 0.4)
        assert row.lift == pytest.approx((40 / 41) / 0.5)
        low, high = wilson(40, 41)
        assert (row.lift_low, row.lift_high) == (pytest.approx(low / 50), pytest.approx(high / 50))

    def test_a_pair_of_19_orders_is_not_listed_one_of_20_is(self):
        _, pairs = found(BASKETS)
        assert list(zip(pairs["category"], pairs["other_category"], strict=True)) == [
            ("teapot", "tea"), ("tea", "coffee")
        ]  # fmt: skip
        _, fewer = found(BASKETS, least=21)
        assert len(fewer) == 1

    def test_equally_common_ones_stand_in_the_order_of_their_names(self):
        _, pairs = found([("a", DAY, ["b", "a"])] * 20)
        assert (pairs["category"].item(), pairs["other_category"].item()) == ("a", "b")
        assert pairs["lift"].item() == 1

    def test_any_shop_is_counted_as_the_plain_computation_does(self):
        random = np.random.default_rng(3)
        names = list("abcdefgh")
        baskets = [("x", DAY, list(random.choice(names, random.integers(1, 5)))) for _ in range(300)]
        rows, pairs = found(baskets, least=2)
        held = [set(basket[2]) for basket in baskets]
        together = Counter(pair for one in held for pair in combinations(sorted(one), 2))
        said = {
            tuple(sorted((row.category, row.other_category))): row.purchase_count
            for row in pairs.itertuples()
        }
        assert said == {pair: n for pair, n in together.items() if n >= 2}
        counts = Counter(name for one in held for name in one)
        assert dict(zip(rows["category"], rows["purchase_count"], strict=True)) == counts
        for row in pairs.itertuples():
            assert counts[row.category] <= counts[row.other_category]
            lift = row.purchase_count * 300 / counts[row.category] / counts[row.other_category]
            assert row.lift == pytest.approx(lift)
            assert row.lift_low <= row.lift <= row.lift_high
        beyond = (pairs["purchase_count"] - pairs["expected_count"]).tolist()
        assert beyond == sorted(beyond, reverse=True)

    def test_at_most_a_thousand_are_listed_and_all_are_counted(self):
        _, pairs = found([("a", DAY, [f"{i:02}" for i in range(50)])] * 2, least=2)
        assert (len(pairs), pairs.attrs["pairs"]) == (MOST_PAIRS, 1225)


def followers(baskets, timeframe=OCTOBER, **options):
    sales, items = (as_table(frame.assign(product="x")) for frame in shop(baskets))
    return next_categories(sales, items, timeframe, level="category", **options)


def spelled_out(baskets, least):
    """Rules by plain loops: ``{(x, y): (followed, confidence, lift)}``."""
    first = defaultdict(dict)
    for who, day, held in baskets:
        for name in held:
            first[who][name] = min(day, first[who].get(name, day))
    names = sorted({name for one in first.values() for name in one})
    had = {x: [one for one in first.values() if x in one] for x in names}
    names = [x for x in names if len(had[x]) >= least]
    followed, could = {}, {}
    for x in names:
        for y in names:
            if x != y:
                followed[x, y] = sum(y in one and one[y] > one[x] for one in had[x])
                could[x, y] = sum(not (y in one and one[y] <= one[x]) for one in had[x])
    rules = {}
    for (x, y), n in followed.items():
        usual = sum(followed[z, y] for z in names if z != y) / sum(could[z, y] for z in names if z != y)
        if n >= least and n / could[x, y] > usual:
            rules[x, y] = (n, n / could[x, y], n / could[x, y] / usual)
    return first, rules


@pytest.fixture(scope="module")
def drawn():
    """Baskets of 60 customers over four months."""
    random = np.random.default_rng(5)
    days = pd.date_range("2026-07-01", "2026-10-31").strftime("%Y-%m-%d").to_numpy()
    return [
        (f"c{random.integers(60):02}", str(random.choice(days)), list(random.choice(list("abcdefg"), 2)))
        for _ in range(220)
    ]


class TestNext:
    def test_offers_are_those_of_the_plain_computation(self, drawn):
        first, rules = spelled_out(drawn, 8)
        best = sorted(rules, key=lambda rule: (-rules[rule][1], -rules[rule][2], rule[1], rule[0]))
        said = []
        for who in sorted({who for who, day, _ in drawn if day >= "2026-10-01"}):
            chosen = {}
            for x, y in best:
                if x in first[who] and y not in first[who]:
                    chosen.setdefault(y, (x, y))
            for rank, rule in enumerate(list(chosen.values())[:3], start=1):
                n, confidence, lift = rules[rule]
                said.append((who, rank, rule[1], rule[0], n, pytest.approx(confidence), pytest.approx(lift)))
        rows = list(followers(drawn, least=8).itertuples(index=False, name=None))
        assert rows == said
        assert {rank for _, rank, *_ in rows} == {1, 2, 3}

    def test_nothing_is_offered_that_was_ever_bought_and_lift_is_above_one(self, drawn):
        rows = followers(drawn, least=8)
        bought = {(who, name) for who, _, held in drawn for name in held}
        assert not bought & set(zip(rows["customer_id"], rows["category"], strict=True))
        assert (rows["lift"] > 1).all()
        assert (rows["customer_count"] >= 8).all()

    def test_one_customer_is_offered_what_all_others_teach(self, drawn):
        everybody = followers(drawn, least=8)
        one = everybody["customer_id"].iloc[0]
        alone = followers(drawn, least=8, customer_id=one)
        expected = everybody[everybody["customer_id"] == one].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected)

    def test_how_many_customers_are_looked_at_together_changes_nothing(self, drawn, monkeypatch):
        together = followers(drawn, least=8)
        for held in (1, 100):
            monkeypatch.setattr("analytics.metrics.next_categories.HELD_AT_ONCE", held)
            pd.testing.assert_frame_equal(followers(drawn, least=8), together)

    def test_twenty_must_have_gone_the_same_way(self):
        def walk(n):
            went = [(f"c{i:02}", day, [name]) for i in range(n) for day, name in
                    (("2026-09-01", "tea"), ("2026-10-01", "pot"))]  # fmt: skip
            lone = [(f"d{i:02}", "2026-10-02", ["tea"]) for i in range(30)]
            others = [(f"e{i:02}", "2026-10-02", ["cup"]) for i in range(30)]
            return went + lone + others

        assert followers(walk(19)).empty
        rows = followers(walk(20))
        assert set(rows["customer_id"]) == {f"d{i:02}" for i in range(30)}
        assert set(zip(rows["category"], rows["after_category"], strict=True)) == {("pot", "tea")}
        assert (rows["customer_count"].iloc[0], rows["confidence"].iloc[0]) == (20, 20 / 50)
        assert rows["lift"].iloc[0] == pytest.approx((20 / 50) / (20 / 80))

    def test_what_comes_on_or_after_the_reference_date_is_not_read(self, drawn):
        later = [(f"c{i:02}", "2026-11-01", ["g", "a"]) for i in range(60)]
        pd.testing.assert_frame_equal(followers(drawn + later, least=8), followers(drawn, least=8))
