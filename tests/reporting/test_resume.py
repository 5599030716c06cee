"""Going on with a run that was stopped: to the files of one that was not."""

from __future__ import annotations

import shutil

import pytest

from analytics.reporting import records
from analytics.reporting.batch import Stopped
from tests.reporting.pretended import EACH, PARAMS, Place, interrupt_after
from tests.reporting.tiny import write_params


@pytest.fixture
def place(tmp_path, monkeypatch, models):
    return Place(tmp_path, monkeypatch)


def test_a_resumed_run_makes_the_rest_under_its_own_time(place):
    with pytest.raises(Stopped):
        place.run({"plain": interrupt_after(2)})
    assert place.run(resume=True) == (EACH - 2, 0)
    assert {result.made.day for result in place.record.results} == {2}
    assert place.record.started.day == 2
    assert not any(result.reused for result in place.record.results)
    assert records.unfinished_run(place.out) is None


def test_resumed_files_are_those_of_an_undisturbed_run(place, tmp_path):
    place.run()
    whole = {p.relative_to(place.out): p.read_bytes() for p in place.out.glob("*/*/*.html")}
    shutil.rmtree(place.out)
    place.day = 0
    with pytest.raises(Stopped):
        place.run({"plain": interrupt_after(1)})
    place.run(resume=True)
    assert {p.relative_to(place.out): p.read_bytes() for p in place.out.glob("*/*/*.html")} == whole


def test_a_resumed_run_was_forced_where_the_first_was(place):
    place.run()
    with pytest.raises(Stopped):
        place.run({"plain": interrupt_after(1)}, force=True)
    assert place.run(resume=True) == (EACH - 1, 0)


def test_what_changed_since_the_interruption_is_made_again(place):
    with pytest.raises(Stopped):
        place.run({"plain": interrupt_after(3)})
    write_params(place.folder, PARAMS.replace("acme, currency: EUR", "acme, currency: GBP"))
    assert place.run(resume=True) == (EACH - 1, 0)


def test_without_an_unfinished_run_it_says_so_and_runs(place):
    place.run()
    assert place.run(resume=True) == (0, 0)
    assert any("no unfinished run" in text for text in place.said.lines)
