"""From past windows to a tested model, or to the words that say what is missing for one."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.errors import ModelError
from analytics.metrics.churn_catalogue import names
from analytics.models.churn.evidence import Evidence, test_model
from analytics.models.churn.settings import Settings
from analytics.models.churn.training import (
    FEWEST_CUSTOMERS,
    REFITS,
    Choice,
    Model,
    both_outcomes,
    choose,
    fit_model,
    forward_folds,
    stacked,
)
from analytics.models.churn.windows import Plan, Tables, Window, plan_cutoffs, read_windows, sampled


@dataclass(frozen=True)
class Learnt:
    """How a model was chosen, the model, and what it is worth."""

    choice: Choice
    model: Model
    evidence: Evidence


def past_windows(past: list[Window], settings: Settings) -> tuple[list[Window], Window]:
    """The training windows, those with customers, and the test window, which is the last."""
    *training, test = past
    return sampled([window for window in training if len(window.customers)], settings.seed), test


def learn(settings: Settings, training: list[Window], test: Window, *, refits: int = REFITS) -> Learnt:
    """Choose a model forward in time, fit it, and test it strictly later.

    Parameters
    ----------
    settings : Settings
    training : list of Window
        The oldest first; with both outcomes among them.
    test : Window
        With both outcomes.
    refits : int, default 20
        How often the model is fitted again to know how sure it is; evidence needs none.

    Returns
    -------
    Learnt
    """
    costs = {"cost_of_miss": settings.cost_of_miss, "cost_of_call": settings.cost_of_call}
    features, seed = names(settings.definition), settings.seed
    choice = choose(forward_folds(training, features, seed=seed), **costs)
    model = fit_model(training, features, choice, seed=seed, refits=refits)
    evidence = test_model(model, choice, training, test, settings.definition, **costs, seed=seed)
    return Learnt(choice, model, evidence)


def measure(tables: Tables, settings: Settings) -> tuple[Learnt, Window]:
    """Measure what a model for these data is worth, without keeping anything.

    Returns
    -------
    learnt : Learnt
    test : Window

    Raises
    ------
    ModelError
        If there is too little data, with what is missing.
    """
    plan = plan_cutoffs(tables, settings)
    past = read_windows(tables, settings, [*plan.training, plan.test], plan.known_until)
    training, test = past_windows(past, settings)
    if missing := missing_for(settings, plan, training, test):
        raise ModelError(" ".join(missing))
    return learn(settings, training, test, refits=0), test


def missing_for(settings: Settings, plan: Plan, training: list[Window], test: Window) -> list[str]:
    """What is lacking for a model, in words; nothing where there is enough."""
    days, contract = settings.horizon_days, settings.definition == "contract"
    if plan.first_day is None:
        what = "snapshot of an account" if contract else "sale"
        return [f"There is no {what} before {settings.reference_date}."]
    if not plan.training:
        needed = 2 * days + 1 if contract else 3 * days
        have = (plan.known_until - plan.first_day).days
        return [
            f"The history is {have} days long, since {plan.first_day}. A model for the next {days} days "
            f"needs at least {needed}: {'a snapshot' if contract else f'{days} days'} to know customers by, "
            f"{days} days to learn from, and {days} later ones to test on."
        ]
    return [
        *_too_few(training, "to learn from", f"before {plan.test}", days),
        *_too_few([test], "to test on", f"from {plan.test} on", days),
    ]


def _too_few(windows: list[Window], what_for: str, when: str, days: int) -> list[str]:
    if not windows or not sum(len(window.customers) for window in windows):
        return [f"There are no customers {what_for} {when}; at least {FEWEST_CUSTOMERS} are needed."]
    customers, churned = stacked(windows)
    count = customers["customer_id"].nunique()
    if count < FEWEST_CUSTOMERS:
        are = "is only 1 customer" if count == 1 else f"are only {count} customers"
        return [f"There {are} {what_for} {when}; at least {FEWEST_CUSTOMERS} are needed."]
    if not both_outcomes(churned):
        who = "All" if churned.all() else "None"
        return [
            f"{who} of the {count} customers {what_for} {when} left within {days} days; a model "
            "needs some who left and some who stayed."
        ]
    return []
