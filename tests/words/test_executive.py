"""What the board's page says, shows and draws of the figures of other reports."""

from copy import deepcopy
from datetime import date

import pytest

from analytics.charts import executive as charts
from analytics.data.published import read_published
from analytics.formats import Format
from analytics.models import board
from analytics.models.alerts import Alert, find_alerts, unchecked
from analytics.page import board as shared
from analytics.page.pieces import Bold, Cards, Link, Section, plain
from analytics.page.render import fragment
from analytics.params.notebooks import notebook_names, read_card
from analytics.tables import executive as tables
from analytics.timeframe import compare
from analytics.words import executive as words
from analytics.words import executive_notes as notes
from tests.board_reports import QUARTER, body, card, change, failure, whole_set, write

SHOW = Format("en_GB", "GBP")
SETTING = words.Setting(SHOW, compare(QUARTER, first_day=date(2020, 1, 1)), "acme")
LIMITS = {"customer_value_over": 1000.0, "deal_value_over": 10_000.0}
LATE = Alert("late_data", "late", limit=3.0, day=date(2026, 9, 1), expected_day=date(2026, 9, 30))
EVERY = [*board.QUOTED, "campaign", "interventions", "data_quality"]


class Page:
    """All that the notebook has in its hands."""

    def __init__(self, folder, late=None, **reports):
        write(folder, "acme", "2026-Q3", **reports)
        self.published = read_published(folder, EVERY, "acme", QUARTER, "GBP")
        self.figures = board.read_figures(self.published)
        self.alerts = find_alerts(self.published, self.figures, late, currency="GBP", **LIMITS)
        self.funnel = board.read_funnel(self.published)
        self.unchecked = unchecked(self.published)

    @property
    def notices(self):
        return notes.notices(SETTING, self.figures, self.published, self.unchecked, self.funnel)

    @property
    def summary(self):
        return words.summary(SETTING, self.figures, self.alerts)


@pytest.fixture
def page(tmp_path):
    return lambda late=None, **reports: Page(tmp_path, late, **reports)


@pytest.fixture
def whole(page):
    return page(**whole_set())


# Cards -----------------------------------------------------------------------------------------------


def test_a_card_for_every_figure_money_first_each_leads_to_its_report(whole):
    cards = words.headlines(SETTING, whole.figures)
    assert [one.name for one in cards] == list(shared.NAMES)
    assert {one.name: one.link for one in cards}["forecast"] == "revenue_forecast.html"
    assert set(shared.NAMES) == set(board.FIGURES)
    html = fragment(Cards(cards))
    assert html.count('<h3><a href="') == 10
    assert '<a href="pipeline.html">Open pipeline</a>' in html


def test_a_card_shows_the_words_and_the_changes_of_its_source(whole):
    cards = {one.name: one for one in words.headlines(SETTING, whole.figures)}
    revenue, pipeline, risk = cards["revenue"], cards["pipeline"], cards["at_risk_customers"]
    assert (revenue.value, revenue.base, revenue.number) == ("£100,000", "of all", 100_000.125)
    assert [(one.words, one.verdict) for one in revenue.changes] == [("4.0%", "close"), ("20.0%", "more")]
    assert pipeline.base == "Total pipeline: of all"
    assert [one.verdict for one in pipeline.changes] == ["none"]
    assert [(one.verdict, one.than) for one in risk.changes] == [("none", "Q2 2026")]  # it has none: a dash


def test_what_no_report_shows_has_no_card_and_a_row_that_says_why(page):
    got = page(pipeline=failure(), purchase_patterns=body(card("total_revenue", 5.0)), clv=body(x=None))
    assert [one.name for one in words.headlines(SETTING, got.figures)] == ["revenue"]
    rows = {row[0]: row for row in tables.kpis(got.figures, SHOW, previous="Q2 2026").rows}
    assert list(rows) == [shared.NAMES[figure] for figure in board.FIGURES]
    assert rows["Open pipeline"][1:5] == ("–",) * 4
    assert rows["Open pipeline"][5] == Link("Pipeline", "pipeline.html")
    assert rows["Open pipeline"][6] == "Pipeline: SourceError: no such host"
    assert rows["Lifetime value"][6].startswith("Customer lifetime value has no such figure")
    assert rows["Forecast"][5:] == ("Revenue forecast", "Revenue forecast: it has not been made")


def test_the_table_says_changes_as_their_reports_do(whole):
    rows = {row[0]: row for row in tables.kpis(whole.figures, SHOW, previous="Q2 2026").rows}
    assert rows["Revenue"][1:5] == ("£100,000", "+4.0%", "±9.0%", "+20.0%")
    assert rows["Conversion"][3] == "±4.0 pts"
    assert rows["Revenue"][6] == "of all"
    assert rows["Forecast"][6] == "Forecast revenue: of all; change against the last 12 months"
    assert rows["Open pipeline"][2] == "–"
    html = fragment(Section("kpis", words.kpis(SETTING, whole.figures), table=tables.kpis(
        whole.figures, SHOW, previous="Q2 2026"
    )))  # fmt: skip
    assert '<a href="clv.html">Customer lifetime value</a>' in html


# Summary ---------------------------------------------------------------------------------------------


def test_the_summary_says_what_came_in_what_moved_and_what_to_do(page):
    well = page(**whole_set() | {"churn_training": body(card("at_risk_customers", 3.0))})
    said = [plain(runs) for runs in well.summary]
    assert said == [
        "Revenue is £100,000, close to Q2 2026; profit is £40,000.",
        "Profit (up 30.0%), active customers (down 40.0%) and 1 more moved more than is usual.",
        "Next, see who looks after 2 deals at risk worth £37.0k; then 2 customers at high risk, £5,500.",
    ]
    bold = [run for runs in well.summary for run in runs if isinstance(run, Bold)]
    assert len(bold) <= 4
    assert sum(len(text.split()) for text in said) <= 60


def test_what_is_broken_is_mended_first_and_then_the_data(page):
    assert "First have Churn mended, which failed." in plain(page(LATE, **whole_set()).summary[-1])
    reports = whole_set() | {"churn_training": body(card("at_risk_customers", 3.0))}
    assert "First get newer data: they end on 1 September 2026." in plain(page(LATE, **reports).summary[-1])


def test_a_change_within_the_usual_is_not_called_more_or_less(page):
    said = page(purchase_patterns=body(card("total_revenue", 5.0, change(4.0, 9.0, "close")))).summary
    assert [plain(runs) for runs in said] == [
        "Revenue is £5, close to Q2 2026.",
        "No figure has moved by more than is usual.",
        "",
    ]
    said = page(purchase_patterns=body(card("total_revenue", 5.0, change(-4.0, None, "less")))).summary
    assert [plain(runs) for runs in said][:2] == ["Revenue is £5, 4.0% less than Q2 2026.", ""]


# Alerts ----------------------------------------------------------------------------------------------


def test_each_alert_says_what_its_rule_and_leads_to_its_report(page):
    table = tables.alerts(page(LATE, **whole_set()).alerts, SHOW)
    assert table.rows == (
        (
            Link("Churn", "churn_training.html"),
            "Churn failed: SourceError: too few <b>customers</b>",
            "A report of this timeframe failed",
        ),
        (
            "Late data",
            "The data end on 1 September 2026; they should reach 30 September 2026",
            "Data may end 3 days before the last day of the timeframe, or the day before the run",
        ),
        (
            Link("Customers at high risk", "roi.html#customers"),
            "2 customers at high risk with a value at risk of £5,500; the largest is Bo, £4,000",
            "Only those with more than £1,000 at risk are counted",
        ),
        (
            Link("Deals at risk", "pipeline.html#at_risk_deals"),
            "2 deals at risk worth £37.0k; the largest is Acme, £25.0k",
            "Only those worth more than £10.0k are counted; health under 40 of 100, or stagnant",
        ),
        (
            Link("Leads", "lifecycle.html"),
            "Leads rose by 12.0%",
            "Usual are ±10.0%: 2 standard deviations of its changes",
        ),
        (
            Link("Profit", "purchase_patterns.html"),
            "Profit rose by 30.0%",
            "Usual are ±12.0%: 2 standard deviations of its changes",
        ),
        (
            Link("Active customers", "segmentation.html"),
            "Active customers fell by 40.0%",
            "Usual are ±20.0%: 2 standard deviations of its changes",
        ),
    )
    html = fragment(Section("alerts", words.alerts(SETTING, page(LATE).alerts, {}), full=table))
    assert "&lt;b&gt;customers&lt;/b&gt;" in html
    assert '<a href="roi.html#customers">Customers at high risk</a>' in html


def test_silence_is_told_from_what_could_not_be_checked(page):
    got = page(pipeline=body(x=None))
    statement = words.alerts(SETTING, got.alerts, got.unchecked)
    assert statement.heading == "Nothing breaks a rule that could be checked"
    assert (
        statement.lead
        == "Not checked, for want of the report: customers at high risk (Return on investment)."
    )
    assert "notes" in words.no_alert(got.alerts)
    got = page(pipeline=body(x=None), roi=body(x=None))
    assert words.alerts(SETTING, got.alerts, got.unchecked).heading == "Nothing breaks a rule"


# What moved, the funnel ------------------------------------------------------------------------------


def test_one_figure_is_named_instead_of_counted(whole):
    rows = whole.figures[whole.figures["figure"] == "leads"]
    statement, one = words.kpis(SETTING, rows), shared.measured(rows)
    assert statement.heading == "Leads moved beyond what is usual"
    assert statement.based == "1 figure with six or more earlier timeframes"
    assert charts.moves(one, SHOW).alt.startswith("Dots of how Leads changed, on the band")
    one_quiet = whole.figures[whole.figures["figure"] == "revenue"]
    assert words.kpis(SETTING, one_quiet).heading == "Revenue moved within what is usual"


def test_moves_are_told_and_drawn_in_units_of_the_usual_spread(whole):
    statement, rows = words.kpis(SETTING, whole.figures), shared.measured(whole.figures)
    assert statement.heading == "3 of 6 figures moved beyond what is usual"
    assert statement.lead == "Against Q2 2026: Profit, Leads and Active customers."
    assert rows.set_index("figure")["moved"].to_dict() == pytest.approx(
        {
            "revenue": 4 / 9, "profit": 2.5, "leads": 1.2, "conversion": -0.25, "active_customers": -2.0,
            "retention": -1.8,
        }
    )  # fmt: skip
    picture = charts.moves(rows, SHOW)
    assert "Beyond it: Profit +30.0%; Leads +12.0%; Active customers −40.0%." in picture.alt
    assert "Retention" in picture.wide
    assert len(picture.alt) <= 300


def test_without_history_nothing_is_drawn_and_it_is_said(page):
    got = page(clv=body(card("average_clv", 3.0, change(1.0))))
    assert charts.moves(shared.measured(got.figures), SHOW) is None
    assert "enough earlier timeframes" in words.kpis(SETTING, got.figures).heading


def test_the_funnel_says_how_many_came_and_where_it_is_narrow(whole):
    statement = words.funnel(SETTING, whole.funnel)
    assert statement.heading == "200 leads came in, 30 are customers so far"
    assert statement.lead == "Fewest go on from Lead to Customer: 15%."
    alone = deepcopy(whole.funnel)
    alone["stages"].loc[alone["stages"]["stage"] == "Customer", "subjects"] = 1
    assert words.funnel(SETTING, alone).heading == "200 leads came in, 1 is a customer so far"
    whole.funnel["conversion_rates"].loc[0, "mature_rate"] = 19.2
    fair = words.funnel(SETTING, whole.funnel).lead
    assert fair == "Fewest go on from Lead to Customer: 19% of those who had time."
    assert words.funnel_missing(whole.funnel, whole.published) == ""
    rows = board.stages(whole.funnel)
    assert "Lead 200; Customer 30" in charts.funnel(rows, SHOW).alt
    assert tables.funnel(rows, SHOW).rows == (("Lead", "200", "100.0%"), ("Customer", "30", "15.0%"))


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ({}, "has not been made"),
        ({"lifecycle": failure()}, "no such host"),
        ({"lifecycle": body(funnel=None)}, "has no leads to show"),
        ({"lifecycle": body(currency="USD")}, "made in USD"),
    ],
)
def test_without_a_funnel_it_says_why(page, reports, said):
    got = page(**reports)
    assert said in words.funnel_missing(got.funnel, got.published)
    rows = board.stages(got.funnel)
    assert (charts.funnel(rows, SHOW), tables.funnel(rows, SHOW)) == (None, None)


# What is lacking -------------------------------------------------------------------------------------


def test_with_no_report_at_all_it_says_which_command_makes_them(page):
    got = page()
    (notice,) = got.notices
    assert notice.title == "No report of this timeframe is there yet"
    assert "workbook run params --organisation acme --timeframe 2026-Q3" in notice.text
    assert "--notebook" not in notice.text
    assert plain(got.summary[0]).startswith("No figure can be quoted yet.")
    assert words.headlines(SETTING, got.figures) == ()


def test_only_what_is_really_lacking_is_asked_for(page):
    reports = {name: one for name, one in whole_set().items() if name not in ("lifecycle", "pipeline")}
    (notice,) = page(**reports).notices
    assert notice.title == "2 reports are not there: Pipeline and Lifecycle"
    assert notice.text.endswith("--notebook pipeline --notebook lifecycle --notebook executive")
    assert page(**whole_set()).notices == ()


def test_what_is_of_another_timeframe_is_named_with_the_command(page):
    got = page(**whole_set() | {"clv": body(card("average_clv", 1.0), currency="USD")})
    (notice,) = got.notices
    assert notice.title == "What stands is not of this timeframe"
    assert "Customer lifetime value: it was made in USD" in notice.text
    assert "--notebook clv --notebook executive" in notice.text


def test_a_report_about_some_customers_only_is_said_to_be(page):
    limited = body(card("retention_rate", 5.0), parameters={"customer_type": "RETAIL", "churn_days": 90})
    (notice,) = page(**whole_set() | {"retention": limited}).notices
    assert notice.text == "Retention (customer_type=RETAIL). So are their figures."
    everybody = body(card("retention_rate", 5.0), parameters={"customer_type": "all"})
    journey = whole_set()["lifecycle"]
    journey["meta"]["parameters"] = {"stage": "all", "search": "", "customer_id": "c1"}
    assert page(**whole_set() | {"retention": everybody, "lifecycle": journey}).notices == ()


def test_the_notes_hold_every_rule_with_its_limit():
    said = dict(notes.notes(SETTING, late_days=3, **LIMITS)["definitions"])
    assert {"Usual", "Customers at high risk", "Deals at risk", "Late data", "Failed report"} <= set(said)
    assert "two standard deviations" in said["Usual"]
    assert "up to 12 and at least 6" in said["Usual"]
    assert "£1,000" in said["Customers at high risk"]
    assert "£10.0k" in said["Deals at risk"]
    assert "3 days" in said["Late data"]


def test_reports_are_called_as_their_pages_are():
    for name in notebook_names():
        assert read_card(name).title.startswith(shared.report_name(name)) or name == "executive"
