"""Sales as the sums of their line items."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data.dataset import check_dataset
from analytics.errors import ContractError
from analytics.params import Organisation
from analytics.params.source import Source

HEAD = "sale_id,customer_id,sold_at,n,price,profit,sku\n"
TABLES = {"sales": {"lines": {"quantity": "n", "price": "price", "product_id": "sku"}}}


def test_amount_is_quantity_times_price_and_equal_lines_all_count(from_csv, rows):
    dataset = from_csv(
        sales=HEAD + "1,a,2026-01-02,2,1.25,,x\n1,a,2026-01-01,3,0.001,,y\n1,a,2026-01-01,3,0.001,,y\n",
        tables=TABLES,
    )
    (sale,) = rows(dataset.sales)
    assert sale[:6] == ("1", "a", datetime(2026, 1, 1), Decimal("2.506"), None, 8.0)
    assert dataset.findings == ()
    assert sorted(row[1] for row in rows(dataset.sale_items)) == ["x", "y", "y"]


def test_the_sign_of_the_sum_decides_what_is_a_return(from_csv, rows):
    dataset = from_csv(
        sales=HEAD + "1,a,2026-01-01,2,5,,x\n1,a,2026-01-01,-1,5,,x\n2,a,2026-01-01,-3,5,,x\n", tables=TABLES
    )
    assert [(row[0], int(row[3])) for row in rows(dataset.sales)] == [("1", 5), ("2", -15)]


def test_an_amount_of_its_own_goes_before_quantity_times_price(from_csv, rows):
    tables = {"sales": {"lines": {"quantity": "n", "price": "price", "amount": "profit"}}}
    dataset = from_csv(sales=HEAD + "1,a,2026-01-01,2,5,9,x\n", tables=tables)
    assert rows(dataset.sales)[0][3] == 9


def test_a_line_without_a_quantity_is_one_thing(from_csv, rows):
    dataset = from_csv(
        sales=HEAD + "1,a,2026-01-01,,5,,x\n", tables={"sales": {"lines": {"amount": "price"}}}
    )
    assert rows(dataset.sale_items)[0][4:6] == (1.0, Decimal(5))


def test_profit_is_known_where_every_lines_is(from_csv, rows):
    tables = {"sales": {"lines": {"quantity": "n", "price": "price", "profit": "profit"}}}
    dataset = from_csv(
        sales=HEAD
        + "1,a,2026-01-01,1,5,2,x\n1,a,2026-01-01,1,5,3,x\n2,a,2026-01-01,1,5,,x\n2,a,2026-01-01,1,5,1,x\n",
        tables=tables,
    )
    assert [row[4] for row in rows(dataset.sales)] == [5, None]


def test_two_customers_in_one_sale_refuse(from_csv):
    with pytest.raises(
        ContractError, match=r"the lines of a sale_id have one customer_id; 1 of 2 rows does not \(1\)"
    ):
        from_csv(
            sales=HEAD + "1,a,2026-01-01,1,5,,x\n1,b,2026-01-01,1,5,,x\n2,b,2026-01-01,1,5,,x\n",
            tables=TABLES,
        )


def test_a_line_without_its_customer_belongs_to_the_sales_one(from_csv, rows):
    dataset = from_csv(
        sales=HEAD + "1,a,2026-01-01,1,5,,x\n1,,2026-01-01,1,5,,x\n2,,2026-01-01,1,5,,x\n", tables=TABLES
    )
    assert [row[1] for row in rows(dataset.sales)] == ["a", None]


def test_lines_without_an_amount_are_counted(from_csv, rows):
    dataset = from_csv(
        sales=HEAD + "1,a,2026-01-01,1,5,,x\n1,a,2026-01-01,,5,,x\n2,a,2026-01-01,,5,,x\n", tables=TABLES
    )
    found = [(f.table, f.rule, f.action, f.rows) for f in dataset.findings]
    assert ("sales", "line_amount_missing", "kept", 2) in found
    assert ("sales", "total_amount_missing", "set aside", 1) in found  # of sale 2 nothing is left
    assert ("sale_items", "quantity_missing", "set aside", 2) in found
    assert [(row[0], int(row[3])) for row in rows(dataset.sales)] == [("1", 5)]


def test_a_price_that_is_no_number_refuses_and_says_which_column(from_csv):
    with pytest.raises(
        ContractError, match=r"total_amount reads as a number; 1 of 1 rows .* values of 'price'"
    ):
        from_csv(sales=HEAD + "1,a,2026-01-01,1,£5,,x\n", tables=TABLES)


def test_a_column_of_the_lines_that_is_not_there(from_csv):
    from analytics.errors import SourceError

    tables = {"sales": {"lines": {"quantity": "number", "price": "price"}}}
    with pytest.raises(SourceError, match=r"lines is said to be the column 'number' of sales.csv"):
        from_csv(sales=HEAD + "1,a,2026-01-01,1,5,,x\n", tables=tables)


book = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(-5, 5), st.decimals("0", "99.999", places=3), st.integers(1, 28)
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=12)
@given(book)
def test_agrees_with_sums_spelled_out_in_plain_python(tmp_path_factory, book):
    folder = tmp_path_factory.mktemp("law")
    lines = "".join(f"{sale},c,2026-01-{day:02},{n},{price},,x\n" for sale, n, price, day in book)
    (folder / "sales.csv").write_text(HEAD + lines)
    organisation = Organisation(id="acme", source=Source(path=folder, owned=True, tables=TABLES))
    dataset = check_dataset(organisation, started=datetime(2026, 11, 1, tzinfo=UTC))
    amounts, units, days = defaultdict(Decimal), defaultdict(int), {}
    for sale, n, price, day in book:
        amounts[sale] += n * price
        units[sale] += n
        days[sale] = min(day, days.get(sale, 99))
    frame = dataset.sales.to_pandas().set_index("sale_id")
    assert frame["total_amount"].to_dict() == dict(amounts)
    assert frame["units"].to_dict() == dict(units)
    assert {sale: at.day for sale, at in frame["sold_at"].items()} == days
    assert dataset.sale_items.amount.sum().to_pandas() == sum(amounts.values())
    dataset.close()
