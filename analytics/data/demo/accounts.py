"""Contract customers of a demonstration organisation, month by month, leaving at a known hazard.

At the end of every month each account is in a state that the table `accounts` shows (logins, tickets, overdue
days, …). In the month after it the account leaves with the probability that `monthly_hazard` computes from
that state alone, so the truth can be held against any model that sees the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from analytics.data.demo.campaigns import Campaign
from analytics.data.demo.season import SECONDS_A_DAY, Array, day_number, month_ends

MONTH_ENDS = np.array([day_number(day) for day in month_ends()])
MONTH_STARTS = np.concatenate([[0], MONTH_ENDS[:-1] + 1])
MONTHS = len(MONTH_ENDS)
NEVER = 10**6  # a day number after everything
SNAPSHOT_SECOND = 23 * 3_600  # a snapshot is taken late on the last day of a month

PLANS = ("Starter", "Team", "Business")


@dataclass(frozen=True)
class Hazard:
    """Log odds of leaving within the month after a snapshot, as a sum of these terms.

    Attributes
    ----------
    intercept : float
    login_fall : float
        Times the fall of logins, 1 − logins_30d / logins_previous_30d, limited to 0…1 (0 where unknown).
    detractor : float
        Times −nps / 100 (0 where the account did not answer).
    critical_ticket : float
        For each of at most 4 critical tickets in 90 days.
    overdue_month : float
        For each 30 days overdue, at most 90.
    seat_use : float
        Times seats used / purchased − 0.7.
    plan : tuple of 3 floats
        Starter, Team, Business.
    renewal : float
        Where the contract renews within the next 31 days.
    """

    intercept: float = -4.75
    login_fall: float = 2.6
    detractor: float = 0.9
    critical_ticket: float = 0.45
    overdue_month: float = 0.8
    seat_use: float = -1.4
    plan: tuple[float, float, float] = (0.45, 0.0, -0.45)
    renewal: float = 0.9


@dataclass(frozen=True)
class AccountRules:
    """How accounts behave besides leaving; probabilities are by the month."""

    hazard: Hazard = field(default_factory=Hazard)
    expansion_probability: float = 0.030
    contraction_probability: float = 0.008
    plan_change_probability: float = 0.004
    return_probability: float = 0.010  # of those who left in the last 12 months
    nps_answer_probability: float = 0.35
    overdue_probability: float = 0.06
    overdue_paid_probability: float = 0.55


def monthly_hazard(state: Mapping[str, Array], hazard: Hazard) -> Array:
    """Probability of leaving in the month after a snapshot.

    Parameters
    ----------
    state : mapping of str to numpy.ndarray of shape (n,)
        ``logins_30d``, ``logins_previous_30d``, ``nps`` (both NaN where unknown), ``critical_tickets_90d``,
        ``days_overdue``, ``seats_used``, ``seats_purchased``, ``plan`` (0, 1, 2 in the order of `PLANS`) and
        ``days_to_renewal``.
    hazard : Hazard

    Returns
    -------
    numpy.ndarray of shape (n,), probabilities 0–1

    Examples
    --------
    A quiet account on the middle plan, far from its renewal, leaves with e^−4.75 to 1:

    >>> state = {"logins_30d": [9], "logins_previous_30d": [9], "nps": [0], "critical_tickets_90d": [0],
    ...          "days_overdue": [0], "seats_used": [7], "seats_purchased": [10], "plan": [1],
    ...          "days_to_renewal": [200]}
    >>> monthly_hazard({name: np.array(values) for name, values in state.items()}, Hazard()).round(5).tolist()
    [0.00858]
    """
    fall = np.clip(1 - state["logins_30d"] / np.maximum(state["logins_previous_30d"], 1), 0, 1)
    odds = (
        hazard.intercept
        + hazard.login_fall * np.nan_to_num(fall)
        - hazard.detractor * np.nan_to_num(state["nps"]) / 100
        + hazard.critical_ticket * np.minimum(state["critical_tickets_90d"], 4)
        + hazard.overdue_month * np.minimum(state["days_overdue"], 90) / 30
        + hazard.seat_use * (state["seats_used"] / state["seats_purchased"] - 0.7)
        + np.array(hazard.plan)[state["plan"]]
        + hazard.renewal * (state["days_to_renewal"] <= 31)
    )
    probability: Array = 1 / (1 + np.exp(-odds))
    return probability


@dataclass
class Accounts:
    """The accounts of a block at one moment, all of shape (n,); `step` moves them one month on."""

    started: Array  # day number; before 0 where older than the data
    plan: Array
    seats: Array
    price: Array  # of a seat and year, after discount, hundredths
    churned: Array
    returned: Array
    mood: Array  # standing of the account, drawn once
    engagement: Array  # moves around mood
    logins: Array
    previous_logins: Array
    nps: Array
    tickets: Array  # shape (n, 3): this month and the two before
    critical: Array
    overdue: Array
    used: Array
    adoption: Array


def new_accounts(
    rng: np.random.Generator, started: Array, plan: Array, seats: Array, price: Array
) -> Accounts:
    """Accounts as they are before their first snapshot."""
    size = len(started)
    used_to_it = 0.6 * (1 - np.exp(np.minimum(started, 0) / 300))  # feature adoption of older accounts
    mood = rng.normal(0, 0.5, size)
    return Accounts(
        started, plan, seats, price, np.full(size, NEVER), np.full(size, -1), mood, mood.copy(),
        np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan),
        np.zeros((size, 3), dtype="int64"), np.zeros((size, 3), dtype="int64"),
        np.zeros(size, dtype="int64"), seats.copy(), used_to_it,
    )  # fmt: skip


def next_renewal(started: Array, day: int) -> Array:
    """Day number of the first yearly renewal after `day` (a year of 365 days)."""
    years = np.maximum(np.floor((day - started) / 365).astype("int64") + 1, 1)
    renewal: Array = started + years * 365
    return renewal


def simulate_accounts(
    rng: np.random.Generator, accounts: Accounts, rules: AccountRules, campaigns: tuple[Campaign, ...]
) -> tuple[list[dict[str, Array]], dict[str, tuple[Array, Array]]]:
    """Run every account through the 36 months.

    Returns
    -------
    snapshots : list of dict of str to numpy.ndarray
        One for each month: the columns of `accounts` as plain numbers, ``account`` the position, ``hazard``
        the true chance of leaving in the next month, campaigns included (NaN for those gone).
    contacts : dict of str to (account, arm)
        Of each campaign.
    """
    size = len(accounts.started)
    log_odds = np.zeros(size)  # what a campaign adds
    until = np.full(size, -1)
    contacts: dict[str, tuple[Array, Array]] = {}
    snapshots: list[dict[str, Array]] = []
    hazard = np.full(size, np.nan)
    for month in range(MONTHS):
        end = int(MONTH_ENDS[month])
        leaves = rng.random(size) < np.nan_to_num(hazard)
        accounts.churned[leaves] = rng.integers(MONTH_STARTS[month], end + 1, leaves.sum())
        _come_back(rng, accounts, rules, month, ~leaves)
        live = (accounts.started < end + SNAPSHOT_SECOND / SECONDS_A_DAY) & (accounts.churned == NEVER)
        _move_on(rng, accounts, rules, live)
        _change_contract(rng, accounts, rules, live & (accounts.started < MONTH_STARTS[month]))
        for campaign in campaigns:
            if campaign.effects and MONTH_STARTS[month] <= campaign.day <= end:
                chosen = rng.permutation(np.flatnonzero(live))
                chosen = chosen[: round(campaign.contact_share * len(chosen))]
                arm = np.arange(len(chosen)) % len(campaign.effects)
                contacts[campaign.campaign_id] = (chosen, arm)
                log_odds[chosen] = np.array([effect for _, effect in campaign.effects])[arm]
                until[chosen] = month + 3
        log_odds[until <= month] = 0.0
        state = _state(accounts, end)
        plain = monthly_hazard(state, rules.hazard)
        moved = 1 / (1 + (1 / plain - 1) * np.exp(-log_odds))
        hazard = np.where(live, moved, np.nan)
        shown = np.flatnonzero(live | leaves)
        snapshot = {name: values[shown] for name, values in state.items()}
        snapshot |= {"account": shown, "hazard": hazard[shown], "day": np.full(len(shown), end)}
        snapshots.append(snapshot)
    return snapshots, contacts


def _come_back(
    rng: np.random.Generator, accounts: Accounts, rules: AccountRules, month: int, may: Array
) -> None:
    gone = (accounts.churned < MONTH_STARTS[month]) & (accounts.churned > MONTH_STARTS[month] - 365) & may
    back = np.flatnonzero(gone & (rng.random(len(gone)) < rules.return_probability))
    accounts.churned[back] = NEVER
    accounts.returned[back] = month
    accounts.overdue[back] = 0
    accounts.tickets[back], accounts.critical[back] = 0, 0
    accounts.logins[back] = np.nan
    accounts.mood[back] = rng.normal(0.2, 0.4, len(back))


def _move_on(rng: np.random.Generator, accounts: Accounts, rules: AccountRules, live: Array) -> None:
    """One month of use, tickets, answers and bills for the live accounts; the others stay as they were."""
    at = np.flatnonzero(live)
    size = len(at)
    pull = 0.65 * (accounts.engagement[at] - accounts.mood[at])
    engagement = accounts.mood[at] + pull + rng.normal(0, 0.32, size)
    accounts.engagement[at] = engagement
    use = 1 / (1 + np.exp(-(1.1 + 0.9 * engagement)))
    accounts.used[at] = rng.binomial(accounts.seats[at], use)
    accounts.previous_logins[at] = accounts.logins[at]
    accounts.logins[at] = rng.poisson(np.maximum(accounts.used[at], 0.3) * 11 * np.exp(0.7 * engagement))
    tickets = rng.poisson(0.45 * np.exp(-0.5 * engagement), size)
    for ring, fresh in ((accounts.tickets, tickets), (accounts.critical, rng.binomial(tickets, 0.18))):
        ring[at] = np.column_stack([fresh, ring[at, :2]])
    answered = rng.random(size) < rules.nps_answer_probability
    score = np.clip(np.rint((20 + 55 * engagement + rng.normal(0, 25, size)) / 10) * 10, -100, 100)
    accounts.nps[at] = np.where(answered, score, np.nan)
    falls_behind = rng.random(size) < rules.overdue_probability
    pays = rng.random(size) < rules.overdue_paid_probability
    late = accounts.overdue[at]
    accounts.overdue[at] = np.where(
        late > 0, np.where(pays, 0, late + 30), np.where(falls_behind, rng.integers(3, 28, size), 0)
    )
    growth = 0.06 * (1 / (1 + np.exp(-engagement)))
    accounts.adoption[at] = accounts.adoption[at] + growth * (1 - accounts.adoption[at])


def _change_contract(rng: np.random.Generator, accounts: Accounts, rules: AccountRules, live: Array) -> None:
    """Seats added or given back, plans changed."""
    chance = rng.random(len(live))
    full = accounts.used >= 0.7 * accounts.seats
    grows = live & (chance < rules.expansion_probability * np.where(full, 1.5, 0.5))
    added = np.maximum(1, np.rint(accounts.seats * rng.uniform(0.1, 0.5, len(live)))).astype("int64")
    accounts.seats[grows] += added[grows]
    shrinks = live & (chance > 1 - rules.contraction_probability) & (accounts.seats > 2)
    fewer = np.maximum(1, np.rint(accounts.seats * rng.uniform(0.1, 0.4, len(live)))).astype("int64")
    accounts.seats[shrinks] -= fewer[shrinks]
    accounts.used[shrinks] = np.minimum(accounts.used[shrinks], accounts.seats[shrinks])
    moves = live & (rng.random(len(live)) < rules.plan_change_probability)
    upwards = moves & (accounts.plan < len(PLANS) - 1)
    accounts.plan[upwards] += 1
    accounts.price[upwards] = np.rint(accounts.price[upwards] * 1.6 / 100).astype("int64") * 100


def _state(accounts: Accounts, day: int) -> dict[str, Array]:
    """What a snapshot of this day shows of every account, as plain numbers."""
    renewal = next_renewal(accounts.started, day)
    noise = np.sin(accounts.logins + accounts.started)  # small and repeatable, so that sentiment is no copy
    return {
        "plan": accounts.plan.copy(),
        "seats_purchased": accounts.seats.copy(),
        "seats_used": accounts.used.copy(),
        "acv": accounts.seats * accounts.price,
        "started": accounts.started.copy(),
        "renewal": renewal,
        "days_to_renewal": renewal - day,
        "churned": accounts.churned.copy(),
        "returned": accounts.returned.copy(),
        "nps": accounts.nps.copy(),
        "logins_30d": accounts.logins.copy(),
        "logins_previous_30d": accounts.previous_logins.copy(),
        "tickets_month": accounts.tickets[:, 0].copy(),
        "critical_month": accounts.critical[:, 0].copy(),
        "support_tickets_90d": accounts.tickets.sum(axis=1),
        "critical_tickets_90d": accounts.critical.sum(axis=1),
        "days_overdue": accounts.overdue.copy(),
        "feature_adoption": np.round(np.clip(accounts.adoption, 0, 1), 3),
        "sentiment": np.round(
            np.clip(np.tanh(0.8 * accounts.engagement + 0.2 * np.nan_to_num(noise)), -1, 1), 2
        ),
    }


def rules_truth(rules: AccountRules) -> dict[str, Any]:
    """The rules as `truth.json` names them."""
    return asdict(rules)
