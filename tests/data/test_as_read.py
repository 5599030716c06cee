"""Tables as they are read, before the contract: what the data-quality report counts, on every engine."""

from datetime import date, datetime

import pandas as pd
import pytest

from analytics.data.mapping import LINE_TIME
from analytics.metrics import data_gaps
from analytics.metrics.data_quality import Quality
from analytics.timeframe import parse_timeframe
from tests.data.conftest import STARTED
from tests.data.test_engines import frames

ALL = parse_timeframe("all", as_of=date(2026, 11, 1), first_day=date(2026, 1, 1))
LINES = {
    "columns": {"sale_id": "no", "sold_at": "day", "customer_id": "who"},
    "lines": {"quantity": "quantity", "price": "price"},
}


def test_every_engine_counts_the_same_rows(engine, opened):
    items = [("s1", 2.0, 10.25), ("s1", 2.0, 10.25), ("s2", -1.0, -4.1), ("zz", 1.0, 0.0)]
    items += [("s3", 1.0, 5.0)] * 29 + [("s3", 1.0, 5_000_000.0)]
    tables = frames() | {
        "sale_items": pd.DataFrame(items, columns=["sale_id", "quantity", "amount"]).assign(org_id="acme"),
        "payments": pd.DataFrame(
            {"payment_id": ["p", "q"], "sale_id": ["s1", "s9"], "method": "card", "amount": 1.0,
             "paid_at": [datetime(2026, 3, 29), datetime(1960, 1, 1)], "org_id": "acme"}
        ),
    }  # fmt: skip
    quality = Quality(opened(engine(tables)), [ALL], STARTED, "Europe/London")
    observed = quality.rules[(quality.rules["origin"] != "contract") & (quality.rules["rows_failing"] > 0)]
    assert {(r.table, r.rule, int(r.rows_failing)) for r in observed.itertuples()} == {
        ("sales", "sold_at_in_future", 1),
        ("sale_items", "price_not_positive", 1),
        ("sale_items", "row_repeated", 29),
        ("sale_items", "amount_outlier", 1),
        ("payments", "sale_id_unknown", 1),
        ("payments", "paid_at_before_1970", 1),
    }
    ids = quality.examples.groupby(["table", "rule"])["id"].agg(list)
    assert ids["sale_items", "row_repeated"] == ["s1", "s3"]
    assert ids["sale_items", "amount_outlier"] == ["s3"]
    assert ids["payments", "paid_at_before_1970"] == ["q"]
    columns = data_gaps.columns(quality.profile).set_index(["table", "column"])["missing"]
    assert (columns["sales", "customer_id"], columns["sales", "total_profit"]) == (1, 1)
    assert columns["customers", "name"] == columns["customers", "customer_type"] == 1


def test_a_refused_table_can_be_read_before_the_contract(from_csv):
    text = "sale_id,sold_at,total_amount\n1,2026-01-01,1\n1,2026-01-01,2\n"
    dataset = from_csv(sales=text, check=True)
    assert "sales" in dataset.refused
    assert dataset.as_read("sales").count().execute() == 2
    assert dataset.given["sales"] == {"sale_id", "sold_at", "total_amount"}


def test_a_table_that_breaks_nothing_is_read_as_it_is_used(from_csv):
    dataset = from_csv(customers="customer_id\na\n")
    assert dataset.as_read("customers") is dataset.tables["customers"]
    assert dataset.as_read("customers") is dataset.as_read("customers")


def test_lines_that_differ_in_their_time_only_are_two(from_csv):
    lines = "no,day,who,quantity,price\n" + 2 * "1,2026-01-01 10:00,a,1,2\n" + "1,2026-01-01 10:01,a,1,2\n"
    dataset = from_csv(sales=lines, tables={"sales": LINES})
    read = dataset.as_read("sale_items")
    assert LINE_TIME in read.columns
    assert LINE_TIME not in dataset.sale_items.columns
    assert read.distinct().count().execute() == 2


def test_the_last_day_of_a_table_is_told_where_nothing_is_to_come(from_csv):
    head = "sale_id,sold_at,total_amount\n"
    assert from_csv(sales=head + "1,2026-01-01,1\n2,2026-02-01,1\n").last_days == {"sales": date(2026, 2, 1)}
    assert from_csv(sales=head + "1,2026-01-01,1\n2,2027-02-01,1\n").last_days == {}


@pytest.mark.parametrize(("column", "checked"), [("credit_limit", 2), ("region", None)])
def test_a_rule_without_its_column_is_not_checked(from_csv, column, checked):
    dataset = from_csv(customers=f"customer_id,{column}\na,1\nb,\n")
    assert dataset.checked.get(("customers", "credit_limit_range")) == checked
    assert dataset.checked["customers", "key_unique"] == 2
