"""How the workbook's figures are held against the plain computation: to the cent and to the customer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd
import pytest

from analytics.data.dataset import Dataset
from analytics.metrics.clv import customers_by_value, headlines
from analytics.metrics.cohorts import cohort_analysis
from analytics.metrics.customer_scores import Scoring, customer_scores, score_cells
from analytics.metrics.repeat import gap_percentile, visit_gaps
from analytics.metrics.retention import retention_books
from analytics.metrics.segmentation import customer_list, rfm_segments, segment_history, tier_segments
from analytics.params import load_rules
from analytics.timeframe import Timeframe, parse_timeframe
from tests.reference import spelled_out
from tests.reference.spelled_out import PLACES


def exactly(ten_thousandths):
    """A sum of money as the metrics give it, to far less than a cent."""
    return pytest.approx(ten_thousandths / PLACES, abs=1e-5, rel=1e-12)


@dataclass(frozen=True)
class Both:
    """The same real data twice: as the workbook opened it, and as the plain computation read it."""

    dataset: Dataset
    sales: pd.DataFrame
    as_of: date

    def timeframe(self, text: str) -> Timeframe:
        """Resolve a timeframe on these data."""
        return parse_timeframe(text, as_of=self.as_of, first_day=self.dataset.first_day)

    def days(self, text: str) -> tuple[int, int]:
        """Start and reference date of a timeframe as ordinals."""
        timeframe = self.timeframe(text)
        return timeframe.start.toordinal(), timeframe.reference_date.toordinal()

    def value(self, text: str) -> Any:
        """The workbook's figures on lifetime value; asked for once for each timeframe."""
        return self._once(
            ("value", text), lambda: headlines(self.dataset.sales, None, [self.timeframe(text)])
        )

    def books(self, text: str) -> Any:
        """The workbook's retention books; asked for once for each timeframe."""
        return self._once(
            ("books", text), lambda: retention_books(self.dataset.sales, [self.timeframe(text)])
        )

    def _once(self, key: tuple[str, str], ask: Callable[[], pd.DataFrame]) -> Any:
        if key not in self._asked:
            self._asked[key] = ask().iloc[0]
        return self._asked[key]

    @cached_property
    def _asked(self) -> dict[tuple[str, str], Any]:
        return {}

    @cached_property
    def _histories(self) -> dict[int, Any]:
        return {}

    def history(self, text: str) -> dict[str, Any]:
        """What each customer had done before the reference date of a timeframe."""
        _, until = self.days(text)
        if until not in self._histories:
            self._histories[until] = spelled_out.customers(self.sales, until)
        return self._histories[until]


def check_revenue(both, text):
    start, until = both.days(text)
    found = both.value(text)
    ever, inside = spelled_out.revenue(both.sales, 0, until), spelled_out.revenue(both.sales, start, until)
    assert found["guest_revenue"] == exactly(ever["guest"])
    assert found["guest_revenue_in_timeframe"] == exactly(inside["guest"])
    strangers = spelled_out.returns_only(both.sales, until)
    assert found["customers_with_returns_only"] == len(strangers)
    theirs = both.sales[both.sales["customer_id"].isin(strangers) & (both.sales["day"] < until)]
    assert found["total_revenue"] == exactly(ever["identified"] - int(theirs["amount"].sum()))
    inside_theirs = theirs.loc[theirs["day"] >= start, "amount"].sum()
    assert found["revenue_in_timeframe"] == exactly(inside["identified"] - int(inside_theirs))


def check_value(both, text):
    found = both.value(text)
    said = spelled_out.value(both.history(text))
    assert found["total_customers"] == said["total_customers"]
    assert found["total_revenue"] == exactly(said["total_revenue"])
    assert found["average_clv"] == exactly(said["total_revenue"] / said["total_customers"])
    assert found["top_customer_revenue"] == exactly(said["top_customer_revenue"])
    share = said["top_10_percent_revenue"] / said["total_revenue"] * 100
    assert found["top_10_percent_contribution"] == pytest.approx(share, rel=1e-12)
    assert found["gini"] == pytest.approx(said["gini"], rel=1e-12)


def check_customers(both, text):
    _, until = both.days(text)
    history = both.history(text)
    found = customers_by_value(both.dataset.sales, None, both.timeframe(text)).set_index("customer_id")
    assert set(found.index) == set(history)
    ranking = sorted(history, key=lambda name: (-history[name]["revenue"], name))
    assert found.sort_values("rank").index.tolist() == ranking
    for name, row in zip(found.index, found.to_dict("records"), strict=True):
        past = history[name]
        assert row["total_revenue"] == exactly(past["revenue"]), name
        assert row["total_orders"] == past["orders"], name
        assert row["average_order_value"] == exactly(past["revenue"] / past["orders"]), name
        assert row["first_purchase_date"].toordinal() == past["first"], name
        assert row["last_purchase_date"].toordinal() == past["last"], name
        assert row["days_as_customer"] == past["last"] - past["first"] + 1, name
        assert row["tenure_days"] == until - past["first"], name


def check_segments(both, text, *, include_inactive):
    _, until = both.days(text)
    timeframe, table = both.timeframe(text), load_rules("rfm_segments")
    scoring = Scoring(include_inactive=include_inactive)
    scores = customer_scores(both.dataset.sales, None, [timeframe], table.rules, scoring)
    found, cells = customer_list(scores), score_cells(scores, scoring)
    history = both.history(text)
    if not include_inactive:
        history = {name: past for name, past in history.items() if until - past["last"] <= 365}
    said = spelled_out.rfm(history, until)
    rows = found[["customer_id", "r_score", "f_score", "m_score", "segment_name"]].itertuples(index=False)
    assert {name: tuple(code) for name, *code in rows} == said
    sizes = rfm_segments(cells, 0, table).set_index("segment_name")["customer_count"]
    counted = pd.Series([name for *_, name in said.values()]).value_counts()
    assert sizes.to_dict() == {name: int(counted.get(name, 0)) for name in sizes.index}
    tiers, top = spelled_out.tiers(history, until)
    assert dict(zip(found["customer_id"], found["tier"], strict=True)) == tiers
    by_tier = tier_segments(cells, 0, scoring).set_index("tier")
    for tier, row in by_tier.iterrows():
        names = [name for name, one in tiers.items() if one == tier]
        assert row["customer_count"] == len(names), tier
        assert row["total_revenue"] == exactly(sum(history[name]["revenue"] for name in names)), tier
    summary = segment_history(cells, [timeframe], table).iloc[0]
    assert summary["total_customers"] == len(history)
    assert summary["lost_vip"] == sum(tiers[name] == "At-Risk" for name in top)
    assert summary["active_customers"] == sum(until - past["last"] < 90 for past in history.values())


def check_books(both, text):
    start, until = both.days(text)
    history = both.history(text)
    found = both.books(text)
    for days, ending in ((90, ""), (60, "_60"), (180, "_180")):
        said = spelled_out.books(history, start, until, days)
        if days == 90:
            assert {name: int(found[name]) for name in said} == said
            assert said["ending_customers"] == (
                said["starting_customers"]
                + said["new_customers"]
                - said["new_lapsed"]
                + said["reactivated_customers"]
                - said["churned_customers"]
            )
        starting, churned = said["starting_customers"], said["churned_customers"]
        if starting:
            kept = (starting - churned) / starting * 100
            assert found[f"retention_rate{ending}"] == pytest.approx(kept, rel=1e-12)
            assert found[f"churn_rate{ending}"] == pytest.approx(100 - kept, rel=1e-9)
        else:
            assert pd.isna(found[f"retention_rate{ending}"])
            assert pd.isna(found[f"churn_rate{ending}"])


def check_repeats(both, text):
    history = both.history(text)
    said = spelled_out.repeats(history)
    found = both.books(text)
    for name in ("customers", "one_time_buyers", "repeat_buyers"):
        assert found[name] == said[name]
    n = said["customers"]
    assert found["repeat_purchase_rate"] == pytest.approx(said["repeat_buyers"] / n * 100, rel=1e-12)
    assert found["avg_purchases_per_customer"] == pytest.approx(said["orders"] / n, rel=1e-12)
    assert found["avg_customer_lifespan_days"] == pytest.approx(said["lifespan_days"] / n, rel=1e-12)
    gaps = visit_gaps(both.dataset.sales, both.timeframe(text))
    assert gap_percentile(gaps, 90) == pytest.approx(spelled_out.gap_p90(history), rel=1e-12)


def check_cohorts(both, text):
    start, until = both.days(text)
    said = spelled_out.cohorts(both.sales, both.history(text), start, until)
    found = cohort_analysis(both.dataset.sales, both.timeframe(text)).set_index("cohort")
    if not said:
        assert found.empty
        return
    assert found.index.tolist() == [*said, "average"]
    steps = max(len(cohort["bought"]) for cohort in said.values())
    for month, cohort in said.items():
        row = found.loc[month]
        assert row["initial_customers"] == cohort["customers"]
        assert row["current_active"] == cohort["active"]
        assert row["churned"] == cohort["customers"] - cohort["active"]
        for step in range(steps):
            kept, amount = row[f"period_{step}_retention"], row[f"period_{step}_revenue"]
            if step < len(cohort["bought"]):
                share = cohort["bought"][step] / cohort["customers"] * 100
                assert kept == pytest.approx(share, rel=1e-12), (month, step)
                assert amount == exactly(cohort["revenue"][step]), (month, step)
            else:
                assert pd.isna(kept), (month, step)
                assert pd.isna(amount), (month, step)
    for step in range(steps):
        reached = [cohort for cohort in said.values() if step < len(cohort["bought"])]
        mean = sum(c["bought"][step] for c in reached) / sum(c["customers"] for c in reached) * 100
        assert found.loc["average", f"period_{step}_retention"] == pytest.approx(mean, rel=1e-12), step
