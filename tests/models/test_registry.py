"""A model is kept whole or not at all, is its organisation's alone, and loading it runs no code."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from analytics.errors import ModelError, ParamsError
from analytics.models.registry import (
    KeptModel,
    list_models,
    load_model,
    model_in_use,
    save_model,
    use_model,
)

pytestmark = pytest.mark.usefixtures("models")
ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 10, 1)
FRAME = pd.DataFrame({"customer_id": ["001", "002"], "churned": [True, False], "nps": [1.5, np.nan]})


def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=200), "b": rng.normal(size=200), "plan": rng.choice(list("xy"), 200)}
    )
    return frame, (frame["a"] + rng.normal(size=200) > 0).astype(int)


def fitted():
    """Estimators of every kind that a churn model is made of."""
    frame, churned = data()
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    columns = ColumnTransformer([("n", numbers, ["a", "b"]), ("c", OneHotEncoder(), ["plan"])])
    return {
        "logistic": make_pipeline(columns, LogisticRegression()).fit(frame, churned),
        "forest": RandomForestClassifier(5, random_state=0).fit(frame[["a", "b"]], churned),
        "boosting": HistGradientBoostingClassifier(max_iter=5).fit(frame[["a", "b"]], churned),
        "calibrated": CalibratedClassifierCV(LogisticRegression(), cv=3).fit(frame[["a", "b"]], churned),
    }


def save(version="v1", organisation="acme", day=DAY, estimators=None, **card):
    simple = {"coefficients": np.array([1.0, 2.0])} if estimators is None else estimators
    said = {"reference_date": day, "definition": "contract", **card}
    return save_model(organisation, "churn", version, said, simple, {"test": FRAME}).path


def versions(organisation="acme"):
    return [model.version for model in list_models(organisation)]


class TestSaving:
    def test_a_model_is_a_folder_with_its_card_its_estimators_and_its_frames(self, models):
        folder = save()
        assert folder == models / "acme" / "churn" / "v1"
        assert sorted(path.name for path in folder.iterdir()) == ["card.json", "model.skops", "test.parquet"]
        assert [path.name for path in folder.parent.iterdir()] == ["v1"]

    def test_what_is_given_back_is_what_is_loaded_later(self):
        said = {"reference_date": DAY, "scores": {"roc_auc": np.float64(0.8), "brier": np.nan}}
        first = save_model(
            "acme", "churn", "v1", said, {"coefficients": np.array([1.0, 2.0])}, {"test": FRAME}
        )
        for later in (load_model("acme", "churn", "v1"), save_model("acme", "churn", "v1", said, {}, {})):
            assert (later.path, later.card, later.pinned) == (first.path, first.card, False)
            assert later.estimators["coefficients"].tolist() == first.estimators["coefficients"].tolist()
            pd.testing.assert_frame_equal(later.frames["test"], first.frames["test"])

    def test_the_card_is_read_by_people_and_says_what_was_said(self):
        card = json.loads(
            (save(scores={"roc_auc": np.float64(0.8), "brier": np.nan}) / "card.json").read_text()
        )
        assert (card["reference_date"], card["definition"]) == ("2026-10-01", "contract")
        assert card["scores"] == {"roc_auc": 0.8, "brier": None}

    def test_every_estimator_predicts_after_loading_what_it_did_before(self):
        frame, _ = data()
        before = fitted()
        save(estimators=before)
        after = load_model("acme", "churn", "v1").estimators
        for name, estimator in before.items():
            seen = frame if name == "logistic" else frame[["a", "b"]]
            np.testing.assert_array_equal(estimator.predict_proba(seen), after[name].predict_proba(seen))

    def test_frames_come_back_as_they_were(self):
        save()
        pd.testing.assert_frame_equal(load_model("acme", "churn", "v1").frames["test"], FRAME)

    def test_the_same_version_again_changes_nothing(self):
        before = {path: path.stat().st_mtime_ns for path in save().iterdir()}
        assert {path: path.stat().st_mtime_ns for path in save().iterdir()} == before

    def test_of_two_that_save_the_same_version_at_once_the_first_stands(self, monkeypatch):
        folder = save()
        monkeypatch.setattr(type(folder), "exists", lambda _: False)  # as it was when the second looked
        assert save() == folder
        assert sorted(path.name for path in folder.parent.iterdir()) == ["v1"]
        assert load_model("acme", folder.parent.name, "v1").card["reference_date"] == DAY.isoformat()

    def test_the_same_version_with_another_card_is_refused(self):
        save(seed=0)
        with pytest.raises(ModelError, match="v1 of acme is kept already, with another card"):
            save(seed=1)

    def test_what_could_not_be_loaded_again_is_not_kept(self, models):
        with pytest.raises(ModelError, match=r"holds .*OwnClass, which is not among the types"):
            save(estimators={"own": OwnClass()})
        assert not list(models.rglob("card.json"))

    def test_a_card_without_a_reference_date_or_with_an_object_is_refused(self):
        with pytest.raises(ModelError, match="has no reference_date"):
            save_model("acme", "churn", "v1", {}, {}, {})
        with pytest.raises(ModelError, match="plain values, not a DataFrame"):
            save(test=FRAME)

    def test_a_save_that_is_killed_leaves_nothing_under_a_good_name(self, models):
        program = (
            "import os, pathlib, signal\n"
            "from tests.models.test_registry import save\n"
            "pathlib.Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "save()\n"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ, check=False)
        assert done.returncode == -signal.SIGKILL
        assert list((models / "acme" / "churn").iterdir()), "it was killed before the folder had its name"
        assert versions() == []
        assert model_in_use("acme", "churn", DAY) is None
        save()
        assert versions() == ["v1"]


class OwnClass:
    """Not of scikit-learn."""


class TestLoading:
    @pytest.mark.parametrize("name", ["model.skops", "test.parquet"])
    def test_a_changed_file_is_not_read(self, name):
        path = save() / name
        path.write_bytes(path.read_bytes() + b"x")
        with pytest.raises(ModelError, match=rf"{name} of churn v1 of acme is not the file that was written"):
            load_model("acme", "churn", "v1")

    def test_a_missing_file_is_named(self):
        (save() / "test.parquet").unlink()
        with pytest.raises(ModelError, match=r"lacks its file test\.parquet; remove its folder"):
            load_model("acme", "churn", "v1")

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"reference_date": "soon"}'])
    def test_a_broken_card_is_an_error_that_says_how_to_mend_it(self, content):
        (save() / "card.json").write_text(content)
        with pytest.raises(ModelError, match="is not as it was written; remove its folder"):
            load_model("acme", "churn", "v1")

    def test_a_card_with_better_scores_than_it_was_written_with_is_noticed(self):
        path = save(scores={"roc_auc": 0.7}) / "card.json"
        path.write_text(path.read_text().replace("0.7", "0.9"))
        with pytest.raises(ModelError, match="is not as it was written"):
            list_models("acme")

    def test_a_model_that_would_run_code_is_refused_before_it_could(self):
        """Whoever can write the folder can mend the checksums as well: types are checked all the same."""
        folder = save()
        _replace(folder, skops.io.dumps({"scale": FunctionTransformer(os.system)}))
        with pytest.raises(ModelError, match=r"holds \w+\.system, which is not among"):
            load_model("acme", "churn", "v1")

    def test_a_pickle_in_its_place_is_not_loaded(self, tmp_path):
        trace = tmp_path / "code ran"
        _replace(save(), pickle.dumps(_Touch(str(trace))))
        with pytest.raises(ModelError, match="cannot be read"):
            load_model("acme", "churn", "v1")
        assert not trace.exists()

    def test_a_version_that_is_not_there_is_named_with_the_nearest(self):
        save("2026-10-01-abc")
        with pytest.raises(ModelError, match=r'did you mean "2026-10-01-abc"\?\); there are 2026-10-01-abc'):
            load_model("acme", "churn", "2026-10-01-abd")
        with pytest.raises(ModelError, match="none is kept yet"):
            load_model("bolt", "churn", "v1")


class _Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


def _replace(folder, content):
    """Put another file in the place of the estimators, with the checksum that the card would have for it."""
    (folder / "model.skops").write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["kept"]["files"]["model.skops"] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


class TestIsolation:
    def test_an_organisation_sees_its_own_models_only(self):
        save("v1", "acme")
        save("v2", "bolt")
        assert versions("acme") == ["v1"]
        assert model_in_use("bolt", "churn", DAY).version == "v2"
        with pytest.raises(ModelError, match="acme has no churn model v2"):
            load_model("acme", "churn", "v2")

    @pytest.mark.parametrize("name", ["../bolt", "..", ".hidden", "a/b", "", "a" * 101])
    def test_no_name_leads_out_of_the_folder(self, name):
        with pytest.raises(ModelError, match="is no name of a model"):
            save(name)
        with pytest.raises(ModelError, match="is no name of a model"):
            load_model("acme", name, "v1")
        with pytest.raises(ParamsError, match="is no id of an organisation"):
            list_models(f"../{name}")


class TestInUse:
    def test_the_newest_whose_training_lies_before_the_day(self):
        for month in (3, 9, 6):
            save(f"v{month}", day=date(2026, month, 1))
        found = {
            day: model.version if (model := model_in_use("acme", "churn", day)) else None
            for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 8, 31), date(2027, 1, 1))
        }
        assert list(found.values()) == [None, "v3", "v6", "v9"]

    def test_of_two_trained_for_the_same_day_the_one_saved_last(self):
        save("z")
        save("a")
        assert model_in_use("acme", "churn", DAY).version == "a"
        assert versions() == ["z", "a"]

    def test_only_models_that_answer_the_same_question(self):
        save("v1", horizon_days=90)
        save("v2", horizon_days=120)
        assert model_in_use("acme", "churn", DAY, {"horizon_days": 90}).version == "v1"
        assert model_in_use("acme", "churn", DAY, {"definition": "purchase"}) is None

    def test_a_pinned_model_is_used_until_it_is_let_go(self):
        save("old", day=date(2026, 1, 1))
        save("new")
        use_model("acme", "churn", "old")
        found = model_in_use("acme", "churn", DAY)
        assert (found.version, found.pinned) == ("old", True)
        use_model("acme", "churn", None)
        assert model_in_use("acme", "churn", DAY).version == "new"

    def test_a_pinned_model_is_not_used_for_a_day_before_its_training_ended(self):
        save("old", day=date(2026, 1, 1))
        save("new")
        use_model("acme", "churn", "new")
        assert model_in_use("acme", "churn", date(2026, 6, 1)).version == "old"

    def test_a_model_that_is_not_there_or_was_changed_cannot_be_pinned(self):
        folder = save()
        with pytest.raises(ModelError, match="has no churn model v2"):
            use_model("acme", "churn", "v2")
        (folder / "model.skops").write_bytes(b"")
        with pytest.raises(ModelError, match="is not the file that was written"):
            use_model("acme", "churn", "v1")
        assert not list_models("acme")[0].pinned

    def test_folders_of_batches_are_no_models(self, models):
        save()
        shutil.copytree(models / "acme" / "churn" / "v1", models / "acme" / "predictions" / ".half")
        assert all(isinstance(model, KeptModel) for model in list_models("acme"))
        assert versions() == ["v1"]
