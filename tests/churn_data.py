"""Made-up shops and software companies for the tests of churn: small, seeded, with a cause for leaving."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

FIRST, END = date(2025, 1, 1), date(2026, 7, 1)


def table(frame, engine="duckdb", name="rows"):
    connection = getattr(ibis, engine).connect()
    if engine != "sqlite":
        return connection.create_table(name, frame)
    created = connection.create_table(name, schema=ibis.memtable(frame).schema())
    moments = frame.select_dtypes("datetime").columns
    texts = frame.assign(**{column: frame[column].astype("object") for column in frame})
    for column in moments:  # SQLite keeps moments as text, and its driver takes no NaT
        texts[column] = [None if pd.isna(value) else str(value) for value in frame[column]]
    rows = [[None if pd.isna(value) else value for value in row] for row in texts.itertuples(index=False)]
    places = ", ".join("?" * frame.shape[1])
    connection.con.executemany(f"INSERT INTO {name} VALUES ({places})", rows)
    return created


def sales_of(*rows, engine="duckdb"):
    """Sales from (customer, moment, amount)."""
    data = pd.DataFrame(rows, columns=["customer_id", "sold_at", "total_amount"])
    data["sold_at"] = pd.to_datetime(data["sold_at"], format="ISO8601").astype("datetime64[us]")
    data["sale_id"] = [str(number) for number in range(len(data))]
    data = data.astype({"customer_id": "str", "total_amount": "float64", "sale_id": "str"})
    return table(data, engine, "sales")


ACCOUNT_COLUMNS = {
    **dict.fromkeys(("customer_id", "plan"), "str"),
    **dict.fromkeys(("snapshot_at", "started_at", "renews_at", "churned_at"), "datetime64[us]"),
    **dict.fromkeys(
        (
            *("seats_purchased", "seats_used", "acv", "nps", "logins_30d", "logins_previous_30d"),
            *("support_tickets_90d", "critical_tickets_90d", "days_overdue", "feature_adoption", "sentiment"),
        ),
        "float64",
    ),
}


def accounts_of(*rows, engine="duckdb"):
    """Snapshots from mappings; what a row does not say is missing."""
    plain = [
        {k: str(v) if k.endswith("_at") and v is not None and v == v else v for k, v in r.items()}
        for r in rows
    ]
    data = pd.DataFrame(plain).reindex(columns=list(ACCOUNT_COLUMNS))
    for name, kind in ACCOUNT_COLUMNS.items():
        values = data[name]
        if "datetime" in kind:
            values = pd.to_datetime(values.astype("object"), format="ISO8601")
        data[name] = values.astype(kind)
    return table(data, engine, "accounts")


def shop(customers=200, seed=0, first=FIRST, end=END):
    """Customers with a rhythm of their own, who leave after some visit and never say so."""
    random = np.random.default_rng(seed)
    days, rows = (end - first).days, []
    for number in range(customers):
        gap, day = random.gamma(3, 10), random.integers(0, days - 60)
        while day < days:
            rows.append((f"C{number:04d}", first + timedelta(days=int(day)), round(random.gamma(2, 20), 2)))
            if random.random() < 0.12:
                break
            day += 1 + random.exponential(gap)
    return sales_of(*rows)


def company(accounts=150, seed=0, first=FIRST, end=END):
    """Accounts with a snapshot at the end of each month; those who pay late leave more often."""
    random = np.random.default_rng(seed)
    ends = list(pd.date_range(first, end - timedelta(days=1), freq="ME"))
    rows = []
    for number in range(accounts):
        started = first - timedelta(days=int(random.integers(10, 900)))
        worth, leaving, late = float(random.integers(1, 50) * 1000), None, random.random() < 0.3
        for day in ends:
            late = late if random.random() < 0.8 else random.random() < 0.3
            overdue = float(random.choice([30, 60])) if late else 0.0
            rows.append(
                {
                    "customer_id": f"A{number:04d}",
                    "snapshot_at": day + pd.Timedelta(hours=23),
                    "started_at": started,
                    "renews_at": day + pd.Timedelta(days=int(random.integers(1, 365))),
                    "churned_at": leaving,
                    "plan": ["Starter", "Team"][number % 2],
                    "acv": worth,
                    "seats_purchased": 10.0,
                    "seats_used": float(random.integers(3, 11)),
                    "logins_30d": float(random.poisson(80)),
                    "logins_previous_30d": 80.0,
                    "nps": float(random.integers(-5, 11) * 10) if random.random() < 0.5 else None,
                    "days_overdue": overdue,
                }
            )
            if leaving is not None:
                break
            if random.random() < (0.12 if late else 0.004):
                leaving = day + pd.Timedelta(days=int(random.integers(1, 28)))
    return accounts_of(*rows)
