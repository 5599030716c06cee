"""Customers who could be called, made up: everything that a queue is made of."""

from datetime import date

import numpy as np
import pandas as pd

from analytics.formats import Format
from analytics.metrics import interventions as metrics
from analytics.models.interventions.queue import Interventions, call_queue
from analytics.params import load_rules
from analytics.timeframe import compare, parse_timeframe
from analytics.words.interventions import Setting

THURSDAY = date(2026, 10, 1)

BLANK = {
    "kind": "account", "customer_name": None, "customer_type": None, "owner": None,
    "churn_probability": np.nan, "risk_level": None, "risk_factors": None, "recommendations": None,
    "prediction_confidence": np.nan, "batch_id": None, "predicted_at": pd.NaT,
    "worth_if_stays": np.nan, "value_source": "contract", "is_revenue": False, "value_at_risk": np.nan,
    "probability_alive": np.nan, "account_risk": np.nan, "account_level": None, "plan": None,
    "renews_at": pd.NaT, "days_to_renewal": np.nan, "seats_purchased": np.nan, "seats_used": np.nan,
    "nps": np.nan, "logins_30d": np.nan, "logins_previous_30d": np.nan, "support_tickets_90d": np.nan,
    "critical_tickets_90d": np.nan, "days_overdue": np.nan,
    "late_deal_id": None, "late_deal_stage": None, "late_deal_days": np.nan, "late_deal_over": np.nan,
}  # fmt: skip
NUMBERS = [name for name, value in BLANK.items() if isinstance(value, float)]


def subjects(*rows, day=THURSDAY):
    """Customers as `read_subjects` gives them; what a row does not say is not known.

    A chance and a worth make a value at risk; a day of renewal is how far ahead it is.
    """
    found = []
    for number, row in enumerate(rows):
        one = BLANK | {"customer_id": f"c{number}"} | row
        if "churn_probability" in row:
            one |= {"batch_id": "b1", "predicted_at": pd.Timestamp(day)}
            one["value_at_risk"] = row.get("value_at_risk", one["churn_probability"] * one["worth_if_stays"])
        if "days_to_renewal" in row:
            one["renews_at"] = pd.Timestamp(day) + pd.Timedelta(days=row["days_to_renewal"])
        found.append(one)
    frame = pd.DataFrame(found, columns=["customer_id", *BLANK])
    times = dict.fromkeys(("renews_at", "predicted_at"), "datetime64[us]")
    return frame.astype(dict.fromkeys(NUMBERS, "float64") | times)


def queue_of(*rows, day=THURSDAY, market=None, rules=None, threshold=0.5):
    """The queue of some customers."""
    chosen = rules or load_rules("intervention_rules")
    frame = subjects(*rows, day=day)
    return call_queue(frame, chosen, day, market=market, high_risk_threshold=threshold)


def likely(**said):
    """A customer with a high chance to leave, so that they are in the queue."""
    return {"churn_probability": 0.9, "worth_if_stays": 100.0} | said


ADA = likely(
    customer_id="ada", customer_name="Ada & Co", owner="Team 1", worth_if_stays=9_000.0,
    days_overdue=45, nps=-40,
    account_risk=70, account_level="high", risk_factors="payment 45 days overdue; in favour: large purchases",
)  # fmt: skip
BEN = likely(
    customer_id="ben", customer_name="Ben Ltd", owner="Team 2", worth_if_stays=500.0, days_to_renewal=9
)
CYD = likely(
    customer_id="cyd", kind="customer", value_source="trailing revenue", is_revenue=True, worth_if_stays=80.0,
    risk_level="Critical", recommendations="Write by name.", risk_factors="no purchase for 1,301 days",
)  # fmt: skip
THREE = (ADA, BEN, CYD)


def page_of(*rows, day=THURSDAY, currency="GBP", locale="en_GB", asked="", before=None, **other):
    """What the page gets of a queue: how to say it, the block ``kpis`` and the block ``queue``.

    `before` are the figures of the previous timeframe.
    """
    queue = queue_of(*rows, day=day, **other)
    comparison = compare(parse_timeframe("2026-09", as_of=day), first_day=date(2026, 8, 1))
    history = metrics.history(comparison.periods, [before, queue.figures])
    setting = Setting(Format(locale, currency), comparison, 0.5, asked)
    return setting, Interventions(queue, history).published(), queue.rows
