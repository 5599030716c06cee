"""What the parameters of the retention notebook do, from its cells to its JSON."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.notebooks.running import runs_of

PARAMS = """
organisations:
  - {id: whole, name: Whole Shop, currency: GBP, source: {path: whole, owned: true, csv: {dates: iso}}}
  - {id: wholesale, name: Wholesale, currency: GBP, source: {path: wholesale, owned: true, csv: {dates: iso}}}
  - {id: contracts, name: Contracts, currency: GBP, source: {path: contracts, owned: true, csv: {dates: iso}}}
"""
BLOCKS = {
    *("summary", "cohort_analysis", "retention_trends", "repeat_purchase_analysis", "revenue_retention"),
    "survival",
}
START, END = date(2025, 11, 1), date(2026, 11, 1)


def tables():
    """Sales of 60 customers, half of them new in the second of two years, of guests, and 40 contracts."""
    random = np.random.default_rng(4)
    n = 700
    who = [f"c{int((60 if i > n / 2 else 30) * place**2):02}" if place > 0.05 else None
           for i, place in enumerate(random.random(n))]  # fmt: skip
    days = pd.to_datetime("2024-11-01") + pd.to_timedelta(np.sort(random.integers(0, 730, n)), unit="D")
    sales = pd.DataFrame({"sale_id": range(n), "customer_id": who, "sold_at": days.strftime("%Y-%m-%d")})
    sales["total_amount"] = random.gamma(2, 60, n).round(2)
    sales.loc[[0, n - 1], ["customer_id", "sold_at"]] = [[None, "2024-11-01"], [None, "2026-10-31"]]
    people = pd.DataFrame(
        {"customer_id": [f"c{i:02}" for i in range(60)], "customer_type": ["RETAIL", "WHOLESALE"] * 30}
    )
    ends = pd.date_range("2024-11-30", "2026-10-31", freq="ME").strftime("%Y-%m-%d")
    leaves = [ends[place] if place < len(ends) else None for place in random.integers(5, 60, 40)]
    accounts = [
        {"customer_id": f"c{i:02}", "snapshot_at": day, "plan": ["Team", "Business"][i // 2 % 2],
         "acv": 1200 + 100 * i + 50 * (j > 15) * (i % 3 - 1), "started_at": "2024-10-01",
         "churned_at": leaves[i]}
        for i in range(40) for j, day in enumerate(ends) if leaves[i] is None or day <= leaves[i]
    ]  # fmt: skip
    return sales, people, pd.DataFrame(accounts)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with the whole shop, its wholesale customers (and guests) alone, and its contracts alone."""
    folder = tmp_path_factory.mktemp("shop")
    sales, people, accounts = tables()
    kept = people[people["customer_type"] == "WHOLESALE"]
    ours = {name: frame["customer_id"].isin(kept["customer_id"]) for name, frame in
            (("sales", sales), ("accounts", accounts))}  # fmt: skip
    for name, files in {
        "whole": {"sales": sales, "customers": people, "accounts": accounts},
        "wholesale": {
            "sales": sales[ours["sales"] | sales["customer_id"].isna()],
            "customers": kept,
            "accounts": accounts[ours["accounts"]],
        },
        "contracts": {"accounts": accounts},
    }.items():
        (folder / name).mkdir()
        for table, frame in files.items():
            frame.to_csv(folder / name / f"{table}.csv", index=False)
    (folder / "params.yml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def run(shop, tmp_path_factory):
    """Run the notebook with other parameters; give what it made."""
    usual = {"organisation": "whole", "as_of": "2026-11-01", "charts": False}
    usual["started"] = "2026-11-02T06:00:00+00:00"
    return runs_of("retention", shop / "params.yml", tmp_path_factory.mktemp("runs"), **usual)


def orders(kind=None):
    """Days of each customer's orders."""
    sales, people, _ = tables()
    known = sales.dropna(subset="customer_id").merge(people, on="customer_id")
    return {
        customer: sorted(map(date.fromisoformat, rows["sold_at"]))
        for customer, rows in known.groupby("customer_id")
        if kind in (None, rows["customer_type"].iloc[0])
    }


def active(days, at, churn_days):
    before = [day for day in days if day < at]
    return bool(before) and (at - before[-1]).days < churn_days


def test_everything_is_there_by_default(run):
    ran = run()
    data = ran.data
    assert data.keys() == BLOCKS
    assert all(data.values())
    assert set(ran.sections) == {*BLOCKS, "repeat_purchase_analysis-gaps"}
    assert ran.meta["timeframe"] == {"label": "last-12-months", "start": str(START), "end": str(END)}
    asked = [data["summary"], data["revenue_retention"]]
    assert [(block["start"], block["end"]) for block in asked] == 2 * [(str(START), str(END))]
    months = [str(month) for month in pd.period_range("2025-11", "2026-10", freq="M")]
    assert [row["period"] for row in data["retention_trends"]] == months
    assert [row["cohort"] for row in data["cohort_analysis"][:-1]] == sorted(
        {f"{days[0]:%Y-%m}" for days in orders().values() if days[0] >= START}
    )
    guests = tables()[0]["customer_id"].isna()
    assert data["summary"]["guest_revenue"] == pytest.approx(tables()[0]["total_amount"][guests].sum())
    usual = data["repeat_purchase_analysis"]
    assert usual["gap_days_p90"] == data["summary"]["gap_days_p90"]
    assert sum(row["gaps"] for row in usual["visit_gaps"]) == sum(
        len(set(days)) - 1 for days in orders().values()
    )
    assert {row["plan"] for row in data["survival"]} == {"all", "Team", "Business"}


def test_a_customer_type_gives_the_figures_of_data_that_hold_nobody_else(run):
    data, alone = run(customer_type="WHOLESALE").data, run(organisation="wholesale").data
    for name in BLOCKS:
        assert data[name] == alone[name] != run().data[name], name


@pytest.mark.parametrize("churn_days", [30, 90])
def test_the_silence_that_counts_as_lapsed_acts_on_every_block(run, churn_days):
    data = run(**({} if churn_days == 90 else {"churn_days": 30, "cohort_period": "quarter"})).data
    history = orders()

    def books(start, end):
        there = [days for days in history.values() if active(days, start, churn_days)]
        return len(there), sum(not active(days, end, churn_days) for days in there)

    names = ("starting_customers", "churned_customers")
    assert tuple(data["summary"][name] for name in names) == books(START, END)
    for row in data["retention_trends"]:
        span = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
        assert tuple(row[name] for name in names) == books(*span)
    new = [days for days in history.values() if days[0] >= START]
    assert sum(row["current_active"] for row in data["cohort_analysis"][:-1]) == sum(
        active(days, END, churn_days) for days in new
    )


def test_cohorts_have_the_length_asked_for(run):
    rows = run(churn_days=30, cohort_period="quarter").data["cohort_analysis"]
    first = [days[0] for days in orders().values() if days[0] >= START]
    quarters = sorted({f"{day.year}-Q{(day.month + 2) // 3}" for day in first})
    assert [row["cohort"] for row in rows] == [*quarters, "average"]
    assert sum(row["initial_customers"] for row in rows[:-1]) == len(first)


def test_contracts_alone_are_the_whole_page(run):
    ran = run(organisation="contracts")
    assert ran.data["revenue_retention"]["movements"] == run().data["revenue_retention"]["movements"]
    assert ran.data["survival"] == run().data["survival"]
    text = str(ran.pieces)
    assert "net revenue retention" in text
    assert "Cohort" not in text
