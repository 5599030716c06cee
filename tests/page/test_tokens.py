"""Colours: one table, legible in both schemes, and a way back from every drawing."""

import pytest

from analytics.page.tokens import LIGHT, TOKEN_OF, TOKENS, css


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_twenty_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
class TestContrast:
    @pytest.mark.parametrize(
        "name", ["ink", "soft", "mute", "c1", "c2", "c3", "c4", "c5", "c6", "good", "bad"]
    )
    def test_words_stand_out_from_the_page(self, name, scheme):
        assert contrast(TOKENS[name][scheme], TOKENS["paper"][scheme]) >= 4.5

    def test_marks_that_are_compared_with_stand_out_from_the_page(self, scheme):
        assert contrast(TOKENS["ghost"][scheme], TOKENS["paper"][scheme]) >= 3

    @pytest.mark.parametrize("name", ["warn", "fail"])
    def test_notices_are_legible_on_their_ground(self, name, scheme):
        assert contrast(TOKENS[name][scheme], TOKENS[name + "bg"][scheme]) >= 4.5
        assert contrast(TOKENS["ink"][scheme], TOKENS[name + "bg"][scheme]) >= 4.5

    @pytest.mark.parametrize("step", range(1, 8))
    def test_figures_are_legible_on_every_step_of_the_scale(self, step, scheme):
        assert contrast(TOKENS[f"oq{step}"][scheme], TOKENS[f"q{step}"][scheme]) >= 4.5

    def test_more_is_always_further_from_the_page(self, scheme):
        far = [contrast(TOKENS[f"q{step}"][scheme], TOKENS["paper"][scheme]) for step in range(1, 8)]
        assert far == sorted(far)


def test_every_light_value_leads_back_to_one_token():
    assert {TOKEN_OF[value] for value in LIGHT.values()} == set(TOKENS)


def test_style_sheet_gives_every_token_in_both_schemes():
    light, dark = css().split("@media screen and (prefers-color-scheme:dark)")
    for name, (one, other) in TOKENS.items():
        assert f"--{name}:{one}" in light
        assert f"--{name}:{other}" in dark
