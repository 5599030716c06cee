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


class TestNames:
    def test_a_third_trait_tells_two_apart(self):
        deviations = pd.DataFrame(
            {"recency_days": [-2.0, -2.0], "frequency": [1.5, 1.5], "basket_size": [1.0, -1.0]}
        )
        assert names_of(deviations) == [
            "Bought lately, many orders, large baskets", "Bought lately, many orders, small baskets"
        ]  # fmt: skip

    def test_numbers_tell_apart_what_traits_cannot(self):
        assert names_of(pd.DataFrame({"frequency": [0.1, 0.2, 2.0]})) == [
            "Close to the average", "Close to the average (2)", "Many orders"
        ]  # fmt: skip
