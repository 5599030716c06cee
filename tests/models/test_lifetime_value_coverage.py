"""Fair coverage in simulation, at length: over parameters and seeds, of customers and of totals."""

import numpy as np
import pytest

from analytics.models.lifetime_value import fit_lifetime_value, totals
from analytics.models.purchases import holdout
from benchmarks.simulated_buyers import simulate

KINDS = {
    "like CDNOW": {"params": (0.52, 6.18, 0.89, 1.61)},
    "faithful": {"params": (1.2, 12.0, 0.3, 3.0), "value": (2.0, 3.6, 50.0)},
    "fickle": {"params": (0.8, 8.0, 1.5, 1.5), "value": (12.0, 5.0, 20.0)},
}


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_of_customers_cover_80_percent(kind):
    found = []
    for seed in range(8):
        buyers = simulate(30_000, days=546, acquired_within=180, seed=seed, **KINDS[kind])
        past = buyers.histories(273, 546)
        fitted = fit_lifetime_value(past, model="mbg_nbd")
        evidence = holdout.evidence(fitted, past, 273, buyers.histories(136, 273))
        found.append(evidence.coverage.set_index("measure").coverage)
    mean = np.mean([each.to_numpy() for each in found], axis=0)
    visits, value, revenue = mean
    assert 0.79 <= visits <= 0.81
    assert 0.77 <= value <= 0.83
    assert 0.77 <= revenue <= 0.83


@pytest.mark.long
def test_intervals_of_totals_cover_about_80_percent_with_uncertain_parameters():
    """Each seed draws its customers anew; the total of the next year lies inside eight times in ten."""
    inside, rounds = 0, 120
    for seed in range(rounds):
        buyers = simulate(3_000, days=365 + 365, acquired_within=180, seed=1000 + seed)
        past = buyers.histories(365, 365 + 365)
        row = totals(fit_lifetime_value(past, model="mbg_nbd"), past).iloc[1]  # 12 months of visits
        inside += row.low <= past.later_visits.sum() <= row.high
    assert 0.68 <= inside / rounds <= 0.92  # three standard errors around 80 %
