"""The contract as data, against the words of its specification."""

import pytest

from analytics.data.contract import CONTRACT

# Table, key, required columns: the bold ones of the specification.
SPECIFIED = {
    "customers": ("customer_id", "customer_id"),
    "sales": ("sale_id", "sale_id sold_at total_amount"),
    "sale_items": ("", "sale_id quantity amount"),
    "payments": ("payment_id", "payment_id method amount paid_at"),
    "accounts": ("customer_id snapshot_at", "customer_id snapshot_at"),
    "leads": ("lead_id", "lead_id created_at"),
    "stage_events": ("", "subject_id stage entered_at"),
    "deals": ("deal_id", "deal_id value stage created_at"),
    "deal_history": ("", "deal_id changed_at"),
    "activities": ("", "subject_id kind occurred_at"),
    "campaigns": ("campaign_id", "campaign_id started_at cost"),
    "campaign_contacts": ("", "campaign_id customer_id arm"),
    "predictions": (
        "batch_id customer_id",
        "batch_id predicted_at customer_id churn_probability monetary_score",
    ),
    "forecasts": ("made_at month model", "made_at month model value"),
}

OPTIONAL = {
    "customers": "name mobile email customer_type registered_at region industry owner credit_limit "
    "outstanding_balance",
    "sales": "customer_id total_profit units payment_method channel",
    "sale_items": "product_id product category",
    "payments": "sale_id customer_id",
    "accounts": "plan seats_purchased seats_used acv started_at renews_at churned_at owner nps logins_30d "
    "logins_previous_30d support_tickets_90d critical_tickets_90d days_overdue feature_adoption sentiment",
    "leads": "company company_size industry role source region owner points book_consultant email_opens "
    "page_views content_downloads demo_requested converted_at customer_id",
    "stage_events": "",
    "deals": "name company customer_id lead_id owner industry product_plan seats price_per_seat discount "
    "billing_cycle contract_months expansion_factor stage_entered_at last_activity_at expected_close_at "
    "closed_at outcome interactions objections_handled champion_identified budget_confirmed "
    "decision_maker_engaged competitors_mentioned lead_score",
    "deal_history": "stage value expected_close_at",
    "activities": "value",
    "campaigns": "name channel purpose ended_at",
    "campaign_contacts": "contacted_at responded_at revenue",
    "predictions": "risk_level risk_factors recommendations prediction_confidence",
    "forecasts": "lower_80 upper_80 lower_95 upper_95",
}


def test_the_tables_are_those_of_the_specification():
    assert set(CONTRACT) == set(SPECIFIED)


@pytest.mark.parametrize("name", SPECIFIED)
def test_columns_keys_and_required_ones(name):
    key, required = (words.split() for words in SPECIFIED[name])
    table = CONTRACT[name]
    assert list(table.key) == key
    assert set(table.required) == set(required)
    assert {column.name for column in table.columns} == {*required, *OPTIONAL[name].split()}


@pytest.mark.parametrize("name", SPECIFIED)
def test_codes_name_one_rule_each(name):
    codes = [rule.code for rule in CONTRACT[name].rules]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_missing_key_refuses_and_any_other_missing_value_sets_aside(name):
    table = CONTRACT[name]
    missing = {rule.columns[0]: rule.action for rule in table.rules if rule.check == "required"}
    assert missing == {c: "refused" if c in table.key else "set aside" for c in table.required}


def test_tables_come_after_those_that_they_refer_to():
    order = list(CONTRACT)
    for table in CONTRACT.values():
        for rule in table.rules:
            if rule.table:
                assert order.index(rule.table) < order.index(table.name)
