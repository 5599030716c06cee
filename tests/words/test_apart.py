"""What pages on customers say of those who are in none of their figures."""

import pytest

from analytics.formats import Format
from analytics.words.apart import in_no_figure

BRITISH = Format("en_GB", "GBP")


@pytest.mark.parametrize(
    ("guests", "only", "said"),
    [
        (0.0, 0, ()),
        (1200.0, 0, ("Sales without a known customer (£1,200 so far) are in no tier.",)),
        (0.0, 1, ("1 customer with nothing but returns is in no tier.",)),
        (0.0, 2, ("2 customers with nothing but returns are in no tier.",)),
        (
            -1200.0,
            1,
            (
                "Sales without a known customer (−£1,200 so far) and 1 customer with nothing but returns are "
                "in no tier.",
            ),
        ),
    ],
)
def test_says_how_much_and_how_many(guests, only, said):
    apart = {"guest_revenue": guests, "customers_with_returns_only": only}
    assert in_no_figure(BRITISH, apart, "no tier") == said
