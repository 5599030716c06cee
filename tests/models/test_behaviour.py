"""What behaviour clusters promise."""

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from analytics.models import behaviour
from analytics.models.behaviour import FEATURES, behaviour_clusters, names_of, scaled


def people(*groups, seed=1, breadth=True):
    """Customers of known groups, ``(how many, recency, orders, basket, tenure)`` with a little noise."""
    random = np.random.default_rng(seed)
    rows = []
    for size, recency, orders, basket, tenure in groups:
        for _ in range(size):
            n = max(1, round(orders * random.uniform(0.9, 1.1)))
            each = basket * random.uniform(0.9, 1.1)
            rows.append(
                (
                    round(recency * random.uniform(0.9, 1.1)) + 1,
                    n,
                    n * each,
                    tenure + random.integers(0, 20),
                    each,
                )
            )
    frame = pd.DataFrame(
        rows, columns=["recency_days", "frequency", "monetary", "tenure_days", "basket_size"]
    )
    frame["category_breadth"] = np.minimum(frame["frequency"], 6.0) if breadth else np.nan
    frame.insert(0, "customer_id", [f"c{i:05}" for i in range(len(frame))])
    frame.insert(1, "shown", True)
    return frame


FOUR = people((120, 5, 40, 50, 700), (200, 300, 1, 20, 320), (150, 20, 2, 300, 60), (90, 250, 20, 50, 800))


class TestGroups:
    def test_finds_groups_that_are_there(self):
        found = behaviour_clusters(FOUR)
        assert sorted(found.segments["customer_count"]) == [90, 120, 150, 200]
        assert found.choice.query("chosen")["groups"].tolist() == [4]
        assert found.stability > 0.99

    def test_names_each_by_what_sets_it_apart(self):
        found = behaviour_clusters(FOUR)
        names = found.segments.set_index("customer_count")["segment_name"]
        assert names.is_unique
        assert "many orders" in names[120].lower()
        assert "long away" in names[200].lower() or "low spend" in names[200].lower()
        assert "large baskets" in names[150].lower() or "joined lately" in names[150].lower()

    def test_averages_and_shares_are_those_of_the_customers(self):
        found = behaviour_clusters(FOUR)
        labels = found.members.set_index("customer_id")["behaviour_segment"]
        for row in found.segments.itertuples():
            mine = FOUR[FOUR["customer_id"].map(labels) == row.segment_name]
            assert row.customer_count == len(mine)
            assert row.avg_revenue == pytest.approx(mine["monetary"].mean())
            assert row.avg_recency_days == pytest.approx(mine["recency_days"].mean())
            assert row.avg_category_breadth == pytest.approx(mine["category_breadth"].mean())
            assert row.percentage == pytest.approx(100 * len(mine) / 560)
        assert found.segments["revenue_contribution"].sum() == pytest.approx(100)
        assert found.segments["avg_revenue"].is_monotonic_decreasing

    def test_tries_three_to_eight_and_takes_the_best_silhouette(self):
        choice = behaviour_clusters(FOUR).choice
        assert choice["groups"].tolist() == [3, 4, 5, 6, 7, 8]
        assert choice["chosen"].sum() == 1
        assert choice.loc[choice["chosen"], "silhouette"].iloc[0] == choice["silhouette"].max()

    def test_groups_are_those_of_all_and_counts_those_shown(self):
        half = FOUR.assign(shown=[i % 2 == 0 for i in range(len(FOUR))])
        whole, found = behaviour_clusters(FOUR), behaviour_clusters(half)
        assert found.segments["segment_name"].tolist() == whole.segments["segment_name"].tolist()
        assert found.segments["customer_count"].sum() == len(found.members) == 280

    def test_customers_without_structure_give_unstable_groups(self):
        random = np.random.default_rng(2)
        noise = people((300, 50, 5, 50, 500))
        for name in FEATURES:
            noise[name] = random.uniform(1, 100, len(noise))
        assert behaviour_clusters(noise).stability < 0.9 < behaviour_clusters(FOUR).stability


class TestRepeatability:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_the_number_of_threads_changes_nothing(self, threads):
        with threadpool_limits(limits=threads):
            found = behaviour_clusters(FOUR)
        with threadpool_limits(limits=3 - threads):
            again = behaviour_clusters(FOUR)
        for one, other in (
            (found.segments, again.segments),
            (found.choice, again.choice),
            (found.profile, again.profile),
        ):
            pd.testing.assert_frame_equal(one, other, check_exact=True)
        assert found.stability == again.stability

    def test_more_customers_than_are_fitted_are_all_assigned(self, monkeypatch):
        monkeypatch.setattr(behaviour, "FIT_CUSTOMERS", 200)
        monkeypatch.setattr(behaviour, "SILHOUETTE_CUSTOMERS", 100)
        found = behaviour_clusters(FOUR)
        assert (found.fitted_on, found.measured_on) == (200, 100)
        assert found.segments["customer_count"].sum() == 560
        assert sorted(found.segments["customer_count"]) == [90, 120, 150, 200]

    def test_leaves_its_input_alone(self):
        before = FOUR.copy(deep=True)
        behaviour_clusters(FOUR)
        pd.testing.assert_frame_equal(FOUR, before)


class TestEdges:
    @pytest.mark.parametrize(
        "features",
        [FOUR.iloc[:0], FOUR.iloc[:49], pd.concat([FOUR.iloc[:1]] * 60), pd.concat([FOUR.iloc[:3]] * 60)],
        ids=["nobody", "49 customers", "all alike", "three that differ"],
    )
    def test_too_few_to_group_give_no_groups(self, features):
        found = behaviour_clusters(features.reset_index(drop=True))
        assert found.segments.empty
        assert found.choice.empty
        assert np.isnan(found.stability)

    def test_what_is_not_known_plays_no_part(self):
        used, _ = scaled(people((60, 5, 40, 50, 700), (60, 300, 1, 20, 320), breadth=False))
        assert used == ["recency_days", "frequency", "monetary", "tenure_days", "basket_size"]

    def test_what_is_the_same_for_all_plays_no_part(self):
        used, points = scaled(FOUR.assign(frequency=1))
        assert "frequency" not in used
        assert points.shape == (560, 5)

    def test_features_are_on_one_scale_and_cut_at_three(self):
        _, points = scaled(FOUR.assign(monetary=[1e9, *FOUR["monetary"].iloc[1:]]))
        assert np.abs(points).max() == 3
        assert np.allclose(points[:, 0].mean(), 0)

    def test_ten_times_as_much_is_one_step_whatever_the_amount(self):
        spend = [9.0, 99.0, 999.0, 9999.0] * 20
        used, points = scaled(people((80, 5, 40, 50, 700)).assign(monetary=spend))
        steps = np.diff(points[:4, used.index("monetary")])
        assert steps == pytest.approx([steps[0]] * 3)

    def test_negative_spend_is_low_and_no_error(self):
        _, points = scaled(FOUR.assign(monetary=[-500.0, *FOUR["monetary"].iloc[1:]]))
        assert points[0, 2] == points[:, 2].min()

    def test_a_handful_of_distinct_customers_is_grouped_without_a_warning(self):
        few = pd.concat([FOUR.iloc[[0, 130, 330, 480, 500]]] * 12, ignore_index=True)
        assert len(behaviour_clusters(few).segments) in (3, 4)


MEASURES = {
    "orders": "avg_frequency",
    "spend": "avg_revenue",
    "baskets": "avg_basket_size",
    "categories": "avg_category_breadth",
}
MORE = {"many", "high", "large"}
WORDS = {
    "bought lately": ("avg_recency_days", "min"),
    "long away": ("avg_recency_days", "max"),
    "joined lately": ("avg_tenure_days", "min"),
    "long-standing": ("avg_tenure_days", "max"),
    **{f"{word} {noun}": (MEASURES[noun], "max" if word in MORE else "min")
       for noun, words in (("orders", "few many"), ("spend", "low high"), ("baskets", "small large"),
                           ("categories", "few many"))
       for word in words.split()},
}  # fmt: skip
COMPARED = {
    "bought more lately than average": ("avg_recency_days", -1),
    "longer away than average": ("avg_recency_days", 1),
    "joined later than average": ("avg_tenure_days", -1),
    "joined earlier than average": ("avg_tenure_days", 1),
    **{f"{word} {noun} than average": (MEASURES[noun], sign)
       for noun, words in (("orders", "fewer more"), ("spend", "lower higher"),
                           ("baskets", "smaller larger"), ("categories", "fewer more"))
       for word, sign in zip(words.split(), (-1, 1), strict=True)},
}  # fmt: skip


def skewed(seed):
    """Customers whose few large ones raise plain means far above the middle."""
    random = np.random.default_rng(seed)
    n, kinds = 240, int(random.integers(2, 7))
    kind = random.integers(0, kinds, n)
    orders = 1 + random.poisson(random.lognormal(random.uniform(-1, 3, kinds)[kind], 0.9))
    basket = random.lognormal(random.uniform(2, 6, kinds)[kind], random.uniform(0.2, 1.5, kinds)[kind])
    tenure = random.integers(1, 900, n)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:05}" for i in range(n)],
            "shown": True,
            "recency_days": random.integers(0, tenure),
            "frequency": orders,
            "monetary": orders * basket,
            "tenure_days": tenure,
            "basket_size": basket,
            "category_breadth": np.minimum(orders, random.integers(1, 9, n)).astype("float64"),
        }
    )


class TestNames:
    @pytest.mark.parametrize("seed", range(40))
    def test_no_name_contradicts_the_means_beside_it(self, seed, monkeypatch):
        monkeypatch.setattr(behaviour, "RESAMPLES", 0)
        rows = behaviour_clusters(skewed(seed)).segments
        weights = rows["customer_count"] / rows["customer_count"].sum()
        assert rows["segment_name"].is_unique
        for row in rows.to_dict("records"):
            traits = row["segment_name"].lower().split(" (")[0].split(", ")
            assert len(traits) <= 2
            for trait in traits:
                if trait in WORDS:
                    column, end = WORDS[trait]
                    assert row[column] == rows[column].agg(end), (trait, column)
                elif trait in COMPARED:
                    column, sign = COMPARED[trait]
                    assert sign * (row[column] - (weights * rows[column]).sum()) > 0, (trait, column)
                else:
                    assert trait == "no clear trait"

    def test_many_is_said_of_the_greatest_plain_mean_only(self):
        deviations = pd.DataFrame({"frequency": [0.9, 0.8, -1.0]})
        means = pd.DataFrame({"frequency": [14.1, 16.3, 2.4]})
        assert names_of(deviations, means, means.mean()) == [
            "More orders than average", "Many orders", "Few orders"
        ]  # fmt: skip

    def test_a_group_whose_two_means_disagree_has_no_clear_trait(self):
        deviations = pd.DataFrame({"frequency": [0.9, 0.8, -1.0]})
        means = pd.DataFrame({"frequency": [10.0, 90.0, 2.0]})
        average = pd.Series({"frequency": 30.0})
        assert names_of(deviations, means, average)[0] == "No clear trait"

    def test_two_traits_at_most_the_most_telling_first(self):
        deviations = pd.DataFrame({name: [0.6 + i / 10, -1.0] for i, name in enumerate(FEATURES)})
        means = pd.DataFrame({name: [2.0, 1.0] for name in FEATURES})
        assert names_of(deviations, means, means.mean()) == [
            "Many categories, large baskets", "Bought lately, few orders"
        ]  # fmt: skip

    def test_a_comparison_tells_apart_two_that_share_the_least(self):
        deviations = pd.DataFrame({"frequency": [-1.0, -1.0, 2.0, 0.0], "monetary": [0.0, -0.7, 2.0, -0.9]})
        means = pd.DataFrame({"frequency": [1.0, 1.0, 9.0, 2.0], "monetary": [20.0, 9.0, 99.0, 8.0]})
        assert names_of(deviations, means, means.mean()) == [
            "Few orders", "Few orders, lower spend than average", "Many orders, high spend", "Low spend"
        ]  # fmt: skip

    def test_numbers_tell_apart_what_traits_cannot(self):
        means = pd.DataFrame({"frequency": [3.0, 4.0, 20.0]})
        assert names_of(pd.DataFrame({"frequency": [0.1, 0.2, 2.0]}), means, means.mean()) == [
            "No clear trait", "No clear trait (2)", "Many orders"
        ]  # fmt: skip

    def test_what_is_not_known_of_a_group_does_not_name_it(self):
        deviations = pd.DataFrame({"frequency": [0.0, 1.0, -1.0]})
        means = pd.DataFrame({"frequency": [np.nan, 9.0, 2.0]})
        assert names_of(deviations, means, means.mean()) == ["No clear trait", "Many orders", "Few orders"]

    def test_nobody_has_the_most_of_what_all_have_alike(self):
        means = pd.DataFrame({"frequency": [9.0, 9.0]})
        names = names_of(pd.DataFrame({"frequency": [2.0, -1.0]}), means, pd.Series({"frequency": 8.9999}))
        assert names == ["No clear trait", "No clear trait (2)"]

    def test_names_stay_whoever_is_shown(self):
        whole = skewed(3)
        half = whole.assign(shown=[i % 3 == 0 for i in range(len(whole))])
        every = behaviour_clusters(whole).members.set_index("customer_id")["behaviour_segment"]
        some = behaviour_clusters(half).members.set_index("customer_id")["behaviour_segment"]
        pd.testing.assert_series_equal(some, every[some.index])
