"""What deliberate errors promise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import errors
from analytics.errors import AnalyticsError, nearest


@pytest.mark.parametrize("name", ["ParamsError", "SourceError", "ContractError"])
def test_every_deliberate_error_can_be_caught_at_the_root(name):
    assert issubclass(getattr(errors, name), AnalyticsError)
    assert not issubclass(AnalyticsError, ValueError)  # or pydantic would swallow it


class TestNearest:
    def test_names_the_closest(self):
        assert nearest("retention_rat", ["retention_rate", "churn_rate"]) == (
            ' (did you mean "retention_rate"?)'
        )

    def test_keeps_quiet_where_nothing_is_close(self):
        assert nearest("zebra", ["retention", "clv"]) == ""
        assert nearest("retention", []) == ""

    def test_does_not_mind_capitals_and_gives_the_name_as_it_is_written(self):
        assert nearest("CUSTOMERID", ["CustomerID", "Country"]) == ' (did you mean "CustomerID"?)'

    def test_reads_names_once_whatever_holds_them(self):
        assert nearest("clw", iter(["clv"])) == ' (did you mean "clv"?)'

    @given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=20), max_size=5))
    def test_suggests_only_what_is_allowed(self, name, allowed):
        hint = nearest(name, allowed)
        assert hint == "" or any(hint == f' (did you mean "{one}"?)' for one in allowed)
