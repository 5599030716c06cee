"""Sales and customers for the tests of customer lifetime value, and the figures on them."""

from datetime import date

import pandas as pd

from analytics.metrics.clv import customers_by_value, headlines
from analytics.metrics.purchases import as_table
from analytics.timeframe import parse_timeframe

AS_OF = date(2026, 1, 1)
YEAR = parse_timeframe("2025", as_of=AS_OF)
DECEMBER = parse_timeframe("2025-12", as_of=AS_OF)


def sales_frame(*rows):
    """Sales from (customer or None, day, amount) or (customer, day, amount, profit)."""
    padded = [(*row, None) if len(row) == 3 else row for row in rows]
    return pd.DataFrame(
        {
            "sale_id": pd.Series([str(i) for i in range(len(rows))], dtype="str"),
            "customer_id": pd.Series([row[0] for row in padded], dtype="str"),
            "sold_at": pd.Series([row[1] for row in padded], dtype="datetime64[us]"),
            "total_amount": pd.Series([row[2] for row in padded], dtype="float64"),
            "total_profit": pd.Series([row[3] for row in padded], dtype="float64"),
        }
    )


def sales_of(*rows):
    return as_table(sales_frame(*rows))


def customers_of(*rows):
    """Customers from (id, name, type, registered)."""
    return as_table(
        pd.DataFrame(
            {
                "customer_id": pd.Series([row[0] for row in rows], dtype="str"),
                "name": pd.Series([row[1] for row in rows], dtype="str"),
                "customer_type": pd.Series([row[2] for row in rows], dtype="str"),
                "registered_at": pd.Series([row[3] for row in rows], dtype="datetime64[us]"),
            }
        )
    )


def one(sales, customers=None, timeframe=YEAR, **options):
    return headlines(sales, customers, [timeframe], **options).iloc[0]


def rows_of(sales, customers=None, timeframe=YEAR, **options):
    return customers_by_value(sales, customers, timeframe, **options).set_index("customer_id")
