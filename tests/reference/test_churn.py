"""Churn on real and published data, and on demonstrations whose truth is known.

The figures are those of ``benchmarks/evidence/churn.py``, which prints them; here they must hold.
"""

import numpy as np
import pytest

from benchmarks.evidence import churn as evidence


def missed(rows):
    """The bounds that do not hold, in words."""
    rows = list(rows)
    found = [f"{row.what}: {row.measured}, not {row.bound}" for row in rows if not row.holds]
    return found if rows else ["nothing was measured"]


@pytest.fixture
def published(reference_data, monkeypatch):
    monkeypatch.setenv("WORKBOOK_REFERENCE_DATA", str(reference_data))


class TestTelco:
    def test_one_fold_of_ten_is_within_what_is_published(self, published, monkeypatch):
        """The quick form: one fold has 704 customers and an AUC within a few points of the mean of ten."""
        monkeypatch.setattr(evidence, "StratifiedKFold", FirstFold)
        measured = {row.what.split(": ")[1]: row.measured for row in evidence.telco()}
        assert 0.80 < measured["ROC AUC"] < 0.90

    @pytest.mark.long
    def test_ten_folds(self, published):
        assert missed(evidence.telco()) == []


class FirstFold(evidence.StratifiedKFold):
    def split(self, *given):
        return list(super().split(*given))[:1]


@pytest.mark.long
class TestRealShops:
    def test_cdnow(self, published):
        assert missed(evidence.cdnow()) == []

    def test_online_retail(self, published):
        assert missed(evidence.online_retail()) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return evidence.demonstration(tmp_path_factory.mktemp("demo") / "demo")


@pytest.mark.long
class TestTheTruth:
    def test_accounts_against_their_hazard(self, demo):
        assert missed(evidence.contract_demo(demo, "demo-saas")) == []

    @pytest.mark.parametrize(("name", "horizon"), [("demo-retail", 90), ("demo-vietnam", 120)])
    def test_shoppers_against_their_process(self, demo, name, horizon):
        assert missed(evidence.purchase_demo(demo, name, horizon)) == []


def test_a_missed_bound_is_seen():
    low = evidence.at_least("churn", "ROC AUC", np.float64(0.5), 0.8)
    assert missed([low]) == ["ROC AUC: 0.5, not ≥ 0.8"]
    assert missed([]) == ["nothing was measured"]
