"""What predicted lifetime value costs: a million customers, with intervals, beside the package lifetimes.

    python -m benchmarks.clv [--customers 1000000] [--model auto] [--rounds 1]

First everything that the workbook does: all three models of purchases and Gamma-Gamma are fitted, one is
chosen, and visits, revenue and value are predicted for all customers, with intervals. Then the fits alone, of
the same two models on the same histories in the same run: the workbook's, and those of lifetimes used plainly
(ModifiedBetaGeoFitter and GammaGammaFitter, one row a customer). Rounds alternate; medians and their ratio
are printed.
"""

import argparse
import json
import warnings
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter, process_time

import numpy as np
from lifetimes import GammaGammaFitter, ModifiedBetaGeoFitter

from analytics.models.lifetime_value import fit_lifetime_value, fit_purchases, predict_lifetime_value
from analytics.models.purchases.gamma_gamma import fit_values
from benchmarks.simulated_buyers import simulate

DAYS = 546


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="a last line for programs")
    asked = parser.parse_args()
    histories = simulate(asked.customers, days=DAYS, acquired_within=365).histories(DAYS)
    print(
        f"{len(histories):,} customers, {(histories['visits'] > 1).sum():,} with a repeat visit; {DAYS} days"
    )
    whole, own, rival, peak = [], [], [], 0.0
    for _ in range(asked.rounds):
        whole.append(everything(histories, asked.model))
        peak = peak or getrusage(RUSAGE_SELF).ru_maxrss / 1024**2  # before lifetimes takes its own
        own.append(own_fits(histories))
        rival.append(lifetimes_fits(histories))
    ratio = median(rival) / median(own)
    print(f"fitted and predicted with intervals in {median(whole):.1f} s (bound 15 s)")
    print(f"fits alone: {median(own):.2f} s, lifetimes {median(rival):.1f} s; ratio {ratio:.1f} (bound 10)")
    if asked.json:
        print(json.dumps({"seconds": median(whole), "gigabytes": peak, "ratio": ratio}))


def everything(histories, model):
    """Seconds of the whole; peak memory is that of the process so far, data included."""
    start, cpu = perf_counter(), process_time()
    fitted = fit_lifetime_value(histories, model=model)
    between = perf_counter()
    predicted = predict_lifetime_value(fitted, histories, profit_share=0.3, tempering=1.5)
    end = perf_counter()
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"workbook: fit {between - start:.1f} s ({fitted.purchases.name}), predict {end - between:.1f} s; "
        f"CPU {process_time() - cpu:.1f} s; peak {peak:.2f} GB (bound 1.5); "
        f"{predicted['expected_purchases_12m'].sum():,.0f} visits in 12 months"
    )
    return end - start


def own_fits(histories):
    """Seconds of the workbook's fits of one model of purchases and of Gamma-Gamma."""
    start = perf_counter()
    buying, worth = fit_purchases(histories, model="mbg_nbd"), fit_values(histories)
    seconds = perf_counter() - start
    print(f"workbook:  {parameters(buying.params)}; {parameters(worth.params)}; {seconds:.2f} s")
    return seconds


def lifetimes_fits(histories):
    """Seconds of the same fits by lifetimes, as its documentation has them."""
    visits = histories["visits"] - 1
    recency = (histories["last_day"] - histories["first_day"]) / 7
    age = (histories["observed_day"] - histories["first_day"]) / 7
    again = visits > 0
    start = perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        buying = ModifiedBetaGeoFitter().fit(visits, recency, age)
        worth = GammaGammaFitter().fit(visits[again], histories["repeat_value"][again])
    seconds = perf_counter() - start
    print(f"lifetimes: {parameters(buying.params_)}; {parameters(worth.params_)}; {seconds:.2f} s")
    return seconds


def parameters(fitted):
    return ", ".join(f"{name} {value:.4f}" for name, value in fitted.items())


if __name__ == "__main__":
    main()
