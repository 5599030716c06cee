"""What each form of chart draws, and what it refuses to draw."""

import re

import numpy as np
import pytest

from analytics.charts import forms, theme
from analytics.page import guard
from analytics.page.tokens import LIGHT

MONTHS = [f"{m}\n2026" for m in ("Jan", "Feb", "Mar", "Apr", "May", "Jun")]
NAN = float("nan")


def say(value):
    return f"{value:g}%"


def count(value):
    return f"{value:,.0f}"


def curve(name="New", colour="c1", days=(0, 10, 40, 90), values=(0, 5, 20, 30)):
    half = np.full(len(values), 2.0)
    return forms.Curve(
        name, days, values, np.array(values) - half, np.array(values) + half, [900, 500, 100], colour
    )


def sample(n=300, seed=1):
    return np.random.default_rng(seed).lognormal(3, 1, n)


EVERY = {
    "line": (
        forms.line,
        {
            "labels": MONTHS,
            "series": [forms.Series("Now", [1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 6, 7])],
            "words": say,
            "title": "Share",
        },
    ),
    "survival": (
        forms.survival,
        {
            "curves": [curve(), curve("Old", "c6")],
            "words": say,
            "count": count,
            "title": "Share",
            "xtitle": "Days",
            "marks": [45, 90],
            "at": 45,
        },
    ),
    "multiples": (
        forms.multiples,
        {
            "names": ["A", "B", "C", "D"],
            "series": [[1, 2, 3]] * 4,
            "words": say,
            "title": "Share",
            "ends": ("Jan", "Mar"),
            "everybody": [2, 2, 2],
        },
    ),
    "bars": (
        forms.bars,
        {
            "names": ["A", "B", "C"],
            "values": [3, 2, -1],
            "words": say,
            "title": "Share",
            "notes": ["1 customer"] * 3,
            "low": [2, 1, -2],
            "high": [4, 3, 0],
        },
    ),
    "columns": (
        forms.columns,
        {
            "labels": MONTHS,
            "groups": [("Old", [1, 2, 3, 4, 5, 6], "c1"), ("New", [1] * 6, "q4")],
            "words": count,
            "title": "Orders",
        },
    ),
    "dumbbell": (
        forms.dumbbell,
        {
            "names": ["A", "B"],
            "before": [10, 20],
            "after": [15, 18],
            "heads": ("Q1", "Q2"),
            "words": say,
            "change": say,
            "title": "Share",
            "low": [12, 15],
            "high": [18, 21],
            "sure": [True, False],
        },
    ),
    "bridge": (
        forms.bridge,
        {
            "start": 100,
            "end": 120,
            "steps": [forms.Step("Lost", -30, "9 customers"), forms.Step("New", 50)],
            "names": ("Q1", "Q2"),
            "words": count,
            "signed": lambda v: f"{v:+.0f}",
            "title": "Revenue",
        },
    ),
    "flow": (
        forms.flow,
        {
            "names": ["Best", "Rest"],
            "moved": [[8, 2], [1, 9]],
            "heads": ("1 April", "1 July"),
            "count": count,
            "change": lambda v: f"{v:+.0f}%",
        },
    ),
    "lorenz": (
        forms.lorenz,
        {
            "customers": [0, 20, 50, 100],
            "value": [0, 60, 90, 100],
            "at": 20,
            "note": "20% bring 60%",
            "words": say,
            "title": "Revenue",
            "xtitle": "Customers",
        },
    ),
    "distribution": (
        forms.distribution,
        {
            "values": sample(),
            "words": count,
            "count": count,
            "title": "Customers",
            "xtitle": "Revenue",
            "marks": [(20.0, "half")],
            "cut": 100,
        },
    ),
    "grid": (
        forms.grid,
        {
            "x": sample() * 3,
            "y": sample() / 5,
            "groups": ["A", "B", "C"] * 100,
            "colours": {"A": "c1", "B": "ghost", "C": "c2"},
            "title": "Orders",
            "xtitle": "Days",
            "x_top": 365,
            "y_top": 12,
            "words": count,
        },
    ),
    "regression": (
        forms.regression,
        {
            "x": sample(),
            "y": sample(seed=2),
            "xwords": count,
            "ywords": count,
            "title": "Value",
            "xtitle": "Orders",
            "note": "n = 300",
        },
    ),
}


def texts(svg: str) -> list[str]:
    return re.findall(r">([^<]+)</text>", svg)


@pytest.mark.parametrize("name", EVERY)
class TestEveryForm:
    def test_gives_two_safe_drawings(self, name):
        form, data = EVERY[name]
        chart = theme.both(form, "a", "x", **data)
        assert guard.drawing(chart.wide)
        assert guard.drawing(chart.narrow)

    def test_is_small(self, name):
        form, data = EVERY[name]
        chart = theme.both(form, "a", "x", **data)
        assert len(chart.wide) + len(chart.narrow) < 40_000

    def test_is_the_same_every_time(self, name):
        form, data = EVERY[name]
        assert theme.both(form, "a", "x", **data) == theme.both(form, "a", "x", **data)

    def test_keeps_its_words_on_the_drawing(self, name):
        form, data = EVERY[name]
        for svg, width in (
            (theme.both(form, "a", "x", **data).wide, 760),
            (theme.both(form, "a", "x", **data).narrow, 344),
        ):
            for attributes, words in re.findall(r"<text([^>]*)>([^<]+)</text>", svg):
                x = float(re.search(r' x="([-\d.]+)"', attributes)[1])
                size = float(re.search(r'font-size="([\d.]+)"', attributes)[1])
                half = theme.text_width(words, size, "font-weight" in attributes)
                left = {"middle": x - half / 2, "end": x - half}.get(
                    (re.findall(r'text-anchor="(\w+)"', attributes) or [""])[0], x
                )
                assert left >= -8, words
                assert left + half <= width + 8, words


class TestLine:
    def draw(self, values, **options):
        series = [forms.Series("Stayed", values, **options)]
        return theme.svg(
            forms.line,
            "a",
            (760, 340),
            narrow=False,
            labels=MONTHS[: len(values)],
            series=series,
            words=say,
            title="Share",
        )

    def test_breaks_where_a_value_is_missing(self):
        path = next(
            d for d in re.findall(r'd="([^"]+)"[^>]*class="s-c1"', self.draw([1, 2, None, 3, NAN, 5]))
        )
        assert path.count("M") >= 2

    def test_marks_a_value_between_two_gaps(self):
        with_gap, without = self.draw([1, None, 3, None, 5, 6]), self.draw([1, 2, 3, 4, 5, 6])
        assert with_gap.count("<use") + with_gap.count("f-c1") > without.count("<use") + without.count("f-c1")

    def test_names_the_line_and_its_end(self):
        shown = texts(self.draw([1, 2, 3], end="3%"))
        assert shown[shown.index("Stayed") + 1] == "3%"

    def test_starts_at_zero(self):
        assert "0%" in texts(self.draw([40, 50, 60]))

    @pytest.mark.parametrize("values", [[], [5], [None, None], [0, 0, 0]])
    def test_of_next_to_nothing_is_drawn_all_the_same(self, values):
        assert guard.drawing(self.draw(values))

    def test_takes_arrays_and_frames_columns(self):
        assert guard.drawing(
            self.draw(
                np.array([1.0, NAN, 3.0]), low=np.array([0.0, NAN, 2.0]), high=np.array([2.0, NAN, 4.0])
            )
        )


class TestSurvival:
    def test_says_how_many_are_still_watched_at_each_mark(self):
        form, data = EVERY["survival"]
        shown = texts(theme.svg(form, "a", (760, 390), narrow=False, **data))
        assert [n for n in shown if n in ("900", "500", "100")] == ["900", "500", "100"] * 2

    def test_reads_the_curve_off_as_a_step(self):
        one = curve(days=(0, 10, 40, 90), values=(0, 5, 20, 30))
        shown = texts(
            theme.svg(
                forms.survival,
                "a",
                (760, 390),
                narrow=False,
                curves=[one],
                words=lambda v: f"{v:.0f}!",
                count=count,
                title="",
                xtitle="",
                marks=[45, 90],
                at=39,
            )
        )
        assert "5!" in shown  # the step at day 40 is not yet reached

    def test_chooses_one_of_the_fixed_scales(self):
        form, data = EVERY["survival"]
        shown = texts(theme.svg(form, "a", (760, 390), narrow=False, **data))
        assert "30%" in shown
        assert "60%" not in shown


class TestBars:
    def test_names_of_two_words_are_whole_on_a_phone(self):
        options = {"names": ["Potential Loyalists", "New"], "values": [1.0, 2.0], "focus": (0,)}
        svg = theme.svg(forms.bars, "a", (344, 120), narrow=True, words=str, title="Customers", **options)
        assert "Potential Loyalists" in svg

    def widths(self, **options):
        svg = theme.svg(forms.bars, "a", (760, 240), narrow=False, words=say, title="Share", **options)
        return svg, [
            abs(float(a) - float(b))
            for a, b in re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)V[^"]*"[^>]*class="f-', svg)
        ]

    def test_are_as_long_as_their_values_from_zero(self):
        _, (first, second) = self.widths(names=["A", "B"], values=[40, 10])
        assert first == pytest.approx(4 * second, rel=0.01)

    def test_go_left_in_the_colour_of_losses_where_negative(self):
        svg, _ = self.widths(names=["A", "B"], values=[40, -10])
        assert "f-c2" in svg

    def test_make_one_the_point_and_the_others_grey(self):
        svg, _ = self.widths(names=["A", "B", "C"], values=[3, 2, 1], focus=[1])
        assert svg.count('class="f-c1"') == 1
        assert svg.count('class="f-ghost"') == 2

    def test_of_nothing_are_drawn_all_the_same(self):
        assert guard.drawing(self.widths(names=["A"], values=[0])[0])


class TestBridge:
    def test_refuses_steps_that_lead_elsewhere(self):
        form, data = EVERY["bridge"]
        with pytest.raises(ValueError, match="lead to 120, not to 130"):
            theme.both(form, "a", "x", **(data | {"end": 130}))

    def test_colours_what_was_added_and_what_was_lost(self):
        form, data = EVERY["bridge"]
        svg = theme.svg(form, "a", (760, 340), narrow=False, **data)
        fills = re.findall(r'class="f-(c\d)"', svg)
        assert [fills.count(name) for name in ("c6", "c2", "c1")] == [2, 1, 1]


class TestFlow:
    def test_draws_a_ribbon_for_each_move_that_happened(self):
        svg = theme.svg(
            forms.flow,
            "a",
            (760, 340),
            narrow=False,
            names=["A", "B"],
            moved=[[5, 0], [3, 2]],
            heads=("x", "y"),
            count=count,
            change=say,
        )
        assert svg.count(' opacity="0.') == 3

    def test_says_by_how_much_each_group_has_changed(self):
        form, data = EVERY["flow"]
        shown = texts(theme.svg(form, "a", (760, 340), narrow=False, **data))
        assert {"Best, 10", "Best, 9 (-10%)", "Rest, 11 (+10%)"} <= set(shown)


class TestGrid:
    def test_makes_the_area_of_a_dot_the_number_of_customers(self):
        x, y = [10] * 100 + [200] * 25, [2] * 100 + [5] * 25
        svg = theme.svg(
            forms.grid,
            "a",
            (760, 400),
            narrow=False,
            x=x,
            y=y,
            groups=["A"] * 125,
            colours={"A": "c1"},
            title="",
            xtitle="",
            x_top=365,
            y_top=6,
            words=count,
        )
        radii = sorted(abs(float(r)) for r in re.findall(r'd="M0 (-?[\d.]+)C', svg))
        assert radii[-1] == pytest.approx(2 * radii[0], rel=0.15)

    def test_counts_what_lies_beyond_at_the_edge(self):
        svg = theme.svg(
            forms.grid,
            "a",
            (760, 400),
            narrow=False,
            x=[900],
            y=[99],
            groups=["A"],
            colours={"A": "c1"},
            title="",
            xtitle="",
            x_top=365,
            y_top=6,
            words=count,
        )
        assert "6+" in texts(svg)
        assert "f-c1" in svg

    def test_leaves_out_a_group_that_has_no_colour(self):
        svg = theme.svg(
            forms.grid,
            "a",
            (760, 400),
            narrow=False,
            x=[9],
            y=[1],
            groups=["B"],
            colours={"A": "c1"},
            title="",
            xtitle="",
            x_top=365,
            y_top=6,
            words=count,
        )
        assert "f-c1" not in svg


class TestDistribution:
    @pytest.mark.parametrize("cut", [100, 95, 183.0])
    def test_says_that_the_last_class_holds_all_above(self, cut):
        form, data = EVERY["distribution"]
        assert f"{cut:.0f}+" in texts(theme.svg(form, "a", (760, 340), narrow=False, **data | {"cut": cut}))

    @pytest.mark.parametrize("values", [[], [5.0], [NAN, 5.0], [-3.0, 4.0]])
    def test_of_next_to_nothing_is_drawn_all_the_same(self, values):
        data = EVERY["distribution"][1] | {"values": values, "cut": None, "marks": ()}
        assert guard.drawing(theme.svg(forms.distribution, "a", (760, 340), narrow=False, **data))


class TestLorenz:
    def test_says_its_one_point(self):
        form, data = EVERY["lorenz"]
        svg = theme.svg(form, "a", (560, 400), narrow=False, **data)
        assert "20% bring 60%" in texts(svg)
        assert svg.count(f'fill="{LIGHT["q1"]}"') == 1
