"""What a reader notices in the pictures of the data."""

import re

import numpy as np
import pandas as pd

from analytics.charts import data_quality as charts
from analytics.formats import Format
from analytics.page.tokens import LIGHT
from analytics.words.quality_names import rule_name

SHOW = Format("en_GB", "GBP")


def words_of(svg):
    return re.findall(r">([^<>]+)</text>", svg)


def broken(**changed):
    usual = {
        "table": ["sales", "accounts", "sales"],
        "rule": ["duplicate", "nps_range", "units_outlier"],
        "origin": ["contract", "contract", "observed"],
        "action": ["set aside", "set aside", "noted"],
        "rows_failing": [12.0, 30.0, 99.0],
        "failing_percent": [0.06, 3.0, 9.0],
    }
    return pd.DataFrame(usual | changed)


def test_rules_are_drawn_most_rows_first_with_table_share_and_fate():
    chart = charts.rules(broken(), rule_name, SHOW)
    words = words_of(chart.wide)
    assert words.index("nps out of range") < words.index("the same row twice")
    assert {"accounts: 3.0%, set aside", "sales: under 0.1%, set aside", "30", "12"} <= set(words)
    assert "99" not in words
    assert chart.alt == "Bars of rows that break a rule, 2 rules: nps out of range has most, 30."


def test_on_phones_rules_are_named_whole_with_their_table():
    long = broken(rule=["sold_at_days", "feature_adoption_range", "units_outlier"])
    words = words_of(charts.rules(long, rule_name, SHOW).narrow)
    assert {"sales: sold on an impossible day", "accounts: feature_adoption out of range"} <= set(words)


def test_without_a_broken_rule_there_is_no_picture():
    assert charts.rules(broken()[2:], rule_name, SHOW) is None
    assert charts.rules(broken(rows_failing=np.nan), rule_name, SHOW) is None


def gaps():
    months = pd.period_range("2026-08", periods=3, freq="M").start_time.date
    return pd.DataFrame(
        {
            "table": "sales", "column": ["units"] * 3 + ["channel"] * 3, "rows": 10,
            "month": [*months, *months], "missing_percent": [0.0, 4.0, np.nan, 60.0, 100.0, 80.0],
        }
    )  # fmt: skip


def test_gaps_stand_by_column_and_month_the_worst_first():
    chart = charts.completeness(gaps(), SHOW)
    words = words_of(chart.wide)
    assert words.index("sales.channel") < words.index("sales.units")
    assert {"Aug", "Sept", "Oct", "2026", "1%", "5%", "100%"} <= set(words)
    assert "sales.channel has most, 80.0% on average" in chart.alt
    assert LIGHT["q7"] in chart.wide
    assert LIGHT["q2"] in chart.wide  # 4 percent is above one and not above five
    assert charts.completeness(gaps()[:0], SHOW) is None


def test_a_column_of_one_table_is_no_row_of_another():
    other = gaps().assign(table="accounts", column="nps")[:3]
    words = words_of(charts.completeness(pd.concat([gaps(), other]), SHOW).wide)
    assert "accounts.nps" in words
    assert "accounts.units" not in words
