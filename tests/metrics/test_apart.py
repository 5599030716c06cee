"""Who stands beside figures on customers: guests, and customers with nothing but returns."""

from datetime import date

import pandas as pd
import pytest

from analytics.metrics.apart import sales_apart
from analytics.metrics.clv import headlines
from analytics.metrics.purchases import as_table
from analytics.metrics.selection import Selection
from analytics.timeframe import parse_timeframe

MAY = parse_timeframe("2026-05", as_of=date(2026, 6, 1))
SALES = pd.DataFrame(
    [
        ("guest, before", None, "2026-04-30", 5.0),
        ("guest, first day", None, "2026-05-01", 7.0),
        ("guest's return", None, "2026-05-31 23:59", -1.1),
        ("guest, after", None, "2026-06-01", 100.0),
        ("bought before May", "ada", "2026-04-01", 20.0),
        ("returned in May", "ada", "2026-05-02", -20.0),
        ("nothing but a return", "ben", "2026-05-03", -3.0),
        ("returned", "cleo", "2026-04-03", -3.0),
        ("a sale of exactly 0 is an order", "dora", "2026-05-03", 0.0),
        ("returned first", "emil", "2026-05-03", -3.0),
        ("ordered after May", "emil", "2026-06-01", 9.0),
    ],
    columns=["sale_id", "customer_id", "sold_at", "total_amount"],
).assign(sold_at=lambda rows: pd.to_datetime(rows["sold_at"], format="mixed"))
TYPES = pd.DataFrame({"customer_id": ["ben", "cleo"], "customer_type": ["RETAIL", "WHOLESALE"]})


@pytest.mark.parametrize(("flow", "guests", "only"), [(True, 5.9, 3), (False, 10.9, 3)])
def test_guests_and_customers_with_returns_only_are_counted_beside(flow, guests, only):
    """In May: Ada, Ben and Emil; in all the time up to June: Ben, Cleo and Emil."""
    found = sales_apart(as_table(SALES), MAY, flow=flow)
    assert found == {"guest_revenue": guests, "customers_with_returns_only": only}


def test_a_state_says_what_the_report_on_lifetime_value_says():
    for kind in ("all", "RETAIL", "WHOLESALE", "nobody's"):
        tables = as_table(SALES), as_table(TYPES)
        (said,) = headlines(*tables, [MAY], selection=Selection(kind)).to_dict("records")
        found = sales_apart(tables[0], MAY, flow=False, customers=tables[1], customer_type=kind)
        assert found == {name: said[name] for name in found}


def test_without_sales_there_is_nobody():
    nothing = {"guest_revenue": 0.0, "customers_with_returns_only": 0}
    assert sales_apart(as_table(SALES.head(0)), MAY, flow=True) == nothing
