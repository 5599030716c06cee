"""What a reader is told of a failure never quotes a row of data."""

from __future__ import annotations

import pytest

from analytics.errors import AnalyticsError, SourceError
from analytics.reporting.failures import deliberate_errors, masked, one_line, without_data

DATA = ["Ada Lovelace", "ada@example.org", "+44 7700 900123", "48211", "1,234.50"]


@pytest.mark.parametrize(
    "message",
    [
        "Could not convert string 'Ada Lovelace' to INT64",
        'invalid input syntax for type integer: "Ada Lovelace" at row 48211',
        "duplicate key ada@example.org",
        "cannot reindex on ['Ada Lovelace', 'ada@example.org']",
        "{'mobile': '+44 7700 900123'}",
        "row (48211, 1,234.50) is out of range",
        "it's wrong: 'Ada Lovelace' isn't a number",
        "<Customer Ada Lovelace>",
    ],
)
def test_quotations_addresses_and_numbers_are_left_out(message):
    said = without_data("SomeError", message)
    assert not [value for value in DATA if value in said]


def test_an_error_that_says_names_of_code_only_is_kept():
    said = "module 'pandas' has no attribute 'DataFram'"
    assert without_data("AttributeError", said) == said


def test_a_message_is_one_line_without_terminal_colours():
    assert one_line("\x1b[31mfirst\x1b[0m\n  second\tthird") == "first second third"
    assert len(one_line("x" * 5000)) == 1000


def test_every_deliberate_error_is_known_by_name():
    assert {"AnalyticsError", "ParamsError", "SourceError", "ContractError"} <= deliberate_errors()
    assert "KeyError" not in deliberate_errors()

    class DriverError(SourceError):
        """One more of the family."""

    assert issubclass(DriverError, AnalyticsError)
    assert "DriverError" in deliberate_errors()


def test_only_parameters_that_name_a_person_are_masked():
    given = {"customer_mobile": "1", "customer_name": "Ada", "search": "", "days": 90, "mobile_only": True}
    assert masked(given) == given | {"customer_mobile": "••••", "customer_name": "••••"}
