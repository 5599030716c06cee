"""The whole report's figures: every filter acts on every part, and every engine gives the same."""

from datetime import date

import pandas as pd
import pytest

from analytics.errors import ParamsError
from analytics.metrics.lifecycle_subjects import Chosen
from analytics.models.customer_lifecycle import Assumptions, read_lifecycle
from analytics.timeframe import compare, parse_timeframe
from tests.lifecycle_data import TABLES, company, tables

PERIODS = compare(parse_timeframe("2026-Q1", as_of=date(2026, 5, 1)), first_day=date(2025, 7, 1)).periods
ASSUMED = Assumptions(conversion_days=30, churn_days=30)
FRAMES = ("stages", "rates", "by_source", "by_region", "paths", "kinds", "success", "channels", "journey")
MONEY_OF_ALL = ("acquisition_cost", "cac", "ltv_cac", "payback_months")


def read(data, chosen=None, **more):
    return read_lifecycle(data, PERIODS, chosen or Chosen(), ASSUMED, present=TABLES, **more)


@pytest.fixture(scope="module")
def whole():
    return read(tables(**company()))


def only(ids):
    """The company with the rows of some subjects alone, as ids of leads and of customers."""
    book = company()
    keys = {
        "leads": "lead_id", "stage_events": "subject_id", "activities": "subject_id",
        "accounts": "customer_id",
        "customers": "customer_id", "sales": "customer_id", "campaign_contacts": "customer_id",
        "predictions": "customer_id",
    }  # fmt: skip
    return book | {name: [row for row in book[name] if row[key] in ids] for name, key in keys.items()}


def test_a_filter_gives_on_every_part_what_the_rows_of_the_chosen_alone_give(whole):
    asked = {"risk_level": "High", "search": "1"}
    found = read(tables(**company()), Chosen(**asked))
    kept = whole.customers[whole.customers["subject_id"].isin(found.customers["subject_id"])]
    assert 0 < len(kept) < len(whole.customers)
    assert found.everybody == len(whole.customers)
    ids = {*kept["lead_id"].dropna(), *kept["customer_id"].dropna()}
    alone = read(tables(**only(ids)))
    for name in FRAMES:
        expected = getattr(alone, name)
        if name == "channels":  # costs are nobody's alone
            expected = expected[expected[["first_customers", "last_customers"]].sum(axis=1) > 0]
            expected = expected.assign(acquisition_cost=float("nan"), cac=float("nan"))
            expected = expected.reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(found, name), expected, check_dtype=False)
    assert found.reconciliation == alone.reconciliation
    shared = [name for name in found.history.columns if name not in MONEY_OF_ALL]
    pd.testing.assert_frame_equal(found.history[shared], alone.history[shared])
    assert found.history[list(MONEY_OF_ALL)].isna().all(axis=None)
    # Scores come from everybody; the filter then selects.
    columns = [name for name in kept.columns if name != "engagement_score"]
    pd.testing.assert_frame_equal(found.customers[columns], alone.customers[columns])
    pd.testing.assert_frame_equal(found.customers, kept.reset_index(drop=True))


def test_a_filter_that_leaves_nobody_leaves_zeros_and_missing_rates():
    found = read(tables(**company()), Chosen(search="no such name"))
    now = found.history.iloc[-1]
    assert (now["leads"], now["new_customers"], len(found.customers)) == (0, 0, 0)
    assert now[["mature_conversion_rate", "ltv", "cac"]].isna().all()
    assert found.blocks()["journey"] is None
    assert all(
        getattr(found, name).empty for name in ("by_source", "paths", "success", "channels", "journey")
    )


def test_parts_of_the_page_agree_with_each_other(whole):
    blocks, now = whole.blocks(), whole.history.iloc[-1]
    stages = blocks["funnel"]["stages"].set_index("stage")["subjects"]
    assert blocks["funnel"]["leads"] == stages["Lead"] == blocks["paths"]["subjects"].sum()
    assert blocks["funnel"]["customers"] == stages["Customer"] == whole.reconciliation["customers"]
    assert blocks["financial"]["new_customers"] == blocks["channels"]["first_customers"].sum()
    assert whole.kinds["new_customers"].sum() == now["new_customers"]
    assert now["acquisition_cost"] == 1000.0
    assert now["cac"] == pytest.approx(1000 / now["new_customers"])
    assert now["ltv_cac"] == pytest.approx(now["ltv"] / now["cac"])
    assert blocks["funnel"]["history"]["leads"].tolist() == whole.history["leads"].tolist()
    assert len(whole.history) == len(PERIODS) > 2
    assert blocks["journey"]["subject_id"] == whole.customers["subject_id"].iloc[0]
    pd.testing.assert_frame_equal(whole.way_of(whole.subject), whole.journey)
    assert not whole.way_of(whole.customers.iloc[-1]).equals(whole.journey)


@pytest.mark.parametrize("channel", [5, " ", None])
def test_a_channel_without_a_name_is_refused(channel):
    with pytest.raises(ParamsError, match='activity_channels: the channel of "call"'):
        Assumptions(activity_channels={"email_open": "E-mail", "call": channel})


def test_every_engine_gives_the_same(whole):
    other = read(tables("sqlite", **company()))
    for name in (*FRAMES, "history", "customers"):
        pd.testing.assert_frame_equal(
            getattr(whole, name), getattr(other, name), check_dtype=False, rtol=1e-9
        )
