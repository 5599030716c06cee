"""Who is where: one row for each lead and customer, whatever ids the events bear."""

from datetime import date

import pandas as pd
import pytest

from analytics.errors import ParamsError
from analytics.metrics.lifecycle_subjects import (
    MOST_STEPS,
    Chosen,
    choose,
    conversions,
    customer_ids,
    limited,
    moments,
    read_subjects,
    subjects,
)
from tests.lifecycle_data import company, events, plain_subjects, tables

EDGE = date(2026, 5, 1)


def lead(lead_id="L1", created_at="2026-01-01", **more):
    return {"lead_id": lead_id, "created_at": created_at} | more


def sale(customer, day, amount=10.0):
    return {"sale_id": f"{customer}{day}", "customer_id": customer, "sold_at": day, "total_amount": amount}


def shot(customer, day, **more):
    return {"customer_id": customer, "snapshot_at": day} | more


LONG = [
    {"subject_id": "long", "stage": ("MQL", "SQL")[i % 2], "entered_at": day}
    for i, day in enumerate(pd.date_range("2026-01-01", periods=MOST_STEPS + 3))
]
CASES = {
    "stage_events": [
        *events("back", Lead="2026-01-01", MQL=["2026-01-03", "2026-01-04", "2026-02-10"], SQL="2026-02-01"),
        *events("late", Lead="2026-01-01", MQL="2026-04-30 23:59:59", SQL="2026-05-01"),
        *events("same", SQL="2026-01-02", Lead="2026-01-01", MQL="2026-01-02"),
        *LONG,
        *events("signed", Lead="2026-01-01"),
        *events("A1", Customer="2026-02-01", Expansion="2026-03-01"),
        *events("A2", Churned="2026-04-01"),
        *events("1", Lead="2026-01-01", MQL="2026-01-02"),
        *events("told", Lead="2026-01-05", Customer="2026-03-05"),
    ],
    "leads": [
        lead("signed", customer_id="A1", converted_at="2026-02-01", company="Prospect", owner="Ada")
        | {"region": "North"},
        lead("first", customer_id="A2", converted_at="2026-02-01"),
        lead("second", customer_id="A2", converted_at="2026-03-01"),
        lead("1"),
        lead("silent", converted_at="2026-02-01"),
        lead("told", converted_at="2026-02-01"),
        lead("unborn", created_at="2026-05-01"),
    ],
    "customers": [{"customer_id": "A1", "name": "Acme", "owner": "Ben"}],
    "accounts": [
        shot("A3", "2026-02-28", started_at="2026-02-10"),
        shot("A3", "2026-03-31", churned_at="2026-03-20"),
        shot("A4", "2026-02-28", started_at="2026-01-10", churned_at="2026-02-20"),
        shot("A4", "2026-03-31", started_at="2026-03-10"),
        shot("A4", "2026-05-31", churned_at="2026-04-20"),
    ],
    "sales": [
        sale("B1", "2026-02-02", -5.0), sale("B1", "2026-02-03"), sale(None, "2026-02-04"),
        sale("1", "2026-02-05"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def frame():
    return read_subjects(subjects(tables(**CASES), EDGE))


@pytest.fixture(scope="module")
def one(frame):
    return frame.drop_duplicates("subject_id").set_index("subject_id")


def day(seconds):
    return str(pd.Timestamp(seconds, unit="s").date())


class TestStages:
    def test_the_path_is_in_the_order_of_entry_and_repetitions_count_once(self, one):
        row = one.loc["back"]
        assert row.path == "Lead → MQL → SQL → MQL"
        assert (row.stage, day(86_400 * row.since_day), day(row.MQL)) == ("MQL", "2026-02-10", "2026-01-03")

    def test_nothing_on_or_after_the_reference_date_is_read(self, one):
        assert one.loc["late", "path"] == "Lead → MQL"
        assert "unborn" not in one.index

    def test_two_stages_in_the_same_second_stand_in_the_order_of_the_stages(self, one):
        assert one.loc["same", "path"] == "Lead → MQL → SQL"

    def test_a_path_longer_than_is_told_apart_ends_where_it_stops_but_the_stage_is_the_last(self, one):
        assert one.loc["long", "path"].count("→") == MOST_STEPS - 1
        assert one.loc["long", "stage"] == "MQL"


class TestWhoIsWho:
    def test_what_a_customer_does_belongs_to_the_lead_that_became_it(self, one):
        assert "A1" not in one.index
        assert one.loc["signed", ["path", "customer_id"]].tolist() == ["Lead → Customer → Expansion", "A1"]

    def test_a_further_lead_of_a_customer_is_a_subject_of_its_own_without_the_customer(self, one):
        rows = one.loc[["first", "second"]]
        assert rows["again"].tolist() == [False, True]
        assert rows["path"].tolist() == ["Lead → Customer → Churned", "Lead → Customer"]
        assert rows["customer_id"].tolist() == ["A2", None]

    def test_an_id_that_is_a_leads_and_a_customers_is_the_leads(self, frame):
        rows = frame[frame["subject_id"] == "1"]
        assert rows[["lead_id", "customer_id", "path"]].to_numpy().tolist() == [
            ["1", None, "Lead → MQL"],
            [None, "1", "Customer"],
        ]

    def test_names_owners_and_regions_are_the_customers_else_the_leads(self, one):
        assert one.loc["signed", ["name", "owner", "region"]].tolist() == ["Acme", "Ben", "North"]


class TestWhatFillsIn:
    def test_a_lead_without_events_is_known_from_the_leads_table(self, one):
        assert one.loc["silent", "path"] == "Lead → Customer"

    def test_a_recorded_entry_wins_over_what_would_fill_it_in(self, one):
        assert (day(one.loc["told", "Customer"]), day(one.loc["told", "Lead"])) == (
            "2026-03-05",
            "2026-01-05",
        )

    def test_customers_without_a_lead_begin_with_their_contract_or_first_purchase(self, one):
        assert one.loc["A3", "path"] == "Customer → Churned"
        assert (one.loc["B1", "path"], day(one.loc["B1", "Customer"])) == ("Customer", "2026-02-03")

    def test_an_account_that_came_back_has_not_churned_by_its_last_snapshot(self, one):
        assert one.loc["A4", "path"] == "Customer"


@pytest.fixture(scope="module")
def made():
    data = tables(**company())
    return data, read_subjects(subjects(data, EDGE))


@pytest.mark.parametrize("edge", [EDGE, date(2025, 9, 1)])
def test_leads_are_those_of_a_plain_loop(edge):
    book = company()
    wanted = {name: book[name] for name in ("leads", "stage_events")}
    slow = plain_subjects(edge, **wanted).sort_values("subject_id", ignore_index=True)
    fast = read_subjects(subjects(tables(**wanted), edge))
    assert len(fast) > 30
    pd.testing.assert_frame_equal(fast[list(slow.columns)], slow, check_dtype=False)


def test_conversions_are_the_customer_entries_of_the_subjects(made):
    data, every = made
    keys = ["lead_id", "customer_id"]
    frame, short = (
        rows.fillna(dict.fromkeys(keys, "")).set_index(keys)
        for rows in (
            every.dropna(subset=["Customer"])[[*keys, "Customer"]],
            conversions(moments(data, EDGE)).to_pandas(),
        )
    )
    assert len(frame) == len(short) > 30
    assert (frame.join(short)["Customer"] == frame.join(short)["converted"]).all()


class TestChoosing:
    @pytest.mark.parametrize(
        "asked",
        [
            {"stage": "Churned"},
            {"risk_level": "High"},
            {"search": " bUyer 3"},
            {"search": "%"},
        ],
        ids=str,
    )
    def test_it_keeps_who_was_asked_for(self, made, asked):
        data, every = made
        picked = choose(subjects(data, EDGE), Chosen(**asked), data["predictions"], "b1")
        high = {row["customer_id"] for row in company()["predictions"] if row["risk_level"] == "High"}
        wanted = {
            "Churned": every["stage"] == "Churned",
            "High": every["customer_id"].isin(high),
            " bUyer 3": every["name"].str.startswith("Buyer 3"),
            "%": every["name"] == "nobody",
        }[next(iter(asked.values()))]
        ids = picked.select("subject_id").to_pandas()["subject_id"]
        assert sorted(ids) == sorted(every.loc[wanted.eq(True), "subject_id"])
        assert len(ids) or "%" in asked.values()

    def test_a_level_of_risk_counts_in_whatever_case_it_is_written(self, made):
        data, _ = made
        found, asked = subjects(data, EDGE), Chosen(risk_level="High")
        small = data["predictions"].mutate(risk_level=data["predictions"].risk_level.lower())
        counts = [choose(found, asked, rows, "b1").count().execute() for rows in (data["predictions"], small)]
        assert counts[0] == counts[1] > 0

    def test_other_tables_are_limited_alike_by_a_list_and_by_an_expression(self, made, monkeypatch):
        data, every = made
        picked = choose(subjects(data, EDGE), Chosen(stage="Churned"), data["predictions"], "b1")
        known = every.loc[every["stage"] == "Churned", "customer_id"]
        listed = customer_ids(picked, known)
        monkeypatch.setattr("analytics.metrics.lifecycle_subjects.MOST_LISTED", 0)
        counts = [
            limited(data["accounts"], ids).count().execute() for ids in (listed, customer_ids(picked, known))
        ]
        assert counts[0] == counts[1] > 0
        assert limited(data["accounts"], None).count().execute() > counts[0]
        assert limited(data["accounts"], []).count().execute() == 0

    @pytest.mark.parametrize("asked", [{"stage": "Leed"}, {"risk_level": "Hihg"}])
    def test_what_is_no_stage_and_no_level_is_refused(self, asked):
        with pytest.raises(ParamsError, match="did you mean"):
            Chosen(**asked)
