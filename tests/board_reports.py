"""Files of reports as a board's page finds them: what a report publishes, in its smallest form."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from analytics.timeframe import Timeframe, parse_timeframe

QUARTER = parse_timeframe("2026-Q3", as_of=date(2026, 11, 1))
LOT = {"high_risk": True, "value_at_risk": 1500.0, "customer_name": "Ada", "customer_id": "c1"}
RISKY = [
    LOT,
    LOT | {"value_at_risk": 4000.0, "customer_name": "Bo", "customer_id": "c2"},
    LOT | {"value_at_risk": 1000.0, "customer_id": "c3"},  # not above 1,000
    LOT | {"high_risk": False, "value_at_risk": 9000.0, "customer_id": "c4"},
    LOT | {"value_at_risk": None, "customer_id": "c5"},
]
DEALS = [
    {"deal_id": "d1", "company": "Acme", "deal_value": 25_000.0},
    {"deal_id": "d2", "company": None, "deal_value": 10_000.0},  # not above 10,000
    {"deal_id": "d3", "company": None, "deal_value": 12_000.5},
]


def change(
    amount: float | None, usual: float | None = None, verdict: str = "more", than: str = "Q2 2026"
) -> dict[str, Any]:
    """One published change."""
    words = "" if amount is None else f"{abs(amount):.1f}%"
    up = amount is not None and amount > 0
    return {
        "words": words,
        "than": than,
        "up": up,
        "verdict": "none" if amount is None else verdict,
        "amount": amount,
        "usual": usual,
    }


def card(name: str, number: float | None, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One published headline figure."""
    shown = "–" if number is None else f"£{number:,.0f}"
    usual = {"label": name.replace("_", " ").capitalize(), "value": shown, "base": "of all", "unit": "money"}
    rest = {"changes": list(changes), "history": [1.0] * 8, "year_ago": None, "unsure": False, "link": ""}
    return {"name": name, "number": number, **usual, **rest, **more}


def body(
    *cards: dict[str, Any],
    organisation: str = "acme",
    span: Timeframe = QUARTER,
    currency: str = "GBP",
    parameters: dict[str, Any] | None = None,
    **blocks: Any,
) -> dict[str, Any]:
    """What a report writes."""
    return {
        "success": True,
        "data": blocks or {"summary": {"x": 1}},
        "meta": {
            "organisation": organisation,
            "timeframe": {"label": span.label, "start": f"{span.start}", "end": f"{span.end}"},
            "reference_date": f"{span.reference_date}",
            "currency": currency,
            "parameters": parameters or {},
            "headlines": list(cards),
        },
    }


def failure(
    organisation: str = "acme", label: str = "2026-Q3", message: str = "no such host"
) -> dict[str, Any]:
    """What a report leaves that failed."""
    meta = {"organisation": organisation, "timeframe": {"label": label, "start": None, "end": None}}
    return {"success": False, "error": {"type": "SourceError", "message": message, "cell": 3}, "meta": meta}


def write(folder: Path, organisation: str, slug: str, **reports: Any) -> None:
    """Put reports where a run puts them."""
    place = folder / organisation / slug
    place.mkdir(parents=True, exist_ok=True)
    for name, content in reports.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (place / f"{name}.json").write_text(text)


def whole_set() -> dict[str, Any]:
    """Reports of an organisation that has them all."""
    funnel = {
        "stages": [
            {"stage": "Lead", "subjects": 200, "percent_of_leads": 100.0},
            {"stage": "Customer", "subjects": 30, "percent_of_leads": 15.0},
        ]
    }
    steps = [
        {"from_stage": "Lead", "to_stage": "Customer", "conversion_rate": 15.0, "is_bottleneck": True},
        {"from_stage": "Customer", "to_stage": "Retained", "conversion_rate": None, "is_bottleneck": False},
    ]
    percent = {"unit": "percent"}
    return {
        "lifecycle": body(
            card("leads", 200.0, change(12.0, 10.0), unit="events"),
            card("mature_conversion_rate", 15.25, change(-1.0, 4.0, "close"), **percent),
            funnel=funnel,
            conversion_rates=steps,
        ),
        "lead_scoring": body(card("new_leads", 999.0), card("conversion_rate", 9.0, **percent)),
        "purchase_patterns": body(
            card("total_revenue", 100_000.125, change(4.0, 9.0, "close"), change(20.0, 9.0), label="Revenue"),
            card("total_profit", 40_000.0, change(30.0, 12.0)),
        ),
        "segmentation": body(card("active_customers", 803.0, change(-40.0, 20.0, "less"), unit="count")),
        "retention": body(card("retention_rate", 66.8, change(-9.0, 5.0, "close"), **percent)),
        "roi": body(
            card("high_risk_customers", 5.0, unit="count"),
            customers=RISKY,
            expected_value={"high_risk_threshold": 0.8},
        ),
        "clv": body(card("average_clv", 1688.5, change(3.0))),
        "churn_training": failure(message="too few <b>customers</b>"),
        "pipeline": body(
            card("total_pipeline", 2.5e6, change(None)),
            at_risk_deals=DEALS,
            parameters={"min_deal_value": 5000.0},
        ),
        "revenue_forecast": body(card("forecast_revenue", 1.6e6, change(13.0, than="the last 12 months"))),
    }
