"""What `rates` promises."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.metrics.rates import Z, add_rate, percentage, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe (1998), table I, method 3 (score without continuity correction).
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_the_interval_is_the_published_one(successes, n, low, high):
    found = wilson(successes, n)
    assert float(found[0]) == pytest.approx(low, abs=0.005)
    assert float(found[1]) == pytest.approx(high, abs=0.005)


def test_450_customers_of_whom_15_left():
    assert percentage(435, 450).round(1) == 96.7
    assert percentage(15, 450).round(1) == 3.3


def test_nobody_to_keep_is_missing_and_not_zero():
    assert np.isnan(percentage(0, 0))
    assert all(np.isnan(bound) for bound in wilson(0, 0))


def test_a_rate_comes_with_its_base_and_its_bounds():
    frame = add_rate(pd.DataFrame({"kept": [435, 0]}), "retention_rate", [435, 0], [450, 0])
    assert list(frame.columns) == [
        "kept", "retention_rate", "retention_rate_n", "retention_rate_low", "retention_rate_high",
    ]  # fmt: skip
    assert frame["retention_rate_n"].tolist() == [450, 0]
    assert frame.iloc[1, [1, 3, 4]].isna().all()


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_the_bounds_hold_the_rate_and_solve_the_score_equation(a, b):
    successes, n = min(a, b), max(a, b)
    low, high = (float(bound) / 100 for bound in wilson(successes, n))
    share = successes / n
    assert 0 <= low <= share <= high <= 1
    for bound in (low, high):
        if 0 < bound < 1:  # a bound is where the share lies z standard errors away
            error = Z * math.sqrt(bound * (1 - bound) / n)
            assert abs(share - bound) == pytest.approx(error, rel=1e-6, abs=1e-9)
