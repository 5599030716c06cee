"""Two models on the same customers, or the reason why they cannot be compared."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from analytics.errors import ModelError
from analytics.models.comparison import compare_models
from analytics.models.registry import load_model, save_model

pytestmark = pytest.mark.usefixtures("models")
WINDOW = (date(2026, 7, 3), date(2026, 10, 1))


def kept(version, noise, *, organisation="acme", window=WINDOW, seed=0, drop=0, day=WINDOW[1], **card):
    """A model whose probabilities know the truth less well, the more noise there is."""
    truth = np.random.default_rng(0).normal(size=600)
    churned = truth > 0.8
    signal = truth + noise * np.random.default_rng(100 + seed).normal(size=600)
    test = pd.DataFrame(
        {
            "customer_id": [f"{i:03}" for i in range(600)],
            "churned": churned,
            "churn_probability": 1 / (1 + np.exp(1.5 - 2 * signal)),
            "nps": truth,
        }
    )
    said = {"reference_date": day, "test_window": list(window), "definition": "contract", "features": ["nps"]}
    save_model(organisation, "churn", version, said | card, {}, {"test": test.iloc[drop:]})
    return load_model(organisation, "churn", version)


class TestSameWindow:
    def test_measures_are_those_of_scikit_learn(self):
        poor, good = kept("v1", 2.0), kept("v2", 0.5)
        found = compare_models(poor, good).measures.set_index("measure")
        for name, model in (("first", poor), ("second", good)):
            test = model.frames["test"]
            assert found.loc["roc_auc", name] == pytest.approx(
                roc_auc_score(test["churned"], test["churn_probability"])
            )
            assert found.loc["log_loss", name] == pytest.approx(
                log_loss(test["churned"], test["churn_probability"])
            )
        np.testing.assert_allclose(found["difference"], found["second"] - found["first"], atol=1e-12)

    def test_the_better_one_is_named_whichever_stands_first(self):
        poor, good = kept("v1", 2.0), kept("v2", 0.5)
        assert compare_models(poor, good).measures["better"].iloc[0] == "second"
        assert compare_models(good, poor).measures["better"].iloc[0] == "first"
        blunt = kept("v3", 0.5)
        blunt.frames["test"]["churn_probability"] = 0.9
        losses = compare_models(blunt, good).measures.set_index("measure")["better"]
        assert losses.to_dict() == dict.fromkeys(("roc_auc", "brier", "log_loss"), "second")

    def test_a_difference_that_chance_explains_is_none(self):
        found = compare_models(kept("v1", 1.0, seed=1), kept("v2", 1.0, seed=2)).measures
        assert set(found["better"]) == {"no difference"}
        assert ((found["low"] < 0) & (found["high"] > 0)).all()

    def test_only_customers_of_both_tests_are_looked_at(self):
        found = compare_models(kept("v1", 2.0, drop=100), kept("v2", 0.5, drop=50))
        assert found.customers == 500
        assert found.window == ("2026-07-03", "2026-10-01")
        assert found.rescored == ""


class TestOtherWindow:
    EARLIER = (date(2026, 4, 4), date(2026, 7, 3))

    def rescore(self, model, features):
        assert model.version == "old"
        return 1 / (1 + np.exp(-features["nps"].to_numpy()))

    def test_the_earlier_model_is_applied_to_the_later_window(self):
        old, new = kept("old", 1.0, window=self.EARLIER, day=self.EARLIER[1]), kept("new", 1.0)
        found = compare_models(old, new, self.rescore)
        assert (found.window, found.rescored) == (("2026-07-03", "2026-10-01"), "old")
        assert found.measures.set_index("measure").loc["roc_auc", "first"] == 1.0, "it was given the truth"
        turned = compare_models(new, old, self.rescore)
        assert turned.measures.set_index("measure").loc["roc_auc", "second"] == 1.0

    def test_without_a_way_to_apply_it_the_windows_are_named(self):
        old, new = kept("old", 1.0, window=self.EARLIER, day=self.EARLIER[1]), kept("new", 1.0)
        with pytest.raises(ModelError, match=r"different windows \(old: 2026-04-04 to 2026-07-03; new:"):
            compare_models(old, new)

    def test_a_model_that_has_seen_part_of_the_window_is_not_applied_to_it(self):
        old = kept("old", 1.0, window=(date(2026, 5, 1), date(2026, 8, 1)), day=date(2026, 8, 1))
        with pytest.raises(ModelError, match="old has seen part of the later one"):
            compare_models(old, kept("new", 1.0), self.rescore)

    def test_what_a_model_was_only_tested_on_it_has_not_seen(self):
        old = kept("old", 1.0, window=(date(2026, 5, 1), date(2026, 8, 1)), day=date(2026, 8, 1))
        told = kept("old", 1.0, organisation="told", window=(date(2026, 5, 1), date(2026, 8, 1)),
                    day=date(2026, 8, 1), trained_until=date(2026, 5, 1))  # fmt: skip
        new = kept("new", 1.0, organisation="told")
        assert compare_models(told, new, self.rescore).rescored == "old"
        with pytest.raises(ModelError, match="has seen part"):
            compare_models(old, kept("new", 1.0), self.rescore)


class TestStrangers:
    @pytest.mark.parametrize(
        ("other", "words"),
        [
            ({"organisation": "bolt"}, "different organisations"),
            ({"definition": "purchase"}, "definition is contract and purchase"),
            ({"test_window": None}, "names no test_window"),
        ],
    )
    def test_what_cannot_be_compared_is_said(self, other, words):
        with pytest.raises(ModelError, match=words):
            compare_models(kept("v1", 1.0), kept("v2", 1.0, **other))

    def test_a_model_without_its_test_is_named(self):
        said = {"reference_date": WINDOW[1], "test_window": list(WINDOW), "definition": "contract"}
        save_model("acme", "churn", "bare", said, {}, {})
        with pytest.raises(ModelError, match="bare was kept without the customers of its test"):
            compare_models(kept("v1", 1.0), load_model("acme", "churn", "bare"))

    def test_customers_with_one_outcome_only_are_no_test(self):
        model = kept("v1", 1.0)
        model.frames["test"]["churned"] = False
        with pytest.raises(ModelError, match="do not have both outcomes"):
            compare_models(model, kept("v2", 1.0))
