"""Whom to call by when, and what to do first: the project's table, and what is refused in one's own."""

from itertools import permutations

import pytest

from analytics.errors import ParamsError
from analytics.params import load_rules
from analytics.params.document import read_document
from analytics.params.intervention_rules import SIGNS, InterventionRules
from analytics.params.problems import validated
from tests.reporting.tiny import write_params

TABLE = """
signs:
  leaving: {within: 5, opens: true}
  stake: {at: 0.2, within: 3, likely_within: 0}
  health: {at: 60, within: 2}
  overdue: {at: 30, within: 1}
  critical_tickets: {at: 1, within: 1}
  renewal: {at: 60, within: 5, lead_days: 14}
  logins: {at: 0.3, within: 3}
  nps: {at: 0, within: 3}
  stage_late: {at: 1, within: 5}
  tickets: {at: 3, within: 5}
  seats: {at: 0.5, within: 5}
"""
LAST = "  - {for: any, kind: relationship, do: Call.}\n"


@pytest.fixture
def table(tmp_path):
    """Read a table from the text of its file."""

    def read(text, before=TABLE):
        return validated(InterventionRules, read_document(write_params(tmp_path, before + text, "rules.yml")))

    return read


class TestProjectTable:
    def test_vietnam_is_led_by_the_nps_and_stretches_stages_by_half(self):
        market = load_rules("intervention_rules").of("vietnam")
        assert market.leads == "nps"
        assert market.kinds == ("relationship", "service", "commercial")
        assert market.normal_days_factor == 1.5

    @pytest.mark.parametrize("market", [None, "", "atlantis"])
    def test_other_markets_change_nothing(self, market):
        profile = load_rules("intervention_rules").of(market)
        assert (profile.leads, profile.kinds, profile.normal_days_factor) == (None, (), 1.0)

    @pytest.mark.parametrize("signs", [*permutations(["overdue", "nps", "tickets"])])
    def test_in_vietnam_the_nps_has_the_first_step_and_relationship_comes_before_money(self, signs):
        steps = load_rules("intervention_rules").plan(signs, "vietnam")
        assert [step.kind for step in steps] == ["relationship", "service", "commercial"]
        assert steps[0].sign == "nps"
        assert steps[0].market == "vietnam"

    def test_in_vietnam_the_relation_comes_first_where_only_money_is_seen(self):
        steps = load_rules("intervention_rules").plan(["renewal", "overdue"], "vietnam")
        assert [step.kind for step in steps] == ["relationship", "commercial", "commercial"]

    @pytest.mark.parametrize("signs", [*permutations(["overdue", "nps", "tickets"])])
    def test_elsewhere_steps_follow_the_signs(self, signs):
        steps = load_rules("intervention_rules").plan(signs, None)
        assert tuple(step.sign for step in steps) == signs

    @pytest.mark.parametrize("market", [None, "vietnam"])
    def test_a_recommendation_has_three_steps_at_most(self, market):
        rules = load_rules("intervention_rules")
        assert (
            len(rules.plan(["overdue", "nps", "tickets", "logins", "renewal"], market))
            == rules.most_steps
            == 3
        )

    @pytest.mark.parametrize("market", [None, "vietnam"])
    @pytest.mark.parametrize("sign", [*SIGNS, None])
    def test_everybody_has_a_step(self, sign, market):
        assert load_rules("intervention_rules").plan([sign] if sign else [], market)

    def test_advice_is_taken_where_no_sign_has_a_step_and_never_before_the_relation_in_vietnam(self):
        rules = load_rules("intervention_rules")
        assert rules.plan(["leaving"], None, "Offer 10%.")[0].do == "Offer 10%."
        assert "Offer 10%." not in [
            step.do for step in rules.plan(["leaving", "overdue"], None, "Offer 10%.")
        ]
        here = rules.plan(["leaving"], "vietnam", "Offer 10%.")
        assert [step.kind for step in here] == ["relationship", "commercial"]
        assert here[1].do == "Offer 10%."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps:\n  - {for: npss, kind: service, do: Ask.}\n" + LAST, 'did you mean "nps"'),
        ("steps:\n  - {for: nps, kind: servce, do: Ask.}\n" + LAST, 'did you mean "service"'),
        ("steps:\n  - {for: nps, kind: service, do: Ask., market: vietnm}\n" + LAST, 'no market "vietnm"'),
        (
            "steps:\n  - {for: nps, kind: service, do: One.}\n  - {for: nps, kind: service, do: Two.}\n"
            + LAST,
            "step 2",
        ),
        ("steps:\n  - {for: nps, kind: service, do: Ask.}", "not everybody has a step"),
        ("working_days: [mondy]\nsteps:\n" + LAST, 'did you mean "monday"'),
        ("working_days: []\nsteps:\n" + LAST, "working_days"),
        ("markets: {vietnam: {leads: npss}}\nsteps:\n" + LAST, 'did you mean "nps"'),
        ("markets: {vietnam: {kinds: [service]}}\nsteps:\n" + LAST, "must name each of"),
        ("markets: {vietnam: {normal_days_factor: 0}}\nsteps:\n" + LAST, "greater than 0"),
        ("most_steps: 0\nsteps:\n" + LAST, "greater than or equal to 1"),
        ("sings: {}\nsteps:\n" + LAST, 'did you mean "signs"'),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_reason(table, text, said):
    with pytest.raises(ParamsError) as refused:
        table(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stake: {at: 0.2", "stake: {at: 1.2", "less than or equal to 1"),
        ("overdue: {at: 30, within: 1}", "overdue: {at: 30, within: -1}", "greater than or equal to 0"),
        ("  nps: {at: 0, within: 3}\n", "", "nps"),
        ("nps: {at: 0, within: 3}", "nps: {within: 3}", "at"),
    ],
)
def test_a_sign_that_is_wrong_or_lacking_is_refused(table, old, new, said):
    with pytest.raises(ParamsError) as refused:
        table("steps:\n" + LAST, before=TABLE.replace(old, new))
    assert said in str(refused.value)
