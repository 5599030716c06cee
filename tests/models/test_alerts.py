"""Alerts: each rule, its limits, what is silent, and what could not be checked."""

from datetime import date, timedelta

import pandas as pd
import pytest

from analytics.data.published import read_published
from analytics.models.alerts import KINDS, Alert, find_alerts, late_data, look_again, unchecked
from analytics.models.board import QUOTED, read_figures
from analytics.timeframe import parse_timeframe
from tests.board_reports import DEALS, QUARTER, body, card, failure, whole_set, write

LIMITS = {"customer_value_over": 1000.0, "deal_value_over": 10_000.0, "currency": "GBP"}


@pytest.fixture
def find(tmp_path):
    def call(late=None, *, limits=LIMITS, **reports):
        write(tmp_path, "acme", "2026-Q3", **reports)
        published = read_published(tmp_path, [*QUOTED, "campaign"], "acme", QUARTER, "GBP")
        rows = find_alerts(published, read_figures(published), late, **limits)
        return {kind: rows[rows["kind"] == kind].to_dict("records") for kind in rows["kind"].unique()}

    return call


def test_every_rule_finds_its_own_in_the_order_of_kinds(find):
    late = Alert("late_data", "late", day=date(2026, 9, 1), expected_day=date(2026, 9, 30))
    found = find(late, **whole_set())
    assert tuple(found) == KINDS
    assert all(row["rule"] for rows in found.values() for row in rows)
    counts = [found[kind][0]["count"] for kind in ("high_risk_customers", "at_risk_deals")]
    assert [type(count) for count in counts] == [int, int]  # beside alerts that count nothing, too


def test_customers_at_high_risk_count_above_the_value_and_no_others(find):
    (row,) = find(**whole_set())["high_risk_customers"]
    assert (row["count"], row["value"], row["largest"], row["subject"]) == (2, 5500.0, 4000.0, "Bo")
    assert (row["limit"], row["report"], row["link"]) == (1000.0, "roi", "roi.html#customers")
    assert row["rule"] == "chance to leave above 0.8 and value at risk above 1000 GBP"
    (row,) = find(limits=LIMITS | {"customer_value_over": 0.0}, **whole_set())["high_risk_customers"]
    assert row["count"] == 3


def test_deals_at_risk_count_above_the_value(find):
    (row,) = find(**whole_set())["at_risk_deals"]
    assert (row["count"], row["value"], row["subject"]) == (2, 37_000.5, "Acme")
    assert (row["limit"], row["link"]) == (10_000.0, "pipeline.html#at_risk_deals")


def test_amounts_add_up_exactly_and_limits_are_written_out(find):
    """Ten deals of 0.1 are worth 1, and a hundred million dong are no 1e+08."""
    dime = {"deal_id": "d", "company": None, "deal_value": 0.1}
    (row,) = find(limits=LIMITS | {"deal_value_over": 0.0}, pipeline=body(at_risk_deals=[dime] * 10))[
        "at_risk_deals"
    ]
    assert (row["value"], row["count"], type(row["count"])) == (1.0, 10, int)
    dear = dime | {"deal_value": 2e8}
    (row,) = find(limits=LIMITS | {"deal_value_over": 1e8}, pipeline=body(at_risk_deals=[dear]))[
        "at_risk_deals"
    ]
    assert row["rule"].endswith("worth more than 100000000 GBP")


@pytest.mark.parametrize("odd", [{}, {"value_at_risk": "much"}, {"high_risk": True}, {"deal_value": "much"}])
def test_rows_without_an_amount_are_no_alert(find, odd):
    reports = {"roi": body(customers=[odd]), "pipeline": body(at_risk_deals=[odd])}
    assert find(**reports) == {}


def test_a_pipeline_that_lists_only_larger_deals_sets_the_limit(find):
    pipeline = body(card("total_pipeline", 1.0), at_risk_deals=DEALS, parameters={"min_deal_value": 20_000.0})
    (row,) = find(pipeline=pipeline)["at_risk_deals"]
    assert (row["count"], row["limit"]) == (1, 20_000.0)
    assert "more than 20000 GBP" in row["rule"]


def test_figures_beyond_their_usual_spread_are_named_with_it(find):
    rows = find(**whole_set())["unusual_figure"]
    assert [(row["subject"], row["change"], row["limit"]) for row in rows] == [
        ("leads", 12.0, 10.0),
        ("profit", 30.0, 12.0),
        ("active_customers", -40.0, 20.0),
    ]
    assert rows[0]["rule"].endswith("over 7 earlier timeframes")
    assert rows[2]["link"] == "segmentation.html"


def test_every_report_that_failed_is_an_alert_also_one_that_no_figure_is_read_from(find):
    rows = find(churn_training=failure(), campaign=failure(message="out of memory"))["failed_report"]
    assert [(row["report"], row["subject"], row["link"]) for row in rows] == [
        ("churn_training", "SourceError: no such host", "churn_training.html"),
        ("campaign", "SourceError: out of memory", "campaign.html"),
    ]


def test_without_anything_to_say_there_is_an_empty_frame_with_its_columns(find, tmp_path):
    assert find(purchase_patterns=body(card("total_revenue", 1.0))) == {}
    published = read_published(tmp_path, QUOTED, "bolt", QUARTER, "GBP")
    rows = find_alerts(published, read_figures(published), None, **LIMITS)
    assert rows.empty
    assert {"kind", "rule", "report", "link"} <= set(rows.columns)


def test_rules_whose_report_is_lacking_are_named_as_unchecked(tmp_path):
    write(tmp_path, "acme", "2026-Q3", pipeline=body(at_risk_deals=None), roi=failure())
    published = read_published(tmp_path, QUOTED, "acme", QUARTER, "GBP")
    assert unchecked(published) == {"high_risk_customers": "roi"}
    assert unchecked({}) == {"high_risk_customers": "roi", "at_risk_deals": "pipeline"}


RUN = date(2026, 11, 20)


def late(label, newest, *, day=RUN, as_of="latest", late_days=3):
    known = newest + timedelta(days=1) if as_of == "latest" else date.fromisoformat(as_of)
    shown = parse_timeframe(label, as_of=known)
    return late_data(shown, newest=newest, day=day, as_of=as_of, late_days=late_days)


@pytest.mark.parametrize(
    ("label", "newest", "days"),
    [
        ("2026-Q3", date(2026, 9, 30), None),
        ("2026-Q3", date(2026, 9, 27), None),  # three days are allowed
        ("2026-Q3", date(2026, 9, 26), 4),
        ("2025-Q1", date(2026, 9, 1), None),  # of the past: it is covered
        ("last-quarter", date(2026, 10, 2), None),
        ("last-quarter", date(2026, 6, 30), 92),  # the page shows the second quarter; the third is meant
        ("2026", date(2026, 11, 10), 9),  # not over: up to the day before the run
        ("all", date(2026, 11, 16), None),
        ("all", date(2026, 11, 15), 4),
    ],
)
def test_data_are_late_where_they_end_before_what_the_timeframe_means_on_the_day_of_the_run(
    label, newest, days
):
    found = late(label, newest)
    assert (None if found is None else found.change) == days


def test_where_params_say_as_of_that_day_stands_in_place_of_the_run(find):
    assert late("last-quarter", date(2026, 6, 30), as_of="2026-07-15") is None
    assert late("last-quarter", date(2026, 6, 20), as_of="2026-07-15").change == 10


def test_late_data_say_how_far_they_reach_and_should(find):
    found = late("2026-Q3", date(2026, 9, 1), late_days=5)
    assert (found.day, found.expected_day, found.limit) == (date(2026, 9, 1), date(2026, 9, 30), 5)
    (row,) = find(found)["late_data"]
    assert row["rule"] == found.rule
    assert late_data(QUARTER, newest=None, day=RUN, as_of="latest", late_days=3) is None


def test_the_page_is_looked_at_again_on_the_day_on_which_the_answer_changes():
    newest = date(2026, 9, 30)
    shown = parse_timeframe("last-quarter", as_of=date(2026, 10, 1))
    known = {"newest": newest, "as_of": "latest", "late_days": 3}
    day = look_again(shown, day=RUN, **known)
    assert day == date(2027, 1, 1)  # from then on the last quarter is the fourth
    before, after = (late_data(shown, day=d, **known) for d in (day - timedelta(days=1), day))
    assert before is None
    assert after.expected_day == date(2026, 12, 31)
    assert look_again(QUARTER, day=RUN, **known) is None
    assert look_again(shown, day=RUN, **known | {"as_of": "2026-10-01"}) is None


def test_usual_spread_is_two_standard_deviations_of_the_figure_s_own_changes_over_six_to_twelve_timeframes():
    """The rule behind `usual`, against its plain form."""
    from analytics.formats import Format
    from analytics.timeframe import compare
    from analytics.words.headlines import headline

    values = [100.0, 110.0, 99.0, 120.0, 126.0, 130.0, 117.0, 140.0]
    for n, known in ((8, True), (7, True), (6, False)):  # earlier ones are one fewer
        first = QUARTER.previous(n - 1).start
        comparison = compare(QUARTER, first_day=first)
        rows = [(t.start, t.reference_date, v) for t, v in zip(comparison.periods, values[-n:], strict=True)]
        frame = pd.DataFrame(rows, columns=["start", "end", "revenue"])
        (one, _) = headline(
            frame, "revenue", comparison, Format("en_GB", "GBP"), label="Revenue", unit="money"
        ).changes
        before = pd.Series(values[-n:-1])
        usual = 2 * (100 * before.diff() / before.shift()).std()
        assert one.usual == (pytest.approx(usual) if known else None), n
        assert one.amount == pytest.approx(100 * (140 - 117) / 117)
