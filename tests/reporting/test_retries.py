"""Another try is made where it may help, never for what it cannot mend."""

from __future__ import annotations

import pytest

from analytics import errors
from analytics.reporting.failures import deliberate_errors
from analytics.reporting.manifest import Failure
from analytics.reporting.retries import may_pass, wait_before_next


def failure(kind, message=""):
    return Failure(type=kind, message=message)


@pytest.mark.parametrize("kind", sorted(deliberate_errors() - {"LostConnectionError"}))
def test_what_the_workbook_refuses_on_purpose_is_never_tried_again(kind):
    assert not may_pass(failure(kind))


@pytest.mark.parametrize(
    "kind", ["TimeLimit", "MemoryLimit", "SystemExit", "KeyError", "OSError", "MemoryError"]
)
def test_nor_is_a_limit_or_an_error_in_a_cell(kind):
    assert not may_pass(failure(kind))


@pytest.mark.parametrize("kind", ["DeadKernel", "DeadWorker", "ConnectionResetError", "AdminShutdown"])
def test_a_dead_process_or_a_lost_connection_may_pass(kind):
    assert may_pass(failure(kind))


def test_an_error_of_a_driver_is_judged_by_its_words():
    lost = "consuming input failed: server closed the connection unexpectedly"
    assert may_pass(failure("OperationalError", lost))
    assert not may_pass(failure("OperationalError", "no such column: amuont"))


def test_the_name_of_the_deliberate_error_is_the_one_that_is_looked_for():
    assert may_pass(failure(errors.LostConnectionError.__name__))


def test_there_are_as_many_more_tries_as_waits():
    dead = failure("DeadKernel")
    assert [wait_before_next(dead, tried, (1.0, 4.0)) for tried in (1, 2, 3)] == [1.0, 4.0, None]
    assert wait_before_next(dead, 1, ()) is None
    assert wait_before_next(None, 1, (1.0,)) is None
    assert wait_before_next(failure("ParamsError"), 1, (1.0,)) is None
