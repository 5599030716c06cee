"""What customer scores promise."""

from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.metrics.customer_scores import (
    TOO_FEW,
    Scoring,
    customer_scores,
    score_cells,
    segment_codes,
)
from analytics.metrics.purchases import as_table
from analytics.params import load_rules
from analytics.timeframe import parse_timeframe
from tests.books import books_of

AS_OF = date(2026, 11, 1)
OCTOBER = parse_timeframe("2026-10", as_of=AS_OF)
TABLE = load_rules("rfm_segments")
EVERYBODY = Scoring(include_inactive=True)
RANKED = replace(EVERYBODY, fewest_customers=1, fewest_days=1)


def sales_of(*rows):
    """Sales from ``(customer, day, amount)``."""
    data = pd.DataFrame(rows, columns=["customer_id", "sold_at", "total_amount"])
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["total_amount"] = data["total_amount"].astype("float64")
    data["sale_id"] = [str(i) for i in range(len(data))]
    return data


def days_before(days, end=AS_OF):
    return str(end - timedelta(days=days))


def scores_of(data, scoring=RANKED, periods=(OCTOBER,), customers=None):
    table = customer_scores(as_table(data), customers, periods, TABLE.rules, scoring)
    return table.to_pandas().sort_values(["period", "customer_id"]).set_index("customer_id")


class TestScores:
    def test_five_distinct_values_get_one_to_five(self):
        book = sales_of(
            *((name, days_before(age), 10 * age) for name, age in zip("abcde", range(1, 6), strict=True))
        )
        scores = scores_of(book)
        assert scores["r_score"].tolist() == [5, 4, 3, 2, 1]
        assert scores["m_score"].tolist() == [1, 2, 3, 4, 5]

    def test_equal_values_get_equal_scores_by_those_who_are_strictly_worse(self):
        # Seven customers; a, b, c bought once, d and e twice, f and g three times: k is 0, 3 and 5.
        orders = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "f": 3, "g": 3}
        book = sales_of(*((name, days_before(1), 1) for name, n in orders.items() for _ in range(n)))
        assert scores_of(book)["f_score"].tolist() == [1, 1, 1, 3, 3, 4, 4]  # 1 + ⌊5·3/7⌋, 1 + ⌊5·5/7⌋

    def test_an_order_on_the_last_day_is_one_day_old(self):
        scores = scores_of(sales_of(("a", "2026-10-31 23:59:59", 1), ("b", "2026-10-01", 1)))
        assert scores["recency_days"].tolist() == [1, 31]

    def test_nothing_on_or_after_the_reference_date_is_read(self):
        book = sales_of(("a", "2026-10-31", 5), ("a", "2026-11-01", 100), ("b", "2026-11-02", 1))
        scores = scores_of(book)
        assert scores.index.tolist() == ["a"]
        assert scores.loc["a", "orders"] == 1

    def test_returns_take_from_revenue_and_are_no_order(self):
        book = sales_of(("a", "2026-10-01", 100), ("a", "2026-10-20", -30.5), ("a", "2026-10-10", 0))
        row = scores_of(book).loc["a"]
        assert (row.recency_days, row.orders, float(row.revenue)) == (22, 2, 69.5)

    def test_who_only_returned_is_no_customer(self):
        assert scores_of(sales_of(("a", "2026-10-01", -1), ("b", "2026-10-01", 1))).index.tolist() == ["b"]

    def test_guests_are_nobody(self):
        assert scores_of(sales_of((None, "2026-10-01", 1), ("b", "2026-10-01", 1))).index.tolist() == ["b"]

    def test_cents_add_up_exactly(self):
        # As binary fractions, 0.1 + 0.2 is more than 0.3, and the two customers would not be equal.
        book = sales_of(("a", "2026-10-01", 0.1), ("a", "2026-10-01", 0.2), ("b", "2026-10-01", 0.3))
        assert scores_of(book)["m_score"].tolist() == [1, 1]


class TestPopulation:
    def test_who_has_not_bought_for_a_year_is_left_out_before_scoring(self):
        book = sales_of(
            *[(name, days_before(age), 1) for name, age in (("a", 365), ("b", 366), ("c", 5), ("d", 9))]
        )
        scores = scores_of(book, replace(RANKED, include_inactive=False))
        assert scores["r_score"].to_dict() == {"a": 1, "c": 4, "d": 2}  # of three, not of four

    def test_the_customer_type_selects_after_scoring(self):
        book = sales_of(
            *((name, days_before(age), 1) for name, age in zip("abcde", range(1, 6), strict=True))
        )
        customers = as_table(
            pd.DataFrame({"customer_id": list("abcde"), "customer_type": ["R", "W", "R", None, "W"]})
        )
        scores = scores_of(book, replace(RANKED, customer_type="W"), customers=customers)
        assert scores["r_score"].to_dict() == {"b": 4, "e": 1}

    def test_each_period_is_scored_by_itself(self):
        september = parse_timeframe("2026-09", as_of=AS_OF)
        book = sales_of(("a", "2026-09-10", 1), ("b", "2026-09-20", 1), ("a", "2026-10-10", 1))
        scores = scores_of(book, periods=(september, OCTOBER)).reset_index()
        assert scores[["period", "customer_id", "recency_days", "orders", "r_score"]].to_numpy().tolist() == [
            [0, "a", 21, 1, 1], [0, "b", 11, 1, 3], [1, "a", 22, 2, 3], [1, "b", 42, 1, 1]
        ]  # fmt: skip


class TestTiers:
    def test_first_match(self):
        # Ten customers: the top two by revenue, the bottom two, and what comes before either.
        book = sales_of(
            ("new", days_before(30), 999), ("almost", days_before(31), 500), ("risk", days_before(90), 600),
            ("just", days_before(89), 1), ("low", days_before(60), 2),
            *((f"mid{i}", days_before(60), 50 + i) for i in range(5)),
        )  # fmt: skip
        tiers = scores_of(book)["tier"].to_dict()
        assert tiers == {
            "new": "New", "almost": "Regular", "risk": "At-Risk", "just": "Low Value", "low": "Low Value",
        } | {f"mid{i}": "Regular" for i in range(5)}  # fmt: skip
        assert scores_of(book).query("top").index.tolist() == ["new", "risk"]

    @pytest.mark.parametrize(
        ("n", "vip", "low"), [(1, 1, 0), (4, 1, 0), (5, 1, 1), (6, 2, 1), (9, 2, 1), (10, 2, 2), (11, 3, 2)]
    )
    def test_a_fifth_rounded_up_at_the_top_and_down_at_the_bottom(self, n, vip, low):
        book = sales_of(*((f"c{i:02}", days_before(60), 100 + i) for i in range(n)))
        tiers = scores_of(book)["tier"]
        assert ((tiers == "VIP").sum(), (tiers == "Low Value").sum()) == (vip, low)

    def test_ties_go_by_id(self):
        tiers = scores_of(sales_of(*((name, days_before(60), 7) for name in "edcba")))["tier"]
        assert tiers.to_dict() == {
            "a": "VIP",
            "b": "Regular",
            "c": "Regular",
            "d": "Regular",
            "e": "Low Value",
        }


class TestSegments:
    def test_champions_are_the_six_codes_that_no_earlier_rule_took(self):
        codes = segment_codes(TABLE.rules)
        assert [code for code, name in codes.items() if name == "Champions"] == [
            "445", "454", "455", "545", "554", "555"
        ]  # fmt: skip

    def test_every_code_has_a_segment(self):
        assert len(segment_codes(TABLE.rules)) == 125

    def test_each_customer_has_the_segment_of_their_code(self):
        random = np.random.default_rng(3)
        rows = [
            (f"c{random.integers(0, 80)}", days_before(int(random.integers(1, 500))), random.integers(1, 90))
            for _ in range(400)
        ]
        scores = scores_of(sales_of(*rows))
        codes = segment_codes(TABLE.rules)
        wanted = [
            codes[f"{r}{f}{m}"]
            for r, f, m in zip(scores.r_score, scores.f_score, scores.m_score, strict=True)
        ]
        assert scores["segment_name"].tolist() == wanted
        assert scores["segment_name"].nunique() == 8

    @pytest.mark.parametrize(("customers", "days", "enough"), [(25, 5, True), (24, 5, False), (25, 4, False)])
    def test_few_customers_or_days_are_scored_but_not_ranked(self, customers, days, enough):
        book = sales_of(*((f"c{i}", days_before(1 + i % days), i) for i in range(customers)))
        scores = scores_of(book, EVERYBODY)
        assert scores["ranked"].all() == enough
        assert (scores["segment_name"] == TOO_FEW).all() != enough
        assert scores["r_score"].nunique() >= 4
        assert set(scores["tier"]) <= {"New", "VIP"}

    def test_all_scored_customers_count_towards_enough_not_only_those_of_the_type(self):
        book = sales_of(*((f"c{i}", days_before(1 + i % 5), i) for i in range(25)))
        customers = as_table(pd.DataFrame({"customer_id": ["c1"], "customer_type": ["W"]}))
        scores = scores_of(book, replace(EVERYBODY, customer_type="W"), customers=customers)
        assert scores["ranked"].tolist() == [True]


class TestCells:
    def test_add_up_to_the_customers(self):
        book = sales_of(("a", days_before(89), 10), ("b", days_before(90), 20), ("b", days_before(200), 5))
        table = customer_scores(as_table(book), None, [OCTOBER], TABLE.rules, RANKED)
        cells = score_cells(table, RANKED)
        columns = ["customer_count", "active_customers", "revenue", "recency_days", "orders"]
        assert cells[columns].sum().tolist() == [2, 1, 35, 179, 3]

    def test_no_sales_give_no_cells(self):
        table = customer_scores(
            as_table(sales_of(("a", "2026-12-01", 1))), None, [OCTOBER], TABLE.rules, RANKED
        )
        assert score_cells(table, RANKED).empty


class TestParameters:
    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"segment_type": "tiers"}, r'"tiers" is not known \(did you mean "tier"\?\); allowed: all, rfm'),
            ({"churn_days": 0}, "churn_days is 0, but has to be 1 or more"),
            ({"top_percent": 51}, "top_percent is 51, but has to be 1 to 50"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, wrong, message):
        with pytest.raises(ParamsError, match=message):
            Scoring(**wrong)

    @pytest.mark.parametrize(
        ("asked", "blocks"),
        [
            ("tier", {"summary", "customers", "tier_segments"}),
            ("rfm", {"summary", "customers", "rfm_segments", "movement"}),
            ("credit", {"summary", "customers", "credit_segments"}),
            ("behaviour", {"summary", "customers", "behaviour_segments"}),
        ],
    )
    def test_one_kind_of_segment_can_be_asked_for(self, asked, blocks):
        assert Scoring(segment_type=asked).blocks == blocks

    def test_all_is_every_block(self):
        assert len(Scoring().blocks) == 7


@pytest.fixture(params=["duckdb", "sqlite"])
def engine(request):
    """An empty database of each kind."""
    return getattr(ibis, request.param).connect()


class TestEngines:
    def test_every_engine_gives_the_same_scores(self, engine):
        random = np.random.default_rng(5)
        rows = [
            (
                f"c{random.integers(0, 40)}",
                days_before(int(random.integers(1, 700))),
                round(random.normal(30, 30), 2),
            )
            for _ in range(200)
        ]
        data = sales_of(*rows)
        periods = [parse_timeframe(f"2026-{month:02}", as_of=AS_OF) for month in range(1, 11)]
        table = engine.create_table("sales", data)
        kinds = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)], "customer_type": ["R", "W"] * 20})
        customers = engine.create_table("customers", kinds)
        scoring = Scoring(customer_type="R")
        found = score_cells(customer_scores(table, customers, periods, TABLE.rules, scoring), scoring)
        wanted = score_cells(
            customer_scores(as_table(data), as_table(kinds), periods, TABLE.rules, scoring), scoring
        )
        pd.testing.assert_frame_equal(found, wanted)
        assert found["period"].nunique() == 10


def spelled_out(rows, end, scoring):
    """The definitions in plain Python: a row for each customer."""
    people = {}
    for customer, day, amount in rows:
        if day < end:
            person = people.setdefault(customer, {"days": [], "revenue": 0})
            person["revenue"] += amount
            person["days"] += [day] if amount >= 0 else []
    people = {name: p for name, p in people.items() if p["days"]}
    if not scoring.include_inactive:
        people = {name: p for name, p in people.items() if (end - max(p["days"])).days <= 365}
    n = len(people)
    by_revenue = sorted(people, key=lambda name: (-people[name]["revenue"], name))
    top = set(by_revenue[: -(-n // 5)])
    bottom = set(by_revenue[n - n // 5 :])

    def score(value):
        return {a: 1 + 5 * sum(value(people[b]) < value(people[a]) for b in people) // n for a in people}

    r, f, m = score(lambda p: max(p["days"])), score(lambda p: len(p["days"])), score(lambda p: p["revenue"])
    result = {}
    for name, person in people.items():
        recency, tenure = (end - max(person["days"])).days, (end - min(person["days"])).days
        if tenure <= 30:
            tier = "New"
        elif recency >= 90:
            tier = "At-Risk"
        else:
            tier = "VIP" if name in top else "Low Value" if name in bottom else "Regular"
        result[name] = (r[name], f[name], m[name], tier, name in top)
    return result


class TestLaws:
    """Properties that hold for any order book."""

    days = st.integers(1, 420).map(lambda age: AS_OF - timedelta(days=age - 10))
    books = books_of(st.tuples(st.sampled_from("abcdefghijk"), days, st.integers(-20, 60)), least=1, most=60)

    @settings(max_examples=12)
    @given(books, st.booleans())
    def test_agrees_with_the_definition_spelled_out_in_plain_python(self, book, include_inactive):
        scoring = replace(RANKED, include_inactive=include_inactive)
        scores = scores_of(sales_of(*((c, str(day), amount) for c, day, amount in book)), scoring)
        found = {
            row.Index: (row.r_score, row.f_score, row.m_score, row.tier, bool(row.top))
            for row in scores.itertuples()
        }
        assert found == spelled_out(book, AS_OF, scoring)

    @settings(max_examples=6)
    @given(books, st.randoms())
    def test_the_order_of_rows_does_not_matter(self, book, random):
        shuffled = random.sample(book, k=len(book))
        one, other = (
            scores_of(sales_of(*((c, str(day), amount) for c, day, amount in rows)))
            for rows in (book, shuffled)
        )
        pd.testing.assert_frame_equal(one, other)
