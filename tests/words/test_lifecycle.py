"""What the lifecycle report says, shows and draws, case by case: it follows from the figures."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analytics.charts import lifecycle as charts
from analytics.data.contract import STAGES
from analytics.formats import Format
from analytics.metrics import lifecycle as metrics
from analytics.metrics.lifecycle_subjects import Chosen
from analytics.page.pieces import Bold, plain
from analytics.page.tokens import LIGHT
from analytics.tables import lifecycle as tables
from analytics.tables import lifecycle_customers as lists
from analytics.timeframe import compare, parse_timeframe
from analytics.words import lifecycle as words
from analytics.words import lifecycle_customers as people
from analytics.words import lifecycle_notes as notes
from tests.lifecycle_data import events, plain_subjects

SHOW = Format("en_GB", "GBP")
QUARTER = parse_timeframe("2026-Q1", as_of=date(2026, 4, 1))
COMPARISON = compare(QUARTER, first_day=date(2025, 1, 1))
ALL = {"leads", "stage_events", "accounts", "campaigns", "activities"}
SETTING = words.Setting(SHOW, COMPARISON, 90, 1.0, 90, 90, False, ALL)


def many(name, n, **stages):
    return [row for i in range(n) for row in events(f"{name}{i:03}", **stages)]


ROWS = [
    *many("A", 40, Lead="2026-01-02", MQL="2026-01-05"),
    *many("B", 20, Lead="2026-01-02", SQL="2026-01-09"),
    *many("C", 10, Lead="2026-01-02", MQL="2026-01-05", SQL="2026-01-09", Customer="2026-02-20"),
    *many("D", 2, Lead="2026-01-02", MQL=["2026-01-05", "2026-02-05"], SQL="2026-01-09"),
    *many("E", 30, Lead="2026-03-30"),
    *many("F", 60, Lead="2025-11-01", MQL="2025-11-03"),
    *many("G", 20, Lead="2025-11-01", SQL="2025-11-08", Customer="2025-12-01"),
]


@pytest.fixture(scope="module")
def subjects():
    leads = [
        {"lead_id": row["subject_id"], "created_at": row["entered_at"], "source": row["subject_id"][0]}
        for row in ROWS
        if row["stage"] == "Lead"
    ]
    return plain_subjects(QUARTER.reference_date, leads, ROWS)


@pytest.fixture(scope="module")
def cohort(subjects):
    return metrics.cohort_of(subjects, QUARTER)


@pytest.fixture(scope="module")
def found(subjects, cohort):
    history = metrics.lead_history(subjects, COMPARISON.periods, conversion_days=90)
    more = dict.fromkeys(("acquisition_cost", "cac", "ltv", "ltv_low", "ltv_high", "ltv_cac"), 1.0)
    more |= {"payback_months": 0.4, "monthly_profit_per_customer": 20.0, "monthly_churn_percent": 2.0}
    more |= {"lost_customers": 40, "ltv_n": 40, "cac_n": 40, "customer_months": 500.0, "is_revenue": False}
    return SimpleNamespace(
        history=history.assign(**more, revenue_without_profit=0.0, profit=1.0),
        stages=metrics.funnel_stages(cohort),
        rates=metrics.conversion_rates(cohort, subjects, QUARTER.reference_date),
        by_source=metrics.by_group(subjects, QUARTER, "source", conversion_days=90),
        paths=metrics.commonest_paths(cohort),
        kinds=pd.DataFrame({"kind": ["contract", "purchase"]}),
        customers=pd.DataFrame({"stage": ["Lead"]}),
        everybody=200,
        contradicted=3,
        scored_at=None,
    )


def texts(statement):
    return " ".join((statement.heading, statement.lead, statement.read, statement.based))


def fits(statement):
    return (
        len(statement.heading) <= 80 and len(statement.read.split()) <= 40 and "nan" not in texts(statement)
    )


class TestFunnel:
    def test_the_heading_counts_leads_and_customers_and_the_lead_says_what_was_skipped(self, found):
        said = words.funnel(SETTING, found)
        assert said.heading == "Of 102 leads, 10 are customers by 31 March 2026"
        alone = SimpleNamespace(**vars(found) | {"history": found.history.assign(customers=1)})
        assert words.funnel(SETTING, alone).heading == "Of 102 leads, 1 is a customer by 31 March 2026"
        assert "100% of them came less than 90 days ago" in said.lead
        assert "20 stages were skipped and count as reached" in said.lead
        assert fits(said)

    def test_without_a_lead_it_says_so(self, found):
        nobody = found.history.assign(leads=0)
        assert words.funnel(SETTING, SimpleNamespace(history=nobody)).heading == "No lead came in Q1 2026"
        assert "as filtered" in words.no_leads(
            replace(SETTING, filtered=True), pd.DataFrame({"subjects": [0]})
        )
        assert words.no_leads(SETTING, found.stages) == ""

    def test_the_bottleneck_is_named_with_who_had_time(self, found):
        row = found.rates[found.rates["is_bottleneck"]].iloc[0]
        said = words.steps(SETTING, found.rates)
        assert f"{row['from_stage']} to {row['to_stage']}" in said.heading
        assert fits(said)
        none = words.steps(SETTING, found.rates.assign(is_bottleneck=False))
        assert "Too few" in none.heading

    def test_a_stage_that_nobody_entered_is_said_and_is_no_rival(self, found):
        rates = found.rates.assign(usual_days=9.0, to_subjects=5)
        assert "recorded" not in words.steps(SETTING, rates).lead
        into = rates["to_stage"] == "Retained"
        known = pd.DataFrame({"conversion_rate": 50.0, "conversion_rate_low": 99.0}, rates.index)
        known = known.assign(conversion_rate_high=60.0).where(~into, 0.0)
        rates = rates.assign(
            usual_days=rates["usual_days"].where(~into), to_subjects=rates["to_subjects"].where(~into, 0),
            conversion_rate_n=100, mature_rate_n=0, from_subjects=9, is_bottleneck=rates.index == 0, **known,
        )  # fmt: skip
        said = words.steps(SETTING, rates).lead
        assert said.endswith(" Nobody has ever entered Retained, or it is not recorded.")
        assert "as low" not in said
        customers = words.steps(SETTING, rates.assign(usual_days=np.nan, to_subjects=0)).lead
        assert "entered MQL or SQL or Retained or Expansion, or it" in customers
        none = words.steps(SETTING, rates.assign(is_bottleneck=False))
        assert none.lead == "Nobody has ever entered Retained, or it is not recorded."

    def test_the_days_of_a_bottleneck_are_those_of_half_or_of_nine_in_ten_or_not_said(self, found):
        rates = found.rates.assign(median_days=12.0, usual_days=40.0)
        assert "; half of those who go on do so within 12 days." in words.steps(SETTING, rates).lead
        nobody = rates.assign(median_days=np.nan)  # of the timeframe: what is usual comes from all
        assert "; nine of ten who go on do so within 40 days." in words.steps(SETTING, nobody).lead
        unknown = nobody.assign(usual_days=np.nan)
        assert words.steps(SETTING, unknown).lead.startswith(
            words.steps(SETTING, rates).lead.partition(";")[0] + "."
        )

    def test_a_step_as_low_within_the_margin_of_error_is_named_too(self, found):
        rates = found.rates.iloc[:2].assign(is_bottleneck=[True, False], mature_rate_n=100)
        rates = rates.assign(
            mature_rate=[50.0, 55.0], mature_rate_low=[40.0, 45.0], mature_rate_high=[60.0, 65.0]
        )
        assert "MQL to SQL is as low" in words.steps(SETTING, rates).lead
        apart = rates.assign(mature_rate_low=[40.0, 61.0])
        assert "as low" not in words.steps(SETTING, apart).lead

    def test_the_picture_has_every_stage_and_its_step(self, found):
        chart = charts.funnel(found.stages, found.rates, SHOW)
        assert all(f">{stage}<" in chart.wide for stage in STAGES)
        assert "Lead 102; MQL 72" in chart.alt
        assert LIGHT["bad"] in chart.wide
        assert "of customers" in chart.wide
        assert charts.funnel(found.stages.assign(subjects=0), found.rates, SHOW) is None

    def test_a_step_that_had_no_time_says_so(self, found):
        young = charts.funnel(found.stages, found.rates.assign(too_young=True), SHOW)
        assert "too early to say" in young.wide
        assert "(too early)" in str(tables.steps(found.rates.assign(too_young=True), SHOW).rows)
        old = tables.steps(found.rates.assign(too_young=False), SHOW)
        assert "too early" not in str(old.rows)

    def test_tables_have_the_figures_and_grey_what_is_few(self, found):
        rows = {row[0]: row for row in tables.stages(found.stages, SHOW).rows}
        assert rows["MQL"][1:2] + rows["MQL"][4:] == ("72", "52", "20", "42")
        steps = tables.steps(found.rates.assign(mature_rate_n=[29, 30, *[40] * 6]), SHOW)
        assert steps.unsure == {0}
        assert tables.stages(found.stages.assign(subjects=0), SHOW) is None

    def test_groups_apart_from_all_are_named(self, found):
        now = found.history.iloc[-1]
        said = words.groups(SETTING, found.by_source, "source", now)
        assert said.heading.startswith("No source converts")
        rows = found.by_source.head(2).assign(
            source=["Fair", "Web"], mature_conversion_rate=[40.0, 5.0], mature_conversion_rate_n=[100, 200],
            mature_conversion_rate_low=[30.0, 2.0], mature_conversion_rate_high=[50.0, 8.0],
        )  # fmt: skip
        now = now.copy()
        now["mature_conversion_rate"] = 20.0
        said = words.groups(SETTING, rows, "source", now)
        assert said.heading == "Fair converts best, Web least: 40% and 5%"
        assert "30 customers more would have come of 200 leads" in said.lead
        chart = charts.groups(rows, "source", 20.0, SHOW)
        assert "Fair highest with 40.0%" in chart.alt
        few = rows.assign(mature_conversion_rate_n=29)
        assert charts.groups(few, "source", 20.0, SHOW) is None
        assert "Too few" in words.groups(SETTING, few, "source", now).heading
        assert tables.groups(few, "source", SHOW, folded=False).unsure == {0, 1}

    def test_paths_say_which_way_is_the_commonest_and_who_went_back(self, found):
        said = words.paths(SETTING, found.paths)
        assert said.heading == "The commonest path is Lead → MQL: 39% of leads"
        assert "2 went back a stage" in said.lead
        assert tables.paths(found.paths, SHOW).rows[0][:3] == ("Lead → MQL", "40", "39.2%")

    def test_the_reconciliation_says_whether_both_agree(self):
        items = dict.fromkeys(("entered_outside", "created_outside", "without_row"), 0)
        items |= {"leads": 9, "leads_table": 9, "customers": 2, "not_customers": 0, "not_converted": 0}
        assert (
            words.reconciliation(SETTING, items).heading == "The funnel has every lead of the leads table: 9"
        )
        moved = items | {"without_row": 1, "leads": 10, "not_converted": 1, "converted_table": 1}
        assert words.reconciliation(SETTING, moved).heading == "The leads table has 9 leads, the funnel 10"
        assert "1 differ" in words.reconciliation(SETTING, moved).lead
        one = words.reconciliation(SETTING, items | {"leads": 1, "leads_table": 1, "customers": 1})
        assert one.lead == "The 1 customer agrees with it too."
        assert one.based == "1 row of the leads table created in Q1 2026"
        table = tables.reconciliation(moved | {"entered_outside": 2}, SHOW, listed=True)
        assert table.rows[1][1] == "−2"
        assert tables.reconciliation(moved, SHOW, listed=False) is None
        assert "no leads table" in words.reconciliation(replace(SETTING, present=set()), items).heading


class TestOpening:
    def test_the_summary_has_at_most_60_words_and_four_bold_figures(self, found):
        said = words.summary(SETTING, found)
        assert sum(len(plain(runs).split()) for runs in said) <= 60
        assert sum(isinstance(run, Bold) for runs in said for run in runs) <= 4
        assert "102 leads came" in plain(said[0])
        assert "earns the cost back in 12 days" in plain(said[-1])

    def test_few_behind_a_rate_drive_no_sentence(self, found):
        few = found.history.assign(mature_conversion_rate_n=29, ltv_n=29)
        said = words.summary(SETTING, SimpleNamespace(history=few, rates=found.rates, stages=found.stages))
        assert "given" not in plain(said[0])
        assert said[-1] == ()

    def test_without_leads_it_says_that_there_is_no_funnel(self, found):
        shop = replace(SETTING, present={"sales"})
        assert "no funnel" in plain(words.summary(shop, found)[0])
        names = [card.name for card in words.headlines(shop, found.history)]
        assert names == ["new_customers", "cac", "ltv", "payback_months"]
        blocks = notes.shown(shop, ["funnel", "paths", "financial"])
        assert blocks == {"financial"}
        assert notes.shown(SETTING, ["funnel"]) == {"funnel"}
        assert "no leads and no stage events" in str(notes.notes(shop, found, 90, 30.0)["limits"])

    def test_cards_say_what_stands_behind_them(self, found):
        cards = {card.name: card for card in words.headlines(SETTING, found.history)}
        assert list(cards) == ["leads", "mature_conversion_rate", "cac", "ltv"]
        assert "20 of 80 leads from 3 October to 31 December 2025" in cards["mature_conversion_rate"].base
        none = found.history.assign(acquisition_cost=np.nan, cac=np.nan)
        bases = {card.name: card.base for card in words.headlines(SETTING, none)}
        assert bases["cac"] == "no campaign for acquisition ran"
        asked = words.headlines(replace(SETTING, filtered=True), none)
        assert "not known of a selection" in asked[2].base

    def test_a_filter_is_announced_without_repeating_what_was_searched_for(self, found):
        asked = Chosen(stage="MQL", search="Ada Lovelace")
        said = notes.notice(replace(SETTING, filtered=True), asked, found)
        assert said.title == "Only 1 of 200 leads and customers are shown"
        assert "stage MQL and a search" in said.text
        assert "Ada" not in str(said)
        assert notes.notice(SETTING, Chosen(), found) is None

    def test_limits_name_contradictions_and_missing_predictions(self, found):
        said = " ".join(notes.notes(SETTING, found, 90, 30.0)["limits"])
        assert "3 customers stand in Churned" in said
        assert "No batch of predictions" in said


class TestMoney:
    def row(self, **more):
        usual = {
            "ltv": 1000.0, "ltv_low": 900.0, "ltv_high": 1200.0, "ltv_cac": 4.0, "customer_months": 300.0,
            "lost_customers": 40, "is_revenue": False, "revenue_without_profit": 0.0,
        }  # fmt: skip
        return pd.Series(usual | more)

    def test_worth_is_set_against_cost_where_that_is_known(self):
        assert people.financial(SETTING, self.row()).heading == (
            "A customer is worth £1,000, 4.0 times what a new one costs"
        )
        alone = people.financial(SETTING, self.row(ltv_cac=np.nan)).heading
        assert alone == "A customer is worth £1,000 (£900 to £1,200)"

    def test_what_cannot_be_said_has_its_reason(self):
        nobody = people.financial(SETTING, self.row(ltv=np.nan, lost_customers=0))
        assert "nobody was lost" in nobody.heading
        assert "no profit is known" in people.financial(SETTING, self.row(ltv=np.nan)).heading
        empty = self.row(ltv=np.nan, lost_customers=0, customer_months=0.0)
        assert "nobody was a customer" in people.financial(SETTING, empty).heading

    def test_what_profit_rests_on_is_said(self):
        shop = replace(SETTING, present={"sales"})
        assert "revenue stands in" in people.financial(shop, self.row(is_revenue=True)).lead
        assert "£50 lack their profit" in people.financial(shop, self.row(revenue_without_profit=50.0)).lead
        assert (
            "40% of contract value"
            in people.financial(replace(SETTING, contract_margin=0.4), self.row()).lead
        )

    def test_the_table_has_now_before_and_a_year_earlier(self, found):
        places = words.compared(SETTING)
        table = tables.financial(found.history, SHOW, **places)
        assert [column.label for column in table.columns] == [
            "What",
            "Now",
            "Timeframe before",
            "A year earlier",
        ]
        assert ("Payback", "12 days", "12 days", "12 days") in table.rows
        alone = tables.financial(found.history, SHOW, previous=None, year=None)
        assert alone.rows[0][2:] == ("–", "–")


class TestCustomers:
    def months(self, now=30.0, then=20.0, answers=40):
        months = pd.to_datetime(["2025-03-01", "2026-03-01"]).astype("datetime64[us]")
        rows = pd.DataFrame({"month": months, "nps": [then, now], "responses": answers, "accounts": 99})
        rows = rows.assign(nps_low=rows["nps"] - 4, nps_high=rows["nps"] + 4, in_timeframe=True)
        return rows.assign(logins=5.0, seat_use_percent=70.0, tickets=1.2, critical_tickets=np.nan)

    def test_nps_moved_or_is_close_to_a_year_before(self):
        assert (
            people.success(SETTING, self.months()).heading
            == "NPS rose to 30 in Mar 2026, from 20 a year before"
        )
        fell = people.success(SETTING, self.months(20.0, 30.0)).heading
        assert fell == "NPS fell to 20 in Mar 2026, from 30 a year before"
        assert "close to 20" in people.success(SETTING, self.months(25.0)).heading
        few = self.months(answers=29)
        assert "Too few" in people.success(SETTING, few).heading
        assert charts.nps(few, SHOW) is None
        assert lists.success(few, SHOW, limit=9).unsure == {0, 1}
        assert "from 20 to 30" in charts.nps(self.months(), SHOW).alt
        assert "No snapshot" in people.success(SETTING, few.iloc[:0]).heading
        assert people.success(SETTING, few.assign(accounts=1)).based == "1 account in Mar 2026"

    def channels(self, first=(30, 10, 0), last=(0, 10, 30)):
        rows = pd.DataFrame(
            {"channel": ["Fair", "Web", "Call"], "first_customers": first, "last_customers": last}
        )
        for side in ("first", "last"):
            rows[f"{side}_revenue"] = rows[f"{side}_value"] = rows[f"{side}_customers"] * 2.0
        return rows.assign(acquisition_cost=[600.0, np.nan, np.nan], cac=[20.0, np.nan, np.nan])

    def test_channels_that_open_and_close_are_named_and_what_was_paid(self):
        said = people.channels(SETTING, self.channels())
        assert said.heading == "Fair opens most ways to a customer (75%), Call closes most (75%)"
        assert "£600 went into Fair: £20 for each of its 30 customers" in said.lead
        same = people.channels(SETTING, self.channels(last=(30, 10, 0)))
        assert same.heading == "Fair is first and last touch most often: 75% and 75%"
        nobody = self.channels((0, 0, 0), (0, 0, 0))
        assert "Nobody became" in people.channels(SETTING, nobody).heading
        assert lists.channels(nobody, SHOW) is None
        assert charts.channels(nobody, SHOW) is None
        assert "Fair leads with 30" in charts.channels(self.channels(), SHOW).alt
        table = lists.channels(self.channels(), SHOW)
        assert table.total[1:3] == ("40", "40")
        unknown = self.channels().assign(channel="none known")
        assert "No channel is known" in people.channels(SETTING, unknown).heading

    def listed(self, n=12):
        return pd.DataFrame(
            {
                "subject_id": [f"L{i:02}" for i in range(n)], "customer_id": [f"A{i:02}" for i in range(n)],
                "name": "Acme", "stage": "Customer", "since": pd.Timestamp("2026-01-02"), "owner": None,
                "risk_level": ["High", "Low", None] * (n // 3),
                "churn_probability": [0.7, 0.1, np.nan] * (n // 3),
                "value": 100.0, "engagement_score": 50.0, "activities": [0, 1, 2] * (n // 3),
            }
        )  # fmt: skip

    def test_the_list_says_who_is_at_risk_and_who_is_silent(self):
        said = people.customers(SETTING, self.listed())
        assert said.heading == "12 customers worth £1,200 a year, 4 at high risk"
        assert "worth £400 a year. 4 customers did nothing that is recorded in 90 days" in said.lead
        unscored = self.listed().assign(risk_level=None)
        assert "No predictions are in force" in people.customers(SETTING, unscored).lead
        assert (
            "none of them a customer" in people.customers(SETTING, self.listed().assign(stage="Lead")).heading
        )
        assert "Nobody is listed" in people.customers(SETTING, self.listed().iloc[:0]).heading
        one = people.customers(SETTING, self.listed().iloc[:1])
        assert one.based == "1 lead or customer known by 31 March 2026"
        lead = people.customers(SETTING, self.listed().iloc[:1].assign(stage="Lead"))
        assert lead.heading == "1 is listed, no customer now"
        short, long = lists.customers(self.listed(), SHOW), lists.customers(self.listed(), SHOW, limit=50)
        assert (len(short.rows), short.of_rows, len(long.rows)) == (10, "12", 12)
        assert short.rows[0][1:6] == ("A00", "Customer", "2 January 2026", "High (70%)", "–")

    def way(self):
        return pd.DataFrame(
            {
                "at": pd.to_datetime(["2026-01-02", "2026-01-09", "2026-02-01", "2026-02-02", "2026-03-01"]),
                "lane": ["stage", "purchase", "ticket", "nps", "prediction"],
                "what": ["Customer", "purchase", "critical_ticket", "nps", "High"],
                "number": [np.nan, 20.0, np.nan, -30.0, 0.7],
            }
        )

    def test_a_journey_is_a_timeline_with_its_events_in_words(self):
        one = self.listed().iloc[0]
        said = people.journey(SETTING, one, self.way(), "")
        assert said.heading == "Acme: Customer since 2 January 2026"
        assert "1 change of stage, 1 purchase or return, 1 ticket" in said.lead
        assert "most valuable" in said.lead
        assert "most valuable" not in people.journey(SETTING, one, self.way(), "A00").lead
        chart = charts.journey(self.way(), QUARTER.reference_date, SHOW)
        for word in ("Stages", "Purchases", "Tickets", "NPS", "Risk", "£20", "critical", "−30", "High 70%"):
            assert f">{word}<" in chart.wide, word
        scored = self.way().tail(1)
        assert LIGHT["bad"] in charts.journey(scored.assign(what="high"), QUARTER.reference_date, SHOW).wide
        low = charts.journey(scored.assign(what="low"), QUARTER.reference_date, SHOW).wide
        assert LIGHT["bad"] not in low
        table = lists.journey(self.way(), SHOW, limit=2)
        assert table.rows[0] == ("1 March 2026", "Prediction", "High risk", "70.0%")
        assert table.of_rows == "5"

    def test_where_nobody_is_found_it_says_so(self):
        nothing = self.way().iloc[:0]
        assert "Nobody matches" in people.journey(SETTING, None, nothing, "x").heading
        assert "No lead or customer" in people.journey_missing(SETTING, None, nothing, "x")
        assert "There is no lead" in people.journey_missing(SETTING, None, nothing, "")
        chosen = replace(SETTING, filtered=True)
        assert people.journey_missing(chosen, None, nothing, "") == "The filters leave nobody."
        assert charts.journey(nothing, QUARTER.reference_date, SHOW) is None
        assert people.journey_missing(SETTING, self.listed().iloc[0], self.way(), "") == ""
