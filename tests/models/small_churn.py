"""Small models of churn, for the tests of what is around them."""

from functools import partial

from analytics.models.churn import candidates, learning, measures, report

NEW = candidates._new


def small(name, rows, seed, trees):
    """Small estimators, and three refits rather than twenty: how good models are is measured elsewhere."""
    made = NEW(name, rows, seed, trees)
    sizes = {"boosting": {"max_iter": 25}, "random_forest": {"n_estimators": 5}}
    return made.set_params(**sizes.get(name, {}))


def shrink(patch):
    patch.setattr(candidates, "_new", small)
    patch.setattr(measures, "RESAMPLES", 10)
    patch.setattr(report, "learn", partial(learning.learn, refits=3))
