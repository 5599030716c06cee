"""The figures of the reports on real data, computed a second time in plain Python and pandas.

Nothing of the workbook is used here: the raw files are read with pandas, money is whole ten-thousandths, and
each definition of the specification is written out as a loop that can be read beside it. A day is an ordinal
(`datetime.date.toordinal`); `until` is the reference date: nothing on or after it is read.
"""

import gzip
import os
from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pandas as pd

PLACES = 10_000


def reference_folder():
    """Where the reference data are kept; the tests skip where they are not."""
    project = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("WORKBOOK_REFERENCE_DATA") or project / "../shared/data").resolve()


def ten_thousandths(text):
    """Exact money from its text: 2.55 is 25,500."""
    exact = Decimal(text) * PLACES
    assert exact == exact.to_integral_value()
    return int(exact)


# ------------------------------------------------------------------------------------------- the raw files


def online_retail(folder):
    """Sales of UCI Online Retail: one for each invoice, the sum of its lines, at its earliest line.

    A frame with ``sale_id``, ``customer_id`` (text without a fraction; None for guests), ``day``,
    ``sold_at``, ``amount`` (ten-thousandths of a pound) and ``units``.
    """
    with gzip.open(folder / "online_retail" / "online_retail.csv.gz", "rt", encoding="utf-8") as file:
        lines = pd.read_csv(file, dtype=str, keep_default_na=False)
    price = {text: ten_thousandths(text) for text in lines["UnitPrice"].unique()}
    quantity = lines["Quantity"].astype(int)
    lines = lines.assign(
        amount=quantity * lines["UnitPrice"].map(price),
        units=quantity,
        sold_at=pd.to_datetime(lines["InvoiceDate"]),
        customer=lines["CustomerID"].str.removesuffix(".0"),
    )
    invoices = lines.groupby("InvoiceNo", sort=True)
    assert (invoices["customer"].nunique() == 1).all()
    sales = invoices.agg(
        customer_id=("customer", "first"),
        sold_at=("sold_at", "min"),
        amount=("amount", "sum"),
        units=("units", "sum"),
    ).reset_index(names="sale_id")
    return _with_days(sales.assign(customer_id=sales["customer_id"].replace("", None)))


def cdnow(folder):
    """Sales of CDNOW: every row of the master file is a sale of its own."""
    with gzip.open(folder / "cdnow" / "cdnow_master.csv.gz", "rt", encoding="utf-8") as file:
        rows = pd.read_csv(file, dtype=str)
    sales = pd.DataFrame(
        {
            "sale_id": [str(number) for number in range(1, len(rows) + 1)],
            "customer_id": rows["customer_id"],
            "sold_at": pd.to_datetime(rows["date"]),
            "amount": rows["dollar_value"].map(ten_thousandths),
            "units": rows["number_of_cds"].astype(int),
        }
    )
    return _with_days(sales)


def _with_days(sales):
    return sales.assign(day=sales["sold_at"].map(lambda moment: moment.date().toordinal()))


# ------------------------------------------------------------------------------------------------ revenue


def revenue(sales, start, until):
    """Net revenue in [start, until): of everybody, of identified customers, of guests."""
    inside = sales[(sales["day"] >= start) & (sales["day"] < until)]
    guest = inside["customer_id"].isna()
    return {
        "all": int(inside["amount"].sum()),
        "identified": int(inside.loc[~guest, "amount"].sum()),
        "guest": int(inside.loc[guest, "amount"].sum()),
    }


def customers(sales, until):
    """What each identified customer had done before `until`; those with nothing but returns are left out.

    A dictionary from customer to ``days`` (of the orders, sorted, one for each order), ``orders``,
    ``revenue`` (net, of orders and returns), ``first``, ``last``.
    """
    orders, net = defaultdict(list), defaultdict(int)
    for row in sales[sales["customer_id"].notna()].itertuples():
        if row.day < until:
            net[row.customer_id] += row.amount
            if row.amount >= 0:
                orders[row.customer_id].append(row.day)
    return {
        customer: {
            "days": sorted(days),
            "orders": len(days),
            "revenue": net[customer],
            "first": min(days),
            "last": max(days),
        }
        for customer, days in orders.items()
    }


def returns_only(sales, until):
    """Identified customers who have brought something back before `until` and bought nothing."""
    known = sales[sales["customer_id"].notna() & (sales["day"] < until)]
    return set(known["customer_id"]) - set(customers(sales, until))


# ------------------------------------------------------------------------------------------- segmentation

SEGMENTS = [  # first match wins
    ("Loyal", (4, 5), (3, 4), (3, 4)),
    ("Champions", (4, 5), (4, 5), (4, 5)),
    ("Can't Lose Them", (1, 2), (4, 5), (4, 5)),
    ("At Risk", (1, 2), (3, 5), (3, 5)),
    ("Hibernating", (1, 2), (1, 2), (1, 2)),
    ("New Customers", (4, 5), (1, 1), (1, 2)),
    ("Potential Loyalists", (3, 4), (1, 3), (2, 3)),
    ("Loyal", (4, 5), (3, 5), (3, 5)),
    ("Potential Loyalists", (4, 5), (1, 5), (1, 5)),
    ("At Risk", (1, 2), (1, 5), (3, 5)),
    ("Hibernating", (1, 2), (1, 5), (1, 5)),
    ("Need Attention", (1, 5), (1, 5), (1, 5)),
]


def scores(values):
    """Score 1–5 of each value, greater is better: 1 + ⌊5k / n⌋ with k the values strictly worse."""
    worse = {}
    for place, value in enumerate(sorted(values)):
        worse.setdefault(value, place)
    return [1 + 5 * worse[value] // len(values) for value in values]


def rfm(history, until):
    """Scores and segment of each customer: a dictionary from customer to (r, f, m, segment)."""
    names = sorted(history)
    r = scores([history[name]["last"] - until for name in names])
    f = scores([history[name]["orders"] for name in names])
    m = scores([history[name]["revenue"] for name in names])
    return {name: (*code, segment(*code)) for name, *code in zip(names, r, f, m, strict=True)}


def segment(r, f, m):
    """The first segment of the table that holds the three scores."""
    for name, rs, fs, ms in SEGMENTS:
        if rs[0] <= r <= rs[1] and fs[0] <= f <= fs[1] and ms[0] <= m <= ms[1]:
            return name
    raise AssertionError((r, f, m))


def tiers(history, until):
    """Tier of each customer, and the customers of the top 20 % by revenue."""
    ranking = sorted(history, key=lambda name: (-history[name]["revenue"], name))
    n = len(ranking)
    top, bottom = set(ranking[: -(-n // 5)]), set(ranking[n - n // 5 :])
    found = {}
    for name, past in history.items():
        if until - past["first"] <= 30:
            found[name] = "New"
        elif until - past["last"] >= 90:
            found[name] = "At-Risk"
        elif name in top:
            found[name] = "VIP"
        elif name in bottom:
            found[name] = "Low Value"
        else:
            found[name] = "Regular"
    return found, top


# ---------------------------------------------------------------------------------------------- retention


def active(past, at, churn_days=90):
    """Whether the last purchase before an instant is under `churn_days` days old."""
    before = [day for day in past["days"] if day < at]
    return bool(before) and at - before[-1] < churn_days


def books(history, start, until, churn_days=90):
    """Who was there at the start, who came, went, came back, and was there at the end."""
    found = dict.fromkeys(
        (
            "starting_customers", "new_customers", "new_lapsed", "churned_customers", "reactivated_customers",
            "ending_customers", "returning_customers", "total_customers", "lapsed_customers",
        ),
        0,
    )  # fmt: skip
    for past in history.values():
        inside = any(start <= day < until for day in past["days"])
        old = past["first"] < start
        starting, ending = active(past, start, churn_days), active(past, until, churn_days)
        found["starting_customers"] += starting
        found["new_customers"] += inside and not old
        found["new_lapsed"] += inside and not old and not ending
        found["churned_customers"] += starting and not ending
        found["reactivated_customers"] += old and not starting and inside and ending
        found["ending_customers"] += ending
        found["returning_customers"] += old and inside
        found["lapsed_customers"] += old and not starting
        found["total_customers"] += starting or inside
    return found


def cohorts(sales, history, start, until):
    """The cohort triangle by calendar month, of customers whose first purchase lies in [start, until).

    A dictionary from month (``2010-12``) to ``customers`` and, for each later month that has ended,
    ``bought`` (customers with an order in it) and ``revenue`` (their net revenue in it).
    """
    last = _month(until)  # the month of the reference date: it has not ended
    table = {}
    belongs = {}
    for name, past in history.items():
        if start <= past["first"] < until:
            month = belongs[name] = _month(past["first"])
            cohort = table.setdefault(month, {"customers": 0, "active": 0})
            cohort["customers"] += 1
            cohort["active"] += active(past, until)
    for month, cohort in table.items():
        cohort["bought"] = [0] * (last - month)
        cohort["revenue"] = [0] * (last - month)
    for name, month in belongs.items():
        for step in {_month(day) - month for day in history[name]["days"]}:
            if month + step < last:
                table[month]["bought"][step] += 1
    for row in sales.itertuples():
        if row.customer_id in belongs and row.day < until:
            month = belongs[row.customer_id]
            step = _month(row.day) - month
            if step >= 0 and month + step < last:
                table[month]["revenue"][step] += row.amount
    return {f"{month // 12:04}-{month % 12 + 1:02}": table[month] for month in sorted(table)}


def _month(ordinal):
    day = date.fromordinal(ordinal)
    return 12 * day.year + day.month - 1


def repeats(history):
    """Repeat purchases of everybody who has bought."""
    orders = [past["orders"] for past in history.values()]
    return {
        "customers": len(orders),
        "one_time_buyers": sum(count == 1 for count in orders),
        "repeat_buyers": sum(count >= 2 for count in orders),
        "orders": sum(orders),
        "lifespan_days": sum(past["last"] - past["first"] for past in history.values()),
    }


def gap_p90(history):
    """90th percentile of the days between consecutive visits, all customers pooled, linear interpolation."""
    gaps = []
    for past in history.values():
        visits = sorted(set(past["days"]))
        gaps += [later - earlier for earlier, later in pairwise(visits)]
    gaps.sort()
    place = 0.9 * (len(gaps) - 1)
    low = int(place)
    return gaps[low] + (place - low) * (gaps[min(low + 1, len(gaps) - 1)] - gaps[low])


# --------------------------------------------------------------------------------------------------- value


def value(history):
    """What the customers have brought so far; money in ten-thousandths."""
    ranking = sorted((past["revenue"] for past in history.values()), reverse=True)
    n, total = len(ranking), sum(ranking)
    clipped = sorted(max(amount, 0) for amount in ranking)
    spread = sum((2 * place - n - 1) * amount for place, amount in enumerate(clipped, start=1))
    return {
        "total_customers": n,
        "total_revenue": total,
        "top_customer_revenue": ranking[0],
        "top_10_percent_revenue": sum(ranking[: -(-n // 10)]),
        "gini": spread / (n * sum(clipped)),
    }
