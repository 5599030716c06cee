"""The data contract: which tables, columns and rules an organisation's data are held to.

The contract is data, so that validation, the empty tables, the documentation and the data-quality report
all say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analytics.data.contract_terms import (
    Column,
    Rule,
    TableContract,
    an_id,
    flag,
    in_range,
    known,
    money,
    number,
    one_of,
    table,
    texts,
    time,
)

STAGES = ("Lead", "MQL", "SQL", "Customer", "Retained", "Expansion", "Churned")

_TABLES = (
    table(
        "customers",
        (
            an_id("customer_id", "the customer", required=True),
            *texts("name", "mobile", "email"),
            Column("customer_type", "text", meaning="RETAIL, WHOLESALE or the organisation's own"),
            time("registered_at", "joined"),
            *texts("region", "industry", "owner"),
            money("credit_limit", "how much may be owed"),
            money("outstanding_balance", "how much is owed"),
        ),
        in_range("credit_limit", 0),
        key=("customer_id",),
    ),
    table(
        "sales",
        (
            an_id("sale_id", "the order", required=True),
            an_id("customer_id", "who bought; missing for a guest"),
            time("sold_at", "when", required=True),
            money("total_amount", "revenue; negative for a return", required=True),
            money("total_profit", "profit, where known"),
            number("units", "units", "how many things"),
            *texts("payment_method", "channel"),
        ),
        Rule(
            "sold_at_days",
            "days",
            ("sold_at",),
            "set aside",
            "sold_at is after 1 January 1970 and not after the day after the run's start",
        ),
        Rule("duplicate", "duplicate", ("sale_id",), "set aside", "a row is there once"),
        Rule(
            "one_customer",
            "one customer",
            ("sale_id",),
            "refused",
            "the lines of a sale_id have one customer_id",
        ),
        Rule("line_amount_missing", "line amount", ("total_amount",), "kept", "every line has an amount"),
        Rule(
            "customer_id_known",
            "known",
            ("customer_id",),
            "kept",
            "customer_id is one of customers (else the sale counts as a guest's)",
            table="customers",
        ),
        key=("sale_id",),
        event="sold_at",
    ),
    table(
        "sale_items",
        (
            an_id("sale_id", "the order", required=True),
            an_id("product_id", "the product"),
            *texts("product", "category"),
            number("quantity", "units", "how many; negative when returned", required=True),
            money("amount", "revenue of the line", required=True),
        ),
        known("sale_id", "sales"),
    ),
    table(
        "payments",
        (
            an_id("payment_id", "the payment", required=True),
            an_id("sale_id", "the order it pays"),
            an_id("customer_id", "who pays"),
            *texts("method", required=True),
            money("amount", "paid", required=True),
            time("paid_at", "when", required=True),
        ),
        key=("payment_id",),
        event="paid_at",
    ),
    table(
        "accounts",
        (
            an_id("customer_id", "the account", required=True),
            time("snapshot_at", "when this was so", required=True),
            *texts("plan"),
            number("seats_purchased", "seats", "paid for"),
            number("seats_used", "seats", "in use"),
            money("acv", "annual contract value"),
            time("started_at", "contract began"),
            time("renews_at", "contract renews"),
            time("churned_at", "contract ended"),
            *texts("owner"),
            number("nps", "−100…100", "net promoter score"),
            number("logins_30d", "logins", "in the 30 days before the snapshot"),
            number("logins_previous_30d", "logins", "in the 30 days before those"),
            number("support_tickets_90d", "tickets", "in 90 days"),
            number("critical_tickets_90d", "tickets", "critical ones in 90 days"),
            number("days_overdue", "days", "oldest unpaid invoice"),
            number("feature_adoption", "0–1", "share of features in use"),
            number("sentiment", "−1…1", "of what they write"),
        ),
        in_range("acv", 0),
        in_range("nps", -100, 100),
        in_range("feature_adoption", 0, 1),
        in_range("sentiment", -1, 1),
        key=("customer_id", "snapshot_at"),
        event="snapshot_at",
    ),
    table(
        "leads",
        (
            an_id("lead_id", "the lead", required=True),
            time("created_at", "when", required=True),
            *texts("company", "company_size", "industry", "role", "source", "region", "owner"),
            number("points", "points", "lead score of the CRM"),
            flag("book_consultant", "asked for a consultant"),
            number("email_opens", "opens", "e-mails opened"),
            number("page_views", "views", "pages seen"),
            number("content_downloads", "downloads", "papers loaded"),
            flag("demo_requested", "asked for a demonstration"),
            time("converted_at", "became a customer"),
            an_id("customer_id", "the customer it became"),
        ),
        key=("lead_id",),
        event="created_at",
    ),
    table(
        "stage_events",
        (
            an_id("subject_id", "who", required=True),
            *texts("stage", required=True),
            time("entered_at", "when", required=True),
        ),
        one_of("stage", *STAGES),
        event="entered_at",
    ),
    table(
        "deals",
        (
            an_id("deal_id", "the deal", required=True),
            *texts("name", "company"),
            an_id("customer_id", "the customer"),
            an_id("lead_id", "the lead it came from"),
            *texts("owner", "industry", "product_plan"),
            number("seats", "seats", "asked for"),
            money("price_per_seat", "list price a month, whatever the billing cycle"),
            number("discount", "0–1", "off the list price"),
            *texts("billing_cycle"),
            number("contract_months", "months", "length of the contract"),
            number("expansion_factor", "ratio", "expected growth of the contract; 1.0 is none"),
            money("value", "of the deal", required=True),
            *texts("stage", required=True),
            time("created_at", "when", required=True),
            time("stage_entered_at", "came into its stage"),
            time("last_activity_at", "last contact"),
            time("expected_close_at", "expected to close"),
            time("closed_at", "closed"),
            Column("outcome", "text", meaning="won, lost, or empty while open"),
            number("interactions", "contacts", "meetings, calls and e-mails"),
            number("objections_handled", "objections", "answered"),
            flag("champion_identified", "somebody inside speaks for it"),
            flag("budget_confirmed", "there is money"),
            flag("decision_maker_engaged", "whoever decides is in contact"),
            number("competitors_mentioned", "competitors", "named by the buyer"),
            number("lead_score", "0–100", "score of its lead"),
        ),
        in_range("discount", 0, 1),
        in_range("expansion_factor", 0, low_open=True),
        in_range("value", 0),
        one_of("outcome", "won", "lost"),
        Rule(
            "closed_at_order",
            "not before",
            ("closed_at", "created_at"),
            "set aside",
            "closed_at is not before created_at",
        ),
        Rule(
            "outcome_closed",
            "only with",
            ("outcome", "closed_at"),
            "set aside",
            "a deal with an outcome has a closed_at",
        ),
        key=("deal_id",),
        event="created_at",
    ),
    table(
        "deal_history",
        (
            an_id("deal_id", "the deal", required=True),
            time("changed_at", "when", required=True),
            *texts("stage"),
            money("value", "of the deal from then on"),
            time("expected_close_at", "expected to close, from then on"),
        ),
        known("deal_id", "deals"),
        event="changed_at",
    ),
    table(
        "activities",
        (
            an_id("subject_id", "who", required=True),
            *texts("kind", required=True),
            time("occurred_at", "when", required=True),
            number("value", "the kind's own", "how much"),
        ),
        event="occurred_at",
    ),
    table(
        "campaigns",
        (
            an_id("campaign_id", "the campaign", required=True),
            *texts("name", "channel"),
            Column("purpose", "text", meaning="retention, winback, acquisition or other"),
            time("started_at", "from", required=True),
            time("ended_at", "to"),
            money("cost", "of the campaign", required=True),
        ),
        in_range("cost", 0),
        one_of("purpose", "retention", "winback", "acquisition", "other"),
        key=("campaign_id",),
        event="started_at",
    ),
    table(
        "campaign_contacts",
        (
            an_id("campaign_id", "the campaign", required=True),
            an_id("customer_id", "who", required=True),
            Column("arm", "text", True, "", "control, or any other text: each a treatment of its own"),
            time("contacted_at", "contacted"),
            time("responded_at", "answered"),
            money("revenue", "ascribed to the contact"),
        ),
        known("campaign_id", "campaigns"),
        event="contacted_at",
    ),
    table(
        "predictions",
        (
            an_id("batch_id", "the batch", required=True),
            time("predicted_at", "when", required=True),
            an_id("customer_id", "who", required=True),
            number("churn_probability", "0–1", "chance to leave", required=True),
            *texts("risk_level", "risk_factors", "recommendations"),
            number("prediction_confidence", "0–1", "how sure the model is"),
            number("monetary_score", "0–100", "rank by revenue", required=True),
        ),
        in_range("churn_probability", 0, 1, action="refused"),
        in_range("monetary_score", 0, 100, action="refused"),
        key=("batch_id", "customer_id"),
        event="predicted_at",
    ),
    table(
        "forecasts",
        (
            time("made_at", "when", required=True),
            time("month", "first day of the month it is for", required=True),
            Column("model", "text", True, "", "which model"),
            money("value", "expected revenue", required=True),
            *(
                money(f"{side}_{level}", f"{level} % interval")
                for level in (80, 95)
                for side in ("lower", "upper")
            ),
        ),
        key=("made_at", "month", "model"),
        event="made_at",
    ),
)

CONTRACT: Mapping[str, TableContract] = MappingProxyType({each.name: each for each in _TABLES})
"""Every table of the contract by name, those that others refer to before them."""

NEWEST_OF = ("sales", "accounts", "deals", "leads")
"""Tables whose newest event says what ``latest`` means, the first present one decides."""
