"""The whole way from tables to a kept batch: what is trained, tested, kept, reused, refused."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from analytics.data.batches import kept_batches
from analytics.metrics.churn_labels import churn_labels
from analytics.models.churn import learning, report, train_or_reuse
from analytics.models.churn.candidates import fit_estimators
from analytics.models.churn.factors import IN_FAVOUR, risk_factors
from analytics.models.churn.keeping import restore
from analytics.models.churn.scoring import monetary_scores, rescore, risk_levels
from analytics.models.churn.settings import KIND, Settings
from analytics.models.churn.windows import Tables, Window, plan_cutoffs, read_current, read_window
from analytics.models.registry import list_models, load_model, use_model
from analytics.params.churn_rules import ChurnRecommendations
from tests.churn_data import END, accounts_of, company, sales_of, shop
from tests.models.small_churn import shrink

FRAMES = ("horizons", "scores", "calibration", "lift", "features", "drift", "predictions")
RULES = ChurnRecommendations(
    rules=[
        {"level": "any", "factor": "days_overdue", "do": "Settle the bill."},
        {"level": "any", "factor": "any", "do": "Do nothing."},
    ]
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    shrink(monkeypatch)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path / "models"))


@pytest.fixture(scope="module")
def accounts():
    return company(160)


@pytest.fixture(scope="module")
def sales():
    return shop(220)


@pytest.fixture(scope="module")
def contract(accounts, tmp_path_factory):
    """A result of a company, and what is kept of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_MODELS", str(tmp_path_factory.mktemp("models")))
        shrink(patch)
        result = train_or_reuse(organisation="org", reference_date=END, accounts=accounts, rules=RULES)
        return result, load_model("org", KIND, result.status["model_version"])


@pytest.fixture(scope="module")
def purchase(sales, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_MODELS", str(tmp_path_factory.mktemp("models")))
        shrink(patch)
        return train_or_reuse(organisation="org", reference_date=END, sales=sales, rules=RULES)


def settings_of(definition, **options):
    return Settings("org", END, definition, **options)


class TestWhatIf:
    def test_at_its_own_costs_the_answer_is_the_pages_own(self, contract, purchase):
        for result in (contract[0], purchase):
            costs = {name: result.confusion[name] for name in ("cost_of_miss", "cost_of_call")}
            counts = dict(result.what_if(**costs))
            called = counts.pop("called_today")
            assert counts == result.confusion
            assert called == (result.predictions["churn_probability"] >= result.status["threshold"]).sum()

    def test_other_costs_give_what_a_model_trained_for_them_would(self, sales, purchase, kept):
        """The model itself does not depend on them: only from which of its chances on it pays to call."""
        costs = {"cost_of_miss": 2.0, "cost_of_call": 1.0}
        anew = train_or_reuse(organisation="org", reference_date=END, sales=sales, rules=RULES, **costs)
        counts = dict(purchase.what_if(**costs))
        counts.pop("called_today")
        assert counts == anew.confusion
        assert counts["threshold"] != purchase.confusion["threshold"]

    def test_a_model_that_was_kept_without_what_it_was_chosen_on_has_no_answer(self, purchase):
        assert replace(purchase, forward=None).what_if(cost_of_miss=5, cost_of_call=1) == {}


class TestCutoffs:
    def test_without_a_contract_they_lie_a_horizon_apart_and_the_test_ends_at_the_reference_date(self, sales):
        plan = plan_cutoffs(Tables(sales), settings_of("purchase"))
        assert plan.test == END - timedelta(days=90)
        gaps = {
            later - cutoff
            for cutoff, later in zip(plan.training, [*plan.training[1:], plan.test], strict=True)
        }
        assert gaps == {timedelta(days=90)}
        assert plan.training[0] - timedelta(days=90) >= plan.first_day
        assert plan.training[0] - timedelta(days=180) < plan.first_day

    def test_with_a_contract_each_follows_a_snapshot_and_its_horizon_is_over_by_the_next(self, accounts):
        plan = plan_cutoffs(Tables(None, accounts), settings_of("contract"))
        assert plan.known_until == END
        assert plan.test == date(2026, 4, 1)
        every = [*plan.training, plan.test, plan.known_until]
        assert all(day.day == 1 for day in every)
        assert all((b - a).days >= 90 for a, b in pairwise(every))

    def test_what_nobody_can_know_yet_is_no_answer(self, accounts):
        """In the middle of a month nobody knows who has left since the last snapshot."""
        middle = Settings("org", date(2026, 6, 17), "contract")
        plan = plan_cutoffs(Tables(None, accounts), middle)
        assert plan.known_until == date(2026, 6, 1)
        assert plan.test + timedelta(days=90) <= plan.known_until

    def test_training_looks_back_two_years_at_most(self):
        rows = [("ada", day, 1) for day in ("2020-01-01", "2026-06-01")]
        plan = plan_cutoffs(Tables(sales_of(*rows)), settings_of("purchase"))
        assert (plan.test - plan.training[0]).days <= 730
        assert len(plan.training) == 8

    def test_an_account_that_left_since_the_last_snapshot_is_not_scored(self):
        base = {"snapshot_at": "2026-05-31 23:00", "started_at": "2025-01-01"}
        told = base | {"customer_id": "gone", "churned_at": "2026-06-10"}
        tables = Tables(None, accounts_of(base | {"customer_id": "here"}, told))
        settings = Settings("org", date(2026, 6, 17), "contract")
        current = read_current(tables, settings, plan_cutoffs(tables, settings))
        assert current.customers["customer_id"].tolist() == ["here"]


class TestTheTestIsLater:
    @pytest.mark.parametrize("which", ["contract", "purchase"])
    def test_every_training_horizon_ends_by_the_test_cutoff(self, which, request):
        result = request.getfixturevalue(which)
        status = (result[0] if which == "contract" else result).status
        test = date.fromisoformat(status["test_cutoff"])
        for cutoff in map(date.fromisoformat, status["training_cutoffs"]):
            assert cutoff + timedelta(days=status["horizon_days"]) <= test
        assert len(status["training_cutoffs"]) >= 3
        assert test + timedelta(days=status["horizon_days"]) <= END

    def test_what_happens_after_the_test_cutoff_does_not_change_the_model(self, sales, kept):
        """The same customers with another fate afterwards: another test, the same trained model."""
        test = END - timedelta(days=90)
        past = sales.filter(sales.sold_at < pd.Timestamp(test))
        some = past.filter(past.sold_at >= pd.Timestamp(test - timedelta(days=40))).limit(40)
        later = past.union(
            some.mutate(sold_at=some.sold_at + pd.Timedelta(days=60), sale_id=some.sale_id + "x")
        )
        models = [learning.measure(Tables(each), settings_of("purchase"))[0] for each in (sales, later)]
        matrix = models[0].model.matrix(read_window(Tables(past), settings_of("purchase"), test).customers)
        first, second = (each.model.probability(matrix) for each in models)
        np.testing.assert_array_equal(first, second)
        aucs = [each.evidence.scores["roc_auc"][0] for each in models]
        assert aucs[0] != aucs[1]


class TestContract:
    def test_the_model_finds_what_makes_accounts_leave(self, contract):
        result, _ = contract
        assert result.status["definition"] == "contract"
        assert "days_overdue" in result.features["feature"].tolist()[:2]
        scores = result.scores.set_index("model")
        assert scores.loc[scores["chosen"], "roc_auc"].item() > scores.loc["prior", "roc_auc"] == 0.5
        assert set(scores["role"]) == {"chosen", "candidate", "baseline"}
        assert {"logins", "prior"} <= set(scores.index)
        assert scores["customers"].nunique() == 1  # all on the same population

    def test_the_counts_are_those_of_a_plain_reading(self, contract, accounts):
        result, _ = contract
        rows = accounts.to_pandas().sort_values("snapshot_at").groupby("customer_id").tail(1)
        assert result.status["active_customers"] == rows["churned_at"].isna().sum() == len(result.predictions)
        assert result.status["churned_customers"] == rows["churned_at"].notna().sum()

    def test_the_test_rows_are_what_really_happened(self, contract, accounts):
        result, stored = contract
        test = stored.frames["test"]
        cutoff = date.fromisoformat(result.status["test_cutoff"])
        happened = churn_labels(
            test["customer_id"], "contract", cutoff, 90, accounts=accounts, known_until=END
        )
        assert test["churned"].tolist() == happened.astype(int).tolist()
        assert result.status["base_rate"] == pytest.approx(100 * happened.mean())

    def test_recommendations_follow_the_reasons(self, contract):
        result, _ = contract
        said = result.predictions.set_index("risk_factors")["recommendations"]
        for factors, do in said.items():
            rising = [part for part in factors.split("; ") if "overdue" in part and IN_FAVOUR not in part]
            assert do == ("Settle the bill." if rising else "Do nothing.")
        assert said.nunique() == 2

    def test_a_kept_model_says_what_it_said(self, contract):
        _, stored = contract
        test = stored.frames["test"]
        np.testing.assert_allclose(rescore(stored, test), test["churn_probability"], rtol=0, atol=1e-12)


class TestPurchase:
    def test_baselines_stand_beside_the_model_on_the_same_customers(self, purchase):
        scores = purchase.scores.set_index("model")
        assert {"recency", "clv_probability", "prior"} <= set(scores.index)
        assert scores["customers"].nunique() == 1
        assert scores.loc[scores["chosen"], "auc_gain"].item() == 0

    def test_the_leader_ranks_at_least_as_well_as_every_baseline(self, purchase):
        scores = purchase.scores.set_index("model")
        simple = scores[scores["role"] == "baseline"]["roc_auc"]
        own = scores.loc[scores["chosen"], "roc_auc"].item()
        assert scores.loc[purchase.leader, "roc_auc"] >= simple.max() or own == simple.max()
        assert purchase.verdict == ("model" if own > simple.max() else simple.idxmax())

    def test_the_batch_is_as_the_contract_has_it(self, purchase, sales):
        batch = purchase.predictions
        assert batch["churn_probability"].between(0, 1).all()
        assert batch["prediction_confidence"].between(0, 1).all()
        assert batch["monetary_score"].between(0, 100).all()
        assert batch["predicted_at"].unique().tolist() == [pd.Timestamp(END)]
        assert batch["customer_id"].is_unique
        assert batch["churn_probability"].is_monotonic_decreasing
        assert "Unknown" not in set(batch["risk_level"])
        everybody = set(sales.to_pandas()["customer_id"])
        assert set(batch["customer_id"]) <= everybody

    def test_customers_beyond_the_eligible_days_are_not_scored(self, sales, purchase):
        last = sales.to_pandas().groupby("customer_id")["sold_at"].max()
        eligible = last[last >= pd.Timestamp(END - timedelta(days=365))]
        assert set(purchase.predictions["customer_id"]) == set(eligible.index)

    def test_levels_at_their_edges(self):
        said = risk_levels(np.array([0.0, 0.299999, 0.3, 0.599999, 0.6, 0.8, 0.800001, 1.0])).tolist()
        assert said == ["Low", "Low", "Medium", "Medium", "High", "High", "Critical", "Critical"]

    def test_the_monetary_score_is_the_share_of_those_who_spent_no_more(self):
        assert monetary_scores(pd.Series([5.0, 1.0, 5.0, 9.0])).tolist() == [75, 25, 75, 100]


class TestReasons:
    def test_three_at_most_those_that_raise_the_risk_first(self, contract):
        result, _ = contract
        for said in result.predictions["risk_factors"]:
            parts = said.split("; ") if said else []
            assert len(parts) <= 3
            favour = [part.startswith(IN_FAVOUR) for part in parts]
            assert favour == sorted(favour)

    def test_in_vietnam_the_nps_leads_where_it_raises_the_risk(self, contract, accounts):
        _, stored = contract
        model = restore(stored)
        people = read_window(Tables(None, accounts), settings_of("contract"), END).customers
        left = ((people["nps"] < 0) | (people["days_overdue"] > 30)).to_numpy()
        taught = fit_estimators(("logistic",), model.matrix(people), left, seed=0)
        model = replace(model, name="logistic", estimators=taught)
        plain, first = (risk_factors(model, people, market=market) for market in ("", "vietnam"))
        rising = [names for names in first.rising if {"nps", "nps_change"} & set(names)]
        assert rising
        assert all(names[0] in ("nps", "nps_change") for names in rising)
        assert any("nps" in names[1:] for names in plain.rising)
        assert sum("nps" in names for names in first.rising) >= sum("nps" in names for names in plain.rising)

    def test_what_is_not_known_and_what_speaks_against_experience_is_no_reason(self, contract):
        _, stored = contract
        model = restore(stored)
        people = stored.frames["test"].assign(nps=np.nan, nps_latest=np.nan, nps_change=np.nan)
        said = risk_factors(model, people)
        assert not any("NPS" in words for words in said.words)
        safe = stored.frames["test"].assign(days_overdue=0.0)
        assert not any("overdue" in words for words in risk_factors(model, safe).words)

    def test_nobody_has_no_reasons(self, contract):
        _, stored = contract
        assert risk_factors(restore(stored), stored.frames["test"].head(0)).words == []


class TestKept:
    def test_a_second_run_reuses_the_model_writes_nothing_and_shows_the_same(self, accounts, kept):
        ask = partial(train_or_reuse, organisation="org", reference_date=END, accounts=accounts)
        first = ask()
        before = {path: path.stat().st_mtime_ns for path in kept_batches("org", "predictions")}
        second = ask()
        assert {path: path.stat().st_mtime_ns for path in kept_batches("org", "predictions")} == before
        assert len(before) == len(list_models("org")) == 1
        for name in FRAMES:
            pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
        assert first.status == second.status
        assert first.confusion == second.confusion
        assert first.model_card == second.model_card
        batch = pd.read_parquet(next(iter(before))).set_index("customer_id")
        said = first.predictions.set_index("customer_id")
        assert batch["churn_probability"].to_dict() == said["churn_probability"].to_dict()
        assert batch["recommendations"].isna().all()  # no rule table, no recommendation
        assert set(batch["batch_id"]) == {first.status["batch_id"]}

    def test_a_young_model_scores_a_later_date_a_drifted_one_is_replaced_and_a_pinned_one_stays(
        self, accounts, kept, monkeypatch
    ):
        drifted = [False]
        monkeypatch.setattr(
            report, "_drift", lambda *_: pd.DataFrame({"feature": ["plan"], "drifted": [drifted[0]]})
        )
        ask = partial(train_or_reuse, organisation="org", accounts=accounts, retrain_after_days=31)
        first = ask(reference_date=date(2026, 6, 1)).status
        again = ask(reference_date=END).status
        assert again["model_version"] == first["model_version"]
        assert (again["model_age_days"], again["training_timestamp"]) == (30, "2026-06-01")
        drifted[0] = True
        new = ask(reference_date=END).status
        assert new["model_version"] != first["model_version"]
        assert (new["model_age_days"], new["drifted_features"]) == (0, ["plan"])
        use_model("org", KIND, first["model_version"])
        pinned = ask(reference_date=END).status
        assert (pinned["model_version"], pinned["pinned"]) == (first["model_version"], True)
        earlier = ask(
            reference_date=date(2026, 5, 1)
        ).status  # a later model is never used for an earlier date
        assert (earlier["training_timestamp"], earlier["pinned"]) == ("2026-05-01", False)

    def test_a_model_of_the_day_is_trained_anew_when_the_days_data_have_come_in(self, accounts, kept):
        ask = partial(train_or_reuse, organisation="org", reference_date=END)
        part = ask(accounts=accounts.filter(accounts.customer_id < "A0100"))
        whole = ask(accounts=accounts)
        again = ask(accounts=accounts)
        assert whole.status["training_rows"] > part.status["training_rows"]
        assert whole.status["model_version"] != part.status["model_version"]
        assert again.status == whole.status
        assert len(list_models("org")) == 2

    def test_drift_sees_what_has_moved_and_what_has_not(self, contract, accounts):
        _, stored = contract
        people = read_window(Tables(None, accounts), settings_of("contract"), END).customers
        moved = Window(END, people.assign(days_overdue=people["days_overdue"] + 500))
        found = report._drift(stored, moved).set_index("feature")
        assert found.loc["days_overdue", "drifted"]
        assert not found.loc["plan", "drifted"]
        assert "score" in found.index

    @pytest.mark.parametrize(("age", "young"), [(0, False), (1, True), (29, True), (30, False), (31, False)])
    def test_young_is_less_than_retrain_after_days(self, contract, age, young):
        _, stored = contract
        asked = Settings("org", END + timedelta(days=age), "contract")
        assert report._young(stored, asked) is young

    def test_another_question_has_another_model(self):
        plain = settings_of("purchase").alike
        others = [
            {"horizon_days": 60}, {"eligible_days": None}, {"cost_of_miss": 9}, {"cost_of_call": 2},
            {"seed": 1}, {"market": "vietnam"},
        ]  # fmt: skip
        assert all(settings_of("purchase", **other).alike != plain for other in others)
        assert settings_of("contract").alike != plain
        assert settings_of("purchase", retrain_after_days=9).alike == plain

    def test_the_card_says_what_the_registry_and_a_reader_need(self, contract):
        result, stored = contract
        card = result.model_card
        assert card["reference_date"] == END.isoformat()
        assert card["trained_until"] == card["test_window"][0] == result.status["test_cutoff"]
        assert set(card["scores"]) == {
            "roc_auc",
            "average_precision",
            "brier",
            "log_loss",
            "calibration_error",
        }
        assert card["test_customers"] == len(stored.frames["test"])
        assert {"scikit-learn", "python", "skops"} <= set(card["versions"])
        assert set(card["features"]) <= set(stored.frames["test"].columns)


class TestNextSteps:
    def steps(self, contract, **card):
        result, stored = contract
        changed = replace(stored, card=dict(stored.card) | {"test_customers": 500, "test_churned": 90} | card)
        return " ".join(report._next_steps(changed, result.status, result.predictions))

    def beside(self, contract, gain_high):
        """What is said of the order where the rule of thumb leads, by the end of the paired interval."""
        result, stored = contract
        scores = stored.frames["scores"].copy()
        scores.loc[scores["model"] == "logins", "auc_gain_high"] = gain_high
        return self.steps((result, replace(stored, frames=dict(stored.frames) | {"scores": scores})),
                          leader="logins")  # fmt: skip

    def test_a_baseline_is_better_only_where_the_paired_interval_says_so(self, contract):
        assert "“Change of logins alone” told apart better who left" in self.beside(contract, -0.001)
        level = self.beside(contract, 0.004)
        assert "level with “Change of logins alone”" in level
        assert "better" not in level

    def test_no_order_is_advised_that_no_table_has(self, contract):
        assert "Order the calls" not in self.beside(contract, -0.001)
        own = contract[1].card["model"]["name"]
        assert "order of the chances" not in self.steps(contract, leader=own)

    @pytest.mark.parametrize(
        ("cost", "end"),
        [(424.0, "calling nobody would have cost less."), (420.0, "calling nobody would have cost as much.")],
    )
    def test_calls_that_did_not_cost_least_are_not_advised(self, contract, cost, end):
        costs = {"cost": cost, "cost_of_calling_all": 1200.0, "cost_of_calling_none": 420.0}
        said = self.steps(contract, confusion=contract[1].card["confusion"] | costs)
        assert end in said
        assert "cost least" not in said

    def test_the_score_is_no_input_that_has_moved(self, contract):
        result, stored = contract
        for moved, words in (
            (["score", "nps", "plan"], "2 of the model's inputs"),
            (["score"], "the chances"),
        ):
            said = report._next_steps(stored, result.status | {"drifted_features": moved}, result.predictions)
            assert words in said[-1]

    def test_few_of_either_outcome_crown_nobody(self, contract, monkeypatch, accounts, tmp_path):
        monkeypatch.setattr(report, "FEW", 10**6)
        monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path))
        found = train_or_reuse(organisation="org", reference_date=END, accounts=accounts, rules=RULES)
        assert (found.leader, found.verdict, found.model_card["leader"]) == ("", "none", None)

    @pytest.mark.parametrize(("churned", "did"), [(29, "left"), (471, "stayed")])
    def test_few_of_either_outcome_drive_no_sentence(self, contract, churned, did):
        said = self.steps(contract, leader="logins", test_churned=churned)
        assert "from a chance of" not in said
        assert f"only 29 of the customers it was tested on {did}." in said
        assert "order of the chances" not in said

    def test_probabilities_that_were_far_off_are_an_order(self, contract):
        scores = dict(contract[1].card["scores"])
        assert "off by 9 percentage points" in self.steps(
            contract, scores=scores | {"calibration_error": 0.09}
        )
        assert "percentage points" not in self.steps(contract, scores=scores | {"calibration_error": 0.05})

    def test_the_threshold_is_said_in_percent_with_whom_it_concerns(self, contract):
        result, stored = contract
        threshold = stored.card["model"]["threshold"]
        count = (result.predictions["churn_probability"] >= threshold).sum()
        costs = {"cost": 1.0, "cost_of_calling_all": 3.0, "cost_of_calling_none": 2.0}
        said = self.steps(contract, confusion=stored.card["confusion"] | costs)
        assert f"calls from a chance of {100 * threshold:.0f}% on cost least: {count} customers have" in said
