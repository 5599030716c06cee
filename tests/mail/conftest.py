"""Drawings that many tests share are drawn once."""

from functools import lru_cache

import pytest

from analytics.mail import envelope


@pytest.fixture(scope="package", autouse=True)
def drawn_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope, "png", lru_cache(envelope.png))
        yield
