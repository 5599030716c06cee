"""CDNOW and Online Retail through the project's own params, against their published figures."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from analytics.data.dataset import open_dataset
from analytics.params import Organisation

PARAMS = Path(__file__).resolve().parents[2] / "params"
REFERENCE = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))


def organisation(name: str) -> Organisation:
    text = (PARAMS / f"{name}.yml").read_text()
    text = text.replace("${WORKBOOK_REFERENCE_DATA:-../../shared/data}", str(REFERENCE.resolve()))
    return Organisation.model_validate(yaml.safe_load(text)["organisations"][0])


@pytest.fixture(scope="module")
def cdnow():
    dataset = open_dataset(organisation("cdnow"))
    yield dataset
    dataset.close()


@pytest.fixture(scope="module")
def online_retail():
    dataset = open_dataset(organisation("online_retail"))
    yield dataset
    dataset.close()


class TestCdnow:
    """Fader and Hardie's file, as the lifetimes package brings it."""

    def test_rows_customers_and_revenue(self, cdnow):
        sales = cdnow.sales
        assert cdnow.rows == {"sales": 69_659}
        assert sales.customer_id.nunique().to_pandas() == 23_570
        assert sales.total_amount.sum().to_pandas() == Decimal("2500315.63")
        assert (str(cdnow.first_day), str(cdnow.newest_day)) == ("1997-01-01", "1998-06-30")

    def test_equal_rows_are_sales_of_their_own(self, cdnow):
        copies = cdnow.sales.drop("sale_id").distinct().count().to_pandas()
        assert 69_659 - copies == 255
        assert cdnow.findings == ()

    def test_ids_keep_their_zeros_and_free_sales_stay(self, cdnow):
        sales = cdnow.sales
        assert sales.customer_id.min().to_pandas() == "00001"
        assert sales.count(where=sales.total_amount == 0).to_pandas() == 80
        buyers = sales.group_by("customer_id").aggregate(n=sales.count())
        assert buyers.count(where=buyers.n == 1).to_pandas() == 11_908

    def test_lifetimes_is_not_imported(self, cdnow):
        import subprocess
        import sys

        code = "import sys, analytics.data.dataset; print('lifetimes' in sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == "False"


@pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference data are not here (WORKBOOK_REFERENCE_DATA)"
)
class TestOnlineRetail:
    """UCI's file: 541,909 lines."""

    def test_lines_and_their_sum(self, online_retail):
        assert online_retail.rows["sale_items"] == 541_909
        assert online_retail.sale_items.amount.sum().to_pandas().quantize(Decimal("0.01")) == Decimal(
            "9747747.93"
        )
        assert (
            online_retail.sales.total_amount.sum().to_pandas()
            == online_retail.sale_items.amount.sum().to_pandas()
        )

    def test_invoices_customers_and_guests(self, online_retail):
        sales, items = online_retail.sales, online_retail.sale_items
        assert online_retail.rows["sales"] == 25_900
        assert sales.customer_id.nunique().to_pandas() == 4_372
        assert sales.customer_id.min().to_pandas() == "12346"
        guests = sales.filter(sales.customer_id.isnull()).select("sale_id")
        assert items.semi_join(guests, "sale_id").count().to_pandas() == 135_080

    def test_cancellations_are_returns(self, online_retail):
        sales, items = online_retail.sales, online_retail.sale_items
        cancelled = sales.filter(sales.sale_id.startswith("C"))
        assert cancelled.count(where=cancelled.total_amount >= 0).to_pandas() == 0
        assert items.count(where=items.quantity < 0).to_pandas() == 10_624
        assert items.count(where=(items.quantity < 0) & items.sale_id.startswith("C")).to_pandas() == 9_288

    def test_days(self, online_retail):
        assert (str(online_retail.first_day), str(online_retail.newest_day)) == ("2010-12-01", "2011-12-09")
        saturdays = online_retail.sales.filter(online_retail.sales.sold_at.day_of_week.index() == 5)
        assert saturdays.count().to_pandas() == 0
        assert online_retail.findings == ()
