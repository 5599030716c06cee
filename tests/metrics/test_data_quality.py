"""What is wrong with data: all that is planted in the demonstration, exactly, and small cases by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.data.contract import CONTRACT
from analytics.data.dataset import check_dataset
from analytics.data.demo import write_demo
from analytics.metrics import data_gaps, data_left_out
from analytics.metrics.data_profile import REFERENCES, STEPS, is_sized
from analytics.metrics.data_quality import KINDS, Quality
from analytics.params import Organisation
from analytics.params.notebooks import NotebookCard
from analytics.timeframe import compare, parse_timeframe

STARTED = datetime(2026, 11, 2, 12, tzinfo=UTC)
ORGANISATIONS = ("demo-retail", "demo-saas", "demo-vietnam")


def quality_of(folder, timeframe="all", as_of=date(2026, 11, 1), first=None, **options):
    organisation = Organisation.model_validate(
        {"id": "any", "source": {"path": str(folder), "owned": True, "csv": {"dates": "iso"}}}
    )
    dataset = check_dataset(organisation, started=STARTED)
    window = parse_timeframe(timeframe, as_of=as_of, first_day=dataset.first_day or first or as_of)
    periods = compare(window, first_day=dataset.first_day).periods
    return Quality(dataset, periods, STARTED, "UTC", **options)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The three organisations, small, each with its truth."""
    found = {}
    for folder in write_demo(tmp_path_factory.mktemp("demo") / "demo", 300):
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        found[folder.name] = quality_of(folder), truth["planted"], truth["drawn"]
    yield found
    for quality, *_ in found.values():
        quality.dataset.close()


@pytest.fixture
def made(tmp_path):
    """Quality of CSV files: ``made(sales="sale_id,…")``, with what `quality_of` takes."""
    opened = []

    def build(given=None, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        opened.append(quality_of(tmp_path, **(given or {})))
        return opened[-1]

    yield build
    for quality in opened:
        quality.dataset.close()


def named(name):
    return Path(f"{name}.ipynb")


def failing(quality, *origins):
    rows = quality.rules[
        quality.rules["origin"].isin(origins or ("contract",)) & (quality.rules["rows_failing"] > 0)
    ]
    return {(row.table, row.rule): int(row.rows_failing) for row in rows.itertuples()}


def facts(quality):
    rows = data_left_out.left_out(
        quality.profile, [NotebookCard(path=named("campaign"), title="All", optional=tuple(CONTRACT))]
    )
    return {(row.table, row.rule): int(row.rows) for row in rows.itertuples()}


class TestWhatTheDemonstrationPlants:
    @pytest.mark.parametrize("organisation", ORGANISATIONS)
    def test_every_kind_of_dirt_is_found_with_its_exact_count(self, demo, organisation):
        quality, planted, _ = demo[organisation]
        rules, columns = failing(quality, "contract", "part", "observed"), data_gaps.columns(quality.profile)
        by_column = columns.set_index(["table", "column"])
        found = {}
        for table, kinds in planted.items():
            for kind in kinds:
                found.setdefault(table, {})[kind] = {
                    "exact_duplicates": lambda: rules["sales", "duplicate"],
                    "before_1970": lambda: rules["sales", "sold_at_before_1970"],
                    "future_dated": lambda: rules["sales", "sold_at_in_future"],
                    "unknown_customer": lambda: rules["sales", "customer_id_known"],
                    "unknown_sale": lambda: rules["sale_items", "sale_id_known"],
                    "unknown_campaign": lambda: rules["campaign_contacts", "campaign_id_known"],
                    "unknown_deal": lambda: rules["deal_history", "deal_id_known"],
                    "closed_before_created": lambda: rules["deals", "closed_at_order"],
                    "outcome_without_closed_at": lambda: rules["deals", "outcome_closed"],
                    "awkward_name": lambda: rules["customers", "name_markup"],
                    "guest": lambda: by_column.loc[("sales", "customer_id"), "missing"],
                    "missing_profit": lambda: by_column.loc[("sales", "total_profit"), "missing"],
                    "returns": lambda: by_column.loc[("sales", "total_amount"), "negative"],
                    **{
                        f"{name}_out_of_range": lambda name=name: rules["accounts", f"{name}_range"]
                        for name in ("acv", "nps", "feature_adoption", "sentiment")
                    },
                }[kind]()
        assert found == planted

    @pytest.mark.parametrize("organisation", ORGANISATIONS)
    def test_and_no_rule_of_the_contract_is_broken_beyond_it(self, demo, organisation):
        quality, planted, _ = demo[organisation]
        total = sum(
            count
            for table, kinds in planted.items()
            for kind, count in kinds.items()
            if kind not in ("awkward_name", "guest", "missing_profit", "returns")
        )
        assert sum(failing(quality).values()) == total

    @pytest.mark.parametrize("organisation", ["demo-retail", "demo-vietnam"])
    def test_guests_returns_and_missing_profit_are_said_to_be_in_some_figures_only(self, demo, organisation):
        quality, planted, drawn = demo[organisation]
        found = facts(quality)
        assert found["sales", "guest_sales"] == planted["sales"]["guest"]
        assert found["sales", "returns"] == planted["sales"]["returns"]
        assert found["sales", "profit_unknown"] == planted["sales"]["missing_profit"]
        assert found["sales", "customers_with_returns_only"] == drawn["customers"]["return_only"]

    @pytest.mark.parametrize("organisation", ORGANISATIONS)
    def test_rows_first_and_newest_days_are_those_of_the_files(self, demo, organisation):
        quality, *_ = demo[organisation]
        folder = quality.dataset._source.folder
        for row in quality.tables.itertuples():
            frame = pd.read_parquet(folder / f"{row.table}.parquet")
            assert row.rows == len(frame)
            if event := CONTRACT[row.table].event:
                days = frame[event].dropna()
                days = days[days.between("1970-01-02", "2026-11-01", inclusive="left")]
                assert (row.first_day, row.newest_day) == (days.min().date(), days.max().date())

    @pytest.mark.parametrize("organisation", ORGANISATIONS)
    def test_missing_values_are_counted_as_pandas_counts_them(self, demo, organisation):
        quality, *_ = demo[organisation]
        columns = data_gaps.columns(quality.profile)
        for table, rows in columns.groupby("table"):
            frame = pd.read_parquet(quality.dataset._source.folder / f"{table}.parquet")
            assert dict(zip(rows["column"], rows["missing"], strict=True)) == {
                column: int(frame[column].isna().sum()) for column in rows["column"]
            }

    def test_examples_are_ids_of_the_rows_in_question(self, demo):
        quality, *_ = demo["demo-retail"]
        ids = quality.examples.groupby(["table", "rule"])["id"].agg(list)
        assert all(one.startswith("P") for one in ids["sales", "sold_at_before_1970"])
        assert all(one.startswith("F") for one in ids["sales", "sold_at_in_future"])
        assert all(one.startswith("L") for one in ids["sale_items", "sale_id_known"])
        assert ids["campaign_contacts", "campaign_id_known"] == ["X99"]
        sizes = quality.examples.groupby(["table", "rule"]).size()
        assert sizes.max() == 5
        assert set(sizes.index) == set(zip(quality.broken["table"], quality.broken["rule"], strict=True))

    def test_is_trusted_though_a_few_rows_are_set_aside(self, demo):
        assert demo["demo-retail"][0].trust == "yes"


SALES = "sale_id,customer_id,sold_at,total_amount\n"


class TestRules:
    def test_each_rule_of_each_table_that_is_there_stands_with_the_rows_checked(self, made):
        quality = made(sales=SALES + "1,a,2026-01-01,1\n2,b,2026-01-02,-1\n2,b,2026-01-02,-1\n")
        rules = quality.rules[quality.rules["origin"] == "contract"].set_index("rule")
        assert list(rules.index) == [rule.code for rule in CONTRACT["sales"].rules]
        assert rules.loc["duplicate", ["rows_checked", "rows_failing"]].tolist() == [3, 1]
        assert rules.loc["duplicate", "failing_percent"] == pytest.approx(100 / 3)
        assert rules.loc["sold_at_type", ["rows_checked", "rows_failing"]].tolist() == [3, 0]
        assert rules.loc[["customer_id_known", "total_profit_finite"], "rows_checked"].isna().all()
        assert rules.loc[["customer_id_known", "total_profit_finite"], "rows_failing"].isna().all()

    def test_every_check_of_the_contract_has_a_kind(self):
        assert {rule.check for table in CONTRACT.values() for rule in table.rules} <= KINDS.keys()

    def test_what_a_row_of_any_table_is_counted_for_fits_one_integer(self):
        for name, contract in CONTRACT.items():
            dates = sum(column.type == "timestamp" for column in contract.columns)
            sizes = sum(is_sized(column) for column in contract.columns)
            unknown = sum((name, column.name) in REFERENCES for column in contract.columns)
            own = {"customers": 1, "sale_items": 3, "deals": 3}.get(name, 0)
            assert len(contract.columns) + 2 * dates + 2 * sizes + unknown + own <= 62

    def test_references_name_columns_of_the_contract(self):
        for (table, column), keys in REFERENCES.items():
            assert column in CONTRACT[table]
            assert all(key in CONTRACT[other] for other, key in keys)

    def test_references_that_the_contract_leaves_open_are_looked_up(self, made):
        payments = "payment_id,sale_id,customer_id,method,amount,paid_at\n"
        payments += "p1,1,a,card,1,2026-01-01\np2,9,a,card,1,2026-01-01\np3,,zoe,card,1,2026-01-01\n"
        quality = made(sales=SALES + "1,a,2026-01-01,1\n", customers="customer_id\na\n", payments=payments)
        found = failing(quality, "observed")
        assert found == {("payments", "sale_id_unknown"): 1, ("payments", "customer_id_unknown"): 1}
        ids = quality.examples.set_index("rule")["id"]
        assert (ids["sale_id_unknown"], ids["customer_id_unknown"]) == ("p2", "p3")
        assert quality.trust == "yes"

    def test_equal_rows_of_a_table_without_a_key_are_counted_and_named(self, made):
        items = "sale_id,quantity,amount\n1,1,2\n1,1,2\n1,1,2\n1,2,2\n"
        quality = made(sales=SALES + "1,a,2026-01-01,1\n", sale_items=items)
        assert failing(quality, "observed") == {("sale_items", "row_repeated"): 2}
        assert quality.examples["id"].tolist() == ["1"]

    def test_dates_that_cannot_be_true_are_told_apart(self, made):
        text = "customer_id,registered_at\na,1969-12-31\nb,2026-11-03\nc,2026-11-04\nd,1970-01-02\n"
        assert failing(made(customers=text), "observed") == {
            ("customers", "registered_at_before_1970"): 1,
            ("customers", "registered_at_in_future"): 1,  # the day after the run's start may be
        }

    def test_days_to_come_are_no_fault_of_plans(self, made):
        deals = "deal_id,value,stage,created_at,expected_close_at\nd,1,open,2026-01-01,2027-01-01\n"
        assert failing(made(deals=deals), "observed", "contract") == {}

    def test_markup_and_control_characters_in_names_are_found(self, made):
        text = "customer_id,name\na,<b>\nb,Ann\nc,\x07Bell\nd,O'Neil & Sons\n"
        assert failing(made(customers=text), "observed") == {("customers", "name_markup"): 2}

    def test_lines_without_a_price_above_zero(self, made):
        items = "sale_id,quantity,amount\n1,1,2\n1,1,0\n1,-1,-2\n1,1,-3\n1,-2,0\n1,0,0\n"
        quality = made(sales=SALES + "1,a,2026-01-01,1\n", sale_items=items)
        assert failing(quality, "observed") == {("sale_items", "price_not_positive"): 3}
        assert facts(quality)["sale_items", "returned_lines"] == 1

    def test_ids_that_are_addresses_or_numbers_of_telephones_are_masked(self, made):
        text = "customer_id,credit_limit\nada@example.com,-1\n+44 7700 900123,-2\n00123,-3\n"
        quality = made(customers=text + "0044 7700 900456,-4\n")
        assert quality.examples["id"].tolist() == ["•••• 0123", "00123", "•••• 0456", "•••• .com"]
        assert "example.com" not in repr(quality.dataset.findings)


class TestRefusals:
    TWICE = SALES + "1,a,2026-01-01,1\n1,a,2026-01-01,2\n2,a,2026-10-30,1\n"

    def test_a_refused_table_is_read_all_the_same(self, made):
        quality = made(sales=self.TWICE)
        table = quality.tables.iloc[0]
        assert (table["state"], table["rows"], table["rows_used"]) == ("refused", 3, 0)
        assert (table["first_day"], table["newest_day"]) == (date(2026, 1, 1), date(2026, 10, 30))
        assert "1 key is used by several rows" in table["reason"]
        assert quality.examples.values.tolist() == [["sales", "key_unique", 1, "1"]]
        assert (quality.trust, quality.mend["rule"].tolist()) == ("no", ["key_unique"])
        assert table["passing_percent"] == 0

    def test_a_missing_column_is_the_finding_where_a_table_cannot_be_read(self, made):
        quality = made(sales="sale_id,total_amount\n1,1\n", leads="lead_id,created_at\nl,2026-01-01\n")
        row = quality.mend.iloc[0]
        assert (row["table"], row["rule"], row["action"]) == ("sales", "column_missing", "refused")
        assert "has no column sold_at" in quality.tables.iloc[0]["reason"]
        assert np.isnan(quality.tables.iloc[0]["rows"])

    def test_values_that_do_not_read_are_counted_with_their_ids(self, made):
        quality = made(sales=SALES + "1,a,2026-01-01,one\n2,a,2026-01-02,2\n")
        assert failing(quality) == {("sales", "total_amount_type"): 1}
        assert quality.examples["id"].tolist() == ["1"]

    def test_tables_without_a_row_are_not_trusted(self, made):
        quality = made(sales=SALES, customers="customer_id,name\n")
        assert (quality.trust, len(quality.mend)) == ("no", 0)

    def test_another_table_refused_asks_for_care(self, made):
        quality = made(
            sales=SALES + "1,a,2026-01-01,1\n", leads="lead_id,created_at\nl,2026-01-01\nl,2026-01-01\n"
        )
        assert quality.trust == "partly"


class TestFreshness:
    @staticmethod
    def sales(days):
        return SALES + "".join(f"{n},a,{day},1\n" for n, day in enumerate(days))

    def test_a_table_is_late_after_its_own_rhythm_and_a_day(self, made):
        weekly = [date(2026, 10, 1) - timedelta(weeks=n) for n in range(20)]
        text = self.sales(weekly)
        late = [
            made(sales=text, given={"as_of": date(2026, 10, 1) + timedelta(days=days)}).tables.iloc[0]
            for days in (8, 9)
        ]
        assert [row["freshness_days"] for row in late] == [8, 9]
        assert [row["allowed_days"] for row in late] == [8, 8]
        assert [bool(row["late"]) for row in late] == [False, True]

    def test_one_long_pause_in_twenty_does_not_make_it_lenient(self, made):
        days = [date(2026, 10, 1) - timedelta(days=n) for n in range(60)]
        days += [days[-1] - timedelta(days=40)]
        assert made(sales=self.sales(days)).tables.iloc[0]["allowed_days"] == 2

    def test_days_that_are_said_come_before_the_rhythm(self, made):
        quality = made(sales=self.sales([date(2026, 9, 1)]), given={"late_days": 30})
        assert quality.tables.iloc[0]["late"]
        assert quality.trust == "partly"
        assert quality.mend["rule"].tolist() == ["late"]

    def test_a_table_with_few_days_is_never_late(self, made):
        quality = made(sales=self.sales([date(2024, 1, 1), date(2024, 1, 2)]))
        assert not quality.tables["late"].any()
        assert quality.tables["allowed_days"].isna().all()

    def test_nothing_on_or_after_the_reference_date_is_read(self, made):
        text = self.sales([date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1)])
        quality = made(sales=text, given={"timeframe": "2026-Q3"})
        row = quality.tables.iloc[0]
        assert (row["newest_day"], row["freshness_days"], row["rows_in_timeframe"]) == (
            date(2026, 9, 30),
            1,
            2,
        )
        assert data_gaps.columns(quality.profile)["rows"].tolist() == [2] * 4
        assert quality.headlines["rows_in_timeframe"].iloc[-1] == 2

    def test_predictions_of_the_reference_date_are_as_fresh_as_the_reports_that_use_them(self, made):
        """Reports use the batch of the reference date; rows that the workbook keeps are no events."""
        head = "batch_id,predicted_at,customer_id,churn_probability,monetary_score\n"
        batches = head + "".join(
            f"{day},{day},a,0.5,1\n" for day in ("2026-09-01", "2026-10-01", "2026-10-02")
        )
        given = {"timeframe": "2026-Q3"}
        quality = made(sales=self.sales([date(2026, 9, 30)]), predictions=batches, given=given)
        row = quality.tables.set_index("table").loc["predictions"]
        assert (row["newest_day"], row["freshness_days"]) == (date(2026, 10, 1), 0)
        assert np.isnan(row["rows_in_timeframe"])
        assert quality.headlines["rows_in_timeframe"].iloc[-1] == 1

    def test_a_hundredth_of_the_rows_set_aside_asks_for_care(self, made):
        clean = self.sales([date(2026, 10, 1)] * 99)
        assert made(sales=clean + "x,a,1950-01-01,1\n").trust == "partly"
        assert made(sales=clean + "y,a,2026-10-01,1\n" + "x,a,1950-01-01,1\n").trust == "yes"


class TestOutliers:
    @staticmethod
    def amounts(values):
        return SALES + "".join(f"{n:03},a,2026-01-01,{value}\n" for n, value in enumerate(values))

    def test_are_those_of_a_plain_reading_of_the_rule(self, made):
        random = np.random.default_rng(5)
        values = np.round(np.exp(random.normal(3, 1.6, 400)), 2) * np.where(random.random(400) < 0.1, -1, 1)
        values[:6] = [0, 1e7, -1e7, 0.0001, 2e7, 0]
        quality = made(sales=self.amounts(values))
        steps = np.floor(STEPS * np.log2(np.abs(values[values != 0])))
        q1, q3 = (np.quantile(steps, share, method="inverted_cdf") for share in (0.25, 0.75))
        width = max(np.ceil(3 * (q3 - q1)), np.ceil(STEPS * np.log2(10)))
        expected = int(((steps < q1 - width) | (steps > q3 + width)).sum())
        row = quality.profile.outliers.iloc[0]
        assert (row["sized"], row["outliers"]) == ((values != 0).sum(), expected)
        assert expected >= 3
        ids = quality.examples[quality.examples["rule"] == "total_amount_outlier"]["id"]
        assert ids.tolist()[:2] == ["001", "002"]

    def test_equal_sizes_leave_room_for_tenfold(self, made):
        row = made(sales=self.amounts([10] * 40 + [95, 1.1, 150, 0.5])).profile.outliers.iloc[0]
        assert row["outliers"] == 2
        assert row["low"] < 1.1 < 95 < row["high"]

    def test_wider_fences_let_more_pass(self, made):
        text = self.amounts([1, 2, 4, 8] * 10 + [500])
        assert made(sales=text).profile.outliers.iloc[0]["outliers"] == 1
        assert made(given={"widths": 6.0}).profile.outliers.iloc[0]["outliers"] == 0

    def test_a_few_values_have_no_usual_size(self, made):
        row = made(sales=self.amounts([1] * 28 + [1e6])).profile.outliers.iloc[0]
        assert (row["outliers"], np.isnan(row["high"])) == (0, True)


class TestGaps:
    def test_by_month_with_what_is_missing_by_nature_left_out(self, made):
        deals = "deal_id,value,stage,created_at,owner,closed_at\n"
        deals += "a,1,x,2026-01-05,ann,\nb,1,x,2026-01-06,,\n"
        deals += "c,1,x,2026-03-01,ann,\nd,1,x,2026-03-02,ann,2026-04-01\n"
        months = data_gaps.completeness(made(deals=deals).profile)
        assert set(months["column"]) == {"owner"}
        found = months.set_index("month")["missing_percent"]
        assert found[date(2026, 1, 1)] == 50
        assert np.isnan(found[date(2026, 2, 1)])
        assert found[date(2026, 3, 1)] == 0
        assert (months["month"].min(), months["month"].max()) == (date(2026, 1, 1), date(2026, 10, 1))

    def test_what_an_export_of_a_crm_lacks(self, made):
        deals = "deal_id,value,stage,created_at,owner,outcome,closed_at,expected_close_at\n"
        deals += "a,1,x,2026-01-05,ann,,,\nb,1,x,2026-01-06,,,,2027-01-01\n"
        deals += "c,1,x,2026-01-07,ann,won,2026-02-01,\nd,1,x,2026-01-08,ann,lost,,\n"
        deals += "e,1,,2026-01-09,ann,won,2026-02-01,\n"
        quality = made(customers="customer_id,email\na,x@y.z\nb,\n", deals=deals)
        crm = data_gaps.crm(quality.profile).set_index(["table", "field"])
        assert crm[["missing", "rows"]].to_dict("index") == {
            ("customers", "email"): {"missing": 1, "rows": 2},
            ("customers", "owner"): {"missing": 2, "rows": 2},
            ("deals", "owner"): {"missing": 1, "rows": 5},
            ("deals", "stage"): {"missing": 1, "rows": 5},
            ("deals", "expected_close_at"): {"missing": 1, "rows": 2},
            ("deals", "closed_at"): {"missing": 1, "rows": 3},
        }
        assert not crm.loc[("customers", "owner"), "in_export"]

    def test_a_deal_closed_after_the_reference_date_was_open(self, made):
        deals = "deal_id,value,stage,created_at,outcome,closed_at\na,1,x,2026-01-05,won,2026-10-15\n"
        quality = made(deals=deals, given={"timeframe": "2026-Q3"})
        crm = data_gaps.crm(quality.profile).set_index("field")
        assert crm.loc["expected_close_at", ["missing", "rows"]].tolist() == [1, 1]
        assert crm.loc["closed_at", "rows"] == 0

    def test_without_leads_deals_and_accounts_there_is_no_crm(self, made):
        assert data_gaps.crm(made(sales=SALES + "1,a,2026-01-01,1\n").profile).empty


class TestReports:
    def test_what_is_left_out_of_which_report(self, made):
        text = "sale_id,customer_id,sold_at,total_amount,total_profit\n"
        text += "1,a,2026-01-01,1,1\n2,,2026-01-01,1,\n3,a,1950-01-01,1,1\n"
        text += "4,b,2026-01-01,-1,1\n5,zoe,2026-01-01,2,1\n"
        quality = made(sales=text, customers="customer_id\na\nb\n", leads="lead_id,created_at\n,2026-01-01\n")
        cards = [
            NotebookCard(path=named("clv"), title="Value", required=("sales",)),
            NotebookCard(path=named("retention"), title="Stay", required=("sales",), optional=("leads",)),
            NotebookCard(path=named("lead_scoring"), title="Leads", required=("leads",)),
            NotebookCard(path=named("data_quality"), title="This", optional=("sales",), opens_refused=True),
        ]
        frame = data_left_out.left_out(quality.profile, cards)
        assert set(frame.drop(columns="title").itertuples(index=False, name=None)) == {
            *(
                ("sales", rule, rows, effect, report)
                for report in ("clv", "retention")
                for rule, rows, effect in (
                    ("sold_at_days", 1, "left_out"),
                    ("customer_id_known", 1, "totals_only"),
                    ("guest_sales", 1, "totals_only"),
                    ("returns", 1, "no_order"),
                    ("customers_with_returns_only", 1, "nobody"),
                )
            ),
            ("sales", "profit_unknown", 1, "no_profit", "clv"),
            ("leads", "lead_id_missing", 1, "stopped", "lead_scoring"),
            ("leads", "lead_id_missing", 1, "without_table", "retention"),
        }

    def test_a_sale_of_nothing_makes_a_customer_of_who_brought_things_back(self, made):
        quality = made(
            sales=SALES + "1,a,2026-01-01,0\n2,a,2026-01-02,-1\n3,b,2026-01-03,-1\n4,,2026-01-04,-1\n"
        )
        assert facts(quality)["sales", "customers_with_returns_only"] == 1

    def test_refused_sales_stop_every_report_but_this_one(self, made):
        cards = [
            NotebookCard(path=named("lead_scoring"), title="Leads", required=("leads",)),
            NotebookCard(path=named("data_quality"), title="This", optional=("sales",), opens_refused=True),
        ]
        quality = made(sales=TestRefusals.TWICE, leads="lead_id,created_at\nl,2026-01-01\n")
        frame = data_left_out.left_out(quality.profile, cards)
        assert frame[["rule", "effect", "report"]].values.tolist() == [
            ["key_unique", "stopped", "lead_scoring"]
        ]
        ready = data_left_out.ready(quality.profile, cards).set_index("notebook")["state"]
        assert ready.to_dict() == {"lead_scoring": "refused", "data_quality": "ready"}


def test_counts_come_in_one_order_whichever_way_the_engine_answers(demo):
    quality, *_ = demo["demo-vietnam"]
    sizes = quality.profile.sizes
    assert sizes[["table", "column", "step"]].apply(tuple, axis=1).is_monotonic_increasing
