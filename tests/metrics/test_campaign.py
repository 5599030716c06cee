"""The campaign dashboard: by hand, against plain pandas on pre-filtered data, and counts that add up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data.dataset import open_dataset
from analytics.errors import ParamsError
from analytics.metrics import campaign as metrics
from analytics.metrics.campaign_customers import Campaign, campaign_cells, campaign_customers, cells_of
from analytics.metrics.purchases import as_table
from analytics.params import find_organisation
from analytics.timeframe import compare, parse_timeframe

SPAN = parse_timeframe("2024-07-01..2026-06-30", as_of=date(2026, 11, 1))
REFERENCE = pd.Timestamp("2026-07-01")


def made_sales(n=1_500, customers=160, seed=5):
    """Sales over three years with returns, guests, missing profit and units, and days with several orders."""
    random = np.random.default_rng(seed)
    who = (customers * random.random(n) ** 2).astype(int)
    days = np.minimum(random.integers(0, 1_095, n), 1_095 - 5 * who)  # some stay away early on
    amount = random.gamma(1.2, 260, n).round(2) * np.where(random.random(n) < 0.08, -1, 1)
    return pd.DataFrame(
        {
            "sale_id": [f"s{i}" for i in range(n)],
            "customer_id": pd.Series([f"c{i:03}" for i in who]).where(random.random(n) > 0.03),
            "sold_at": pd.Timestamp("2023-11-01") + pd.to_timedelta(days, unit="D") + pd.Timedelta(hours=9),
            "total_amount": amount,
            "total_profit": pd.Series(amount * 0.4).round(2).where(random.random(n) > 0.2),
            "units": pd.Series(np.sign(amount) * random.integers(1, 9, n)).where(random.random(n) > 0.1),
        }
    )


def made_people(customers=160):
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:03}" for i in range(customers)],
            "name": [f"Ada{i % 7} Example" if i % 2 else None for i in range(customers)],
            "mobile": [f"+44 (7700) 900-{i:03}" for i in range(customers)],
        }
    )


@pytest.fixture(scope="module")
def sales():
    return made_sales()


@pytest.fixture(scope="module")
def tables(sales):
    return as_table(sales), as_table(made_people())


def blocks(tables, asked, span=SPAN, **years):
    """All blocks as the notebook makes them."""
    sales, people = tables
    selected = campaign_customers(sales, people, [span], asked)
    every = campaign_cells(selected)
    cells = cells_of(every, 0)
    return {
        "kpi": metrics.campaign_kpis(every, [span]).iloc[0].to_dict(),
        "r": metrics.score_counts(cells, "r_score"),
        "f": metrics.score_counts(cells, "f_score"),
        "m": metrics.score_counts(cells, "m_score"),
        "days": metrics.bucket_counts(cells, "r_bucket", asked.r_labels),
        "visits": metrics.bucket_counts(cells, "f_bucket", asked.f_labels, "visits"),
        "value": metrics.bucket_counts(cells, "m_bucket", asked.m_labels),
        "return": metrics.bucket_counts(cells, "return_bucket", asked.return_labels),
        "segments": metrics.segment_counts(cells),
        "years": metrics.fiscal_years(sales, selected, span, **years),
    }


def everybody(row):
    """Leave nobody out."""
    return bool(row)


class Plainly:
    """The same figures by loops over customers, from sales that were filtered beforehand."""

    def __init__(self, sales, wanted=None, keep=everybody):
        known = sales[sales["customer_id"].notna() & (sales["sold_at"] < REFERENCE)].copy()
        known["day"] = known["sold_at"].dt.normalize()
        self.ever = known[known["total_amount"] >= 0].groupby("customer_id")["day"].min()
        inside = known[known["day"] >= "2024-07-01"]
        rows = []
        for customer, own in inside.groupby("customer_id"):
            orders = own[own["total_amount"] >= 0]
            if orders.empty:
                continue
            days = sorted(set(orders["day"]))
            gaps = [(later - earlier).days for earlier, later in pairwise(days)]
            rows.append(
                {
                    "customer": customer,
                    "recency": (REFERENCE - days[-1]).days,
                    "orders": len(orders),
                    "visits": len(days),
                    "money": round(own["total_amount"].sum(), 2),
                    "gaps": gaps,
                    "profit": own["total_profit"].sum(min_count=1),
                    "units": orders["units"].sum() - own.loc[own["total_amount"] < 0, "units"].abs().sum(),
                    "with_units": orders["units"].notna().sum(),
                    "years": sorted({day.year + (day.month >= 2) for day in days}),
                }
            )
        people = pd.DataFrame(rows)
        for name, column, sign in (("r", "recency", -1), ("f", "orders", 1), ("m", "money", 1)):
            values = sign * people[column].to_numpy()
            people[name] = [1 + 5 * int((values < one).sum()) // len(values) for one in values]
        if wanted is not None:
            people = people[people["customer"].isin(wanted)]
        self.people = people[[keep(row) for row in people.itertuples()]]

    def kpi(self):
        people = self.people
        gaps = [gap for one in people["gaps"] for gap in one]
        profit = people["profit"].dropna()
        return {
            "total_customer": len(people),
            "orders": people["orders"].sum(),
            "customer_spending": people["money"].sum(),
            "unit_per_transaction": people["units"].sum() / people["with_units"].sum(),
            "profit_per_customer": profit.sum() / len(profit),
            "days_to_return": np.mean(gaps) if gaps else np.nan,
            "retention_rate": 100 * (people["visits"] > 1).mean(),
        }

    def counts(self):
        people = self.people
        mean = np.array([np.mean(gaps) if gaps else np.inf for gaps in people["gaps"]])
        edges = [0, 30, 60, 90, 180, 365, np.nextafter(730, 731), np.inf]
        return {
            "r": [int((people["r"] == score).sum()) for score in (5, 4, 3, 2, 1)],
            "f": [int((people["f"] == score).sum()) for score in (5, 4, 3, 2, 1)],
            "m": [int((people["m"] == score).sum()) for score in (5, 4, 3, 2, 1)],
            "days": self._histogram("recency", [1, 201, 401, 601, 801, 1001, np.inf]),
            "visits": [int((people["visits"].clip(upper=10) == n).sum()) for n in range(1, 11)],
            "value": self._histogram("money", [-np.inf, 1000, 2000, 3000, 4000, 5000, np.inf]),
            "return": [int(((mean >= a) & (mean < b)).sum()) for a, b in pairwise(edges)]
            + [int(np.isinf(mean).sum())],
        }

    def _histogram(self, column, edges):
        values = self.people[column]
        return [int(((values >= a) & (values < b)).sum()) for a, b in pairwise(edges)]

    def segments(self):
        named = []
        for row in self.people.itertuples():
            if min(row.r, row.f, row.m) >= 3:
                named.append("Champions")
            elif min(row.r, row.f) >= 2:
                named.append("Potential Loyalists")
            else:
                named.append("New Customers" if row.r >= 4 else "Need Attention")
        return {name: named.count(name) for name in metrics.SEGMENTS}

    def years(self):
        found = {}
        for row in self.people.itertuples():
            first = self.ever[row.customer]
            for year in row.years:
                new, everybody = found.get(f"FY{year}", (0, 0))
                found[f"FY{year}"] = (new + (first.year + (first.month >= 2) == year), everybody + 1)
        return dict(sorted(found.items()))


PEOPLE = made_people()
FILTERS = {
    "nobody left out": (Campaign(), None, everybody),
    "name": (
        Campaign(customer_name=" aDA3 "),
        PEOPLE["name"].str.contains("Ada3", na=False),
        everybody,
    ),
    "mobile": (Campaign(customer_mobile="0-5"), PEOPLE["mobile"].str.endswith("05"), everybody),
    "recency": (Campaign(r_value_bucket="201-400"), None, lambda row: 201 <= row.recency <= 400),
    "visits": (Campaign(f_value_bucket="2"), None, lambda row: row.visits == 2),
    "spending": (Campaign(m_value_bucket="1,000 – 2.000"), None, lambda row: 1000 <= row.money < 2000),
    "together": (
        Campaign(customer_name="example", r_value_bucket="1–200", m_value_bucket="5,000 and more"),
        PEOPLE["name"].notna(),
        lambda row: row.recency <= 200 and row.money >= 5000,
    ),
}


@pytest.fixture(params=FILTERS, scope="module")
def both(request, sales, tables):
    """The blocks under a filter, and the plain computation on data filtered beforehand."""
    asked, chosen, keep = FILTERS[request.param]
    wanted = None if chosen is None else set(PEOPLE.loc[chosen, "customer_id"])
    return blocks(tables, asked, fiscal_year_start=2), Plainly(sales, wanted, keep)


class TestEveryFilterActsOnEveryBlock:
    """Scores come from everybody; then the figures are those of the selected customers' own sales."""

    def test_selects_somebody(self, both):
        assert len(both[1].people) > 0

    def test_key_figures(self, both):
        for name, value in both[1].kpi().items():
            assert both[0]["kpi"][name] == pytest.approx(value, nan_ok=True), name

    def test_scores_and_buckets(self, both):
        for name, counts in both[1].counts().items():
            assert both[0][name]["customer_count"].tolist() == counts, name

    def test_segments(self, both):
        found = both[0]["segments"].set_index("segment_name")["customer_count"]
        assert found.to_dict() == both[1].segments()

    def test_fiscal_years(self, both):
        rows = both[0]["years"].set_index("fiscal_year")
        expected = both[1].years()
        assert rows["new_percentage_n"].to_dict() == {year: n for year, (_, n) in expected.items()}
        assert rows["new_customers"].to_dict() == {year: new for year, (new, _) in expected.items()}

    def test_spending_of_every_block_adds_up_to_the_whole(self, both):
        for name in ("r", "f", "m", "days", "visits", "value", "return", "segments"):
            assert both[0][name]["spending"].sum() == pytest.approx(both[0]["kpi"]["customer_spending"])


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.integers(0, 2_400),
            st.integers(-900_000, 900_000).map(lambda cents: cents / 100),
        ),
        max_size=40,
    ),
    st.sampled_from([Campaign(), Campaign(f_value_bucket="1"), Campaign(m_value_bucket="under 1,000")]),
)
def test_buckets_leave_no_gap_and_count_nobody_twice(rows, asked):
    frame = pd.DataFrame(
        {
            "sale_id": pd.Series([f"s{i}" for i in range(len(rows))], dtype="str"),
            "customer_id": pd.Series([f"c{who}" for who, _, _ in rows], dtype="str"),
            "sold_at": pd.Series(
                [pd.Timestamp("2019-12-01") + pd.Timedelta(days=d) for _, d, _ in rows]
            ).astype("datetime64[us]"),
            "total_amount": pd.Series([amount for _, _, amount in rows], dtype="float64"),
        }
    )
    span = parse_timeframe("all", as_of=date(2026, 11, 1), first_day=date(2019, 12, 1))
    every = campaign_cells(campaign_customers(as_table(frame), None, [span], asked))
    cells, n = cells_of(every, 0), metrics.campaign_kpis(every, [span])["total_customer"].iloc[0]
    found = [metrics.score_counts(cells, name) for name in ("r_score", "f_score", "m_score")]
    for column, labels in (("r_bucket", asked.r_labels), ("f_bucket", asked.f_labels),
                           ("m_bucket", asked.m_labels), ("return_bucket", asked.return_labels)):  # fmt: skip
        found.append(metrics.bucket_counts(cells, column, labels))
        assert len(found[-1]) == len(labels)
    found.append(metrics.segment_counts(cells))
    assert [block["customer_count"].sum() for block in found] == [n] * len(found)


class TestBounds:
    def one(self, *days_and_amounts, **asked):
        rows = [
            ("c", pd.Timestamp("2026-07-01") - pd.Timedelta(days=d), amount) for d, amount in days_and_amounts
        ]
        frame = pd.DataFrame(rows, columns=["customer_id", "sold_at", "total_amount"])
        frame["sold_at"] = frame["sold_at"].astype("datetime64[us]")
        frame.insert(0, "sale_id", [str(i) for i in range(len(frame))])
        span = parse_timeframe("all", as_of=date(2026, 7, 1), first_day=date(2015, 1, 1))
        return blocks((as_table(frame), None), Campaign(**asked), span)

    def label(self, found, block):
        rows = found[block]
        return rows.loc[rows["customer_count"] == 1].iloc[0, 0]

    @pytest.mark.parametrize(
        ("days", "label"),
        [(1, "1–200"), (200, "1–200"), (201, "201–400"), (1000, "801–1,000"), (1001, "over 1,000")],
    )
    def test_days_since_the_last_purchase_include_the_last_day_of_a_bucket(self, days, label):
        assert self.label(self.one((days, 5.0)), "days") == label

    @pytest.mark.parametrize(
        ("amount", "label"),
        [(0.0, "under 1,000"), (999.99, "under 1,000"), (1000.0, "1,000–2,000"), (4999.99, "4,000–5,000"),
         (5000.0, "5,000 and more")],
    )  # fmt: skip
    def test_spending_includes_the_lower_bound(self, amount, label):
        assert self.label(self.one((9, amount)), "value") == label

    def test_who_returned_more_than_was_bought_is_in_the_first_bucket(self):
        assert self.label(self.one((9, 10.0), (5, -500.0)), "value") == "under 1,000"

    @pytest.mark.parametrize(
        ("gap", "label"),
        [
            (29, "0–30"),
            (30, "30–60"),
            (364, "180–365"),
            (365, "365–730"),
            (730, "365–730"),
            (731, "over 730"),
        ],
    )
    def test_mean_days_to_return_include_the_lower_bound_and_the_last_end(self, gap, label):
        assert self.label(self.one((10, 1.0), (10 + gap, 1.0)), "return") == label

    def test_words_of_scores_run_from_best_to_worst(self):
        found = self.one((9, 1.0))
        said = {name: dict(zip(found[name].iloc[:, 0], found[name]["label"], strict=True)) for name in "rfm"}
        assert (said["r"][5], said["r"][1]) == ("Bought most recently", "Longest ago")
        assert (said["f"][5], said["f"][1]) == ("Most frequent", "Rarest")
        assert (said["m"][5], said["m"][1]) == ("Highest spending", "Lowest spending")

    def test_the_mean_is_not_rounded(self):
        assert self.label(self.one((10, 1.0), (39, 1.0), (70, 1.0)), "return") == "30–60"
        assert self.label(self.one((10, 1.0), (39, 1.0), (69, 1.0)), "return") == "0–30"

    def test_two_orders_on_a_day_are_one_visit_and_no_return(self):
        found = self.one((10, 1.0), (10, 2.0))
        assert (self.label(found, "visits"), self.label(found, "return")) == ("1", "not returned")
        assert found["kpi"]["retention_rate"] == 0.0
        assert np.isnan(found["kpi"]["days_to_return"])

    def test_own_bounds_cut_elsewhere(self):
        found = self.one((10, 1_500_000.0), m_bounds=[1_000_000, 2_000_000])
        assert found["value"]["bucket"].tolist() == [
            "under 1,000,000", "1,000,000–2,000,000", "2,000,000 and more"
        ]  # fmt: skip
        assert self.label(found, "value") == "1,000,000–2,000,000"

    def test_a_customer_with_nothing_but_returns_is_in_no_figure_and_counted_beside(self):
        frame = pd.DataFrame({"sale_id": ["1", "2"], "customer_id": ["c", None], "total_amount": [-5.0, 7.0]})
        frame["sold_at"] = pd.Timestamp("2026-05-01")
        left_out = metrics.beside(as_table(frame), SPAN)
        assert left_out == {"guest_revenue": 7.0, "returns_only_customers": 1}
        assert blocks((as_table(frame), None), Campaign())["kpi"]["total_customer"] == 0

    def test_nothing_outside_the_timeframe_is_read(self):
        inside = self.one((10, 1.0))
        before = pd.DataFrame({"sale_id": ["1"], "customer_id": ["c"], "total_amount": [5.0]})
        before["sold_at"] = pd.Timestamp("2026-07-01")
        assert blocks((as_table(before), None), Campaign())["kpi"]["total_customer"] == 0
        assert inside["kpi"]["total_customer"] == 1


class TestFiscalYears:
    def test_new_is_who_bought_for_the_first_time_ever_even_before_the_timeframe(self):
        days = ["2024-03-01", "2026-01-31", "2026-02-01", "2026-02-01"]
        frame = pd.DataFrame({"sale_id": list("1234"), "customer_id": ["old", "old", "old", "new"]})
        frame["sold_at"], frame["total_amount"] = pd.to_datetime(days), 1.0
        span = parse_timeframe("2026-01-01..2026-03-31", as_of=date(2026, 7, 1))
        rows = blocks((as_table(frame), None), Campaign(), span, fiscal_year_start=2)["years"]
        assert rows["fiscal_year"].tolist() == ["FY2026", "FY2027"]
        assert rows["new_percentage"].tolist() == [0.0, 50.0]
        assert (rows["new_percentage"] + rows["old_percentage"]).tolist() == [100.0, 100.0]
        assert rows["cut"].tolist() == [True, True]

    def test_a_whole_year_is_not_cut_and_the_first_of_the_data_may_hold_older_customers(self, tables):
        span = parse_timeframe("2024-01-01..2025-12-31", as_of=date(2026, 7, 1))
        rows = blocks(tables, Campaign(), span, known_from=date(2024, 1, 30))["years"]
        assert rows["fiscal_year"].tolist() == ["FY2024", "FY2025"]
        assert not rows["cut"].any()
        assert rows["maybe_older"].tolist() == [True, False]


class TestWhatIsRefused:
    def test_a_bucket_that_is_none_is_told_which_there_are(self):
        with pytest.raises(ParamsError, match="1–200; 201–400"):
            Campaign(r_value_bucket="1-100")
        with pytest.raises(ParamsError, match="10\\+"):
            Campaign(f_value_bucket="11")
        with pytest.raises(ParamsError, match="under 1,000"):
            Campaign(m_value_bucket="1,000")

    @pytest.mark.parametrize("bounds", [[], [0, 5], [5, 5], [9, 3]])
    def test_bounds_rise_from_above_nothing(self, bounds):
        for name in ("r_bounds", "m_bounds", "return_bounds"):
            with pytest.raises(ParamsError, match=name):
                Campaign(**{name: bounds})

    def test_a_mobile_number_has_digits_and_there_are_two_buckets_of_visits(self):
        with pytest.raises(ParamsError, match="digit"):
            Campaign(customer_mobile="abc")
        with pytest.raises(ParamsError, match="most_visits"):
            Campaign(most_visits=1)

    def test_without_a_table_of_customers_nobody_has_a_name(self, tables):
        assert blocks((tables[0], None), Campaign(customer_name="Ada"))["kpi"]["total_customer"] == 0


def test_several_periods_have_the_figures_that_each_has_alone(tables):
    spans = [parse_timeframe(label, as_of=date(2026, 11, 1)) for label in ("2025-Q4", "2025", "2026-Q1")]
    asked = Campaign(m_value_bucket="under 1,000")
    together = metrics.campaign_kpis(campaign_cells(campaign_customers(*tables, spans, asked)), spans)
    alone = [
        metrics.campaign_kpis(campaign_cells(campaign_customers(*tables, [span], asked)), [span])
        for span in spans
    ]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))


def test_a_whole_mobile_number_is_found_as_it_is_dialled_at_home_or_abroad(tables):
    for written in ("07700900002", "+44 7700 900-002", "(7700) 900 002"):
        asked = Campaign(customer_mobile=written)
        assert blocks(tables, asked)["kpi"]["total_customer"] == 1, written


def test_sqlite_reads_a_query_for_a_year_of_months_and_gives_the_same(tmp_path):
    sales, people = made_sales(120, 20), made_people(20)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as file:
        text = sales.assign(sold_at=sales["sold_at"].dt.strftime("%Y-%m-%d %H:%M:%S"))
        text.to_sql("sales", file, index=False)
        people.to_sql("customers", file, index=False)
    (tmp_path / "params.yml").write_text(
        "organisations: [{id: shop, source: {kind: sqlite, path: shop.db, owned: true}}]\n"
    )
    spans = compare(parse_timeframe("2026-06", as_of=date(2026, 11, 1)), first_day=date(2023, 11, 1)).periods
    asked = Campaign(customer_name="ada", customer_mobile="1", m_value_bucket="under 1,000")
    with closing(open_dataset(find_organisation("shop", tmp_path / "params.yml"))) as shop:
        own = (shop.sales, shop.customers), (as_table(sales), as_table(people))
        kpis = [
            metrics.campaign_kpis(campaign_cells(campaign_customers(*tables, spans, asked)), spans)
            for tables in own
        ]
    assert len(spans) > 12
    assert kpis[0]["total_customer"].sum() > 0
    pd.testing.assert_frame_equal(*kpis)
