"""A report reads the tables that it needs, what they refer to, and what says how new the data are."""

from datetime import date

import pytest

from analytics.data.dataset import open_dataset
from analytics.params import Organisation
from analytics.params.source import Source

SALES = "sale_id,customer_id,sold_at,total_amount\ns1,ada,2026-05-01,10\ns2,ghost,2026-06-30,20\n"
FILES = {
    "customers": "customer_id\nada\n",
    "sales": SALES,
    "sale_items": "sale_id,quantity,amount\ns1,1,10\nnone,1,5\n",
    "accounts": "customer_id,snapshot_at\nada,2026-09-30\n",
    "leads": "lead_id,created_at\nl1,2026-10-01\n",
    "deals": "deal_id,value,stage,created_at\nd1,100,proposal,2026-08-01\n",
}


@pytest.fixture
def need(tmp_path):
    """Open an organisation for some tables; ``without`` leaves files out of its folder."""
    opened = []

    def open_for(*tables, without=()):
        for name, text in FILES.items():
            if name not in without:
                (tmp_path / f"{name}.csv").write_text(text)
        organisation = Organisation(id="acme", source=Source(path=tmp_path, owned=True))
        opened.append(open_dataset(organisation, tables=tables or None))
        return opened[-1]

    yield open_for
    for dataset in opened:
        dataset.close()


def test_references_are_read_so_that_rules_hold_as_they_do_for_all_tables(need):
    some, everything = need("sale_items"), need()
    assert set(some.rows) == {"customers", "sales", "sale_items"}
    assert some.left_out["sale_items"] == everything.left_out["sale_items"] == 1
    assert some.sales.customer_id.count().to_pandas() == 1, "a ghost's sale has no customer"


@pytest.mark.parametrize("tables", [("sales",), ("leads",), ("deals", "leads"), ("accounts",)])
def test_latest_means_the_same_day_for_every_report(need, tables):
    assert need(*tables).newest_day == need().newest_day == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("without", "newest"),
    [
        (("sales", "sale_items"), date(2026, 9, 30)),
        (("sales", "sale_items", "accounts"), date(2026, 8, 1)),
        (("sales", "sale_items", "accounts", "deals"), date(2026, 10, 1)),
    ],
    ids=["accounts", "deals", "leads"],
)
def test_without_sales_the_next_table_in_rank_says_what_latest_means(need, without, newest):
    assert need("leads", without=without).newest_day == newest


def test_a_table_that_was_not_read_is_never_taken_for_an_empty_one(need):
    with pytest.raises(KeyError, match="accounts was not read"):
        need("sales").tables["accounts"]


def test_a_table_that_is_absent_is_empty(need):
    assert need("payments").payments.count().to_pandas() == 0


def test_an_organisation_that_has_none_of_the_needed_tables_is_still_opened(need):
    dataset = need("campaigns", without=("sales", "sale_items", "accounts", "deals", "leads"))
    assert dataset.present == {"customers"}
