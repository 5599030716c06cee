"""Where basket ranges begin: one list for each size of money, checked when it is read."""

import pytest

from analytics.errors import ParamsError
from analytics.params import load_rules
from analytics.params.basket_rules import BasketRanges


def test_the_usual_bounds_are_those_of_the_specification():
    assert load_rules("basket_ranges").bounds("GBP") == (100, 250, 500, 1000)


def test_a_currency_without_cents_has_its_own():
    assert min(load_rules("basket_ranges").bounds("VND")) >= 100_000


def test_what_params_give_wins():
    assert load_rules("basket_ranges").bounds("VND", given=[7, 8]) == (7.0, 8.0)


@pytest.mark.parametrize("bounds", [[100, 100], [0, 5], [250, 100]])
def test_bounds_that_do_not_ascend_are_refused_with_their_currency(bounds):
    with pytest.raises((ParamsError, ValueError), match="VND"):
        BasketRanges(usual=[100], currencies={"VND": bounds})
