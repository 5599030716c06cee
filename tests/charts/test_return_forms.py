"""What the forms for decisions draw: tornado, profit curve, effects and gains, also in odd cases."""

import re

import numpy as np
import pytest

from analytics.charts import theme
from analytics.charts.forms.effects import Effect, Gain, effects, gains
from analytics.charts.forms.profit_curve import profit_curve
from analytics.charts.forms.tornado import Assumption, tornado
from analytics.page import guard
from analytics.page.tokens import LIGHT

NAN = float("nan")
DEPTH = np.linspace(0, 100, 51)


def say(value):
    return f"{value:g}"


def drawn(form, size=(760, 320), narrow=False, **data):
    return theme.svg(form, "form", size, narrow=narrow, **data)


def words_in(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def boxes(svg, colour):
    """Left and right ends of the bars of a colour, as they are drawn."""
    found = re.findall(r'<path d="M([\d.]+) [\d.]+H([\d.]+)V[\d.]+[^>]*f-' + colour, svg)
    return [tuple(sorted(map(float, ends))) for ends in found]


def rows_of(*ends):
    return [Assumption(f"Assumption {i}", f"low {i}", f"high {i}", *pair) for i, pair in enumerate(ends)]


def tornado_of(*ends, planned=100.0, narrow=False):
    size = (344, 360) if narrow else (760, 320)
    return drawn(
        tornado, size, narrow, planned=planned, rows=rows_of(*ends), words=say,
        planned_words=f"as planned {planned:g}", title="Profit",
    )  # fmt: skip


def curve_of(profit, narrow=False, **more):
    size = (344, 360) if narrow else (760, 360)
    return drawn(
        profit_curve, size, narrow, depth=DEPTH, profit=profit, best=int(np.argmax(profit)), words=say,
        names=("Best", "Everybody"), percent=say, title="Profit", xtitle="Share", **more,
    )  # fmt: skip


def effect_of(value=2.0, low=1.0, high=3.0, visible=1.5, sure=True, name="Voucher"):
    return Effect(name, value, low, high, visible, "said", sure)


HILL = 100 - (DEPTH - 40) ** 2 / 16
EVERY = {
    "tornado": lambda narrow: tornado_of((20.0, 180.0), (90.0, 105.0), narrow=narrow),
    "profit_curve": lambda narrow: curve_of(
        HILL, narrow, low=HILL - 9, high=HILL + 9, others=[("other", DEPTH)]
    ),
    "effects": lambda narrow: drawn(
        effects, narrow=narrow, rows=[effect_of()], words=say, title="Gain", head="In all",
        goal=1.0, goal_words="pays",
    ),
    "gains": lambda narrow: drawn(
        gains, narrow=narrow, curves=[Gain("By effect", DEPTH, np.sqrt(DEPTH), low=DEPTH / 20, high=DEPTH)],
        words=say, percent=say, title="Gain", xtitle="Share",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
class TestEveryForm:
    def test_is_safe_and_keeps_to_the_tokens(self, name, narrow):
        svg = EVERY[name](narrow)
        assert guard.drawing(svg) == svg
        assert set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg)) <= set(LIGHT.values())

    def test_keeps_its_words_within_the_drawing(self, name, narrow):
        svg = EVERY[name](narrow)
        width = float(re.search(r'viewBox="0 0 (\d+)', svg)[1])
        found = re.findall(r'<text (?:transform="[^"]*" )?x="([\d.-]+)"([^>]*)>([^<]*)<', svg)
        assert len(found) == svg.count("<text")
        for x, look, text in found:
            size = theme.text_width(text, 13)
            share = 0.5 if 'anchor="middle"' in look else 1.0 if 'anchor="end"' in look else 0.0
            assert float(x) - share * size >= -14, text
            assert float(x) + (1 - share) * size <= width + 14, text


class TestTornado:
    def test_draws_worse_orange_and_better_blue_from_the_plan(self):
        svg = tornado_of((20.0, 180.0))
        (worse,), (better,) = boxes(svg, "c2"), boxes(svg, "c1")
        assert worse[1] == pytest.approx(better[0], abs=0.2)
        assert worse[1] - worse[0] == pytest.approx(better[1] - better[0], abs=0.3)

    def test_gives_each_end_half_a_row_where_both_lie_on_one_side(self):
        svg = tornado_of((20.0, 60.0))
        assert boxes(svg, "c1") == []
        spans = re.findall(r'<path d="M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)[^>]*f-c2', svg)
        upper, lower = sorted(sorted(map(float, span)) for span in spans)
        assert upper[1] <= lower[0] + 0.2

    def test_marks_where_it_breaks_even_only_where_that_is_in_the_picture(self):
        assert "breaks even" in words_in(tornado_of((-200.0, 300.0)))
        assert "breaks even" not in words_in(tornado_of((80.0, 120.0)))
        assert "breaks even" not in words_in(tornado_of((-1.0, 1.0), planned=0.0))

    def test_leaves_out_words_that_would_stand_upon_the_plans(self):
        assert "breaks even" not in words_in(tornado_of((-200.0, 300.0), planned=5.0))

    def test_draws_an_assumption_that_changes_nothing(self):
        assert {"low 1", "high 1"} <= set(words_in(tornado_of((20.0, 180.0), (100.0, 100.0))))

    def test_draws_where_nothing_changes_anything(self):
        assert "as planned 100" in words_in(tornado_of((100.0, 100.0)))


class TestProfitCurve:
    def test_names_best_and_last(self):
        assert {"Best", "Everybody"} <= set(words_in(curve_of(HILL)))

    @pytest.mark.parametrize(
        "profit", [DEPTH, DEPTH * 1e9, HILL * 0 + DEPTH * 1e-3], ids=["rising", "large", "small"]
    )
    def test_names_one_point_once(self, profit):
        texts = words_in(curve_of(profit))
        assert "Best" in texts
        assert "Everybody" not in texts

    def test_keeps_nought_in_the_picture(self):
        assert "0" in words_in(curve_of(HILL + 1_000))

    def test_draws_a_curve_that_only_falls_and_one_that_is_flat(self):
        assert {"Best", "Everybody"} <= set(words_in(curve_of(-DEPTH)))
        assert "Best" in words_in(curve_of(DEPTH * 0))

    def test_names_other_orders_and_on_phones_the_first(self):
        others = [("first", DEPTH / 2), ("second", DEPTH / 3)]
        assert {"first", "second"} <= set(words_in(curve_of(HILL, others=others)))
        assert "second" not in words_in(curve_of(HILL, narrow=True, others=others))


class TestEffects:
    def draw(self, *rows, **more):
        return drawn(effects, rows=rows, words=say, title="Gain", **more)

    def colours(self, svg):
        return set(re.findall(r"f-(c\d)", svg))

    def test_colours_only_what_is_beyond_chance(self):
        assert self.colours(self.draw(effect_of())) == {"c1"}
        assert self.colours(self.draw(effect_of(-2.0, -3.0, -1.0))) == {"c2"}
        assert self.colours(self.draw(effect_of(sure=False))) == {"c6"}

    def test_says_in_words_what_was_not_measured(self):
        svg = self.draw(effect_of(), Effect("Flyer", NAN, NAN, NAN, NAN, "no control group", False))
        assert {"Flyer", "no control group"} <= set(words_in(svg))

    def test_shortens_long_names(self):
        texts = words_in(self.draw(effect_of(name="A campaign whose name goes on and on and on and on")))
        assert any(text.endswith("…") for text in texts)


class TestGains:
    def test_names_curves_in_their_order(self):
        curves = [Gain("Low", DEPTH, DEPTH**2 / 100), Gain("High", DEPTH, 10 * np.sqrt(DEPTH), "c2")]
        svg = drawn(gains, curves=curves, words=say, percent=say, title="Gain", xtitle="Share")
        places = {text: float(y) for y, text in re.findall(r'<text[^>]*?y="([\d.]+)"[^>]*>(Low|High)<', svg)}
        assert places["High"] < places["Low"]
