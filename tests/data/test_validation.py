"""Each rule of the contract, on the smallest data that break it."""

# ruff: noqa: E501  rows of a table stay on one line

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data.contract import CONTRACT
from analytics.data.dataset import check_dataset, run_start
from analytics.errors import ContractError
from analytics.params import Organisation
from analytics.params.source import Source

SALES = "sale_id,customer_id,sold_at,total_amount,total_profit\n"


def found(dataset) -> list[tuple]:
    return [(f.table, f.rule, f.action, f.rows, f.examples) for f in dataset.findings]


class TestSales:
    def test_clean_rows_have_no_findings(self, from_csv):
        dataset = from_csv(sales=SALES + "1,a,2026-01-01,1,1\n2,,2026-10-31,-1,\n")
        assert (found(dataset), dataset.rows, dataset.left_out) == ([], {"sales": 2}, {"sales": 0})

    def test_a_row_that_is_there_twice_is_used_once(self, from_csv, rows):
        dataset = from_csv(
            sales=SALES + "1,a,2026-01-01,1,\n1,a,2026-01-01,1,\n1,a,2026-01-01,1,\n2,a,2026-01-01,1,\n"
        )
        assert found(dataset) == [("sales", "duplicate", "set aside", 2, ("1",))]
        assert [row[0] for row in rows(dataset.sales)] == ["1", "2"]
        assert (dataset.rows["sales"], dataset.left_out["sales"]) == (2, 2)

    def test_each_of_several_repeated_rows_is_used_once(self, engine, opened, rows):
        at = [datetime(2026, 1, 1)] * 6
        frame = pd.DataFrame({"sale_id": list("aabbbc"), "sold_at": at, "total_amount": [1.0, 1, 2, 2, 2, 3]})
        dataset = opened(engine({"sales": frame}, owned=True))
        assert found(dataset) == [("sales", "duplicate", "set aside", 3, ("a", "b"))]
        assert [(row[0], int(row[3])) for row in rows(dataset.sales)] == [("a", 1), ("b", 2), ("c", 3)]

    def test_the_same_key_with_other_content_refuses(self, from_csv):
        sales = SALES + "1,a,2026-01-01,1,\n1,a,2026-01-01,2,\n2,a,2026-01-01,1,\n2,a,2026-01-01,1,\n"
        dataset = from_csv(sales=sales, check=True)
        assert found(dataset) == [
            ("sales", "duplicate", "set aside", 1, ("2",)),
            ("sales", "key_unique", "refused", 1, ("1",)),
        ]
        with pytest.raises(ContractError, match="used by several rows"):
            dataset.tables["sales"]
        assert "sales" not in dataset.present

    def test_numbered_rows_are_no_duplicates(self, from_csv, rows):
        sales = "sold_at,total_amount\n2026-01-01,1\n2026-01-01,1\n"
        dataset = from_csv(sales=sales, tables={"sales": {"columns": {"sale_id": "row"}}})
        assert [row[0] for row in rows(dataset.sales)] == ["sales.csv:1", "sales.csv:2"]
        assert found(dataset) == []

    @pytest.mark.parametrize(
        ("day", "kept"),
        [
            ("1970-01-01 23:59:59", False),
            ("1970-01-02", True),
            ("2026-11-02 23:59:59", True),  # the day after the run's start
            ("2026-11-03", False),
        ],
    )
    def test_days_from_1970_to_the_day_after_the_start(self, from_csv, day, kept):
        dataset = from_csv(sales=SALES + f"1,a,{day},1,\n2,a,2026-01-01,1,\n")
        assert found(dataset) == ([] if kept else [("sales", "sold_at_days", "set aside", 1, ("1",))])
        assert dataset.sales.count().to_pandas() == 1 + kept

    def test_the_start_is_a_day_of_the_organisations_time_zone(self, opened, tmp_path):
        (tmp_path / "sales.csv").write_text(SALES + "1,a,2026-11-02 12:00,1,\n2,a,2026-01-01,1,\n")
        source = Source(path=tmp_path, owned=True)
        started = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)  # still 31 October in New York
        assert opened(source, timezone="Europe/London", started=started).rows == {"sales": 2}
        assert opened(source, timezone="America/New_York", started=started).rows == {"sales": 1}

    def test_the_newest_day_is_before_the_start_though_later_rows_are_used(self, from_csv):
        dataset = from_csv(sales=SALES + "1,a,2026-11-02,1,\n2,a,2026-10-30,1,\n3,a,2025-01-05,1,\n")
        assert dataset.rows == {"sales": 3}
        assert (str(dataset.first_day), str(dataset.newest_day)) == ("2025-01-05", "2026-10-30")

    @pytest.mark.parametrize("amount", ["inf", "-Infinity", "NaN", "1e14"])
    def test_amounts_that_are_not_finite_are_set_aside(self, from_csv, amount):
        dataset = from_csv(
            sales=SALES + f"1,a,2026-01-01,{amount},\n2,a,2026-01-01,1,{amount}\n3,a,2026-01-01,1,1\n"
        )
        assert found(dataset) == [
            ("sales", "total_amount_finite", "set aside", 1, ("1",)),
            ("sales", "total_profit_finite", "set aside", 1, ("2",)),
        ]
        assert dataset.sales.sale_id.to_pandas().tolist() == ["3"]

    def test_amounts_that_are_not_finite_are_set_aside_in_parquet_too(self, opened, tmp_path, rows):
        at = datetime(2026, 1, 1)
        amounts = [float("inf"), float("nan"), 2.5, None]
        frame = pd.DataFrame({"sale_id": ["1", "2", "3", "4"], "sold_at": at, "total_amount": amounts})
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({**{c: frame[c] for c in ("sale_id", "sold_at")}, "total_amount": pa.array(amounts)})
        pq.write_table(table, tmp_path / "sales.parquet")
        dataset = opened(Source(path=tmp_path, owned=True))
        assert found(dataset) == [
            ("sales", "total_amount_missing", "set aside", 1, ("4",)),
            ("sales", "total_amount_finite", "set aside", 2, ("1", "2")),
        ]
        assert [(row[0], float(row[3])) for row in rows(dataset.sales)] == [("3", 2.5)]

    def test_a_missing_required_value_is_set_aside_and_a_missing_key_refuses(self, from_csv):
        dataset = from_csv(sales=SALES + "1,a,,1,\n2,a,2026-01-01,,\n,a,2026-01-01,1,\n", check=True)
        assert found(dataset) == [
            ("sales", "sale_id_missing", "refused", 1, ("missing",)),
            ("sales", "sold_at_missing", "set aside", 1, ("1",)),
            ("sales", "total_amount_missing", "set aside", 1, ("2",)),
        ]

    def test_an_unknown_customer_becomes_a_guest_and_is_counted(self, from_csv, rows):
        dataset = from_csv(
            sales=SALES + "1,a,2026-01-01,1,\n2,zoe,2026-01-01,1,\n3,,2026-01-01,1,\n",
            customers="customer_id\na\n",
        )
        assert found(dataset) == [("sales", "customer_id_known", "kept", 1, ("2",))]
        assert [row[:2] for row in rows(dataset.sales)] == [("1", "a"), ("2", None), ("3", None)]
        assert dataset.left_out["sales"] == 0

    def test_without_customers_every_customer_is_known(self, from_csv, rows):
        dataset = from_csv(sales=SALES + "2,zoe,2026-01-01,1,\n")
        assert (found(dataset), rows(dataset.sales)[0][1]) == ([], "zoe")

    def test_a_row_that_breaks_two_rules_is_left_out_once(self, from_csv):
        dataset = from_csv(sales=SALES + "1,a,1969-01-01,inf,\n2,a,2026-01-01,1,\n")
        assert len(dataset.findings) == 2
        assert (dataset.rows["sales"], dataset.left_out["sales"]) == (1, 1)

    def test_examples_are_the_first_five_ids(self, from_csv):
        dataset = from_csv(
            sales=SALES + "".join(f"{i},a,1969-01-01,1,\n" for i in range(9, 0, -1)) + "x,a,2026-01-01,1,\n"
        )
        assert found(dataset) == [("sales", "sold_at_days", "set aside", 9, ("1", "2", "3", "4", "5"))]
        assert "9 of 10 rows do not (1, 2, 3, 4, 5, …)" in dataset.findings[0].message


# Table, a clean row, and changes of it that break one rule: the column, the value, the rule, the action.
RULES = [
    ("customers", {"customer_id": "c"}, {"credit_limit": "-1"}, "credit_limit_range", "set aside"),
    ("payments", {"payment_id": "p", "method": "card", "amount": "1", "paid_at": "2026-01-01"}, {"method": ""},
     "method_missing", "set aside"),
    *[
        ("accounts", {"customer_id": "c", "snapshot_at": "2026-01-01"}, {column: value}, f"{column}_range", "set aside")
        for column, value in [("acv", "-1"), ("nps", "101"), ("nps", "-101"), ("feature_adoption", "1.1"),
                              ("feature_adoption", "-0.1"), ("sentiment", "-1.1"), ("sentiment", "1.1")]
    ],
    ("stage_events", {"subject_id": "c", "stage": "MQL", "entered_at": "2026-01-01"}, {"stage": "mql?"},
     "stage_allowed", "set aside"),
    *[
        ("deals", {"deal_id": "d", "value": "1", "stage": "won", "created_at": "2026-01-02"}, change, rule, "set aside")
        for change, rule in [
            ({"discount": "1.01"}, "discount_range"),
            ({"discount": "-0.01"}, "discount_range"),
            ({"expansion_factor": "0"}, "expansion_factor_range"),
            ({"value": "-1"}, "value_range"),
            ({"closed_at": "2026-01-01"}, "closed_at_order"),
            ({"outcome": "won"}, "outcome_closed"),
            ({"outcome": "draw", "closed_at": "2026-02-01"}, "outcome_allowed"),
        ]
    ],
    ("campaigns", {"campaign_id": "k", "started_at": "2026-01-01", "cost": "1"}, {"cost": "-1"}, "cost_range", "set aside"),
    ("campaigns", {"campaign_id": "k", "started_at": "2026-01-01", "cost": "1"}, {"purpose": "fun"},
     "purpose_allowed", "set aside"),
    *[
        ("predictions",
         {"batch_id": "b", "predicted_at": "2026-01-01", "customer_id": "c", "churn_probability": "0.5", "monetary_score": "50"},
         {column: value}, f"{column}_range", "refused")
        for column, value in [("churn_probability", "1.1"), ("churn_probability", "-0.1"), ("monetary_score", "101")]
    ],
]  # fmt: skip


@pytest.mark.parametrize(("table", "row", "change", "rule", "action"), RULES, ids=lambda v: str(v)[:40])
def test_each_rule_of_the_other_tables(from_csv, table, row, change, rule, action):
    frame = pd.DataFrame([{**dict.fromkeys(change), **row}, {**row, **change}])
    key = CONTRACT[table].columns[0].name
    frame[key] = ["good", "bad"]
    dataset = from_csv(**{table: frame.to_csv(index=False)}, check=True)
    found = [(f.rule, f.action, f.rows) for f in dataset.findings]
    assert found == [(rule, action, 1)]
    if action == "set aside":
        assert dataset.tables[table][key].to_pandas().tolist() == ["good"]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("customers", {"customer_id": "x"}),
        ("payments", {"payment_id": "x", "method": "card", "amount": 1, "paid_at": "2026-01-01"}),
        ("leads", {"lead_id": "x", "created_at": "2026-01-01"}),
        ("accounts", {"customer_id": "x", "snapshot_at": "2026-01-01"}),
        ("forecasts", {"made_at": "2026-01-01", "month": "2026-02-01", "model": "x", "value": 1}),
    ],
)
def test_keys_are_unique(from_csv, table, row):
    text = pd.DataFrame([row, row]).to_csv(index=False)
    dataset = from_csv(**{table: text}, check=True)
    assert [(f.rule, f.action, f.rows) for f in dataset.findings] == [("key_unique", "refused", 1)]
    assert table in dataset.refused


def test_parts_of_a_key_may_repeat(from_csv):
    text = "customer_id,snapshot_at\na,2026-01-01\na,2026-02-01\nb,2026-01-01\n"
    assert from_csv(accounts=text).rows == {"accounts": 3}


def test_the_edges_of_ranges_are_inside(from_csv):
    text = "customer_id,snapshot_at,acv,nps,feature_adoption,sentiment\na,2026-01-01,0,-100,0,-1\nb,2026-01-01,0,100,1,1\n"
    assert from_csv(accounts=text).findings == ()


@pytest.mark.parametrize(
    ("child", "parent", "text", "known"),
    [
        ("sale_items", "sales", "sale_id,quantity,amount\n1,1,1\n9,1,1\n", SALES + "1,a,2026-01-01,1,\n"),
        ("deal_history", "deals", "deal_id,changed_at\n1,2026-01-01\n9,2026-01-01\n",
         "deal_id,value,stage,created_at\n1,1,x,2026-01-01\n"),
        ("campaign_contacts", "campaigns", "campaign_id,customer_id,arm\n1,a,control\n9,a,control\n",
         "campaign_id,started_at,cost\n1,2026-01-01,1\n"),
    ],
)  # fmt: skip
def test_references_are_known(from_csv, child, parent, text, known):
    dataset = from_csv(**{child: text, parent: known})
    assert [(f.table, f.rows, f.examples) for f in dataset.findings] == [(child, 1, ("9",))]
    assert dataset.rows[child] == 1


def test_items_of_a_sale_that_was_set_aside_are_set_aside(from_csv):
    sales = SALES + "1,a,2026-01-01,1,\n2,a,1969-01-01,1,\n"
    dataset = from_csv(sales=sales, sale_items="sale_id,quantity,amount\n1,1,1\n2,1,1\n")
    assert dataset.rows == {"sales": 1, "sale_items": 1}


def test_only_customers_and_sales_stop_the_organisation(from_csv):
    dataset = from_csv(
        sales=SALES + "1,a,2026-01-01,1,\n", leads="lead_id,created_at\n1,2026-01-01\n1,2026-01-01\n"
    )
    assert dataset.sales.count().to_pandas() == 1
    with pytest.raises(ContractError, match="lead_id names one row"):
        _ = dataset.leads


def test_a_misspelt_table_of_a_dataset_is_told(from_csv):
    with pytest.raises(AttributeError, match='did you mean "sales"'):
        _ = from_csv(sales=SALES + "1,a,2026-01-01,1,\n").sale


def test_one_query_for_each_table_where_nothing_fails(opened, tmp_path, monkeypatch):
    import ibis.backends.duckdb

    asked = []
    original = ibis.backends.duckdb.Backend.execute
    monkeypatch.setattr(
        ibis.backends.duckdb.Backend, "execute", lambda *a, **k: asked.append(a[1]) or original(*a, **k)
    )
    at = datetime(2026, 1, 1)
    pd.DataFrame({"customer_id": ["a"]}).to_parquet(tmp_path / "customers.parquet")
    pd.DataFrame({"sale_id": ["1", "2"], "customer_id": "a", "sold_at": at, "total_amount": 1.0}).to_parquet(
        tmp_path / "sales.parquet"
    )
    opened(Source(path=tmp_path, owned=True))
    assert len(asked) == 2


def test_parquet_is_read_in_place_without_precautions_where_nothing_needs_any(opened, tmp_path):
    import ibis

    pd.DataFrame({"sale_id": ["1"], "sold_at": datetime(2026, 1, 1), "total_amount": 1.0}).to_parquet(
        tmp_path / "sales.parquet"
    )
    statement = ibis.to_sql(opened(Source(path=tmp_path, owned=True)).sales)
    assert "CASE" not in statement
    assert "TRIM" not in statement


class TestStart:
    def test_the_batch_says_when_the_run_started(self, monkeypatch):
        monkeypatch.setenv("WORKBOOK_STARTED", "2026-03-29T03:00:00+02:00")
        assert run_start() == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)

    def test_a_start_without_a_zone_is_utc(self, monkeypatch):
        monkeypatch.setenv("WORKBOOK_STARTED", "2026-03-29T03:00:00")
        assert run_start() == datetime(2026, 3, 29, 3, 0, tzinfo=UTC)

    def test_nothing_below_asks_the_clock(self, opened, tmp_path, monkeypatch):
        monkeypatch.setenv("WORKBOOK_STARTED", "2020-01-01T00:00:00Z")
        (tmp_path / "sales.csv").write_text(SALES + "1,a,2020-01-02,1,\n2,a,2020-01-03,1,\n")
        assert opened(Source(path=tmp_path, owned=True), started=None).rows == {"sales": 1}


class TestLaws:
    """Properties of any book of sales."""

    lines = st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.sampled_from(["", "known", "stranger"]),
            st.sampled_from(["2026-01-01", "1969-12-31", "2030-01-01", ""]),
            st.sampled_from(["1", "-2.5", "inf", ""]),
        ),
        max_size=12,
    )

    @settings(max_examples=15)  # each opens a source
    @given(lines)
    def test_agrees_with_the_rules_spelled_out_in_plain_python(self, tmp_path_factory, lines):
        folder = tmp_path_factory.mktemp("law")
        text = "".join(",".join(line) + "\n" for line in lines)
        (folder / "sales.csv").write_text("sale_id,customer_id,sold_at,total_amount\n" + text)
        (folder / "customers.csv").write_text("customer_id\nknown\n")
        organisation = Organisation(id="acme", source=Source(path=folder, owned=True))
        dataset = check_dataset(organisation, started=datetime(2026, 11, 1, tzinfo=UTC))

        passing = [line for line in lines if line[2] == "2026-01-01" and line[3] in ("1", "-2.5")]
        kinds = set(passing)
        refused = len({line[0] for line in kinds}) < len(kinds)
        assert ("sales" in dataset.refused) == refused
        assert dataset.rows["sales"] == len(kinds)
        assert dataset.left_out["sales"] == len(lines) - len(kinds)
        counts = {finding.rule: finding.rows for finding in dataset.findings}
        assert counts.get("duplicate", 0) == len(passing) - len(kinds)
        assert counts.get("customer_id_known", 0) == sum(line[1] == "stranger" for line in lines)
        if not refused:
            frame = dataset.sales.to_pandas()
            assert set(frame["sale_id"]) == {line[0] for line in kinds}
            assert set(frame["customer_id"].dropna()) <= {"known"}
        dataset.close()
