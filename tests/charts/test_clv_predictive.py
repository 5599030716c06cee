"""What a reader notices in the pictures of what customers and contracts should bring."""

import re

import numpy as np
import pandas as pd
import pytest

from analytics.charts import clv_predictive as charts
from analytics.charts import theme
from analytics.charts.forms.expected import expected
from analytics.charts.marks import Bars, Curve
from analytics.formats import Format
from analytics.page.tokens import LIGHT
from analytics.words.account_value import FACTORS
from tests.words.outlooks import (
    accounts_of,
    checked_of,
    model_of,
    no_year,
    nothing_known,
    tenths_of,
    unchecked,
)

BRITISH = Format("en_GB", "GBP")

DRAWN = {
    "outlook": lambda: charts.outlook(tenths_of(), BRITISH),
    "repeats": lambda: charts.repeats(model_of()["repeat_visits"], BRITISH),
    "weekly": lambda: charts.weekly(checked_of(), BRITISH),
    "bins": lambda: charts.bins(checked_of()["bins"], BRITISH),
    "groups": lambda: charts.contract_groups(accounts_of()["groups"], BRITISH),
    "check": lambda: charts.contract_check(accounts_of()["bands"], BRITISH),
    "drivers": lambda: charts.contract_drivers(accounts_of()["drivers"], FACTORS, BRITISH),
}


def words_in(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("name", DRAWN)
class TestEveryPicture:
    def test_has_two_drawings_and_a_short_alternative(self, name):
        drawn = DRAWN[name]()
        assert drawn.wide != drawn.narrow
        assert 40 < len(drawn.alt) <= 300
        assert "nan" not in " ".join(words_in(drawn.wide)).lower()

    def test_is_the_same_when_drawn_again(self, name):
        assert DRAWN[name]() == DRAWN[name]()


class TestNothingToShow:
    @pytest.mark.parametrize(
        "drawn",
        [
            lambda: charts.outlook(nothing_known()["tenths"], BRITISH),
            lambda: charts.outlook(tenths_of(9), BRITISH),
            lambda: charts.outlook(tenths_of().assign(predicted_revenue_12m=0.0), BRITISH),
            lambda: charts.repeats(nothing_known()["repeat_visits"], BRITISH),
            lambda: charts.weekly(unchecked(), BRITISH),
            lambda: charts.bins(unchecked()["bins"], BRITISH),
            lambda: charts.bins(checked_of()["bins"].assign(customers=29), BRITISH),
            lambda: charts.contract_groups(no_year()["groups"], BRITISH),
            lambda: charts.contract_groups(accounts_of()["groups"].head(1), BRITISH),
            lambda: charts.contract_groups(accounts_of()["groups"].assign(accounts=9), BRITISH),
            lambda: charts.contract_check(no_year()["bands"], BRITISH),
            lambda: charts.contract_drivers(no_year()["drivers"], FACTORS, BRITISH),
            lambda: charts.contract_drivers(accounts_of()["drivers"].assign(effect=0.0), FACTORS, BRITISH),
        ],
    )
    def test_is_no_picture(self, drawn):
        assert drawn() is None


class TestWhatTheySay:
    def test_tenths_stand_with_their_part_and_who_is_likely_active(self):
        said = words_in(charts.outlook(tenths_of(), BRITISH).wide)
        assert "60%, 90% still active" in said
        assert "under 1%, under 1% still active" in said

    @pytest.mark.parametrize("active", [(np.nan,) * 3, (1.0, 1.0, 0.999)])
    def test_activity_is_left_out_where_it_is_not_known_or_nobody_leaves(self, active):
        said = " ".join(words_in(charts.outlook(tenths_of(active=active), BRITISH).wide))
        assert "active" not in said

    def test_the_alternative_has_the_ends(self):
        assert "60 without one, 54 expected" in charts.repeats(model_of()["repeat_visits"], BRITISH).alt
        assert "200 came, 220 were expected" in charts.weekly(checked_of(), BRITISH).alt
        assert "21 May 2025" in charts.weekly(checked_of(), BRITISH).alt

    def test_long_histories_are_thinned_and_keep_their_last_week(self):
        n = 600
        weeks = pd.DataFrame(
            {"week": range(1, n + 1), "actual": np.arange(n), "expected": np.arange(n) * 1.0,
             "holdout": np.arange(n) > 560}
        )  # fmt: skip
        drawn = charts.weekly(checked_of(weekly=weeks), BRITISH)
        assert "599 came" in drawn.alt
        assert len(drawn.wide) < 20_000
        assert "599" in " ".join(words_in(drawn.wide))

    def test_groups_under_30_customers_are_gaps(self):
        alt = charts.bins(checked_of()["bins"], BRITISH).alt
        assert "after 7+" not in alt
        assert "after 1" in alt

    def test_drivers_stand_in_words(self):
        assert "Seats in use" in words_in(
            charts.contract_drivers(accounts_of()["drivers"], FACTORS, BRITISH).wide
        )


class TestTheForm:
    def draw(self, **given):
        usual = {
            "labels": ["a", "b"], "actual": [2.0, None], "expected": [1.0, 3.0], "words": str,
            "title": "Things", "xtitle": "Classes", "names": ("came", "thought"),
        }  # fmt: skip
        fig = theme.figure(760, 340)
        with theme.style():
            expected(fig, False, **(usual | given))
        return fig.axes[0]

    def lines_of(self, ax):
        return [mark for mark in ax.get_children() if isinstance(mark, Curve)]

    def test_columns_stand_on_nought_and_hold_what_was_counted(self):
        ax = self.draw()
        assert ax.get_ylim()[0] == 0
        (bars,) = (mark for mark in ax.get_children() if isinstance(mark, Bars))
        _, bottom, _, top = bars.sides
        assert [*bottom, *top] == [0.0, 0.0, 2.0, 0.0]

    def test_lines_lie_where_it_was_expected(self):
        lines = [line for line in self.lines_of(self.draw()) if line.color == LIGHT["c2"]]
        assert [line.y[0] for line in lines] == [1.0, 3.0]

    def test_an_axis_that_begins_above_nought_has_points_and_no_columns(self):
        ax = self.draw(floor=0.5, low=[1.5, None], high=[2.5, None])
        assert not [mark for mark in ax.get_children() if isinstance(mark, Bars)]
        assert ax.get_ylim()[0] == 0.5
        assert any(list(line.y) == [1.5, 2.5] for line in self.lines_of(ax))
