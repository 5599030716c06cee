"""How customers fare and how busy they are, against plain counts."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.metrics import customer_success as metrics
from analytics.metrics.lifecycle_subjects import read_subjects, subjects
from analytics.timeframe import parse_timeframe
from tests.lifecycle_data import company, tables

EDGE = date(2026, 4, 1)
QUARTER = parse_timeframe("2026-Q1", as_of=EDGE)


def shot(customer, day, **more):
    return {"customer_id": customer, "snapshot_at": day} | more


class TestMonths:
    def months(self, *rows, only=None):
        return metrics.success_by_month(tables(accounts=list(rows))["accounts"], QUARTER, only=only)

    def test_an_account_counts_with_its_last_snapshot_of_the_month(self):
        row = self.months(
            shot("a", "2026-02-10", nps=-100.0, logins_30d=1.0),
            shot("a", "2026-02-28", nps=40.0, logins_30d=5.0, seats_used=3.0, seats_purchased=4.0),
            shot("b", "2026-02-28", nps=20.0, logins_30d=15.0, seats_used=9.0),
            shot("c", "2026-02-28", support_tickets_90d=3.0, critical_tickets_90d=1.0),
        ).iloc[0]
        assert (row["accounts"], row["responses"], row["nps"], row["logins"]) == (3, 2, 30.0, 10.0)
        assert (row["seat_use_percent"], row["tickets"], row["critical_tickets"]) == (75.0, 3.0, 1.0)
        half = 1.959964 * np.std([40, 20], ddof=1) / np.sqrt(2)
        assert (row["nps_low"], row["nps_high"]) == pytest.approx((30 - half, 30 + half))

    def test_one_answer_has_no_interval_and_none_has_no_nps(self):
        rows = self.months(shot("a", "2026-01-31", nps=10.0), shot("a", "2026-02-28"))
        assert rows["nps"].isna().tolist() == [False, True]
        assert rows["nps_low"].isna().all()
        assert rows["seat_use_percent"].isna().all()

    def test_who_has_left_and_what_is_later_do_not_count(self):
        rows = self.months(
            shot("a", "2026-02-28", churned_at="2026-02-10"),
            shot("b", "2026-02-28"),
            shot("b", "2026-04-01"),
            shot("b", "2025-12-31"),
        )
        assert rows["accounts"].tolist() == [1, 1]
        assert rows["in_timeframe"].tolist() == [False, True]

    def test_without_a_snapshot_there_is_no_month(self):
        assert self.months().empty


class TestEngagement:
    def recent(self, *rows, **more):
        names = ("subject_id", "occurred_at", "kind")
        table = tables(activities=[dict(zip(names, row, strict=True)) for row in rows])["activities"]
        found = metrics.recent_activity(table, EDGE, **({"days": 90, "half_life": 30.0} | more))
        return found.set_index("subject_id")

    def test_an_activity_counts_half_after_the_half_life_and_not_at_all_after_the_days(self):
        found = self.recent(
            ("a", "2026-03-31 23:59", "call"),  # 1 day old
            ("a", "2026-03-01 00:00", "call"),  # 31
            ("a", "2026-01-01 00:00", "call"),  # 90: the last that counts
            ("a", "2025-12-31 23:59", "call"),
            ("a", "2026-04-01 00:00", "call"),
        )
        assert found.loc["a", "activities"] == 3
        expected = 0.5 ** (1 / 30) + 0.5 ** (31 / 30) + 0.5**3
        assert found.loc["a", "weight"] == pytest.approx(expected, abs=1e-8)

    def test_the_score_is_the_percentile_among_those_who_did_something(self):
        people = pd.DataFrame(
            {"lead_id": ["L1", "L2", "L3", "L4", None], "customer_id": [None, "A2", None, None, "A5"]}
        )
        recent = pd.DataFrame(
            {
                "subject_id": ["L1", "L2", "A2", "A5"],
                "activities": [1, 1, 2, 3],
                "weight": [1.0, 0.5, 0.5, 2.0],
            }
        )
        found = metrics.engagement_scores(people, recent)
        assert found["engagement_score"].tolist() == pytest.approx([200 / 3, 200 / 3, 0, 0, 100])
        assert found["activities"].tolist() == [1, 3, 0, 0, 3]

    def test_with_nobody_active_all_are_silent(self):
        people = pd.DataFrame({"lead_id": ["L1"], "customer_id": [None]})
        nothing = pd.DataFrame({"subject_id": [], "activities": [], "weight": []})
        assert metrics.engagement_scores(people, nothing)["engagement_score"].tolist() == [0]


class TestValues:
    def test_a_live_contract_and_a_year_of_purchases_are_what_a_customer_is_worth(self):
        frames = {
            "accounts": [
                shot("a", "2026-02-28", started_at="2026-01-01", acv=3652.5, owner="Ada"),
                shot("b", "2025-12-31", started_at="2025-12-22", acv=3652.5, owner="Ben"),
                shot("b", "2026-01-31", churned_at="2026-01-01", acv=3652.5, owner="Ben"),
            ],
            "sales": [
                {"sale_id": str(i), "customer_id": "a", "sold_at": day, "total_amount": amount}
                for i, (day, amount) in enumerate(
                    [("2025-03-31", 5.0), ("2025-04-01", 30.0), ("2026-03-31", -2.0)]
                )
            ],
        }
        found = metrics.customer_values(tables(**frames), EDGE).set_index("customer_id")
        assert found["value"].to_dict() == {"a": 3652.5 + 28.0, "b": 0.0}
        assert found["revenue"].to_dict() == pytest.approx({"a": 10 * 90 + 33.0, "b": 10 * 10})
        assert found["is_live"].to_dict() == {"a": True, "b": False}
        assert found["account_owner"].to_dict() == {"a": "Ada", "b": None}

    def test_the_list_has_everybody_the_most_valuable_first_and_leads_last(self):
        data = tables(**company())
        people = read_subjects(subjects(data, EDGE))
        scores = pd.DataFrame({"activities": 0, "engagement_score": 0.0}, index=people.index)
        people = people.join(scores).assign(days_in_stage=metrics.days_in_stage(people, EDGE))
        scored = data["predictions"].to_pandas()
        written = scored.assign(risk_level=scored["risk_level"].str.upper())  # as others may write it
        rows = metrics.customer_list(people, metrics.customer_values(data, EDGE), written)
        assert sorted(rows["subject_id"]) == sorted(people["subject_id"])
        known = rows["value"].dropna()
        assert known.is_monotonic_decreasing
        assert rows["value"].isna().tolist() == sorted(rows["value"].isna())
        assert rows.loc[rows["customer_id"].isna(), ["value", "risk_level"]].isna().all(axis=None)
        risk = scored.set_index("customer_id")["risk_level"]
        own = rows[rows["customer_id"].isin(risk.index)]
        assert (own["risk_level"] == own["customer_id"].map(risk)).all()
        assert (rows["days_in_stage"] == (pd.Timestamp(EDGE) - rows["since"]).dt.days).all()
        converted = own[own["lead_id"].notna()]
        assert set(converted["owner"]) == {"Ben"}
        assert set(rows.loc[rows["customer_id"].isna(), "owner"]) == {"Ada"}
