"""The command that lists models, shows, compares and chooses them."""

from __future__ import annotations

import pytest

from analytics.cli import main
from tests.models.test_comparison import kept

pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture
def said(capsys):
    """Run a command in this process; return its exit code and all that it said."""

    def call(*arguments):
        try:
            code = main(["models", *arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


def rows(text):
    return [line.split() for line in text.splitlines()]


@pytest.fixture
def two(models):
    kept("2026-10-01-poor", 2.0, scores={"roc_auc": 0.7}, customers=600)
    kept("2026-10-01-good", 0.5, scores={"roc_auc": 0.9}, customers=600)


def test_without_a_model_it_says_where_it_looked_and_what_trains_one(said, models):
    for arguments in ((), ("list",)):
        code, text = said(*arguments)
        assert code == 0
        assert f"no model is kept in {models}" in text
        assert "churn_training" in text


@pytest.mark.usefixtures("two")
class TestList:
    def test_names_each_model_with_its_score_and_which_is_in_use(self, said):
        kept("2026-10-01-poor", 1.0, organisation="bolt")
        assert rows(said("list")[1]) == [
            ["organisation", "kind", "version", "trained", "before", "customers", "ROC", "AUC", "in", "use"],
            ["acme", "churn", "2026-10-01-poor", "2026-10-01", "600", "0.700"],
            ["acme", "churn", "2026-10-01-good", "2026-10-01", "600", "0.900", "newest"],
            ["bolt", "churn", "2026-10-01-poor", "2026-10-01", "–", "–", "newest"],
        ]

    def test_can_be_limited_to_an_organisation(self, said):
        kept("2026-10-01-other", 1.0, organisation="bolt")
        assert "acme" not in said("list", "--organisation", "bolt")[1]
        code, text = said("list", "--organisation", "blot")
        assert code == 2
        assert 'did you mean "bolt"?); there are acme, bolt' in text


@pytest.mark.usefixtures("two")
class TestUse:
    def test_pins_a_model_and_lets_it_go(self, said):
        assert said("use", "2026-10-01-poor")[0] == 0
        listed = rows(said("list")[1])
        assert [line[-1] for line in listed[1:]] == ["pinned", "0.900"]
        assert said("use", "--latest") == (0, "the newest churn model is used again for acme\n")
        assert [line[-1] for line in rows(said("list")[1])[1:]] == ["0.700", "newest"]

    @pytest.mark.parametrize("arguments", [(), ("2026-10-01-good", "--latest")])
    def test_wants_one_answer(self, said, arguments):
        code, text = said("use", *arguments)
        assert code == 2
        assert "say which model is to be used: a version, or --latest" in text


@pytest.mark.usefixtures("two")
class TestShow:
    def test_shows_the_card_for_people(self, said):
        code, text = said("show", "2026-10-01-g")
        assert code == 0
        assert ["reference_date", "2026-10-01"] in rows(text)
        assert ["test_window", "2026-07-03,", "2026-10-01"] in rows(text)
        assert ["roc_auc", "0.9"] in rows(text)
        assert "sha" not in text

    def test_a_beginning_that_several_have_is_not_guessed(self, said):
        code, text = said("show", "2026-10-01")
        assert code == 2
        assert "several models are meant" in text
        assert "add --organisation or --kind" in text

    def test_a_version_that_is_not_there_is_named_with_the_nearest(self, said):
        code, text = said("show", "2026-10-01-goood")
        assert code == 2
        assert 'did you mean "2026-10-01-good"?' in text

    def test_a_card_that_somebody_changed_is_an_error_in_words(self, said, models):
        path = models / "acme" / "churn" / "2026-10-01-good" / "card.json"
        path.write_text(path.read_text().replace("0.9", "0.99"))
        code, text = said("list")
        assert code == 2
        assert "is not as it was written; remove its folder" in text
        assert "Traceback" not in text


class TestCompare:
    @pytest.mark.usefixtures("two")
    def test_says_which_is_better_and_by_how_much(self, said):
        code, text = said("compare", "2026-10-01-poor", "2026-10-01-good")
        assert code == 0
        assert "600 customers from 2026-07-03 to 2026-10-01" in text
        assert "2026-10-01-good tells apart better who leaves" in text
        line = next(row for row in rows(text) if row[:2] == ["ROC", "AUC"])
        assert line[-1] == "2026-10-01-good"
        assert line[4].startswith("+0.")

    def test_a_difference_that_chance_explains_is_called_so(self, said):
        kept("v1", 1.0, seed=1)
        kept("v2", 1.0, seed=2)
        assert "the two differ no more than by chance" in said("compare", "v1", "v2")[1]

    def test_models_of_two_organisations_are_never_compared(self, said):
        kept("v1", 1.0)
        kept("v2", 1.0, organisation="bolt")
        code, text = said("compare", "v1", "v2")
        assert code == 2
        assert "different organisations" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lst"], 'there is no command "lst" (did you mean "list"?); there are list, show, compare, use'),
        (["show"], "VERSION"),
        (["compare", "v1"], "B"),
        (["list", "--organization", "acme"], 'did you mean "--organisation"?'),
    ],
)
def test_a_wrong_argument_is_refused_with_the_nearest(said, arguments, words):
    code, text = said(*arguments)
    assert code == 2
    assert words in text
