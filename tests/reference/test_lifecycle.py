"""The funnel on a real case: every lead of the file is counted, and as many convert as was published."""

import pandas as pd
import pytest

from analytics.metrics import lifecycle as metrics
from analytics.metrics.lifecycle_subjects import read_subjects, subjects
from analytics.timeframe import parse_timeframe
from tests.lifecycle_data import tables

YEAR = parse_timeframe("2026", as_of=pd.Timestamp("2027-01-01").date())


@pytest.fixture(scope="module")
def people(reference_data):
    """The leads of X Education. The file has no days: all came on one, who converted did so on the next."""
    frame = pd.read_csv(reference_data / "leads" / "Leads.csv.gz").replace("Select", None)
    leads = pd.DataFrame(
        {
            "lead_id": frame["Prospect ID"],
            "created_at": pd.Timestamp("2026-01-01"),
            "converted_at": pd.Series(pd.NaT, index=frame.index).mask(
                frame["Converted"] == 1, pd.Timestamp("2026-01-02")
            ),
            "source": frame["Lead Source"].astype("object").where(frame["Lead Source"].notna(), None),
        }
    )
    return leads, read_subjects(subjects(tables(leads=leads), YEAR.reference_date))


def test_all_9240_leads_are_in_the_funnel_and_3854_percent_become_customers(people):
    leads, found = people
    row = metrics.lead_history(found, [YEAR], conversion_days=90).iloc[0]
    assert (row["leads"], row["customers"]) == (9_240, 3_561)
    assert row["lead_to_customer_rate"] == pytest.approx(38.54, abs=0.005)
    items = metrics.reconciliation(found, YEAR)
    assert items["leads"] == items["leads_table"] == len(leads)
    assert items["customers"] == items["converted_table"] == 3_561


def test_sources_convert_as_they_do_in_the_file(people):
    leads, found = people
    rows = metrics.by_group(found, YEAR, "source", conversion_days=90).set_index("source")
    plain = leads.assign(won=leads["converted_at"].notna()).groupby("source")["won"].agg(["size", "sum"])
    assert rows.loc[plain.index, "lead"].tolist() == plain["size"].tolist()
    assert rows.loc[plain.index, "customer"].tolist() == plain["sum"].tolist()
    assert rows.loc["unknown", "lead"] == leads["source"].isna().sum()
