"""The rehearsal before reports are forked: all that they begin with, and no trace of it."""

import os
import tempfile

import pytest

from analytics import rehearsal
from analytics.models import threads
from analytics.page import display, pieces
from analytics.reporting.warm.preload import other_threads


@pytest.fixture
def shown(monkeypatch):
    """The kinds of pieces that a rehearsal shows."""
    kinds = []
    monkeypatch.setattr(
        display, "record", lambda piece, real=display.record: kinds.append(type(piece)) or real(piece)
    )
    return kinds


def test_it_shows_what_every_page_shows(shown):
    rehearsal.rehearse()
    assert set(display._KINDS) - {pieces.Empty} == set(shown)


def test_it_leaves_neither_environment_nor_thread_nor_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rehearsal.fit()  # scikit-learn sets a variable when it is imported
    environment, there = dict(os.environ), other_threads()
    rehearsal.rehearse()
    rehearsal.fit()
    assert dict(os.environ) == environment
    assert other_threads() == there
    assert list(tmp_path.iterdir()) == []
    assert tempfile.tempdir is None


def test_a_model_finds_the_libraries_with_threads_found(monkeypatch):
    rehearsal.fit()
    searched = []
    monkeypatch.setattr(threads, "ThreadpoolController", lambda: searched.append(1))
    with threads.one_thread():
        assert searched == []
