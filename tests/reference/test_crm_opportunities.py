"""CRM opportunities: the published counts, to the last deal and dollar."""

from datetime import date

import pandas as pd
import pytest

from analytics.metrics.closings import closings, won_deals
from analytics.metrics.deals import deals_then
from analytics.models.deals.book import read_book
from analytics.params import load_rules
from analytics.timeframe import parse_timeframe

EDGE = date(2018, 1, 1)


@pytest.fixture(scope="module")
def dataset(opened):
    return opened("crm-opportunities")


@pytest.fixture(scope="module")
def rows(reference_data):
    """The file itself, read plainly."""
    frame = pd.read_csv(reference_data / "crm_opportunities" / "sales_pipeline.csv")
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("engage_date", "close_date")})


def test_won_lost_value_and_rate_are_the_published_ones(dataset):
    everything = parse_timeframe("all", as_of=EDGE, first_day=dataset.first_day)
    row = closings(dataset.tables["deals"], [everything]).iloc[0]
    assert (row["won_deals"], row["lost_deals"], row["won_value"]) == (4_238, 2_473, 10_005_534)
    assert round(100 * row["win_rate"], 2) == 63.15


def test_months_and_quarters_are_those_of_the_file(dataset, rows):
    won = rows[rows["deal_stage"] == "Won"]
    found = won_deals(dataset.tables["deals"], EDGE)
    for grain, letter in (("month", "M"), ("quarter", "Q")):
        mine = won.groupby(won["close_date"].dt.to_period(letter))["close_value"].agg(["size", "sum"])
        theirs = found[found["grain"] == grain]
        assert theirs["won_deals"].tolist() == mine["size"].tolist()
        assert theirs["won_value"].tolist() == mine["sum"].tolist()


def test_what_cannot_be_used_is_counted(dataset):
    assert dataset.left_out["deals"] == 2_089
    assert dataset.rows["deals"] == 6_711


@pytest.mark.parametrize("edge", [date(2017, 5, 1), date(2017, 10, 1)], ids=str)
def test_open_then_are_those_engaged_before_and_closed_since(dataset, rows, edge):
    known, day = rows[rows["close_date"].notna()], pd.Timestamp(edge)
    mine = known[(known["engage_date"] < day) & (known["close_date"] >= day)]
    found = deals_then(dataset.tables["deals"], None, [edge]).opened[edge]
    assert sorted(found["deal_id"]) == sorted(mine["opportunity_id"])
    assert found["stage"].isna().all()  # nothing proves in which stage they were


def test_without_a_single_input_there_is_no_chance_and_no_classifier(dataset):
    quarter = parse_timeframe("2017-Q3", as_of=EDGE)
    book = read_book(
        dataset.tables["deals"], dataset.tables["deal_history"], [quarter], load_rules("pipeline_rules")
    )
    assert book.model.basis == "points"
    assert book.open["close_probability"].isna().all()
    assert book.headlines.iloc[0]["unweighted_deals"] == len(book.open)
