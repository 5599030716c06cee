"""Behaviour: groups of customers that the data themselves suggest, found by k-means.

No rule says beforehand what the groups are. How many there are is chosen by silhouette, what they are called
by what sets them apart, and how far to trust them by whether other customers would have given the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, pairwise_distances, silhouette_score

from analytics.metrics.rates import percentage
from analytics.models.threads import one_thread

Floats = NDArray[np.float64]

FEATURES = ("recency_days", "frequency", "monetary", "tenure_days", "basket_size", "category_breadth")
"""What customers are compared by, as `analytics.metrics.behaviour.behaviour_features` names it."""

FEWEST_CUSTOMERS = 50
"""Fewer customers are not grouped."""

FEWEST_GROUPS, MOST_GROUPS = 3, 8
FIT_CUSTOMERS, SILHOUETTE_CUSTOMERS = 10_000, 2_500
"""Most customers that centres are fitted on, and silhouettes measured on; everybody is then assigned."""

RESAMPLES, STARTS = 10, 5
TELLING = 0.5
"""Standard deviations from the mean of all from which a feature sets a group apart."""

_SKEWED = ("frequency", "monetary", "basket_size", "category_breadth")
_TRAITS = {
    "recency_days": ("bought lately", "long away"),
    "frequency": ("few orders", "many orders"),
    "monetary": ("low spend", "high spend"),
    "tenure_days": ("joined lately", "long-standing"),
    "basket_size": ("small baskets", "large baskets"),
    "category_breadth": ("few categories", "many categories"),
}
_COMPARED = {
    "recency_days": ("bought more lately than average", "longer away than average"),
    "frequency": ("fewer orders than average", "more orders than average"),
    "monetary": ("lower spend than average", "higher spend than average"),
    "tenure_days": ("joined later than average", "joined earlier than average"),
    "basket_size": ("smaller baskets than average", "larger baskets than average"),
    "category_breadth": ("fewer categories than average", "more categories than average"),
}


@dataclass(frozen=True)
class Behaviour:
    """Groups of customers by behaviour, and the evidence for them.

    Attributes
    ----------
    segments : pandas.DataFrame
        One row for each group, the one with the highest average revenue first: ``segment_name``,
        ``customer_count`` (int64), ``percentage``, ``avg_revenue``, ``avg_recency_days``, ``avg_frequency``,
        ``avg_tenure_days``, ``avg_basket_size``, ``avg_category_breadth`` (missing where not known),
        ``total_revenue``, ``revenue_contribution`` (percent), and on every row ``silhouette`` and
        ``stability`` of all groups. Empty where there is nothing to group.
    profile : pandas.DataFrame
        One row for each group and feature used: ``segment_name``, ``feature``, ``deviation`` (float64): how
        many standard deviations of all customers the group's mean lies above theirs.
    choice : pandas.DataFrame
        One row for each number of groups tried: ``groups`` (int64), ``silhouette`` (float64, −1 to 1, higher
        is better), ``smallest`` (float64, percent of customers in the smallest group), ``chosen`` (bool).
    members : pandas.DataFrame
        One row for each customer shown: ``customer_id``, ``behaviour_segment``.
    stability : float
        Mean adjusted Rand index between these groups and those that resampled customers give: 1 is the same,
        0 is chance. NaN where there is nothing to group.
    fitted_on, measured_on : int
        Customers that centres were fitted on, and silhouettes measured on.
    """

    segments: pd.DataFrame
    profile: pd.DataFrame
    choice: pd.DataFrame
    members: pd.DataFrame
    stability: float = float("nan")
    fitted_on: int = 0
    measured_on: int = 0

    def named(self, people: pd.DataFrame) -> pd.DataFrame:
        """Give a list of customers the column ``behaviour_segment``, where there are groups.

        Parameters
        ----------
        people : pandas.DataFrame
            With ``customer_id``. It is not modified.

        Returns
        -------
        pandas.DataFrame
            The same rows in the same order.
        """
        return people.merge(self.members, on="customer_id", how="left") if len(self.members) else people


def behaviour_clusters(features: pd.DataFrame, *, seed: int = 0) -> Behaviour:
    """Group customers by how they buy.

    Parameters
    ----------
    features : pandas.DataFrame
        As returned by `analytics.metrics.behaviour.behaviour_features`: one row for each customer, in the
        order of ids, with ``customer_id``, ``shown`` and the `FEATURES`. A feature that is missing for half
        of the customers or more, or the same for all, plays no part.
    seed : int, default 0
        Seed of the samples and of the starting points. The number of threads changes nothing.

    Returns
    -------
    Behaviour
        Without a row where there are fewer than `FEWEST_CUSTOMERS` customers, or fewer than four that differ.

    Notes
    -----
    Counts and money are taken as logarithms, because a few large customers would otherwise be groups of
    their own; then every feature is scaled to mean 0 and standard deviation 1, and cut at ±3. Groups are
    found and named among all customers; those that are not ``shown`` are left out of the figures afterwards.

    References
    ----------
    .. [1] P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster
       analysis", *Journal of Computational and Applied Mathematics* 20, 1987.
    .. [2] L. Hubert and P. Arabie, "Comparing partitions", *Journal of Classification* 2, 1985.
    """
    if len(features) < FEWEST_CUSTOMERS:
        return _nothing()
    used, points = scaled(features)
    random = np.random.default_rng(seed)
    sample = points[_draw(random, len(points), FIT_CUSTOMERS)]
    same = np.unique(sample, axis=0, return_inverse=True)[1]  # customers of one number are alike
    distinct = int(same.max()) + 1
    if distinct <= FEWEST_GROUPS:
        return _nothing()
    with one_thread():
        measured = _draw(random, len(sample), SILHOUETTE_CUSTOMERS)
        tries = [_fit(sample, k, seed) for k in range(FEWEST_GROUPS, min(MOST_GROUPS, distinct - 1) + 1)]
        choice = _choice(sample, measured, tries)
        model = tries[int(choice["silhouette"].fillna(-1.0).to_numpy().argmax())]
        stability = _stability(random, sample, same, model, seed)
        labels = model.predict(points)
    choice["chosen"] = choice["groups"] == model.n_clusters
    return _described(features, used, points, labels, choice, stability, len(sample), len(measured))


def scaled(features: pd.DataFrame) -> tuple[list[str], Floats]:
    """Put features on one scale.

    Parameters
    ----------
    features : pandas.DataFrame
        With the columns `FEATURES`.

    Returns
    -------
    used : list of str
        Names of the features that differ between customers and are known for more than half of them.
    points : numpy.ndarray of shape (n_customers, n_used)
        Mean 0 and standard deviation 1 before values beyond ±3 are cut; missing values are the mean.
    """
    used, columns = [], []
    for name in FEATURES:
        values = features[name].to_numpy(dtype="float64", na_value=np.nan)
        known = ~np.isnan(values)
        if 2 * known.sum() <= len(values):
            continue
        if name in _SKEWED:
            values = np.sign(values) * np.log1p(np.abs(values))
        spread = float(np.std(values[known]))
        if spread > 1e-9:
            used.append(name)
            columns.append(np.clip(np.nan_to_num((values - np.mean(values[known])) / spread), -3.0, 3.0))
    return used, np.column_stack(columns) if columns else np.zeros((len(features), 1))


def names_of(deviations: pd.DataFrame, means: pd.DataFrame, average: pd.Series) -> list[str]:
    """Name groups by what sets them apart, each by a name of its own that their means bear out.

    Parameters
    ----------
    deviations : pandas.DataFrame
        One row for each group and one column for each feature: how far the group's mean lies from the mean
        of all, in standard deviations.
    means : pandas.DataFrame
        The same rows and columns: the plain means that readers see. Missing where not known.
    average : pandas.Series
        The plain mean of all customers, by feature.

    Returns
    -------
    list of str
        Two traits each at most, the most telling first. "Many" is said only of a group whose plain mean is
        the greatest of all groups, "few" of the least. A group that is neither on any telling feature is
        compared with the average, where its plain mean lies on the same side, and is otherwise without a
        clear trait. A comparison is added where two groups would share a name, then a number.

    Notes
    -----
    The two measures can disagree: deviations are of logarithms, and a few large customers raise a plain mean.

    Examples
    --------
    >>> deviations = pd.DataFrame({"recency_days": [-1.0, 1.4, 0.1], "frequency": [2.0, -0.2, 0.9]})
    >>> means = pd.DataFrame({"recency_days": [5.0, 90.0, 40.0], "frequency": [20.0, 2.0, 12.0]})
    >>> names_of(deviations, means, pd.Series({"recency_days": 45.0, "frequency": 10.0}))
    ['Many orders, bought lately', 'Long away', 'More orders than average']
    """
    found = [_traits(deviations.iloc[i], means, i, average) for i in range(len(deviations))]
    names = [", ".join(traits or compared[:1]) or "no clear trait" for traits, compared in found]
    shared = [names.count(name) > 1 for name in names]
    for i, (traits, compared) in enumerate(found):
        if shared[i]:
            names[i] = ", ".join([*traits, *compared][:2]) or names[i]
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        names[i] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return [name[0].upper() + name[1:] for name in names]


def _traits(
    deviations: pd.Series, means: pd.DataFrame, group: int, average: pd.Series
) -> tuple[list[str], list[str]]:
    traits, compared = [], []
    for name in sorted(deviations.index, key=lambda name: (-abs(deviations[name]), FEATURES.index(name))):
        every = means[name]
        if abs(deviations[name]) < TELLING or every.nunique() < 2:
            continue
        more = bool(deviations[name] > 0)
        own, end = every.iloc[group], every.max() if more else every.min()
        if own == end:
            traits.append(_TRAITS[name][int(more)])
        elif own > average[name] if more else own < average[name]:
            compared.append(_COMPARED[name][int(more)])
    return traits[:2], compared


def _draw(random: np.random.Generator, n: int, most: int) -> NDArray[np.int64]:
    return np.sort(random.choice(n, most, replace=False)) if n > most else np.arange(n)


def _fit(points: Floats, groups: int, seed: int) -> KMeans:
    return KMeans(groups, n_init=STARTS, random_state=seed, algorithm="lloyd").fit(points)


def _choice(sample: Floats, measured: NDArray[np.int64], tries: list[KMeans]) -> pd.DataFrame:
    rows = []
    apart = pairwise_distances(sample[measured])  # the same for every number of groups
    for model in tries:
        labels = model.labels_[measured]
        enough = len(np.unique(labels)) > 1
        rows.append(
            {
                "groups": int(model.n_clusters),
                "silhouette": silhouette_score(apart, labels, metric="precomputed") if enough else np.nan,
                "smallest": 100.0 * np.bincount(model.labels_).min() / len(sample),
            }
        )
    return pd.DataFrame(rows)


def _stability(
    random: np.random.Generator, sample: Floats, same: NDArray[np.int64], model: KMeans, seed: int
) -> float:
    agreements = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(sample), len(sample))
        if len(np.unique(same[drawn])) > model.n_clusters:
            other = KMeans(model.n_clusters, n_init=2, random_state=seed, algorithm="lloyd")
            other.fit(sample[drawn])
            agreements.append(adjusted_rand_score(model.labels_, other.predict(sample)))
    return float(np.mean(agreements)) if agreements else float("nan")


def _described(
    features: pd.DataFrame,
    used: list[str],
    points: Floats,
    labels: NDArray[np.int32],
    choice: pd.DataFrame,
    stability: float,
    fitted_on: int,
    measured_on: int,
) -> Behaviour:
    spend = features["monetary"].groupby(labels).mean()
    order = spend.sort_values(ascending=False, kind="stable").index
    means = pd.DataFrame(points, columns=used).groupby(labels).mean().loc[order]
    plain = features[used]
    names = names_of(means, plain.groupby(labels).mean().loc[order], plain.mean())
    named = pd.Series(labels).map(dict(zip(order, names, strict=True))).to_numpy()
    shown = features["shown"].to_numpy(dtype=bool)
    segments = _segments(features[shown], pd.Series(named[shown], index=features.index[shown]), names)
    chosen = choice.loc[choice["chosen"], "silhouette"].iloc[0]
    segments = segments.assign(silhouette=float(chosen), stability=stability)
    rows = [(name, trait, means.iloc[i, j]) for i, name in enumerate(names) for j, trait in enumerate(used)]
    profile = pd.DataFrame(rows, columns=["segment_name", "feature", "deviation"])
    members = pd.DataFrame(
        {"customer_id": features["customer_id"].to_numpy()[shown], "behaviour_segment": named[shown]}
    )
    return Behaviour(segments, profile, choice, members, stability, fitted_on, measured_on)


def _segments(people: pd.DataFrame, named: pd.Series, names: list[str]) -> pd.DataFrame:
    groups = people.groupby(named)
    counts = groups.size().reindex(names, fill_value=0).astype("int64")
    averages = groups[list(FEATURES)].mean().reindex(names)
    revenue = groups["monetary"].sum().reindex(names, fill_value=0.0).round(4)
    total = round(float(revenue.sum()), 4)
    return pd.DataFrame(
        {
            "segment_name": names,
            "customer_count": counts.to_numpy(),
            "percentage": percentage(counts, counts.sum()),
            "avg_revenue": averages["monetary"].to_numpy(),
            "avg_recency_days": averages["recency_days"].to_numpy(),
            "avg_frequency": averages["frequency"].to_numpy(),
            "avg_tenure_days": averages["tenure_days"].to_numpy(),
            "avg_basket_size": averages["basket_size"].to_numpy(),
            "avg_category_breadth": averages["category_breadth"].to_numpy(),
            "total_revenue": revenue.to_numpy(),
            "revenue_contribution": percentage(revenue, total if total > 0 else np.nan),
        }
    )


def _nothing() -> Behaviour:
    columns = ["segment_name", "customer_count", "percentage", "avg_revenue", "avg_recency_days"]
    columns += ["avg_frequency", "avg_tenure_days", "avg_basket_size", "avg_category_breadth"]
    columns += ["total_revenue", "revenue_contribution"]
    return Behaviour(
        pd.DataFrame(columns=columns),
        pd.DataFrame(columns=["segment_name", "feature", "deviation"]),
        pd.DataFrame(columns=["groups", "silhouette", "smallest", "chosen"]),
        pd.DataFrame(columns=["customer_id", "behaviour_segment"]),
    )
