"""Weights of deals and accounts: every part adds up, a vertical says only what differs."""

import pytest

from analytics.errors import ParamsError
from analytics.params import load_rules
from analytics.params.document import read_document
from analytics.params.pipeline_rules import PipelineRules
from analytics.params.problems import validated
from tests.reporting.tiny import write_params

STAGES = """
stages:
  discovery: {close_probability: 10, normal_days: 14, value_factor: 0.5}
  proposal: {close_probability: 50, normal_days: 30, value_factor: 0.75}
"""


@pytest.fixture
def table(tmp_path):
    """Read a table from the text of its file."""

    def read(text):
        return validated(PipelineRules, read_document(write_params(tmp_path, STAGES + text, "rules.yml")))

    return read


class TestProjectTable:
    def test_holds_the_weights_of_the_specification(self):
        rules = load_rules("pipeline_rules")
        assert rules.order == ("discovery", "qualified", "proposal", "negotiation")
        assert [stage.close_probability for stage in rules.stages.values()] == [10, 25, 50, 75]
        assert [stage.normal_days for stage in rules.stages.values()] == [14, 21, 30, 30]
        assert [stage.value_factor for stage in rules.stages.values()] == [0.5, 0.6, 0.75, 0.9]
        assert rules.value.factor("Tech") == 1.2
        assert rules.value.factor("Retail") == 1.0

    def test_says_in_its_file_what_the_types_have_by_default(self):
        rules, bare = load_rules("pipeline_rules"), PipelineRules(stages=load_rules("pipeline_rules").stages)
        for part in ("close_probability", "health", "churn_risk"):
            assert getattr(rules, part) == getattr(bare, part)


class TestVerticals:
    def test_a_vertical_says_what_differs_and_has_the_rest(self, table):
        rules = table(
            "verticals: {Health: {stages: {proposal: {normal_days: 90}}, health: {silent_days: 30}}}"
        )
        own = rules.of(" HEALTH ")
        assert own.stages["proposal"].normal_days == 90
        assert own.stages["proposal"].close_probability == 50
        assert own.stages["discovery"].normal_days == 14
        assert (own.health.silent_days, own.health.velocity) == (30, 40)

    @pytest.mark.parametrize("industry", ["Retail", "", None])
    def test_other_industries_have_the_common_weights(self, table, industry):
        rules = table("verticals: {Health: {stages: {proposal: {normal_days: 90}}}}")
        assert rules.of(industry) is rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("helth: {velocity: 40}", 'did you mean "health"'),
        ("health: {velocity: 50}", "must add up to 100, not 110"),
        ("churn_risk: {overdue: 25}", "must add up to 100, not 105"),
        ("expansion: {nps: 10}", "must add up to 100, not 90"),
        ("health: {watch_from: 70}", "must be below healthy_from 70"),
        ("close_probability: {most_late: -1}", "greater than or equal to 0"),
        ("value: {similar_deals: 0}", "greater than 0"),
        ("expansion: {plans: [Team, team]}", "a plan stands twice"),
        ("verticals: {Health: {stages: {closing: {normal_days: 5}}}}", "closing"),
        ("verticals: {Health: {health: {velocity: 30}}}", "must add up to 100, not 90"),
        ("verticals: {Health: {}, health: {}}", "a vertical stands twice"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_reason(table, text, said):
    with pytest.raises(ParamsError) as refused:
        table(text)
    assert said in str(refused.value)


def test_a_later_stage_is_not_less_likely(tmp_path):
    text = STAGES.replace("close_probability: 50", "close_probability: 5")
    with pytest.raises(ParamsError, match="must not be less likely"):
        validated(PipelineRules, read_document(write_params(tmp_path, text, "rules.yml")))
