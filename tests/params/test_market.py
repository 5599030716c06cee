"""What a market changes."""

import pytest

from analytics.params.market import CHURN_HORIZON, churn_horizon


@pytest.mark.parametrize(
    ("given", "market", "days"),
    [
        (None, None, 90),
        (None, "", 90),
        (None, "vietnam", 120),
        (None, "atlantis", 90),
        (60, "vietnam", 60),
        (90, "vietnam", 90),
    ],
    ids=["nothing said", "no market", "vietnam", "a market without one", "params win", "params win with 90"],
)
def test_params_decide_then_the_market_then_ninety_days(given, market, days):
    assert churn_horizon(given, market) == days


def test_ninety_days_are_the_default():
    assert CHURN_HORIZON == 90
