"""Fixtures every test may use, and a place of their own for what runs keep."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# A property that queries a database has no useful deadline; it has a budget of examples, more in `make long`.
settings.register_profile("workbook", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=250)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "workbook"))

# The files that take longest, first of all: whoever shares the work must not still be busy with one when the
# others have nothing left. Two that need the reports of `rendered` are apart: only one process makes these.
_FIRST = [
    (Path(__file__).parent / name).resolve(strict=True)
    for name in (
        "reporting/test_warm_parity.py",
        "browser/test_lab.py",
        "reporting/torture/test_kills.py",
        "reporting/test_faults.py",
        "browser/test_pages.py",
        "reporting/test_cluster.py",
        "reporting/test_ancestor.py",
        "reporting/test_warm.py",
    )
]

# No test, and no notebook that a test executes, reads or writes the models of the project itself.
_KEPT = tempfile.mkdtemp(prefix="workbook-models-")
os.environ["WORKBOOK_MODELS"] = _KEPT


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep thousands of tests, and all that they import, out of the garbage collector's way.

    Python looks through everything that lives to find what does not: a tenth of the tests' time, were what
    lives until the last test among it.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items):
    """Put the files that take longest first; all others stay in their order."""
    places = {path: place for place, path in enumerate(_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_unconfigure():
    shutil.rmtree(_KEPT, ignore_errors=True)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty folder for what is kept between runs."""
    folder = tmp_path / "models"
    monkeypatch.setenv("WORKBOOK_MODELS", str(folder))
    return folder


@pytest.fixture(scope="session")
def chromium_program():
    """The Chromium of this machine; without one a test is skipped, or fails where one is required."""
    from analytics.errors import ParamsError
    from analytics.reporting.printing import browser

    try:
        return browser()
    except ParamsError as error:
        if os.environ.get("WORKBOOK_REQUIRE_BROWSER"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """A folder with data, params and the reports of every notebook, for all to read and nobody to change."""
    from tests.rendered import render_once, shared_folder

    return render_once(shared_folder(tmp_path_factory.getbasetemp()))
