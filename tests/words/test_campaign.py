"""The words of the campaign dashboard, case by case, and that every text fits its place."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.charts import campaign as charts
from analytics.formats import Format
from analytics.metrics import campaign as metrics
from analytics.metrics.campaign_customers import KEYS, Campaign
from analytics.metrics.rates import add_rate
from analytics.page.pieces import plain
from analytics.tables import campaign as tables
from analytics.timeframe import compare, parse_timeframe
from analytics.words import campaign as words
from analytics.words import campaign_notes as notes

SHOW = Format("en_GB", "GBP")
AS_OF = date(2026, 11, 1)


def setting(timeframe="2024-11-01..2026-10-31", **asked):
    span = parse_timeframe(timeframe, as_of=AS_OF, first_day=date(2023, 11, 1))
    return words.Setting(SHOW, compare(span, first_day=date(2023, 11, 1)), Campaign(**asked))


def cells(n=400, seed=2):
    """Cells of some customers, spread over all scores and buckets."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: random.integers(1, 6, n) for name in KEYS[:3]})
    for name, top in (("r_bucket", 6), ("f_bucket", 10), ("m_bucket", 6), ("return_bucket", 8)):
        frame[name] = random.integers(0, top, n)
    return frame.assign(customer_count=1, revenue=100.0 + 900.0 * (frame["m_score"] == 5))


def history(spans, spent=(50_000.0, 50_000.0), n=400):
    frame = pd.DataFrame({"start": [s.start for s in spans], "end": [s.reference_date for s in spans]})
    frame = frame.assign(total_customer=n, orders=2 * n, days_to_return=20.0, unit_per_transaction=2.0)
    frame = frame.assign(profit_per_customer=30.0, profit_customers=n, unit_orders=n)
    frame["customer_spending"] = [*[spent[0]] * (len(spans) - 1), spent[1]]
    return add_rate(frame, "retention_rate", [n // 2] * len(spans), [n] * len(spans))


def said(found):
    return " ".join(plain(runs) for runs in found)


def blocks(frame):
    asked = Campaign()
    return {
        "scores": [metrics.score_counts(frame, name) for name in KEYS[:3]],
        "recency": metrics.bucket_counts(frame, "r_bucket", asked.r_labels),
        "visits": metrics.bucket_counts(frame, "f_bucket", asked.f_labels, "visits"),
        "spending": metrics.bucket_counts(frame, "m_bucket", asked.m_labels),
        "days_to_return": metrics.bucket_counts(frame, "return_bucket", asked.return_labels),
        "segments": metrics.segment_counts(frame),
    }


class TestSummary:
    def test_says_what_was_spent_who_brings_it_and_whom_to_invite(self):
        page, frame = setting("all"), cells()
        segments = metrics.segment_counts(frame)
        text = said(words.summary(page, history([page.comparison.this]), segments, 12))
        assert text.startswith("400 customers spent £50.0k; 50% came on two days or more.")
        assert "Champions are " in text
        assert text.endswith("Invite the 12 customers who came once and lately for a second visit.")
        assert len(text.split()) <= 60

    def test_tells_a_change_and_calls_a_level_one_usual(self):
        page = setting("2026-10")
        segments, spans = metrics.segment_counts(cells()), page.comparison.periods
        fell = said(words.summary(page, history(spans, (50_000.0, 40_000.0)), segments, 0))
        level = said(words.summary(page, history(spans), segments, 0))
        assert "spent £40.0k, 20.0% less than Sept 2026" in fell
        assert "about as usual" in level
        assert "Invite" not in level

    def test_few_customers_are_too_few_and_nobody_is_said_so(self):
        page = setting("all", customer_name="Ada")
        few = said(
            words.summary(page, history([page.comparison.this], n=29), metrics.segment_counts(cells(29)), 3)
        )
        none = said(
            words.summary(page, history([page.comparison.this], n=0), metrics.segment_counts(cells(0)), 0)
        )
        assert few == "29 customers selected bought in the timeframe: too few to say how they differ."
        assert none == "No customer selected by a name bought in the timeframe."


class TestCards:
    def test_the_rate_is_called_repeat_visit_rate(self):
        """It is not the share of customers who stay: that stands in the report on retention."""
        page = setting("2026-10")
        rows = history(page.comparison.periods)
        labels = {card.name: card.label for card in words.headlines(page, rows)}
        assert labels["retention_rate"] == "Repeat visit rate"
        assert "Repeat visit rate" in [row[0] for row in tables.kpis(rows, SHOW).rows]
        assert "Repeat visit rate" in dict(notes.definitions())


class TestSelection:
    def test_is_empty_without_filters(self):
        assert setting().selection == ""
        assert words.cards_about(setting()) == ""

    def test_names_buckets_and_hides_who_was_looked_for(self):
        found = setting(
            r_value_bucket="over 1,000", customer_name="Lovelace", customer_mobile="900123"
        ).selection
        assert found == "selected by days since the last purchase over 1,000, a mobile number, a name"

    def test_stands_in_the_base_of_every_picture(self):
        page, found = setting(f_value_bucket="1"), blocks(cells())
        for name, block in found.items():
            assert "selected by visits 1" in getattr(words, name)(page, block).based, name


class TestHeadings:
    def test_a_timeframe_shorter_than_the_first_bucket_says_that_it_can_show_no_other(self):
        found = words.recency(setting("2026-10"), blocks(cells())["recency"])
        assert found.heading == "Everybody bought in the last 200 days: the timeframe is no longer"
        assert words.recency(setting(), blocks(cells())["recency"]).lead == ""

    def test_a_share_of_some_is_never_none_and_of_not_all_never_all(self):
        rows = pd.DataFrame({"visits": ["1", "10+"], "customer_count": [1, 999], "percentage": [0.1, 99.9]})
        assert (
            words.visits(setting(), rows).heading
            == "0.1% of customers came once; 999 came on 10 days or more"
        )

    def test_years_that_are_cut_or_may_hold_older_customers_are_told(self):
        rows = pd.DataFrame(
            {"fiscal_year": ["FY2025", "FY2026"], "cut": [False, True], "maybe_older": [True, False]}
        )
        rows = add_rate(rows, "new_percentage", [50, 20], [100, 100])
        found = words.fiscal_years(setting(), rows)
        assert found.heading == "FY2026: 20% of those who bought were new"
        assert found.lead == (
            "In FY2025 it was 50%. FY2026 is not whole here. The data begin too late to know who was new in "
            "FY2025."
        )

    @pytest.mark.parametrize("n", [0, 1, 29, 400])
    def test_every_statement_and_picture_fits_its_place(self, n):
        page, found = setting(customer_name="x", m_value_bucket="under 1,000"), blocks(cells(n))
        for name, block in found.items():
            statement = getattr(words, name)(page, block)
            assert len(statement.heading) <= 80, name
            assert len(statement.read.split()) <= 40, name
        assert (charts.scores(found["scores"], SHOW) is None) == (n < 30)
        for name in ("recency", "visits", "spending", "days_to_return"):
            block = found[name]
            picture = getattr(charts, name)(block, words.names(block, SHOW), SHOW)
            assert (picture is None) == (n < 30)
            assert picture is None or len(picture.alt) <= 300
            table = tables.buckets(block, "Bucket", words.names(block, SHOW), SHOW)
            assert table.total[1] == SHOW.count(n)
        assert (
            len(tables.segments(found["segments"], words.segment_actions(found["segments"]), SHOW).rows) == 4
        )


def test_limits_count_what_is_in_no_figure():
    left_out = {"guest_revenue": 83_611.1, "returns_only_customers": 1}
    found = " ".join(notes.limits(setting(customer_name="x"), left_out, named=False))
    assert "£83.6k of sales without a known customer is in no figure." in found
    assert "1 customer with nothing but returns in the timeframe is in no figure." in found
    assert "nobody can be found by name" in found
    none = {"guest_revenue": 0.0, "returns_only_customers": 0}
    assert len(notes.limits(setting(), none, named=True)) == 1
