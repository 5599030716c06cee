"""The words on leads, case by case: what is said follows from the figures and fits its place."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.charts import lead_scoring as charts
from analytics.formats import Format
from analytics.metrics.rates import add_rate
from analytics.page.pieces import plain
from analytics.tables import lead_scoring as tables
from analytics.timeframe import compare, parse_timeframe
from analytics.words import lead_scoring as words
from analytics.words import lead_scoring_notes as notes

SHOW = Format("en_GB", "GBP")
COMPARISON = compare(parse_timeframe("2026-10", as_of=date(2026, 11, 1)), first_day=date(2024, 1, 1))


def status(**changed):
    usual = {
        "total_leads": 1_000, "leads_in_time": 120, "overdue_leads": 500, "model": True, "missing": [],
        "point_rules": False, "sql_from_points": 110.0, "sql_leads": 7, "consultant_counts": True,
        "suspected_leaks": [], "suspects_used": False, "test": "later", "test_from": "2026-01-12",
        "test_leads": 400, "test_converted": 80, "leader": "model", "order": "score", "conversion_days": 90,
        "calibrated": True, "features": ["role", "City"], "leads_trained": 900, "converted_trained": 180,
        "left_out_young": 100,
    }  # fmt: skip
    return usual | changed


def band_rows(tested=(60, 140, 200), won=(30, 30, 20), open_leads=(9, 31, 80)):
    rows = pd.DataFrame(
        {
            "band": ["Hot", "Warm", "Cold"],
            "from_score": [40.0, 20.0, 0.0],
            "to_score": [100.0, 40.0, 20.0],
            "open_leads": open_leads,
            "expected_conversions": [4.0, 9.0, 8.0],
            "tested_leads": tested,
            "converted": won,
            "predicted_rate": [48.0, 22.0, 10.0],
            "step": ["Call.", "Write.", "Wait."],
        }
    )
    return add_rate(rows, "conversion_rate", rows["converted"], rows["tested_leads"])


def trial_rows(gain=(0.05, 0.02, 0.08), leader="points"):
    frame = pd.DataFrame(
        {
            "model": ["model", leader, "prior"],
            "label": ["Score", "Points of the CRM alone", "The same chance for everybody"],
            "role": ["model", "baseline", "baseline"],
            "roc_auc": [0.75, 0.75 - gain[0], 0.5],
        }
    )
    low, high = (0.0, gain[1], 0.2), (0.0, gain[2], 0.3)
    frame = frame.assign(auc_gain_low=low, auc_gain_high=high, roc_auc_low=0.6, roc_auc_high=0.9)
    return frame.assign(log_loss=0.4, brier=0.15, calibration_error=0.02)


def history(now=(80, 400), before=(80, 400)):
    spans = COMPARISON.periods
    frame = pd.DataFrame({"start": [s.start for s in spans], "end": [s.reference_date for s in spans]})
    won = [before[0]] * (len(spans) - 1) + [now[0]]
    n = [before[1]] * (len(spans) - 1) + [now[1]]
    return add_rate(frame.assign(new_leads=50, converted_leads=won), "conversion_rate", won, n)


def said(found):
    return " ".join(plain(runs) for runs in found)


class TestSummary:
    def test_names_the_leads_to_call_and_what_became_of_their_like(self):
        text = said(words.summary(status(), band_rows(), trial_rows(), history(), COMPARISON, SHOW))
        assert text.startswith("Call the 9 leads that score 40 or more first: 50% of tested leads like them")
        assert "of all tested 20%" in text
        assert "better than the CRM's points" in text
        assert len(text.split()) <= 60

    def test_takes_bands_together_until_thirty_were_tested(self):
        rows = band_rows(tested=(20, 140, 200), won=(10, 30, 20))
        text = said(words.summary(status(), rows, trial_rows(), history(), COMPARISON, SHOW))
        assert "Call the 40 leads that score 20 or more first: 25% of tested" in text

    @pytest.mark.parametrize(
        ("gain", "says"),
        [((0.05, 0.02, 0.08), "better than"), ((0.0, -0.02, 0.02), "no better than"),
         ((-0.1, -0.12, -0.05), "worse than")],
    )  # fmt: skip
    def test_says_of_the_score_what_the_interval_allows(self, gain, says):
        text = said(words.summary(status(), band_rows(), trial_rows(gain), history(), COMPARISON, SHOW))
        assert f"ranks leads {says}" in text

    def test_is_silent_on_the_score_where_too_few_were_tested(self):
        few = status(test_leads=40, test_converted=12)
        assert "ranks" not in said(words.summary(few, band_rows(), trial_rows(), history(), COMPARISON, SHOW))

    def test_a_fall_is_told_and_a_level_rate_is_not_called_one(self):
        fell = said(words.summary(status(), band_rows(), trial_rows(), history((30, 400)), COMPARISON, SHOW))
        level = said(words.summary(status(), band_rows(), trial_rows(), history(), COMPARISON, SHOW))
        assert "fell by 12.5 pts to 7.5%" in fell
        assert "holds at 20.0%" in level

    def test_without_a_score_the_point_rules_speak(self):
        alone = status(model=False, point_rules=True, missing=["Too few."])
        text = said(
            words.summary(alone, band_rows((0, 0, 0), (0, 0, 0)), pd.DataFrame(), history(), COMPARISON, SHOW)
        )
        assert text.startswith("Take over the 7 leads that the point rules call SQL; there is no score yet.")

    def test_without_leads_there_is_one_sentence(self):
        none = status(total_leads=0, leads_in_time=0, model=False)
        assert said(words.summary(none, band_rows(), pd.DataFrame(), history(), COMPARISON, SHOW)) == (
            "There is no lead to score yet."
        )


class TestNotices:
    def titles(self, tests=None, **changed):
        return [
            n.title for n in notes.notices(status(**changed), trial_rows() if tests is None else tests, SHOW)
        ]

    def test_all_is_well_and_nothing_is_said(self):
        assert self.titles() == []

    def test_suspects_are_named_and_what_was_done_with_them(self):
        names = ["Tags", "Lead Quality", "Last Activity", "x", "y"]
        found = notes.notices(status(suspected_leaks=names), trial_rows(), SHOW)[0]
        assert found.title == "Suspected leak: Tags, Lead Quality, Last Activity, x and 1 more"
        assert "made without them" in found.text
        used = notes.notices(status(suspected_leaks=names, suspects_used=True), trial_rows(), SHOW)[0]
        assert "made with them" in used.text

    def test_a_rule_that_ranks_as_well_is_named_and_too_few_tested_leads_are_told(self):
        level = trial_rows((-0.01, -0.03, 0.02))
        assert self.titles(level, leader="points") == [
            "In the test the CRM's points ranked leads as well as the score"
        ]
        assert self.titles(leader="points", test_leads=40, test_converted=12) == ["Too few leads were tested"]

    def test_too_few_outcomes_say_by_what_leads_are_listed(self):
        for rules, says in ((True, "point rules alone"), (False, "listed by points")):
            found = notes.notices(
                status(model=False, missing=["Too few."], point_rules=rules), pd.DataFrame(), SHOW
            )
            assert says in found[0].text


class TestStatements:
    def test_bands_compare_the_highest_and_the_lowest_with_thirty_tested(self):
        found = words.bands(status(), band_rows(tested=(20, 140, 200), won=(10, 30, 20)), SHOW)
        assert found.heading == "Warm: 21% of tested leads converted; Cold: 10%"
        assert "In 2 of 2 bands" in found.lead

    def test_scores_say_which_ranks_better(self):
        assert (
            "better than the CRM's points: AUC 0.75 against 0.70"
            in words.scores(status(), trial_rows(), SHOW).heading
        )
        worse = words.scores(status(order="points"), trial_rows((-0.1, -0.12, -0.05)), SHOW)
        assert "rank better than the score" in worse.heading
        assert "ordered by points" in worse.lead

    def test_stages_are_there_only_with_point_rules(self):
        rows = pd.DataFrame({"assignee": ["DACH desk", None], "sql_leads": [5, 2], "mql_leads": [13, 100]})
        assert words.stages(status(), rows, SHOW) is None
        assert words.stages(status(point_rules=True), rows, SHOW).heading.startswith("7 of 120 leads are SQL")

    def test_every_text_fits_its_place(self):
        rows = pd.DataFrame(
            {"feature": ["x" * 90, "role"], "alone_auc": [0.95, 0.6], "alone_auc_low": [0.9, 0.5],
             "alone_auc_high": [0.97, 0.7], "known_share": [1.0, 1.0], "suspected": [True, False],
             "why": ["separates", ""]}
        )  # fmt: skip
        found = [
            words.bands(status(), band_rows(), SHOW), words.scores(status(), trial_rows(), SHOW),
            words.features(status(), rows, SHOW), words.features(status(), rows.iloc[1:], SHOW),
        ]  # fmt: skip
        assert all(len(one.heading) <= 80 and len(one.read.split()) <= 40 for one in found)
        assert len(charts.features(rows, SHOW).alt) <= 300


class TestPictures:
    def test_bands_with_few_tested_leads_are_grey_in_the_table_and_none_alone_is_drawn(self):
        rows = band_rows(tested=(20, 140, 200), won=(10, 30, 20))
        assert tables.bands(rows, SHOW).unsure == {0}
        assert "Hot" not in charts.bands(rows, SHOW).alt
        assert charts.bands(band_rows(tested=(9, 9, 9), won=(1, 1, 1)), SHOW) is None

    def test_bands_show_their_next_step(self):
        table = tables.bands(band_rows(), SHOW)
        place = [column.label for column in table.columns].index("Next step")
        assert {row[0]: row[place] for row in table.rows} == {
            "Hot": "Call.",
            "Warm": "Write.",
            "Cold": "Wait.",
        }

    def test_the_list_shows_a_page_of_rows_and_says_of_how_many(self):
        leads = pd.DataFrame({"lead_id": [f"L{i}" for i in range(9)], "in_time": [True] * 8 + [False]})
        names = ("company", "band", "stage", "assignee", "owner", "source", "role", "company_size")
        leads = leads.assign(**dict.fromkeys(names, "x"), score=50.0, points=np.nan, age_days=3)
        leads = leads.assign(band_conversion_rate=50.0, band_conversion_rate_low=40.0)
        leads = leads.assign(band_conversion_rate_high=60.0, band_conversion_rate_n=[29] + [60] * 8)
        found = tables.leads(leads, status(), SHOW, shown=5)
        assert (len(found.rows), found.of_rows) == (5, "8")
        assert [row[4] for row in found.rows[:2]] == ["–", "50% (40% to 60%)"]
        assert len({len(row) for row in found.rows} | {len(found.columns)}) == 1
        assert tables.leads(leads[:0], status(), SHOW, shown=5) is None
